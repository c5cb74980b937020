"""Which names a folder of a bucket holds, page by page: buckets have no end."""

from __future__ import annotations

from typing import Any

from fastckpt.errors import UnsupportedError

__all__ = ["MAX_NAMES", "EndlessFolder", "names_in", "refuse_endless"]

MAX_NAMES = 100_000
"""As many as a listing has that is read."""


class EndlessFolder(UnsupportedError):
    """A folder holds more than any that is listed."""


async def names_in(system: Any, folder: str, begin: str) -> list[str] | None:
    """Gives the names in a folder that begin so; None where no pages can be had.

    Args:
        system: One of fsspec's file systems, on its loop.
        folder: As that one calls it.
        begin: Of the base names; the store itself leaves out the others.

    Raises:
        EndlessFolder: They are more than ``MAX_NAMES``.
        Exception: Whatever the file system raises.
    """
    pages = getattr(system, "_iterdir", None)  # s3fs has it, and what is made of it
    if pages is None or not folder:
        return None
    bucket, key, _ = system.split_path(folder)
    prefix = f"{key}/{begin}" if key else begin
    names: list[str] = []
    async for info in pages(bucket, delimiter="/", prefix=prefix):
        names.append(str(info["name"]))
        refuse_endless(len(names))
    return names


def refuse_endless(count: int) -> None:
    """Raises ``EndlessFolder`` where a listing of so many names is too long."""
    if count > MAX_NAMES:
        raise EndlessFolder(
            f"the folder holds more than {MAX_NAMES:,} names; name the checkpoint "
            "itself, and not its folder"
        )
