"""Programs of this suite in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.machine.tree import ROOT

__all__ = ["child_environment", "run_program"]


def child_environment(sees_gpu: bool = False) -> dict[str, str]:
    """Gives the environment of every child: this tree, and a silent TensorFlow."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    hidden = {} if sees_gpu else {"CUDA_VISIBLE_DEVICES": "-1"}
    return (
        os.environ
        | hidden
        | {
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONDONTWRITEBYTECODE": "",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_ENABLE_ONEDNN_OPTS": "0",
        }
    )


def run_program(module: str, *arguments: str) -> dict[str, Any]:
    """Runs a module of this package that prints its numbers."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        check=True,
        cwd=ROOT,
        env=child_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    numbers: dict[str, Any] = json.loads(done.stdout)
    return numbers
