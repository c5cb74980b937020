"""`python -m benchmarks plot`: a report's pictures and its page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.machine.needs import lacking
from benchmarks.machine.tree import ROOT
from benchmarks.reports.files import read_report, write_text
from benchmarks.reports.theme import THEMES

__all__ = ["SHOWN", "add_arguments", "run"]

SHOWN = ("paths", "growth")
"""The pictures that README shows."""

_README_PICTURES = ROOT / "docs" / "pictures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tells the options."""
    parser.add_argument(
        "report", nargs="?", type=Path, help="report.json of a run; the one in --out"
    )
    parser.add_argument(
        "--write", action="store_true", help="puts README's pictures into docs/pictures"
    )


def _pictures(report: dict[str, Any], folder: Path) -> list[str]:
    """Writes what the report has numbers for, light and dark; gives the names."""
    from benchmarks.reports import pictures

    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in pictures.PICTURES:
        for theme in THEMES:
            text = pictures.draw(report, name, theme)
            file = folder / f"{name}-{theme}.svg"
            if text is None:
                file.unlink(missing_ok=True)  # of a report before this one
            else:
                write_text(file, text)
                made.append(file.name)
    return made


def run(options: argparse.Namespace) -> int:
    """Writes report.html and, where matplotlib is there, the pictures."""
    from benchmarks.reports import page

    source = options.report or options.out / "report.json"
    report = read_report(source)
    write_text(options.out / "report.html", page.of_report(report))
    print(f"wrote {options.out / 'report.html'}")
    if reason := lacking("matplotlib"):
        print(f"no pictures: {reason} (pip install matplotlib)")
        return 1
    folder = options.out / "pictures"
    made = _pictures(report, folder)
    print(f"wrote {len(made)} pictures into {folder}: {', '.join(made)}")
    if options.write:
        _README_PICTURES.mkdir(exist_ok=True)
        for name in made:
            if name.startswith(tuple(f"{shown}-" for shown in SHOWN)):
                write_text(_README_PICTURES / name, (folder / name).read_text())
    return 0
