"""Where a conversion goes, and what its format has a place for."""

from __future__ import annotations

from collections.abc import Mapping

from fastckpt.base.arguments import check_count
from fastckpt.formats.endings import (
    TARGET_FORMATS,
    find_advice,
    find_file_format,
    find_prefix,
)

__all__ = ["check_metadata", "check_placement", "choose_format"]

FORMATS = ("v1", "v2", *TARGET_FORMATS)


def choose_format(path: str, format: str | None) -> str:
    """Gives the format in which to write to a name.

    Raises:
        ValueError: There is no such format; the name says another one, or, if no
            format was given, one that is not written here.
    """
    if format is not None and format not in FORMATS:
        known = ", ".join(map(repr, FORMATS))
        raise ValueError(f"there is no format {format!r} to write; there are {known}")
    said = find_file_format(path)
    if format is not None and said not in (None, format):
        raise ValueError(f"{path}: the name says {said}, the format is {format}")
    if format is None and said is None:
        _check_name(path)
    return format or said or "v2"


def _check_name(path: str) -> None:
    """Refuses names under which nobody would look for a checkpoint."""
    prefix = find_prefix(path)
    if prefix is not None:
        raise ValueError(
            f"{path}: that is the name of one of a checkpoint's files; name its "
            f"prefix: {prefix}"
        )
    if found := find_advice(path):
        ending, advice = found
        raise ValueError(
            f"{path}: the name ends as those of another format do, which is not "
            f"written here; format= says what to write, or give a name without "
            f".{ending}, or: {advice}"
        )


def check_placement(
    kind: str, shards: int | None, align: int | None
) -> tuple[int | None, int]:
    """Gives how many data files there are to be (None: as now), and the alignment.

    Raises:
        ValueError: The format knows neither, or a number is out of range.
        TypeError: One is no integer.
    """
    for what, given in (("shards", shards), ("align", align)):
        if given is not None and kind != "v2":
            raise ValueError(f"{what} is for V2 alone, not for {kind}")
    return (
        None if shards is None else check_count("shards", shards),
        1 if align is None else check_count("align", align),
    )


def check_metadata(
    kind: str, metadata: Mapping[str, str] | None
) -> dict[str, str] | None:
    """Gives what the header of a file is to say beside its tensors.

    Raises:
        ValueError: The format has no place for it.
        TypeError: It is no texts by name.
    """
    if metadata is None:
        return None
    if kind != "safetensors":
        raise ValueError(f"metadata is for safetensors alone, not for {kind}")
    for item in metadata.items():
        if not all(isinstance(text, str) for text in item):
            raise TypeError(f"metadata maps str to str, not {item[0]!r} to {item[1]!r}")
    return dict(metadata)
