"""How much faster all threads are than one, beside a plain program."""

from __future__ import annotations

from benchmarks.rows.row import Child, Context, Floor, Measured, Row
from benchmarks.timing.turns import run_row

__all__ = ["scaling"]


def _floor(*threads: int) -> Floor:
    return Floor("check", ways=("map",), threads=threads)


def scaling(context: Context) -> Measured:
    """Takes seconds, and their quotients turn by turn."""
    contenders: dict[str, Child | Floor] = {
        "1 thread": Child("ours", "load", {"threads": 1}),
        "all threads": Child("ours", "load"),
        "16 threads": Child("ours", "load", {"threads": 16}),
        "floor, 1 thread": _floor(1),
        "floor, all threads": _floor(context.threads),
    }
    samples = dict(run_row(Row("", "", contenders), context).samples)
    # A floor of a single way is labelled by it.
    samples = {label.split(": ")[0]: values for label, values in samples.items()}
    for name, of in (("all / 1", ""), ("floor, all / 1", "floor, ")):
        turns = zip(samples[f"{of}all threads"], samples[f"{of}1 thread"], strict=True)
        samples[name] = [every / one for every, one in turns]
    return Measured(samples)
