"""The names that a command may write to: none under which others expect other bytes."""

from __future__ import annotations

from fastckpt.base.text import make_printable
from fastckpt.cli.errors import UsageError
from fastckpt.files.urls import target_path
from fastckpt.formats.endings import find_advice, find_prefix

__all__ = ["check_file_target", "check_target"]


def check_target(path: str) -> None:
    """Refuses names for a checkpoint under which nobody would look for one.

    Raises:
        UsageError: The name ends as another format's files do, or as a checkpoint's
            own, which the prefix does not.
        UnsupportedError: It is a URL.
    """
    prefix = find_prefix(target_path(path))
    if prefix is not None:
        raise UsageError(
            f"{make_printable(path)}: that is the name of one of a checkpoint's files; "
            f"name its prefix: {make_printable(prefix)}"
        )
    _check_ending(path, "a checkpoint", ())


def check_file_target(path: str, kind: str, *allowed: str) -> None:
    """Refuses names for a file of a format that end as another format's do.

    Args:
        path: The file that is to be written.
        kind: The format.
        allowed: How its names may end.

    Raises:
        UsageError: The name ends as another format's files do.
        UnsupportedError: It is a URL.
    """
    target_path(path)
    _check_ending(path, f"a file of the format {kind}", allowed)


def _check_ending(path: str, what: str, allowed: tuple[str, ...]) -> None:
    found = find_advice(path, *allowed)
    if found is None:
        return
    ending, advice = found
    raise UsageError(
        f"{make_printable(path)}: {what} is written here, under a name that ends as "
        f"those of another format do; give a name without .{ending}, or: {advice}"
    )
