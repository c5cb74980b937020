"""Where the benchmarks' data lies; makes it once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.machine.children import child_environment

__all__ = ["VERSION", "Data", "ensure"]

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
        command = [sys.executable, "-m", "benchmarks.data.make", str(folder)]
        subprocess.run(
            [*command, str(nbytes), str(tensors)], check=True, env=child_environment()
        )
    return Data(folder)
