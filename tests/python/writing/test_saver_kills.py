"""A training that saves and is killed at any moment: what is on the disk is whole."""

import os
import random
import subprocess
import sys
import time

import numpy as np

import children
import fastckpt
from fastckpt.writing.saver import Saver

# Goes on from the newest checkpoint, as a training that was started again does.
TRAINING = """
import sys
import numpy as np
import fastckpt

folder = sys.argv[1]
saver = fastckpt.Saver(max_to_keep=2)
state, step = fastckpt.get_checkpoint_state(folder), 0
if state is not None:
    saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
    step = int(state.model_checkpoint_path.rpartition("-")[2])
print("started", flush=True)
while True:
    step += 1
    w = np.full(200_000, step)
    saver.save(f"{folder}/m", {"w": w, "b": w[:3]}, step, meta_graph=b"\\ngraph")
"""


def assert_whole(path):
    step = int(path.rpartition("-")[2])
    with fastckpt.open(path) as checkpoint:
        assert np.all(checkpoint["w"] == step)
        assert checkpoint.verify().ok


def test_every_checkpoint_that_the_state_file_names_is_whole(tmp_path):
    generator = random.Random(3)
    Saver().save(tmp_path / "m", {"w": np.zeros(3)}, 0)
    for _ in range(12):
        command = [sys.executable, "-c", TRAINING, tmp_path]
        with children.started(command, stdout=subprocess.PIPE) as child:
            assert child.stdout.readline() == b"started\n"
            time.sleep(generator.uniform(0, 0.2))  # then it is killed
        state = fastckpt.get_checkpoint_state(tmp_path)
        for path in state.all_model_checkpoint_paths:
            assert_whole(path)
    step = int(state.model_checkpoint_path.rpartition("-")[2])
    assert step > 0
    Saver().save(tmp_path / "m", {"w": np.zeros(3)}, step + 1, meta_graph=b"")
    assert not [name for name in os.listdir(tmp_path) if ".fastckpt-" in name]
