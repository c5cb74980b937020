"""Builds the plain programs: the floor, and the counter of instructions."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from benchmarks.machine.tree import ROOT

__all__ = ["build_floor", "build_program"]


def build_program(build: Path, target: str) -> str:
    """Gives the path of a program of `floor/`, built from this tree."""
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    configure = [
        "cmake", "-S", str(ROOT), "-B", str(build), *generator,
        "-DCMAKE_BUILD_TYPE=Release", "-DFASTCKPT_PYTHON=OFF", "-DFASTCKPT_FLOOR=ON",
        "-DSKBUILD_PROJECT_VERSION=0",
    ]  # fmt: skip
    subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    make = ["cmake", "--build", str(build), "--target", target, "--parallel", "2"]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    return str(build / "benchmarks" / "floor" / target)


def build_floor(build: Path) -> str:
    """Gives the path of the floor program."""
    return build_program(build, "floor")
