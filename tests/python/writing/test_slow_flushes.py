"""Savers of several prefixes in one folder: nobody waits for another's disk."""

import contextlib
import os
import subprocess
import sys

import numpy as np

import children
import fastckpt
import preloaded
from places import TESTS

COUNT = 4


def test_flushes_of_several_prefixes_overlap_and_all_saves_succeed(shim, tmp_path):
    folder, record = tmp_path / "place", tmp_path / "record"
    names = [f"m{number}" for number in range(COUNT)]
    for name in names:
        fastckpt.save(folder / name, {"w": np.zeros(3)}, fsync=False)
    record.touch()
    with contextlib.ExitStack() as stack:
        started = [
            stack.enter_context(
                children.started(
                    [
                        *(sys.executable, TESTS / "flush_child.py"),
                        *(folder, name, str(COUNT), record),
                    ],
                    env=preloaded.environment(shim),
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for name in names
        ]
        for child in started:
            error = child.communicate()[1]
            assert child.returncode == 0, error[-4000:]
    lines = record.read_text().splitlines()
    for event in ("data", "folder"):
        order = [line.split()[0] for line in lines if line.split()[1] == event]
        assert order == ["begin"] * COUNT + ["end"] * COUNT, lines
    for number, name in enumerate(names):
        with fastckpt.open(folder / name) as checkpoint:
            assert set(checkpoint["w"]) == {number}
            assert checkpoint.verify().ok
    assert not [name for name in os.listdir(folder) if ".fastckpt-" in name]
