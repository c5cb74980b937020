"""Small V1 files that are parts of one checkpoint."""

from __future__ import annotations

import os

import numpy as np

import fastckpt


def save(path, **tensors):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    values = {name: np.array(value, "f4") for name, value in tensors.items()}
    fastckpt.save(path, values, format="v1", fsync=False)


def save_slice(path, begin, end):
    """Saves elements of "p", which has four."""
    with fastckpt.Writer(path, format="v1", fsync=False) as writer:
        part = np.arange(begin, end, dtype="f4")
        writer.add_slice("p", part, full_shape=(4,), begin=(begin,))


def save_two(folder):
    """Saves m-1, of x and y, and m-2, of z."""
    save(folder / "m-1", x=1, y=2)
    save(folder / "m-2", z=3)


def names(path):
    with fastckpt.open(path) as ckpt:
        return list(ckpt)
