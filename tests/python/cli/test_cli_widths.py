"""What commands print on terminals of 80 and 200 columns, in colour and without."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fastckpt
from command_line import run_on_terminal, run_process

SCREEN = 24
CODES = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """A tensor of many slices, and names of many lengths."""
    path = tmp_path_factory.mktemp("widths") / "model"
    with fastckpt.Writer(path) as writer:
        for row in range(40):
            part = np.full((1, 30), row, np.float32)
            writer.add_slice("emb", part, full_shape=(40, 30), begin=(row, 0))
        for i in range(12):
            name = "/".join(f"scope_{i}_{k}" for k in range(i + 1))
            writer.add(f"{name}/kernel", np.full(3, i, np.float32))
    return path


COMMANDS = {
    "ls": ["ls"],
    "tree": ["ls", "--tree"],
    "show": ["show"],
    "stats": ["stats"],
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_all_is_whole_at_both_widths_and_in_a_pipe(words, prefix):
    command, *options = words
    words = [command, prefix, *options]
    piped = run_process(*words).out
    assert "\x1b" not in piped
    for columns in (80, 200):
        coloured = run_on_terminal(*words, columns=columns).out
        plain = run_on_terminal(*words, columns=columns, env={"NO_COLOR": "1"}).out
        assert "\x1b" in coloured
        assert CODES.sub("", coloured) == plain
        # Nothing is cut: the same words, whatever the lines.
        assert plain.split() == piped.split()
        names = set(piped.split())
        longest = [line for line in plain.splitlines() if len(line) > columns]
        assert all(line.strip() in names for line in longest)  # a name of its own line


@pytest.mark.parametrize("columns", [80, 200])
def test_statistics_are_on_the_first_screen(columns, prefix):
    for options in ([], ["--all"]):
        out = run_on_terminal("show", prefix, "emb", *options, columns=columns).out
        first = CODES.sub("", out).splitlines()[: SCREEN - 1]
        labels = {line.split()[0] for line in first if line.startswith("  ")}
        assert {"min", "max", "mean", "std", "zeros", "nan", "inf"} <= labels
