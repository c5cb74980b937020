"""Saves of TensorFlow that were killed, for tests: folders made of its own files.

TensorFlow runs in a child: `python unfinished_saves.py FOLDER` writes there "one", the
parts of a save in one shard, and "two", those of one in two shards, as they lie before
MergeV2Checkpoints. BundleWriter writes under ``.tempstateN`` what these files are.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

import children

SHARDS = {"one": 1, "two": 2}
VALUES = {f"w{i}": np.arange(500, dtype=np.float32) + i for i in range(4)}


@functools.cache
def _make() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="fastckpt-unfinished-")
    children.run_with_tensorflow(__file__, folder.name)
    return folder


def put_parts(prefix: Path, shards: str) -> Path:
    """Puts the folder of a sharded save there, whose parts are not merged."""
    folder = prefix.with_name(f"{prefix.name}_temp")
    shutil.copytree(Path(_make().name) / shards / "m_temp", folder)
    return folder


def put_in_place(prefix: Path) -> None:
    """Puts a checkpoint of one data file there, as one save writes it."""
    part = Path(_make().name) / "one" / "m_temp" / "part-00000-of-00001"
    for ending in (".index", ".data-00000-of-00001"):
        shutil.copy(f"{part}{ending}", f"{prefix}{ending}")


def put_tempstate(prefix: Path, *, data: bool) -> None:
    """Puts a checkpoint there whose index, and maybe data, lack their names."""
    put_in_place(prefix)
    os.rename(f"{prefix}.index", f"{prefix}.index.tempstate1742139226030316918")
    if data:
        name = f"{prefix}.data-00000-of-00001"
        os.rename(name, f"{name}.tempstate12177816340329424898")


def move_data(prefix: Path, shard: int, count: int) -> None:
    """Goes on with a merge as far as one data file."""
    part = f"{prefix}_temp/part-{shard:05d}-of-{count:05d}.data-00000-of-00001"
    os.rename(part, f"{prefix}.data-{shard:05d}-of-{count:05d}")


def _write(folder: Path) -> None:
    import tensorflow as tf

    for name, count in SHARDS.items():
        (folder / name / "m_temp").mkdir(parents=True)
        for shard in range(count):
            names = list(VALUES)[shard::count]
            tf.raw_ops.SaveV2(
                prefix=f"{folder}/{name}/m_temp/part-{shard:05d}-of-{count:05d}",
                tensor_names=names,
                shape_and_slices=[""] * len(names),
                tensors=[VALUES[each] for each in names],
            )


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
