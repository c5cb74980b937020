"""TensorFlow's state files and savers, in a process of its own.

`python tensorflow_management.py` takes from standard input a JSON list of
[function, arguments], calls `_FUNCTIONS[function](*arguments)` for each in the current
folder, and leaves the list of results in the file `results`.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import children
import saver_sequences


def call_all(calls: list[list[Any]], folder: Path) -> list[Any]:
    """Runs this file in a child process, in a folder; gives the results."""
    children.run_with_tensorflow(__file__, input=json.dumps(calls), cwd=folder)
    return json.loads((folder / "results").read_text())


def _write_state(folder: str, *arguments: Any) -> str:
    """Gives the text of the state file that TensorFlow writes."""
    from tensorflow.python.checkpoint import checkpoint_management

    os.makedirs(folder, exist_ok=True)
    checkpoint_management.update_checkpoint_state_internal(folder, *arguments)
    return Path(folder, arguments[2] or "checkpoint").read_text()


def _read_state(text: str) -> list[Any]:
    """Gives what TensorFlow reads from a state file in the folder `read`."""
    import tensorflow as tf

    os.makedirs("read", exist_ok=True)
    Path("read", "checkpoint").write_text(text)
    state = tf.train.get_checkpoint_state("read")
    return [
        state.model_checkpoint_path,
        list(state.all_model_checkpoint_paths),
        list(state.all_model_checkpoint_timestamps),
        state.last_preserved_timestamp,
    ]


def _run_sequence(seed: int) -> list[Any]:
    """Runs a random sequence of saves with TensorFlow's Saver, in a folder."""
    import tensorflow as tf

    v1 = tf.compat.v1
    steps = saver_sequences.random_sequence(random.Random(seed))
    folder = Path(f"sequence-{seed}").resolve()
    folder.mkdir()
    home = os.getcwd()
    os.chdir(folder)
    with tf.Graph().as_default(), v1.Session() as session:
        for name, value in saver_sequences.TENSORS.items():
            v1.get_variable(name, initializer=value, use_resource=False)
        session.run(v1.global_variables_initializer())
        results = saver_sequences.run(
            steps,
            v1.train.Saver,
            lambda saver, prefix, **given: saver.save(session, prefix, **given),
            lambda now: setattr(time, "time", lambda: now),
        )
    os.chdir(home)
    shutil.rmtree(folder)
    return results


_FUNCTIONS = {
    "read_state": _read_state,
    "run_sequence": _run_sequence,
    "write_state": _write_state,
}

if __name__ == "__main__":
    results = [_FUNCTIONS[name](*given) for name, given in json.load(sys.stdin)]
    Path("results").write_text(json.dumps(results))
