"""The rows about whole processes: several of them, and what one costs."""

from __future__ import annotations

from benchmarks.rows.row import Goal, Row

__all__ = ["COSTS", "SHARING"]

SHARING: tuple[Row, ...] = (
    Row(
        "workers",
        "{bert}: 4 workers, every tensor",
        goals=(
            Goal("Pss of the data, forked", 1.10, "Pss / data, fork"),
            Goal("Pss of the data, spawned", 1.15, "Pss / data, spawn"),
            Goal("private, forked", 0.13, "private / data, fork"),
            Goal("private, spawned", 0.13, "private / data, spawn"),
            Goal("TensorFlow's time", 0.17, "seconds, fork", ("seconds, TensorFlow",)),
        ),
        measure="measures.processes.workers",
        unit="s, or share of the data",
    ),
    Row(
        "beside",
        "{bert}: a Python thread that counts beside a load",
        goals=(
            Goal("rate kept", 0.90, "rate kept", at_least=True),
            Goal("load slowed", 1.30, "load slowed"),
        ),
        measure="measures.processes.beside",
        unit="ratio",
    ),
    Row(
        "threads",
        "{bert}: `load()`, all threads against 1",
        goals=(Goal("floor's scaling", 1.20, "all / 1", ("floor, all / 1",)),),
        measure="measures.scaling.scaling",
        unit="s, or ratio",
    ),
)

COSTS: tuple[Row, ...] = (
    Row(
        "import",
        "import, above NumPy",
        goals=(
            Goal("milliseconds", 5, "milliseconds"),
            Goal("MB", 4, "MB"),
        ),
        measure="measures.processes.import_cost",
        unit="ms, MB",
    ),
    Row(
        "size",
        "size of the package",
        goals=(
            Goal("wheel, MB", 0.8, "wheel"),
            Goal("installed, MB", 2.5, "installed"),
        ),
        measure="measures.installed.package_size",
        unit="MB",
    ),
)
