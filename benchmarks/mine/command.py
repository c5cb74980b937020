"""`python -m benchmarks mine CHECKPOINT`: measures a file of one's own.

On the disk where it lies, warm and cold, beside every other library that is installed,
each result proved to be the same bytes; then says what would make it faster, from what
was measured. Files of other formats and rewritten copies are made in a temporary folder
and removed at the end; nothing is written where the checkpoint lies.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.contenders.peers import PEERS

__all__ = ["add_arguments", "run"]


def _turns(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError
    return count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tells the options."""
    add = parser.add_argument
    add("checkpoint", help="what fastckpt.open takes, on a disk of this machine")
    add(
        "--peers",
        default="all",
        help="who is measured beside fastckpt: names with commas, all, or none; "
        f"there are: {', '.join(PEERS)}",
    )
    add(
        "--scratch",
        type=Path,
        default=Path(tempfile.gettempdir()),
        help="where files of other formats and copies are made, and removed at the "
        "end; cold times of others need it on the checkpoint's disk",
    )
    add("--rows", default="", help="names, with commas; all")
    add("--repeats", type=_turns, default=8, help="turns, at least")


def run(options: argparse.Namespace) -> int:
    """Measures, says, writes mine.json and mine.html; gives the exit status."""
    from benchmarks.mine.run import run as measure

    return measure(options)
