"""Tensors and names that references are made to."""

from __future__ import annotations

import numpy as np

__all__ = ["NAMES", "TENSORS"]

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
