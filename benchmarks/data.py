"""Where the benchmarks' data lies; makes it once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["OUT", "ROOT", "VERSION", "Data", "child_environment", "ensure"]

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "benchmarks" / "out"
VERSION = 3
"""Of what the data holds: data of another one is made anew."""


class Data:
    """A folder of checkpoints, with what is in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: dict[str, Any] = json.loads(
            (folder / "manifest.json").read_text()
        )

    def prefix(self, name: str) -> str:
        return str(self.folder / name)

    def file(self, name: str) -> str:
        """Gives the path of a checkpoint's only data file."""
        return f"{self.prefix(name)}.data-00000-of-00001"

    def safetensors(self, name: str) -> str:
        return f"{self.prefix(name)}.safetensors"

    def entry(self, name: str) -> dict[str, Any]:
        entry: dict[str, Any] = self.manifest[name]
        return entry

    def places(self, name: str) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Gives {tensor: (offset in the data file, shape)}; all are float32."""
        return {
            tensor: (offset, tuple(shape))
            for tensor, (offset, shape) in self.entry(name)["places"].items()
        }


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


def _is_made(folder: Path) -> bool:
    manifest = folder / "manifest.json"
    return manifest.exists() and json.loads(manifest.read_text()).get("version") == (
        VERSION
    )


def ensure(parent: Path, nbytes: int, tensors: int) -> Data:
    """Gives the data of a size, made with TensorFlow if it is not there yet."""
    folder = parent / f"data-{nbytes >> 20}MiB-{tensors}"
    if not _is_made(folder):
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.make_data", str(folder)]
        subprocess.run(
            [*command, str(nbytes), str(tensors)], check=True, env=child_environment()
        )
    return Data(folder)
