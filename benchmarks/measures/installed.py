"""How large the package is: a wheel is built and installed, and the files counted."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from benchmarks.machine.tree import OUT, ROOT
from benchmarks.rows.row import Context, Samples

__all__ = ["package_size", "size_of"]


def size_of(folder: Path) -> int:
    """Gives the bytes of all files below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _pip(*arguments: str) -> bool:
    command = [sys.executable, "-m", "pip", *arguments, "-q", "--no-deps"]
    return subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0


def _wheel(folder: Path) -> Path:
    """Builds the tree's wheel, with the tools that are here or with fetched ones."""
    shutil.rmtree(folder, ignore_errors=True)
    build = f"--config-settings=build-dir={folder.parent / 'wheel-build'}"
    command = ("wheel", "-w", str(folder), build, str(ROOT))
    has_tools = all(map(find_spec, ("scikit_build_core", "pybind11")))
    if not (has_tools and _pip(*command, "--no-build-isolation")) and not _pip(
        *command
    ):
        raise SystemExit("the wheel cannot be built")
    return next(folder.glob("fastckpt_io-*.whl"))


def package_size(_: Context) -> Samples:
    """Takes megabytes: of the wheel, and of all that pip puts into an environment."""
    wheel = _wheel(OUT / "wheel")
    target = OUT / "installed"
    shutil.rmtree(target, ignore_errors=True)
    if not _pip("install", "--target", str(target), str(wheel)):
        raise SystemExit("the wheel cannot be installed")
    return {"wheel": [wheel.stat().st_size / 1e6], "installed": [size_of(target) / 1e6]}
