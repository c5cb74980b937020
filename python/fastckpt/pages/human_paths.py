"""What people call the tensors of TensorFlow 2's objects, as columns of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastckpt.base.text import escape
from fastckpt.errors import CheckpointError
from fastckpt.pages.columns import pack_names
from fastckpt.reading.checkpoint import Checkpoint

if TYPE_CHECKING:
    from fastckpt.formats.opened import Source

__all__ = ["find_paths", "find_paths_of_both", "pack_paths"]


def find_paths(source: Source) -> dict[str, str]:
    """Gives {key: human path} where a checkpoint has an object graph that is sound."""
    if not isinstance(source, Checkpoint):
        return {}
    try:
        names = source.objects.names()
    except (KeyError, CheckpointError, OSError):
        return {}
    return {key: path for path, key in names.items()}


def find_paths_of_both(old: Source, new: Source) -> dict[str, str]:
    """Gives {key: human path} where each of the two means the other, in both."""
    olds, news = find_paths(old), find_paths(new)
    both = {(key, path) for found in (olds, news) for key, path in found.items()}
    keys = Counter(key for key, _ in both)
    paths = Counter(path for _, path in both)
    return {key: path for key, path in both if keys[key] == paths[path] == 1}


def pack_paths(paths: Mapping[str, str], names: Sequence[str]) -> dict[str, list[Any]]:
    """Gives the columns of the paths of some tensors; none where nothing has one."""
    if not paths:
        return {}
    texts = [escape(paths.get(name, "")) for name in names]
    return {f"path_{key}": column for key, column in pack_names(texts).items()}
