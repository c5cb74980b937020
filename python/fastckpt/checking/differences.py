"""What differs between two checkpoints, tensor by tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fastckpt.checking.diff import Change, Diff
from fastckpt.formats.lazy_tensors import name_dtype

if TYPE_CHECKING:
    from fastckpt._native import TensorInfo
    from fastckpt.formats.lazy_tensors import ArrayInfo
    from fastckpt.formats.opened import Source

    _Info = TensorInfo | ArrayInfo

__all__ = ["Difference", "describe_type", "list_differences"]


class Difference(NamedTuple):
    """What differs between two tensors of one name.

    Attributes:
        name: Theirs.
        kind: "added", "dropped", "dtype", "shape" or "values".
        old: Dtype and shape of the first; None where there is none.
        new: Of the second.
        change: How values differ.
    """

    name: str
    kind: str
    old: str | None
    new: str | None
    change: Change


def list_differences(found: Diff, old: Source, new: Source) -> list[Difference]:
    """Gives all that differs, in byte order of the names.

    Args:
        found: What ``diff`` has found.
        old: The first checkpoint.
        new: The second.
    """
    names = sorted(
        [*found.added, *found.dropped, *found.changed],
        key=lambda name: name.encode("utf-8", "surrogateescape"),
    )
    firsts, seconds = ({it.name: it for it in each.infos()} for each in (old, new))
    return [
        _make_difference(name, found, firsts.get(name), seconds.get(name))
        for name in names
    ]


def _make_difference(
    name: str, found: Diff, first: _Info | None, second: _Info | None
) -> Difference:
    change = found.changed.get(name, Change())
    if first is None:
        kind = "added"
    elif second is None:
        kind = "dropped"
    elif name_dtype(first) != name_dtype(second):
        kind = "dtype"
    else:
        kind = "shape" if first.shape != second.shape else "values"
    return Difference(name, kind, describe_type(first), describe_type(second), change)


def describe_type(info: _Info | None) -> str | None:
    """Gives a tensor's dtype and shape as one text."""
    return None if info is None else f"{name_dtype(info)} {tuple(info.shape)}"
