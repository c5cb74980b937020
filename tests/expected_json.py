"""How the expected contents of a checkpoint are written down and compared.

`expected.json`: `format` (`v1` or `v2`), `prefix` (what to open, inside the folder),
`tensors` (name -> `dtype` as TensorFlow names it, `shape`, `sha256`). The digest is
over the little-endian bytes in C order; for strings over, element by element, the
eight-byte little-endian length and then the bytes. A variant has no digest.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import fastckpt

# Per name the values and TensorFlow's name of their type.
Tensors = dict[str, tuple[np.ndarray, str]]


def digest(value: np.ndarray) -> str:
    """Gives the digest of an array."""
    if value.dtype != object:
        return hashlib.sha256(value.tobytes()).hexdigest()
    total = hashlib.sha256()
    for text in value.flat:
        total.update(len(text).to_bytes(8, "little") + text)
    return total.hexdigest()


def write_expected(folder: Path, prefix: str, tensors: Tensors) -> None:
    """Writes `expected.json`."""
    rows = {
        name: {
            "dtype": dtype,
            "shape": list(value.shape),
            "sha256": None if dtype == "variant" else digest(value),
        }
        for name, (value, dtype) in sorted(tensors.items())
    }
    kind = "v1" if folder.name.startswith("v1") else "v2"
    expected = {"format": kind, "prefix": prefix, "tensors": rows}
    text = json.dumps(expected, indent=1, sort_keys=True)
    (folder / "expected.json").write_text(text + "\n")


def read_expected(folder: Path) -> dict[str, Any]:
    """Gives what `expected.json` says."""
    return json.loads((folder / "expected.json").read_text())


def assert_as_expected(ckpt: fastckpt.Checkpoint, expected: dict[str, Any]) -> None:
    """Asserts that a checkpoint lists and holds exactly what is expected."""
    rows = expected["tensors"]
    assert ckpt.format == expected["format"]
    assert set(ckpt) == set(rows)
    for info in ckpt.infos():
        row = rows[info.name]
        assert (info.tf_dtype, list(info.shape)) == (row["dtype"], row["shape"])
        if row["sha256"] is not None:
            assert_digest(ckpt[info.name], row)
            assert_digest(ckpt.read(info.name), row)


def assert_digest(value: np.ndarray, row: dict[str, Any]) -> None:
    """Asserts that an array has the expected shape and bytes."""
    assert isinstance(value, np.ndarray)
    assert list(value.shape) == row["shape"]
    assert digest(value) == row["sha256"]
