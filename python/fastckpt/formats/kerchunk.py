"""Kerchunk's references: Zarr arrays in JSON, whose bytes stay where they are.

fsspec's ``reference://`` makes a file system of it, which zarr and xarray read:

    {"version": 1, "refs": {
    ".zgroup": "...", ".zattrs": "...", ".zmetadata": "...",
    "dense%2Fkernel/.zarray": "...", "dense%2Fkernel/.zattrs": "...",
    "dense%2Fkernel/0.0": ["file:///folder/model.data-00000-of-00001", 4, 48]}}

Source: kerchunk's specification, version 1; fsspec/implementations/reference.py; Zarr
storage specification, version 2.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastckpt.errors import UnsupportedError
from fastckpt.files.replace import write_beside
from fastckpt.formats.refusals import refuse, refuse_types
from fastckpt.formats.zarr_chunks import choose_chunks, place_chunks
from fastckpt.reading.results import TensorLayout

__all__ = ["Placed", "check", "escape", "place", "write"]

# What is no ASCII, and a lone surrogate, is escaped.
_encode = json.JSONEncoder(separators=(",", ":")).encode
_PLAIN = re.compile(rb"[^A-Za-z0-9_.~-]")
_WITH_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*:[^/?#]*@")


def escape(name: str) -> str:
    """Gives what the array of a tensor is called.

    It is what ``urllib.parse.quote(name, safe="")`` gives, but that no name begins with
    a dot, as Zarr's own files do. No two names become one.
    """
    stored = name.encode("utf-8", "surrogateescape")
    escaped = _PLAIN.sub(lambda found: b"%%%02X" % found[0][0], stored).decode("ascii")
    return f"%2E{escaped[1:]}" if escaped.startswith(".") else escaped


def check(
    dtypes: Mapping[str, np.dtype[Any] | None],
    old_names: Mapping[str, str] | None = None,
) -> None:
    """Checks that Zarr 2 can hold tensors of these names and types.

    Args:
        dtypes: By name; None for what has no form in NumPy.
        old_names: What those who can leave them out call them, where it differs.

    Raises:
        ValueError: It cannot; the tensors are named.
    """
    refuse("kerchunk", "such names", [it for it in dtypes if not it], "rename them")
    refuse_types("kerchunk", dtypes, _is_held, old_names, are_cast=False)


def _is_held(dtype: np.dtype[Any]) -> bool:
    return dtype.isbuiltin == 1 and dtype.kind in "biufc"


class Placed(NamedTuple):
    """Where a tensor's bytes lie, and the shape of chunks that they are cut into."""

    layout: TensorLayout
    chunks: tuple[int, ...]


def place(layouts: Mapping[str, TensorLayout], remedy: str) -> dict[str, Placed]:
    """Cuts tensors into chunks of Zarr arrays, at addresses that may be told.

    Args:
        layouts: Where they lie, by the names that people know.
        remedy: What to do about those that cannot be cut.

    Raises:
        ValueError: One is in pieces that no chunks fit.
        UnsupportedError: A password is in the address of a file.
    """
    chunks = {name: choose_chunks(layout) for name, layout in layouts.items()}
    scattered = [name for name, shape in chunks.items() if shape is None]
    what = "tensors in partitions of so many different sizes"
    refuse("kerchunk", what, scattered, remedy)
    for file in {piece.file for it in layouts.values() for piece in it.pieces}:
        if _WITH_PASSWORD.match(file):
            raise UnsupportedError(
                "references would have the password that is in the URL; open it with "
                "storage_options instead, and give them to the readers, too"
            )
    return {
        name: Placed(layouts[name], shape)
        for name, shape in chunks.items()
        if shape is not None
    }


def write(path: str, tensors: Mapping[str, Placed], *, fsync: bool = True) -> None:
    """Writes references to tensors, which `check` has let pass.

    Args:
        path: The file; one that exists is replaced when the new one is complete.
            Missing folders are made.
        tensors: What `place` gave, by the names that they get.
        fsync: Whether the file is on the disk when the call returns.

    Raises:
        OSError: The file cannot be written.
    """
    with (
        write_beside(path, fsync) as beside,
        open(beside, "w", encoding="ascii", newline="\n") as file,
    ):
        file.write('{"version": 1, "refs": {\n')
        for number, (key, value) in enumerate(_references(tensors)):
            file.write(",\n" if number else "")
            file.write(f"{_encode(key)}: {_encode(value)}")
        file.write("\n}}\n")


def _references(tensors: Mapping[str, Placed]) -> Iterator[tuple[str, Any]]:
    """Gives the files of the group: their content, or where that lies."""
    metadata = {key: _encode(value) for key, value in _metadata(tensors)}
    yield from metadata.items()
    items = ",".join(f"{_encode(key)}:{text}" for key, text in metadata.items())
    yield ".zmetadata", f'{{"zarr_consolidated_format":1,"metadata":{{{items}}}}}'
    for name, (layout, chunks) in tensors.items():
        array = escape(name)
        for it in place_chunks(layout, chunks):
            yield f"{array}/{it.key}", [_address(it.file), it.offset, it.nbytes]


def _metadata(tensors: Mapping[str, Placed]) -> Iterator[tuple[str, Any]]:
    """Gives what the group and its arrays say of themselves."""
    yield ".zgroup", {"zarr_format": 2}
    yield ".zattrs", {"tensors": {name: escape(name) for name in tensors}}
    for name, (layout, chunks) in tensors.items():
        array = escape(name)
        yield f"{array}/.zarray", _describe(layout, chunks)
        # No array and no other's axis has such a name: sizes never contradict each
        # other, and nothing is taken for a coordinate.
        axes = [f"{array}:{axis}" for axis in range(len(layout.shape))]
        yield f"{array}/.zattrs", {"_ARRAY_DIMENSIONS": axes}


def _describe(layout: TensorLayout, chunks: tuple[int, ...]) -> dict[str, Any]:
    return {
        "zarr_format": 2,
        "shape": layout.shape,
        "chunks": chunks,
        "dtype": layout.dtype.str,
        "compressor": None,
        # xarray would take a value for "nothing here", wherever it stands.
        "fill_value": None,
        "order": "C",
        "filters": None,
    }


def _address(file: str) -> str:
    """Gives the URL of a file, wherever one works; fsspec takes it as it stands."""
    return f"file://{file}" if os.path.isabs(file) else file
