"""Builds the floor programs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from benchmarks.data import ROOT

__all__ = ["build_floor"]


def build_floor(build: Path) -> str:
    """Gives the path of the floor program, built from this tree."""
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    configure = [
        "cmake", "-S", str(ROOT), "-B", str(build), *generator,
        "-DCMAKE_BUILD_TYPE=Release", "-DFASTCKPT_PYTHON=OFF", "-DFASTCKPT_FLOOR=ON",
        "-DSKBUILD_PROJECT_VERSION=0",
    ]  # fmt: skip
    subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    make = ["cmake", "--build", str(build), "--target", "floor", "--parallel", "2"]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    return str(build / "benchmarks" / "floor" / "floor")
