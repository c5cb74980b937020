"""What references are made to, and how they are made and looked at."""

from __future__ import annotations

import os

import numpy as np

import fastckpt
import kerchunk_reader

__all__ = ["NAMES", "TENSORS", "assert_same", "convert", "is_held"]

TENSORS = {
    "step": np.array(7, np.int64),
    "dense/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "dense/kernel/Adam": np.ones((3, 4), np.float32),
    "flags": np.array([True, False, True]),
    "half": np.arange(3, dtype=np.float16),
    "waves": np.array([[1 + 2j, 3j]], np.complex64),
    "deep": np.arange(24, dtype=np.uint16).reshape(2, 1, 3, 4),
    "empty": np.zeros((0, 4), np.float32),
    "wide": np.zeros((4, 0), np.int8),
}

NAMES = [
    "a/b",
    "a%2Fb",
    ".zattrs",
    ".",
    "..",
    "../../etc/passwd",
    "a.b",
    "0.0",
    "{{x}}",
    "base64:x",
    "weights: é",
    "new\nline",
    "nul\0",
    "back\\slash",
    "\udcff\udcfe",
    "refs",
    "a/b:0",
    "~home",
    "a//b/",
    '"quoted"',
    "*?[",
    "zarr.json",
    "__x",
    " ",
]


def convert(source, **options):
    """References beside their source, read by their own words."""
    path = f"{os.fspath(getattr(source, 'path', source))}.json"
    done = fastckpt.convert(source, path, "kerchunk", **options)
    assert done.format == "kerchunk"
    found = kerchunk_reader.read(path)
    assert done.tensors == len(found)
    return found


def assert_same(found, expected):
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        array = np.asarray(array)
        assert found[name].dtype.newbyteorder("=") == array.dtype, name
        assert found[name].shape == array.shape, name
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def is_held(dtype):
    return dtype.isbuiltin == 1 and dtype.kind in "biufc"
