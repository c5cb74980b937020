"""Random sequences of saves, as data that TensorFlow's Saver and ours both run.

A sequence is a list of [what, arguments]. The clock stands still but for "wait", and
each file has the time of its save, so that both runs see the same times.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Step = list[Any]

# What every save stores, not in the order of the names.
TENSORS = {
    "w": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a/b": np.arange(4, dtype=np.int64),
}
# The clock of every sequence starts here.
START = 1_700_000_000.0
# Never both in one sequence: in a relative folder TensorFlow stores absolute paths
# of the list wrongly, relative to the folder twice.
RELATIVE = ["model", "out/model", "out/m", "out/m-1", "checkpoint"]
ABSOLUTE = ["ROOT/model", "ROOT/out/m", "ROOT/out/m-1"]


def random_sequence(generator: random.Random) -> list[Step]:
    """Gives some steps; paths below ROOT stand for absolute ones."""
    version = generator.choice([2, 2, 2, 1])
    prefixes = generator.choice([RELATIVE, ABSOLUTE])
    if version == 1:
        # TensorFlow's state file replaces a V1 checkpoint of its name, ours does not.
        prefixes = [prefix for prefix in prefixes if prefix != "checkpoint"]
    prefixes = generator.sample(prefixes, generator.choice([1, 1, 1, 2]))
    steps: list[Step] = [["saver", _random_options(generator, version)]]
    for _ in range(generator.randrange(4, 25)):
        choice = generator.random()
        if choice < 0.7:
            steps.append(["save", _random_save(generator, prefixes)])
        elif choice < 0.9:
            steps.append(["wait", [generator.choice([1, 60, 3600, 7200.5, 0.25])]])
        elif choice < 0.95:
            steps.append(["saver", _random_options(generator, version)])
        else:
            steps.append([generator.choice(["recover", "set", "set_with_time"]), []])
    return steps


def _random_options(generator: random.Random, version: int) -> dict[str, Any]:
    return {
        "max_to_keep": generator.choice([5, 1, 2, 3, 0, None]),
        "keep_checkpoint_every_n_hours": generator.choice([10000.0, 0.0, 0.1, 1, 2.5]),
        "write_version": version,
        "save_relative_paths": generator.random() < 0.3,
        "pad_step_number": generator.random() < 0.2,
    }


def _random_save(generator: random.Random, prefixes: list[str]) -> dict[str, Any]:
    return {
        "prefix": generator.choice(prefixes),
        "global_step": generator.choice([None, *range(8), 123456789]),
        "latest_filename": generator.choice([None, None, None, "latest"]),
        "write_state": generator.random() < 0.9,
        "write_meta_graph": generator.random() < 0.7,
    }


def run(
    steps: list[Step],
    make_saver: Callable[..., Any],
    save: Callable[..., str],
    set_clock: Callable[[float], None],
) -> list[Any]:
    """Runs a sequence in the current folder.

    Args:
        steps: The sequence.
        make_saver: Makes a saver from its options.
        save: Saves with a saver; its other arguments are those of the step.
        set_clock: Sets what `time.time` gives.

    Returns:
        After each save what it returned, what the saver keeps, and the folder.
    """
    root = os.getcwd()
    Path("out").mkdir()
    now, saver, known, results = START, None, [], []
    set_clock(now)
    for what, given in steps:
        if what == "wait":
            now += given[0]
            set_clock(now)
        elif what == "saver":
            saver = make_saver(**given)
        elif what == "save":
            prefix = given["prefix"].replace("ROOT", root)
            try:
                path = save(saver, **(given | {"prefix": prefix}))
            except ValueError:
                path = "refused"
            else:
                known.append((path, now))
            _set_times(now)
            results.append([path, list(saver.last_checkpoints), _folder()])
        else:
            _set_kept(saver, what, known[-6:])
    return [_without_root(result, root) for result in results]


def _set_kept(saver: Any, what: str, known: list[tuple[str, float]]) -> None:
    paths = list(dict.fromkeys(path for path, _ in known))
    if what == "recover":
        saver.recover_last_checkpoints(paths)
    elif what == "set":
        saver.set_last_checkpoints(paths)
    else:
        saver.set_last_checkpoints_with_time([(path, START + 3600) for path in paths])


def _set_times(now: float) -> None:
    """Gives the files of this save its time; the others have theirs."""
    for path in Path().rglob("*"):
        if path.stat().st_mtime > now + 1e6:
            os.utime(path, (now, now))


def _folder() -> dict[str, str]:
    """Gives every file's digest; a state file's text; of a graph that it is there."""
    files = {}
    for path in sorted(Path().rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            if path.name in ("checkpoint", "latest") and b"model_checkpoint" in content:
                digest = content.decode()
            files[str(path)] = "graph" if path.suffix == ".meta" else digest
    return files


def _without_root(value: Any, root: str) -> Any:
    if isinstance(value, dict):
        return {key: _without_root(item, root) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_root(item, root) for item in value]
    return value.replace(root, "ROOT")
