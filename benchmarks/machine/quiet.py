"""Whether the machine does something else: what it is then measured is not ours.

Looks at /proc while this process sleeps; nothing of a benchmark may run meanwhile.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter, sleep
from typing import NamedTuple

__all__ = ["LIMITS", "State", "reasons", "state", "wait_until_quiet"]

_SECONDS = 1.0
_SECTOR = 512
_SPINS = 12


class State(NamedTuple):
    """What others do: shares of all CPUs' time, bytes a second, quotients.

    Attributes:
        load: The load average of the last minute, for each CPU.
        running: Processes that run or wait for a CPU, but for this one.
        busy: Time in which CPUs worked.
        steal: Time that the host gave to other machines.
        disk: Bytes a second that disks moved.
        drift: The CPU's speed: the slowest quarter of equal pieces of work, at its
            best, to their median.
    """

    load: float
    running: float
    busy: float
    steal: float
    disk: float
    drift: float


LIMITS = State(load=1.0, running=1.0, busy=0.10, steal=0.02, disk=5e6, drift=1.25)
"""Above these the machine is busy."""

_WORDS = {
    "load": "the load average is {0:.2f} for each CPU (at most {1:g})",
    "running": "{0:.1f} other processes run or want to (at most {1:g})",
    "busy": "CPUs work {0:.0%} of the time for others (at most {1:.0%})",
    "steal": "the host takes {0:.1%} of the CPUs' time (at most {1:.0%})",
    "disk": "disks move {0:.3g} bytes a second (at most {1:.3g})",
    "drift": "the CPU's speed changes by a factor of {0:.2f} (at most {1:g})",
}


def _cpu_times() -> tuple[int, int, int]:
    """Gives ticks of all CPUs: in all, idle, stolen."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    ticks = [int(field) for field in fields]
    return sum(ticks), ticks[3] + ticks[4], ticks[7]


def _disk_bytes() -> int:
    """Gives what whole disks have read and written."""
    moved = 0
    for line in Path("/proc/diskstats").read_text().splitlines():
        fields = line.split()
        if Path("/sys/block", fields[2]).exists():
            moved += (int(fields[5]) + int(fields[9])) * _SECTOR
    return moved


def _spin() -> float:
    begin = perf_counter()
    for _ in range(200_000):
        pass
    return perf_counter() - begin


def _running() -> int:
    return int(Path("/proc/loadavg").read_text().split()[3].split("/")[0]) - 1


def state(seconds: float = _SECONDS) -> State:
    """Looks for so many seconds."""
    cpus = os.cpu_count() or 1
    whole, idle, stolen = _cpu_times()
    moved, begin, running = _disk_bytes(), perf_counter(), []
    for _ in range(10):
        sleep(seconds / 10)
        running.append(_running())
    took = perf_counter() - begin
    now, idle_now, stolen_now = _cpu_times()
    ticks = max(1, now - whole)
    disk = (_disk_bytes() - moved) / took
    spins = sorted(_spin() for _ in range(_SPINS))
    return State(
        load=os.getloadavg()[0] / cpus,
        running=sum(running) / len(running),
        busy=1 - (idle_now - idle) / ticks,
        steal=(stolen_now - stolen) / ticks,
        disk=disk,
        drift=spins[-3] / spins[len(spins) // 2],
    )


def reasons(found: State) -> list[str]:
    """Gives what makes a machine busy, in words; nothing if it is quiet."""
    return [
        _WORDS[name].format(value, limit)
        for name, value, limit in zip(State._fields, found, LIMITS, strict=True)
        if value > limit
    ]


def wait_until_quiet(seconds: float) -> list[str]:
    """Waits for others to end, so long at most; gives what they still do.

    The load average is no reason here: the benchmarks themselves raise it.
    """
    end = perf_counter() + seconds
    while True:
        found = reasons(state(0.3)._replace(load=0.0))
        if not found or perf_counter() > end:
            return found
