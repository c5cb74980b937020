"""How much fits: on the disk of a folder, and in memory."""

from __future__ import annotations

import shutil
from pathlib import Path

__all__ = ["available_memory", "free_disk", "largest_growth"]

_KEPT = 0.1
"""Of a disk's free bytes this part is nobody's."""


def free_disk(folder: Path) -> int:
    """Gives the bytes that may be written below a folder, which need not be there."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    return int(shutil.disk_usage(there).free * (1 - _KEPT))


def available_memory() -> int:
    """Gives the bytes that processes may still take."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    raise OSError("/proc/meminfo does not tell the available memory")


def largest_growth(folder: Path) -> int:
    """Gives the largest checkpoint of growth: all sizes together lie on the disk, and
    one is in memory twice, as the file's pages and as a copy, with what proves it."""
    return min(free_disk(folder) * 3 // 5, available_memory() * 2 // 5)
