"""Deletes the files of a checkpoint. Names are literal, so no neighbour is touched.

Source: tensorflow/python/checkpoint/checkpoint_management.py, which globs instead.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from fastckpt import _native
from fastckpt.files.find import PathName, data_files, v1_files
from fastckpt.files.replace import lock_prefix
from fastckpt.files.replaced import name_no_graph
from fastckpt.files.rivals import warn_of_left_v1
from fastckpt.files.urls import target_path

__all__ = [
    "checkpoint_format",
    "files_to_remove",
    "meta_graph_name",
    "remove_checkpoint",
    "remove_files",
    "tensor_files",
]

# What TensorFlow's SaverDef numbers.
_FORMATS = {"v1": "v1", "v2": "v2", 1: "v1", 2: "v2"}


def checkpoint_format(version: str | int) -> str:
    """Gives "v1" or "v2" for these or for TensorFlow's numbers 1 and 2.

    Raises:
        ValueError: It is none of them.
    """
    if version not in _FORMATS:
        raise ValueError(f"the format is 'v2' or 'v1', not {version!r}")
    return _FORMATS[version]


def meta_graph_name(prefix: str, suffix: str = "meta") -> str:
    """Gives the name of the graph's file; shards of a checkpoint have one together."""
    return re.sub(r"-[\d\?]+-of-\d+$", "", prefix) + "." + suffix


def remove_checkpoint(
    checkpoint_prefix: PathName,
    checkpoint_format_version: str | int = "v2",
    meta_graph_suffix: str = "meta",
) -> None:
    """Deletes a checkpoint's files, those that are there; the index goes first.

    What a killed save set aside under this name goes before it: left alone, it
    would count as the checkpoint again.

    Args:
        checkpoint_prefix: The checkpoint's name, for V1 shards their pattern
            ``X-?????-of-00004``.
        checkpoint_format_version: "v2" or "v1": only that format's files go.
        meta_graph_suffix: What follows the dot in the name of the graph's file.

    Raises:
        OSError: A file cannot be deleted.

    Warns:
        UserWarning: A V1 checkpoint of this name is left, and counts from now on.
    """
    prefix = target_path(checkpoint_prefix)
    with lock_prefix(prefix, removes=True):  # or half of what is being saved would go
        remove_files(
            files_to_remove(prefix, checkpoint_format_version, meta_graph_suffix)
        )
    if checkpoint_format(checkpoint_format_version) == "v2":
        warn_of_left_v1(prefix)


def files_to_remove(prefix: str, version: str | int, suffix: str = "meta") -> list[str]:
    """Gives the names of a checkpoint's files in the order in which they go.

    What has the name of its graph and is none, a V1 checkpoint ``m.meta``, say, stays.
    """
    graph = meta_graph_name(prefix, suffix)
    return [*tensor_files(prefix, version), *(() if name_no_graph(graph) else [graph])]


def tensor_files(prefix: str, version: str | int) -> list[str]:
    """Gives the same without the graph's."""
    is_v1 = checkpoint_format(version) == "v1"
    files = v1_files(prefix) if is_v1 else [f"{prefix}.index", *data_files(prefix)]
    names = {prefix, *(files if is_v1 else ())}
    aside = [path for name in sorted(names) for path in _aside(name, is_v1)]
    return [*aside, *files]


def _aside(prefix: str, is_v1: bool) -> list[str]:
    paths = _native.list_aside_removals(os.fsencode(prefix), is_v1)
    return [os.fsdecode(path) for path in paths]


def remove_files(paths: Iterable[str]) -> None:
    """Deletes files, those that are there."""
    for path in paths:
        try:
            os.unlink(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
