"""Real checkpoints that are damaged, and what TensorFlow still reads of them.

`python damage_child.py FOLDER`, in a process of its own, writes checkpoints with
TensorFlow into FOLDER/sound, and damaged copies into FOLDER/NUMBER. FOLDER/events is a
pickle of [(folder, prefix, cause, tensors that TensorFlow cannot read), ...].
"""

from __future__ import annotations

import pickle
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import children

Event = tuple[str, str, str, list[str]]


@cache
def make() -> tuple[tempfile.TemporaryDirectory[str], list[Event]]:
    """Runs this file once; gives the folder and what happened in it."""
    folder = tempfile.TemporaryDirectory(prefix="fastckpt-damage-")
    import fastckpt

    package = Path(fastckpt.__file__).parents[1]
    children.run_with_tensorflow(__file__, folder.name, paths=(package,))
    return folder, pickle.loads((Path(folder.name) / "events").read_bytes())


def _write_sharded(tf: Any, folder: Path, step: int) -> None:
    """Two data files, partitioned variables, strings, and zeros, as on two workers."""
    import numpy as np

    from tensorflow_files import save

    generator = np.random.default_rng(step)
    words = np.array([generator.bytes(40) for _ in range(50)], object)
    for shard in range(2):
        tensors = {
            f"layer_{i}/kernel_{shard}": (
                generator.standard_normal((50, 30), np.float32),
                "float32",
            )
            for i in range(4)
        }
        tensors[f"emb_{shard}"] = generator.standard_normal((64, 40)), "float64"
        tensors[f"words_{shard}"] = words, "string"
        tensors[f"slot_{shard}/Adam"] = np.zeros((60, 50), np.float32), "float32"
        tensors[f"step_{shard}"] = np.array(step), "int64"
        specs = {f"emb_{shard}": ["0,20:-", "20,44:-"]}
        save(folder / f"part-{shard}", tensors, specs)
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=[str(folder / f"part-{shard}") for shard in range(2)],
        destination_prefix=str(folder / f"model.ckpt-{step}"),
        delete_old_dirs=False,
    )


def _write_objects(tf: Any, folder: Path) -> None:
    """What `tf.train.Checkpoint` writes, object graph and state file."""
    tf.random.set_seed(5)
    variables = [tf.Variable(tf.random.normal((300, 11))) for _ in range(5)]
    checkpoint = tf.train.Checkpoint(layers=variables, step=tf.Variable(0))
    manager = tf.train.CheckpointManager(checkpoint, str(folder), 9)
    for _ in range(2):
        for variable in variables:
            variable.assign(tf.random.normal((300, 11)))
        checkpoint.step.assign_add(1)
        manager.save()


def _read(tf: Any, prefix: Path, names: list[str]) -> list[str]:
    """Gives the tensors that TensorFlow cannot read."""
    reader = tf.train.load_checkpoint(str(prefix))
    lost = []
    for name in names:
        try:
            tf.raw_ops.RestoreV2(
                prefix=str(prefix),
                tensor_names=[name],
                shape_and_slices=[""],
                dtypes=[reader.get_variable_to_dtype_map()[name]],
            )
        except tf.errors.OpError:
            lost.append(name)
    return lost


def _events(victim: Any, sibling: Path) -> Iterator[tuple[str, dict[Path, Any]]]:
    """Gives damage of each kind, with its cause."""
    source = random.Random(19)
    for path in victim.files:
        size = len(victim.content[path])
        for _ in range(5):
            yield "cut file", victim.cut(path, source.randrange(size))
            bits = source.randrange(1, 256)
            yield "checksum", victim.flip(path, source.randrange(size), bits)
            place = source.randrange(size - 600)
            yield "checksum", victim.scramble(path, place, 600, source)
            page = source.randrange(size // 4096)
            yield "zero-filled", victim.zero(path, [page])
        yield "missing file", {path: None}
        other = path.with_name(path.name.replace(victim.prefix.name, sibling.name))
        yield "other save", {path: other.read_bytes()}


def _damage(tf: Any, folder: Path) -> list[Event]:
    from damage_events import Victim

    done: list[Event] = []
    for kind, name, other in (
        ("sharded", "model.ckpt-2", "model.ckpt-1"),
        ("objects", "ckpt-2", "ckpt-1"),
    ):
        sound = folder / "sound" / kind
        victim = Victim(sound / name)
        for cause, damaged in _events(victim, sound / other):
            copy = folder / str(len(done))
            shutil.copytree(sound, copy)
            for path, content in damaged.items():
                target = copy / path.name
                target.unlink() if content is None else target.write_bytes(content)
            lost = _read(tf, copy / name, victim.names)
            done.append((copy.name, name, cause, lost))
    return done


def _main(folder: Path) -> None:
    import tensorflow as tf

    for kind in ("sharded", "objects"):
        (folder / "sound" / kind).mkdir(parents=True)
    for step in (1, 2):
        _write_sharded(tf, folder / "sound" / "sharded", step)
    for part in (folder / "sound" / "sharded").glob("part-*"):
        part.unlink()
    _write_objects(tf, folder / "sound" / "objects")
    (folder / "events").write_bytes(pickle.dumps(_damage(tf, folder)))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
