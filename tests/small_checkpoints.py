"""Small checkpoints of either format, for tests of where files lie."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bundle_maker import BundleMaker
from v1_maker import V1Maker


def write_v2(folder: Path, prefix: str = "model", shards: int = 1) -> str:
    """Writes a small V2 checkpoint; gives its prefix."""
    bundle = BundleMaker(shards)
    bundle.add("w", np.arange(3, dtype=np.float32))
    return str(bundle.write(folder, prefix))


def write_v1(folder: Path, name: str = "model") -> str:
    """Writes a small V1 checkpoint; gives its path."""
    checkpoint = V1Maker()
    checkpoint.add("w", np.arange(3, dtype=np.float32))
    return str(checkpoint.write(folder, name))


def write_shards(
    folder: Path, stem: str = "model", count: int = 2, missing: Iterable[int] = ()
) -> list[str]:
    """Writes V1 shards; gives them in order."""
    numbers = [shard for shard in range(count) if shard not in missing]
    return [write_v1(folder, f"{stem}-{n:05d}-of-{count:05d}") for n in numbers]


def write_state(folder: Path, path: str, name: str = "checkpoint") -> str:
    """Writes a state file that names one checkpoint; gives its path."""
    state = folder / name
    state.write_text(f'model_checkpoint_path: "{path}"\n')
    return str(state)


def is_v2(found: tuple[str, str, list[str]], prefix: str) -> bool:
    """Tells whether what was found is the V2 checkpoint of a prefix."""
    return found == ("v2", prefix, [prefix + ".index"])
