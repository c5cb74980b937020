"""What a contender needs, and why it is not measured where that is not there.

Words with spaces between: a module that must be installed, `gpu`, or `cpus=8`.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

__all__ = ["NotHere", "available_cpus", "in_words", "lacking", "wants_gpu"]

_GPUS = ("/dev/nvidia0", "/dev/kfd", "/dev/dxg")


class NotHere(Exception):
    """A contender cannot take part; the text says why."""


def available_cpus() -> int:
    """Gives how many CPUs this process may use."""
    return len(os.sched_getaffinity(0))


def wants_gpu(needs: str) -> bool:
    """Whether a contender must see the GPU, which others do not."""
    return "gpu" in needs.split()


def _is_installed(module: str) -> bool:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:  # what it is a part of is not there
        return False
    # A folder of that name, on the path by chance, is a namespace of no origin.
    return spec is not None and spec.origin is not None


def lacking(needs: str) -> str:
    """Gives the reason why what needs these words is not measured; "" if it is."""
    for word in needs.split():
        if word == "gpu":
            if not any(Path(device).exists() for device in _GPUS):
                return "the machine has no GPU"
        elif word.startswith("cpus="):
            if available_cpus() < int(word.removeprefix("cpus=")):
                return f"the machine has {available_cpus()} CPUs"
        elif not _is_installed(word):
            return f"{word} is not installed"
    return ""


def in_words(reason: str) -> str:
    """Gives a reason; older reports have the name of a module there."""
    return reason if " " in reason else f"{reason} is not installed"
