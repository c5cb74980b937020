"""`python -m benchmarks`: measures everything; --help tells the options.

`mine CHECKPOINT` measures a file of one's own, `compare A.json B.json` sets two results
side by side, `plot` draws a report: each has its own --help.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.data.facts import facts
from benchmarks.machine.tree import OUT
from benchmarks.reports.files import Refusal, printable, read_report
from benchmarks.rows.all import ROWS, chosen

__all__ = ["main", "parse_size"]

_COMMANDS = {
    "mine": "mine.command",
    "compare": "reports.compare",
    "plot": "reports.plot",
}
"""Modules with options of their own; each has `add_arguments` and `run`."""

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
    add("--max-bytes", type=parse_size, default=8 << 30, help="of growth")
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


def _command(name: str, arguments: list[str]) -> int:
    """Runs one of the commands that have options of their own."""
    module = import_module(f"benchmarks.{_COMMANDS[name]}")
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks {name}", description=module.__doc__
    )
    module.add_arguments(parser)
    parser.add_argument("--out", type=Path, default=OUT, help="where results are put")
    status: int = module.run(parser.parse_args(arguments))
    return status


def main(arguments: list[str]) -> int:
    """Runs the command line; gives the exit status."""
    try:
        if arguments and arguments[0] in _COMMANDS:
            return _command(arguments[0], arguments[1:])
        return _suite(arguments)
    except Refusal as refusal:
        line = " ".join(str(refusal).split("\n"))
        print(printable(line), file=sys.stderr)
        return refusal.status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read it has seen enough; what is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _suite(arguments: list[str]) -> int:
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
        from benchmarks.reports import results

        results.write(read_report(options.out / "report.json"))
        return 0
    from benchmarks.run import run

    return run(options, rows)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
