"""install() breaks no library that works without TensorFlow and asks for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import children
import fastckpt
from installed import is_installed

pytestmark = pytest.mark.frameworks

PACKAGE = Path(fastckpt.__file__).parents[1]

TENSORBOARD = """
import sys
import fastckpt.compat.tensorflow
fastckpt.compat.tensorflow.install()
from tensorboard.backend.event_processing import event_accumulator, event_multiplexer
from tensorboard.compat import tf
from torch.utils.tensorboard import SummaryWriter

assert tf.__name__ == "tensorflow"
folder = sys.argv[1]
writer = SummaryWriter(folder)
writer.add_scalar("loss", 1.5, 0)
writer.flush()
reader = event_accumulator.EventAccumulator(folder).Reload()
seen = [[it.value for it in reader.Scalars("loss")]]
writer.add_scalar("loss", 0.5, 1)
writer.add_text("note", "half")
writer.flush()
with open(writer.file_writer.event_writer._file_name, "ab") as file:
    file.write(bytes(5))  # somebody is writing
reader.Reload()
seen.append([it.value for it in reader.Scalars("loss")])
runs = event_multiplexer.EventMultiplexer().AddRunsFromDirectory(folder).Reload()
print(seen, runs.Runs()["."]["scalars"], reader.Tags()["tensors"])
"""

KERAS = """
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
import fastckpt.compat.tensorflow
fastckpt.compat.tensorflow.install()
import keras
import numpy as np

rows, results = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("adam", "mean_squared_error")
kept = keras.callbacks.ModelCheckpoint(sys.argv[1] + "/kept.keras")
model.fit(rows, results, verbose=0, callbacks=[kept])
answers = model.predict(rows, verbose=0)
model.save(sys.argv[1] + "/model.h5")
again = keras.models.load_model(sys.argv[1] + "/kept.keras")
same = (again.predict(rows, verbose=0) == answers).all()
copy = keras.models.model_from_json(keras.models.clone_model(model).to_json())
print(same, copy.count_params(), os.path.getsize(sys.argv[1] + "/model.h5") > 0)
"""

# What einops asks of every array, whatever library it is of.
EINOPS = """
import fastckpt.compat.tensorflow
fastckpt.compat.tensorflow.install()
import torch
from einops import rearrange
print(tuple(rearrange(torch.zeros(2, 3), "a b -> b a").shape))
"""


def run(script, *arguments, needed):
    missing = [name for name in needed if not is_installed(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    done = children.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def test_tensorboard_reads_what_torch_writes_and_goes_on_reading(tmp_path):
    printed = run(TENSORBOARD, tmp_path, needed=["torch", "tensorboard"])
    assert printed == "[[1.5], [1.5, 0.5]] ['loss'] ['note/text_summary']\n"


def test_keras_trains_saves_and_copies_on_torch(tmp_path):
    printed = run(KERAS, tmp_path, needed=["keras", "h5py", "torch"])
    assert printed == "True 5 True\n"


def test_einops_finds_the_library_of_an_array():
    assert run(EINOPS, needed=["torch", "einops"]) == "(3, 2)\n"
