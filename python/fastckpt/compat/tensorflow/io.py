"""``tf.io``: here only its functions on files."""

from __future__ import annotations

import os
from typing import Any, NoReturn

import numpy as np

import fastckpt.compat.tensorflow.gfile as gfile
from fastckpt.compat.tensorflow._out_of_reach import out_of_reach
from fastckpt.compat.tensorflow._records import (
    TFRecordCompressionType,
    TFRecordOptions,
    tf_record_iterator,
)
from fastckpt.compat.tensorflow._tensor import Tensor
from fastckpt.compat.tensorflow.dtypes import string

__all__ = [
    "TFRecordCompressionType",
    "TFRecordOptions",
    "gfile",
    "matching_files",
    "read_file",
    "tf_record_iterator",
    "write_file",
]


def read_file(filename: Any, name: str | None = None) -> Tensor:
    """Returns the bytes of a file, as a string tensor without dimensions.

    Args:
        filename: the path.
        name: ignored; TensorFlow's name for the operation.

    Raises:
        NotFoundError: there is no such file.
    """
    content = np.empty((), object)
    with gfile.GFile(filename, "rb") as file:
        content[()] = file.read()
    return Tensor(content, string)


def write_file(filename: Any, contents: Any, name: str | None = None) -> None:
    """Writes a file anew, and makes the folders above it where they are not there.

    Args:
        filename: the path.
        contents: text, bytes, or a string tensor without dimensions.
        name: ignored; TensorFlow's name for the operation.
    """
    data = contents.numpy() if isinstance(contents, Tensor) else contents
    gfile.makedirs(os.path.dirname(os.fspath(filename)))
    with gfile.GFile(filename, "wb") as file:
        file.write(data)


def matching_files(pattern: Any, name: str | None = None) -> Tensor:
    """Returns the paths that match a pattern, or one of several, in order.

    Args:
        pattern: what `gfile.glob` takes.
        name: ignored; TensorFlow's name for the operation.

    Returns:
        A string tensor of one dimension.
    """
    found = sorted(os.fsencode(path) for path in gfile.glob(pattern))
    paths = np.empty(len(found), object)
    paths[:] = found
    return Tensor(paths, string)


def __getattr__(name: str) -> NoReturn:
    raise out_of_reach("tf.io", name)
