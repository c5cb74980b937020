"""What memory this process uses; Linux only."""

from __future__ import annotations

import os
from collections.abc import Callable

HAS_PROC = os.path.exists("/proc/self/clear_refs")


def is_sanitized() -> bool:
    """Tells whether AddressSanitizer is in this process.

    It reserves terabytes of address space and keeps freed memory for a while.
    """
    with open("/proc/self/maps") as maps:
        mapped = maps.read()
    return "libasan" in mapped or "libclang_rt.asan" in mapped


# Whether numbers about memory tell anything here.
IS_MEASURABLE = HAS_PROC and not is_sanitized()


def _status(field: str) -> int:
    with open("/proc/self/status") as status:
        (row,) = (line for line in status if line.startswith(f"{field}:"))
    return int(row.split()[1]) * 1024


def resident_bytes() -> int:
    """Gives the bytes of memory in use now."""
    return _status("VmRSS")


def peak_of(work: Callable[[], object]) -> int:
    """Runs `work`; gives how many bytes more than before were in use at once."""
    with open("/proc/self/clear_refs", "w") as clear:
        clear.write("5")
    before = resident_bytes()
    work()
    return _status("VmHWM") - before
