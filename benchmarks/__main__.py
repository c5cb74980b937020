"""`python -m benchmarks`: measures everything; --help tells the options."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.data import OUT
from benchmarks.facts import facts
from benchmarks.rows import ROWS, chosen

__all__ = ["main", "parse_size"]

_UNITS = {"KiB": 10, "MiB": 20, "GiB": 30}


def parse_size(text: str) -> int:
    """Parses "64MiB"."""
    for unit, power in _UNITS.items():
        if text.endswith(unit):
            return int(text.removesuffix(unit)) << power
    return int(text)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add(
        "what",
        nargs="?",
        choices=("run", "results"),
        default="run",
        help="results: writes RESULTS.md and the README anew from report.json",
    )
    add("--size", type=parse_size, default=1 << 30, help="64MiB to 8GiB")
    add("--tensors", type=int, default=100_000, help="in 'small'")
    add("--repeats", type=int, default=8, help="turns, at least")
    add("--rows", default="", help="names, with commas; all. --list tells them")
    add("--list", action="store_true", help="tells the rows and measures nothing")
    add(
        "--busy",
        action="store_true",
        help="measures although the machine is busy, and marks every number",
    )
    add(
        "--write",
        action="store_true",
        help="puts what was measured into RESULTS.md and the README",
    )
    add("--growth", action=argparse.BooleanOptionalAction, default=True)
    add("--max-count", type=int, default=10**6, help="of growth")
    add("--max-bytes", type=parse_size, default=1 << 30, help="of growth")
    add("--out", type=Path, default=OUT)
    add("--floor", help="a floor program that is built already")
    options = parser.parse_args(arguments)
    if options.write and options.rows:
        parser.error("--write needs all rows")
    return options  # fmt: skip


def _list(options: argparse.Namespace) -> None:
    titles = facts(options.size, options.tensors)
    for row in ROWS:
        view = " (view: no byte is touched)" if row.is_view else ""
        print(f"{row.name:16} {row.title.format_map(titles)}{view}")


def main(arguments: list[str]) -> int:
    """Runs the command line; gives the exit status."""
    options = _parse(arguments)
    try:
        rows = chosen(options.rows)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if options.list:
        _list(options)
        return 0
    # What measures needs more than what tells of it: the test extra.
    if options.what == "results":
        from benchmarks import results

        results.write(json.loads((options.out / "report.json").read_text()))
        return 0
    from benchmarks.run import run

    return run(options, rows)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
