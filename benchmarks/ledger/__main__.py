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

from benchmarks.ledger import instructions
from benchmarks.ledger.sections import Section, compare
from benchmarks.machine.conditions import refuse_debug_build
from benchmarks.machine.programs import build_program
from benchmarks.machine.tree import OUT

__all__ = ["main"]

_LEDGER = Path(__file__).with_name("ledger.json")


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
    refuse_debug_build()
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
