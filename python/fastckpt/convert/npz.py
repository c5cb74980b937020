"""NumPy's archive of arrays, ``.npz``: a ZIP file with one ``.npy`` for each tensor.

Source: numpy/lib/format.py and numpy/lib/_npyio_impl.py (``savez``, ``NpzFile``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastckpt.convert._file import refuse, write_beside
from fastckpt.errors import CorruptionError

__all__ = ["check", "read", "write"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""ZIP's earliest date: the same tensors give the same bytes."""

_LONGEST_NAME = 0xFFFF - len(".npy")
_UNSAFE = re.compile(r"\A/|(?:\A|/)\.\.(?:/|\Z)|\0|[\udc80-\udcff]")
"""Names that a ZIP file cannot hold, or that would lead out of a folder unpacked."""


def check(dtypes: Mapping[str, np.dtype[Any] | None]) -> None:
    """Checks that ``.npz`` can hold tensors of these names and types.

    Raises:
        ValueError: It cannot; the tensors are named.
    """
    names = [name for name in dtypes if not _is_safe(name)]
    refuse("npz", "such names", names, "rename them")
    strings = [n for n, t in dtypes.items() if t is None or t.kind == "O"]
    refuse("npz", "strings", strings, "leave them out (--drop)")
    others = {n: t for n, t in dtypes.items() if t is not None and t.isbuiltin != 1}
    kinds = ", ".join(sorted({str(dtype) for dtype in others.values()}))
    refuse("npz", kinds, list(others), "cast them (--dtype float32), or leave them out")


def _is_safe(name: str) -> bool:
    return not _UNSAFE.search(name) and len(name.encode()) <= _LONGEST_NAME


def write(
    path: str, tensors: Mapping[str, NDArray[Any]], *, fsync: bool = True
) -> None:
    """Writes tensors, one after the other; memory stays flat.

    Args:
        path: The file; one that exists is replaced when the new one is complete.
        tensors: Each is asked for once. A checkpoint is such a mapping.
        fsync: Whether the file is on the disk when the call returns.

    Raises:
        OSError: The file cannot be written.
    """
    import zipfile

    with (
        write_beside(path, fsync) as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive,
    ):
        for name in tensors:
            member = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            with archive.open(member, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, tensors[name], allow_pickle=False)


def read(path: str) -> Iterator[tuple[str, NDArray[Any]]]:
    """Gives the arrays of a file, one at a time.

    Raises:
        CorruptionError: The file is no ``.npz``, or one with pickled objects.
        OSError: The file cannot be read.
    """
    import zipfile

    try:
        with (
            open(path, "rb") as file,
            np.lib.npyio.NpzFile(file, allow_pickle=False) as archive,
        ):
            for name in archive.files:
                yield name, archive[name]
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise CorruptionError(
            f"{path}: no sound .npz file: {error}", path=path
        ) from error
