"""Reads kerchunk's references without fsspec and zarr: what the bytes are, by the words
of their specifications alone.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["read", "read_array", "refs_of"]


def refs_of(path: Path) -> dict[str, Any]:
    """Gives the references of a file, whose forms are checked."""
    content = json.loads(Path(path).read_text("ascii"))
    assert content.keys() == {"version", "refs"}
    assert content["version"] == 1
    refs = content["refs"]
    consolidated = json.loads(refs[".zmetadata"])
    assert consolidated["zarr_consolidated_format"] == 1
    assert consolidated["metadata"] == {
        key: json.loads(text)
        for key, text in refs.items()
        if key.rpartition("/")[2] in (".zgroup", ".zarray", ".zattrs")
    }
    assert json.loads(refs[".zgroup"]) == {"zarr_format": 2}
    return refs


def read(path: Path, served: tuple[str, str] = ("", "")) -> dict[str, np.ndarray]:
    """Gives all arrays, by the names of their tensors.

    Args:
        path: The file of references.
        served: The URL of a server, and that of the folder that it serves.
    """
    refs = refs_of(path)
    names = json.loads(refs[".zattrs"])["tensors"]
    arrays = {key.rpartition("/")[0] for key in refs if key.endswith("/.zarray")}
    assert arrays == set(names.values())
    assert all("/" not in array for array in arrays)
    for key, value in refs.items():
        if isinstance(value, list) and served[0]:
            assert value[0].startswith(served[0])
            refs[key] = [value[0].replace(*served), *value[1:]]
    return {name: read_array(refs, array) for name, array in names.items()}


def read_array(refs: dict[str, Any], array: str) -> np.ndarray:
    """Gives one array; every chunk of it is there, and no other."""
    about = json.loads(refs[f"{array}/.zarray"])
    shape, chunks = tuple(about["shape"]), tuple(about["chunks"])
    assert about["zarr_format"] == 2
    assert (about["order"], about["fill_value"]) == ("C", None)
    assert about["compressor"] is about["filters"] is None
    axes = json.loads(refs[f"{array}/.zattrs"])["_ARRAY_DIMENSIONS"]
    assert len(axes) == len(set(axes)) == len(shape)
    assert all(size > 0 for size in chunks)
    assert all(length % size == 0 for length, size in zip(shape, chunks, strict=True))
    dtype = np.dtype(about["dtype"])
    found = np.empty(shape, dtype)
    counts = [length // size for length, size in zip(shape, chunks, strict=True)]
    keys = set()
    for index in product(*map(range, counts)):
        key = ".".join(map(str, index)) or "0"
        keys.add(f"{array}/{key}")
        url, offset, nbytes = refs[f"{array}/{key}"]
        with open(url.removeprefix("file://"), "rb") as file:
            file.seek(offset)
            stored = file.read(nbytes)
        region = tuple(
            slice(at * size, (at + 1) * size)
            for at, size in zip(index, chunks, strict=True)
        )
        found[region] = np.frombuffer(stored, dtype).reshape(chunks)
    prefix = f"{array}/"
    stored_keys = {it for it in refs if it.startswith(prefix) and "/.z" not in it}
    assert stored_keys == keys
    return found
