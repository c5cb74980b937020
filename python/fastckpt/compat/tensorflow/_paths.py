"""Paths as TensorFlow takes them: str, bytes, path-like, with ``file://``."""

from __future__ import annotations

import os
from typing import Any

from fastckpt.compat.tensorflow.errors import UnimplementedError


def text_of(value: Any) -> str:
    """Returns a str for a str or bytes.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(value, bytes):
        return os.fsdecode(value)
    if isinstance(value, str):
        return value
    raise TypeError(f"Expected binary or unicode string, got {value!r}")


def local_path(value: Any) -> str:
    """Returns the path on this machine that a caller's path stands for.

    Raises:
        TypeError: it is no str, bytes or path-like object.
        UnimplementedError: it names another file system (``gs://...``).
    """
    path = text_of(os.fspath(value) if isinstance(value, os.PathLike) else value)
    scheme, separator, rest = path.partition("://")
    if not separator or not scheme.isalnum():
        return _without_last_slash(path)
    if scheme != "file":
        raise UnimplementedError(
            None,
            None,
            f"File system scheme '{scheme}' not implemented (file: '{path}'); "
            "the stand-in for TensorFlow reads local files only: copy it here first",
        )
    return _without_last_slash(rest)


# TensorFlow cleans paths: to it "file/" is the file.
def _without_last_slash(path: str) -> str:
    return path.rstrip("/") or path[:1]
