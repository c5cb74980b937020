"""Does what an error advises: runs the command in it as a shell takes it."""

from __future__ import annotations

import os
import re
import sys

import numpy as np

import children
import fastckpt

__all__ = ["command_of", "follow", "new_checkpoint"]

TOOLS = r"(?:python3 -[cI]|fastckpt|mkdir|gunzip|bunzip2|unxz|unzstd|git|tar) "
COMMAND = re.compile(rf".*?: ({TOOLS}.*)", re.DOTALL)


def command_of(advice) -> str:
    """The command at the end of what is advised."""
    found = COMMAND.fullmatch(advice)
    assert found is not None, advice
    return found[1]


def follow(advice, folder, tmp_path) -> None:
    """Does what is advised, in a folder, with this Python as the one that is found."""
    programs = tmp_path / "programs"
    programs.mkdir(exist_ok=True)
    for name, words in (("python3", ""), ("fastckpt", "-m fastckpt")):
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        (programs / name).chmod(0o700)
    source = os.path.dirname(os.path.dirname(fastckpt.__file__))
    path = f"{programs}:{os.environ['PATH']}"
    children.run(
        ["bash", "-c", command_of(advice)],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONPATH": source},
        check=True,
        timeout=120,
    )


def new_checkpoint(folder) -> dict[str, np.ndarray]:
    """The arrays of the only checkpoint in a folder."""
    (index,) = folder.glob("*.index")
    with fastckpt.open(index) as checkpoint:
        return dict(checkpoint.load())
