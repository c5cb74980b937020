"""TensorFlow."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.contenders.case import Case
from benchmarks.data import digest
from benchmarks.data.folder import Data
from benchmarks.data.models import MATRIX, ONE_TENSOR


def _get_all(path: str) -> dict[str, np.ndarray]:
    reader = tf.train.load_checkpoint(path)
    return {
        name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()
    }


def load(data: Data, name: str = "bert") -> Case:
    path = data.prefix(name)
    return Case(lambda: _get_all(path), digest.of_arrays, data.entry(name)["digest"])


def restore(data: Data, name: str = "bert") -> Case:
    """One operation for all tensors: names and types are known beforehand."""
    path, names = data.prefix(name), list(data.entry(name)["places"])

    def run() -> dict[str, np.ndarray]:
        tensors = tf.raw_ops.RestoreV2(
            prefix=path,
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            dtypes=[tf.float32] * len(names),
        )
        return {n: t.numpy() for n, t in zip(names, tensors, strict=True)}

    return Case(run, digest.of_arrays, data.entry(name)["digest"])


def load_cold(data: Data) -> Case:
    return load(data)._replace(cold=(data.file("bert"),))


def load_strings(data: Data) -> Case:
    path = data.prefix("strings")
    expected = data.entry("strings")["digest"]
    return Case(lambda: _get_all(path), digest.of_strings, expected)


def open_only(data: Data, name: str = "small") -> Case:
    path = data.prefix(name)
    run = lambda: tf.train.load_checkpoint(path)  # noqa: E731
    return Case(run, _listing, data.entry(name)["listing"])


def list_all(data: Data, name: str = "small") -> Case:
    path = data.prefix(name)
    return Case(
        lambda: _maps(tf.train.load_checkpoint(path)),
        digest.of_listing,
        data.entry(name)["listing"],
    )


def _maps(reader: Any) -> list[tuple[str, Any, list[int]]]:
    shapes = reader.get_variable_to_shape_map()
    dtypes = reader.get_variable_to_dtype_map()
    # One conversion of a dtype, not one for each tensor.
    numpy_dtypes = {d: np.dtype(d.as_numpy_dtype) for d in set(dtypes.values())}
    return [(n, numpy_dtypes[dtypes[n]], shape) for n, shape in shapes.items()]


def _listing(reader: Any) -> str:
    return digest.of_listing(_maps(reader))


def one(data: Data) -> Case:
    path = data.prefix("embedding")

    def run() -> dict[str, np.ndarray]:
        return {ONE_TENSOR: tf.train.load_variable(path, ONE_TENSOR)}

    return Case(run, digest.of_arrays, data.entry("embedding")["one"])


def rows(data: Data, name: str = "embedding") -> Case:
    reader = tf.train.load_checkpoint(data.prefix(name))
    return Case(
        lambda: {MATRIX: reader.get_tensor(MATRIX)[1000:1128]},
        digest.of_arrays,
        data.entry("embedding")["rows"],
    )


def save(data: Data) -> Case:
    tensors = {n: tf.constant(a) for n, a in _get_all(data.prefix("bert")).items()}
    out = data.prefix(f"saved-{os.getpid()}")

    def run() -> None:
        tf.raw_ops.SaveV2(
            prefix=out,
            tensor_names=list(tensors),
            shape_and_slices=[""] * len(tensors),
            tensors=list(tensors.values()),
        )
        for suffix in (".data-00000-of-00001", ".index"):
            file = os.open(out + suffix, os.O_RDONLY)
            os.fsync(file)
            os.close(file)

    return Case(
        run,
        lambda _: digest.of_arrays(_get_all(out)),
        data.entry("bert")["digest"],
    )
