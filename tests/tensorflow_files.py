"""Writes checkpoints with TensorFlow and reads them back: for child processes only.

A checkpoint is a mapping of names to (values, TensorFlow's name of the type), and for
partitioned tensors the list of slices in TensorFlow's spelling (`0,2:-`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from dtype_table import BY_NAME

Tensors = dict[str, tuple[np.ndarray, str]]


def to_tensorflow(value: np.ndarray, dtype: str) -> tf.Tensor:
    """Gives `value` as a tensor of the type that TensorFlow calls `dtype`."""
    if dtype == "string":
        return tf.constant(value.tolist(), tf.string, shape=value.shape)
    tensor = tf.constant(value)
    return tf.bitcast(tensor, dtype) if dtype.startswith("q") else tensor


def from_tensorflow(tensor: tf.Tensor) -> np.ndarray:
    """Gives `tensor` as an array, quantised types as their storage type."""
    name = tensor.dtype.name
    if name.startswith("q"):
        return tf.bitcast(tensor, tf.as_dtype(BY_NAME[name].numpy)).numpy()
    return np.asarray(tensor.numpy(), object if name == "string" else None)


def save(prefix: Path, tensors: Tensors, specs: dict[str, list[str]]) -> None:
    """Writes a V2 bundle with SaveV2; `specs` tells the slices of a tensor."""
    names, spellings, parts = flatten(tensors, specs)
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=spellings,
        tensors=parts,
    )


def save_v1(path: Path, tensors: Tensors, specs: dict[str, list[str]]) -> None:
    """Writes a V1 file with SaveSlices, or with Save where nothing is sliced."""
    names, spellings, parts = flatten(tensors, specs)
    arguments = {"filename": str(path), "tensor_names": names, "data": parts}
    if specs:
        tf.raw_ops.SaveSlices(shapes_and_slices=spellings, **arguments)
    else:
        tf.raw_ops.Save(**arguments)


def flatten(tensors: Tensors, specs: dict[str, list[str]]):
    """Gives names, slice spellings and tensors, one of each per stored slice."""
    rows = []
    for name, (value, dtype) in tensors.items():
        if name not in specs:
            rows.append((name, "", to_tensorflow(value, dtype)))
        for spec in specs.get(name, []):
            part = np.asarray(value[region(spec)], value.dtype)
            full = " ".join(map(str, value.shape))
            rows.append((name, f"{full} {spec}", to_tensorflow(part, dtype)))
    return [list(column) for column in zip(*rows, strict=True)]


def region(spec: str) -> tuple[slice, ...]:
    """Gives the NumPy index of a slice as TensorFlow spells it: `0,2:-`."""

    def one(item: str) -> slice:
        if item == "-":
            return slice(None)
        start, length = map(int, item.split(","))
        return slice(start, start + length)

    return tuple(one(item) for item in spec.split(":"))


def assert_restores(
    prefix: Path, tensors: Tensors, specs: dict[str, list[str]]
) -> None:
    """Asserts that TensorFlow reads back what was saved."""
    for name, (value, dtype) in tensors.items():
        if dtype == "variant":
            continue
        full = " ".join(map(str, value.shape))
        whole = [""] if name not in specs or dtype in {"float32", "int32"} else []
        for spec in whole or specs[name]:
            got = tf.raw_ops.RestoreV2(
                prefix=str(prefix),
                tensor_names=[name],
                shape_and_slices=[f"{full} {spec}" if spec else ""],
                dtypes=[tf.as_dtype(dtype)],
            )[0]
            expected = value[region(spec)] if spec else value
            kinds = got.dtype.name, bits(from_tensorflow(got))
            assert kinds == (dtype, bits(expected)), (name, spec)


def bits(value: np.ndarray) -> bytes | list[bytes]:
    """Gives what two equal arrays have in common, NaNs included."""
    return value.ravel().tolist() if value.dtype == object else value.tobytes()
