"""Writes the cases of `write_cases` with TensorFlow; reads what others wrote.

`python tensorflow_writes.py COMMAND FOLDER ...`, in a child process; see `run`.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np

import children
from write_cases import Row, deal_out, make_rows, parts_of


def run(command: str, folder: Path, *arguments: object) -> None:
    """Runs this file in a child process; its assertions become the caller's."""
    children.run_with_tensorflow(__file__, command, folder, *arguments)


def save_v2(prefix: Path, rows: list[Row]) -> None:
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=_names(rows),
        shape_and_slices=tf.constant([row.spelling for row in rows], tf.string),
        tensors=[to_tensorflow(row.value, row.dtype) for row in rows],
    )


def save_v1(path: Path, rows: list[Row]) -> None:
    tf.raw_ops.SaveSlices(
        filename=str(path),
        tensor_names=_names(rows),
        shapes_and_slices=tf.constant([row.spelling for row in rows], tf.string),
        data=[to_tensorflow(row.value, row.dtype) for row in rows],
    )


def _names(rows: list[Row]):
    return tf.constant([row.raw_name for row in rows], tf.string)


def write_v2(folder: Path, first: str, last: str) -> None:
    """Writes FOLDER/tf-SEED for each seed."""
    for seed in range(int(first), int(last)):
        save_v2(folder / f"tf-{seed}", make_rows(seed))


def write_v1(folder: Path, first: str, last: str) -> None:
    """Writes the V1 files FOLDER/tf-SEED."""
    for seed in range(int(first), int(last)):
        save_v1(folder / f"tf-{seed}", make_rows(seed, v1=True))


def write_shards(folder: Path, first: str, last: str) -> None:
    """Writes FOLDER/tf-SEED as SEED % 4 + 2 parts that are merged."""
    for seed in range(int(first), int(last)):
        parts = deal_out(make_rows(seed), seed % 4 + 2)
        if all(parts):
            _merge(folder, seed, parts)


def _merge(folder: Path, seed: int, parts: list[list[Row]]) -> None:
    prefixes = [folder / f"part-{seed}-{i}" for i in range(len(parts))]
    for prefix, rows in zip(prefixes, parts, strict=True):
        save_v2(prefix, rows)
    _join(prefixes, folder / f"tf-{seed}")


def write_parts(folder: Path, first: str, last: str) -> None:
    """Writes bundles FOLDER/part-SEED-I of one, two or three shards each, unmerged."""
    for seed in range(int(first), int(last)):
        for number, shards in enumerate(parts_of(seed)):
            prefix = folder / f"part-{seed}-{number}"
            pieces = [Path(f"{prefix}-{i}") for i in range(len(shards))]
            for piece, rows in zip(pieces, shards, strict=True):
                save_v2(piece, rows)
            _join(pieces, prefix)


def merge_parts(folder: Path, first: str, last: str) -> None:
    """Merges those parts into FOLDER/tf-SEED."""
    for seed in range(int(first), int(last)):
        count = len(parts_of(seed))
        parts = [folder / f"part-{seed}-{number}" for number in range(count)]
        _join(parts, folder / f"tf-{seed}")


def _join(prefixes: list[Path], destination: Path) -> None:
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=list(map(str, prefixes)),
        destination_prefix=str(destination),
        delete_old_dirs=False,
    )


def write_many(folder: Path, count: str) -> None:
    """Writes FOLDER/tf with so many small tensors."""
    save_v2(folder / "tf", many_rows(int(count)))


def many_rows(count: int) -> list[Row]:
    """Gives small tensors whose names share long prefixes."""
    return [
        Row(f"model/block_{i % 97:03d}/layer_{i}/kernel", np.float32(i), "float32")
        for i in range(count)
    ]


def read_back(folder: Path, listing: str) -> None:
    """Restores what FOLDER/LISTING names, a pickle of [(prefix, rows)]."""
    for prefix, rows in pickle.loads((folder / listing).read_bytes()):
        for row in rows:
            dtype = tf.as_dtype(row.dtype)
            got = tf.raw_ops.RestoreV2(
                prefix=str(prefix),
                tensor_names=tf.constant([row.raw_name], tf.string),
                shape_and_slices=[row.spelling],
                dtypes=[dtype],
            )[0]
            value = from_tensorflow(got)
            assert value.shape == row.value.shape, (prefix, row.name)
            assert bits(value) == bits(row.value), (prefix, row.name)


if __name__ == "__main__":
    import tensorflow as tf

    from tensorflow_files import bits, from_tensorflow, to_tensorflow

    globals()[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
