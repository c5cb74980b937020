"""`python -m benchmarks`: measures everything; --help tells the options."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import growth, machine, report, results
from benchmarks.data import OUT, ensure
from benchmarks.floor_build import build_floor
from benchmarks.measure import run_row
from benchmarks.row import Context
from benchmarks.rows import ROWS

_UNITS = {"KiB": 10, "MiB": 20, "GiB": 30}


def parse_size(text: str) -> int:
    """Parses "64MiB"."""
    for unit, power in _UNITS.items():
        if text.endswith(unit):
            return int(text.removesuffix(unit)) << power
    return int(text)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("run", "results"), default="run")
    parser.add_argument(
        "--size", type=parse_size, default=1 << 30, help="64MiB to 8GiB"
    )
    parser.add_argument("--tensors", type=int, default=100_000, help="in 'small'")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--rows", default="", help="names, with commas; all")
    parser.add_argument("--growth", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--max-count", type=int, default=10**6, help="of growth")
    parser.add_argument(
        "--max-bytes", type=parse_size, default=1 << 30, help="of growth"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--floor", help="a floor program that is built already")
    return parser.parse_args(arguments)


def _log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _measure_rows(context: Context, names: list[str]) -> list[dict[str, Any]]:
    rows = [row for row in ROWS if not names or row.name in names]
    unknown = set(names) - {row.name for row in rows}
    if unknown:
        raise SystemExit(f"no such row: {', '.join(sorted(unknown))}")
    measured = []
    for row in rows:
        begin = perf_counter()
        measured.append(report.of_row(row, run_row(row, context)))
        _log(f"{row.name}: {perf_counter() - begin:.1f} s")
        for goal in measured[-1]["goals"]:
            mark = "  " if goal["met"] else "! "
            _log(f"  {mark}{goal['value']:.3g} of {goal['limit']:g} {goal['text']}")
    return measured


def _powers(base: int, first: int, step: int, largest: int) -> list[int]:
    """Gives powers from the first, in steps, and the largest that is wanted."""
    sizes, power = [], first
    while base**power < largest:
        sizes.append(base**power)
        power += step
    return [*sizes, largest]


def _command(options: argparse.Namespace) -> str:
    """Gives what repeats the run elsewhere: no paths."""
    command = (
        f"python -m benchmarks --size {options.size >> 20}MiB "
        f"--tensors {options.tensors} --repeats {options.repeats}"
    )
    if options.rows:
        command += f" --rows {options.rows}"
    return command if options.growth else command + " --no-growth"


def run(options: argparse.Namespace) -> None:
    """Makes the data, measures, writes report.json and report.md."""
    machine.refuse_debug_build()
    build = None if options.floor else options.out / "build"
    floor = build_floor(build) if build else options.floor
    data = ensure(options.out, options.size, options.tensors)
    conditions = machine.conditions(data, build)
    for name, value in conditions.items():
        _log(f"{name}: {value}")
    context = Context(data, floor, options.repeats, conditions["cpus"])
    rows = _measure_rows(context, [name for name in options.rows.split(",") if name])
    curves = []
    if options.growth:
        counts = _powers(10, 2, 1, options.max_count)
        sizes = _powers(2, 20, 2, options.max_bytes)
        curves = growth.measure(options.out / "growth", counts, sizes, _log)
    whole = {
        "command": _command(options),
        "conditions": conditions,
        "rows": rows,
        "growth": curves,
    }
    (options.out / "report.json").write_text(json.dumps(whole, indent=1))
    (options.out / "report.md").write_text(report.to_markdown(whole))
    _log(f"wrote {options.out / 'report.json'} and report.md")


def main() -> None:
    options = _parse(sys.argv[1:])
    if options.what == "results":
        results.write(options.out / "report.json")
    else:
        run(options)


if __name__ == "__main__":
    main()
