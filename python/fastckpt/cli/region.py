"""Regions as typed: ``0:3,:`` is what one writes between NumPy's brackets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import EllipsisType

__all__ = ["Region", "format_region", "join_region", "parse_region"]

Region = tuple[int | slice | EllipsisType, ...]

_INTEGER = re.compile(r"[+-]?[0-9]+")


def parse_region(text: str) -> Region:
    """Parses basic indexing: integers, slices with steps, and one ``...``.

    Args:
        text: Such as ``0:3,:`` or ``[..., -1]``; an empty text means everything.

    Raises:
        ValueError: The text is something else; the message names the part.
    """
    inner = text.strip()
    if inner.startswith("[") and inner.endswith("]"):
        inner = inner[1:-1].strip()
    parts = inner.removesuffix(",").split(",") if inner else []
    region = tuple(_parse_part(part.strip(), text) for part in parts)
    if sum(part is ... for part in region) > 1:
        raise ValueError(f"region {text!r} has more than one '...'")
    return region


def _parse_part(part: str, whole: str) -> int | slice | EllipsisType:
    if part == "...":
        return ...
    numbers = [number.strip() for number in part.split(":")]
    if len(numbers) > 3 or not all(_INTEGER.fullmatch(n) for n in numbers if n):
        raise ValueError(
            f"region {whole!r}: {part!r} is no integer, slice or '...'; "
            "write it as between NumPy's brackets, such as 0:3,:"
        )
    if len(numbers) > 1:
        return slice(*(int(number) if number else None for number in numbers))
    if not part:
        raise ValueError(f"region {whole!r} has an empty part; ':' takes a whole axis")
    return int(part)


def format_region(region: Region) -> str:
    """Gives the text that parses to a region."""
    return ",".join(_format_part(part) for part in region)


def _format_part(part: int | slice | EllipsisType) -> str:
    if isinstance(part, slice):
        start, stop = (
            "" if end is None else str(end) for end in (part.start, part.stop)
        )
        step = "" if part.step is None else f":{part.step}"
        return f"{start}:{stop}{step}"
    return "..." if part is ... else str(part)


def join_region(words: Sequence[str]) -> list[str]:
    """Joins ``--region -1,:`` to one word, which argparse would take for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--region" and re.match(r"-[0-9:]", word):
            joined[-1] = f"--region={word}"
        else:
            joined.append(word)
    return joined
