"""Instructions for opening, listing, loading, saving, and of the inner routines.

`python -m benchmarks.ledger` counts, and compares with ledger.json: its exit status is
1 where a count grew by more than 3 %. `--write` writes the ledger anew: a change that
makes something slower on purpose brings its own ledger.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import instructions, machine
from benchmarks.data import OUT, ROOT
from benchmarks.floor_build import build_program

__all__ = ["compare", "main"]

_LEDGER = ROOT / "benchmarks" / "ledger.json"
_MOST_GROWTH = 0.03 + 1e-9

Section = dict[str, Any]
"""{"conditions": {name: text}, "counts": {name: instructions}}, or {"missing": why}."""


def _differences(old: Section, new: Section) -> list[str]:
    """Gives the conditions that make the counts of two sections incomparable."""
    if not old:
        return ["the ledger has no such counts"]
    before, now = old["conditions"], new["conditions"]
    return [
        f"{name} is {now.get(name)!r} here and {before.get(name)!r} in the ledger"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


def _line(name: str, before: float | None, now: float | None) -> tuple[str, bool]:
    """Gives the line of a count, and whether it grew too much."""
    if now is None:
        return (
            f"{name:44} {before:11.1f} {'':>11} NOT COMPARED: not counted here",
            False,
        )
    if before is None:
        return f"{name:44} {'':>11} {now:11.1f} NOT COMPARED: not in the ledger", False
    growth = now / before - 1
    grew = growth > _MOST_GROWTH
    end = "  GREW" if grew else ""
    return f"{name:44} {before:11.1f} {now:11.1f} {growth:+8.1%}{end}", grew


def compare(title: str, old: Section, new: Section) -> tuple[list[str], bool]:
    """Gives what to print of a section, and whether a count grew too much."""
    why = [new["missing"]] if "missing" in new else _differences(old, new)
    if why:
        return [f"{title}: NOT COMPARED: {'; '.join(why)}"], False
    before, now = old["counts"], new["counts"]
    names = [*now, *(name for name in before if name not in now)]
    found = [_line(name, before.get(name), now.get(name)) for name in names]
    lines = [f"{title:44} {'ledger':>11} {'now':>11}", *(line for line, _ in found)]
    return lines, any(grew for _, grew in found)


def _count(steps: Path) -> dict[str, Section]:
    with tempfile.TemporaryDirectory() as folder:
        paths = instructions.of_paths(Path(folder))
    return {
        "paths, instructions per item": paths,
        "routines, instructions": instructions.of_routines(steps),
    }


def main(arguments: list[str]) -> int:
    """Counts, prints, maybe writes; gives the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ledger", description=__doc__
    )
    parser.add_argument("--write", action="store_true", help="writes the ledger anew")
    parser.add_argument("--steps", type=Path, help="a program that is built already")
    options = parser.parse_args(arguments)
    machine.refuse_debug_build()
    ledger = json.loads(_LEDGER.read_text()) if _LEDGER.exists() else {}
    steps = options.steps or Path(build_program(OUT / "build", "steps"))
    sections, has_grown = _count(steps), False
    for title, section in sections.items():
        lines, grew = compare(title, ledger.get(title, {}), section)
        print("\n".join(lines), flush=True)
        has_grown |= grew
    if options.write:
        kept = {title: of for title, of in sections.items() if "missing" not in of}
        _LEDGER.write_text(json.dumps(ledger | kept, indent=2) + "\n")
        return 0
    if has_grown:
        print(
            "a count grew by more than 3 %: mend it, or say why in the commit that "
            "brings the ledger of `python -m benchmarks.ledger --write`"
        )
    return 1 if has_grown else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
