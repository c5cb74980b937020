"""Writes the cases of `write_cases` with fastckpt; compares files."""

from __future__ import annotations

from pathlib import Path

import fastckpt
from write_cases import Row, disguised


def write(prefix: Path, rows: list[Row], seed: int = 4, **options: object) -> None:
    """Writes rows one by one, each in some other memory layout."""
    with fastckpt.Writer(prefix, **options) as writer:
        for number, row in enumerate(rows):
            value = disguised(row.value, seed + number)
            if row.full_shape is None:
                writer.add(row.name, value, tf_dtype=row.dtype)
            else:
                writer.add_slice(
                    row.name, value, row.full_shape, row.begin, tf_dtype=row.dtype
                )


def files_of(prefix: Path) -> dict[str, bytes]:
    """Gives a checkpoint's files by their suffixes."""
    return {
        path.name.removeprefix(prefix.name): path.read_bytes()
        for path in prefix.parent.iterdir()
        if path.name == prefix.name or path.name.startswith(f"{prefix.name}.")
    }


def assert_same_files(ours: Path, theirs: Path) -> None:
    mine, expected = files_of(ours), files_of(theirs)
    assert sorted(mine) == sorted(expected)
    different = [suffix for suffix in mine if mine[suffix] != expected[suffix]]
    assert not different, (ours.name, different)
