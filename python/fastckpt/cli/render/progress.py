"""A progress bar on standard error, for work that takes longer than a second."""

from __future__ import annotations

import sys
from time import monotonic
from types import TracebackType
from typing import Any

from fastckpt.base.deferred import importing
from fastckpt.cli.render.output import is_terminal, print_note

__all__ = ["Progress"]

_PATIENCE = 1.0
"""Seconds of work before anything is shown."""


class Progress:
    """Shows how many bytes are done; is called with (done_bytes, total_bytes).

    Nothing appears in a pipe, within the first second, or without rich, whose absence
    is told once.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._due = monotonic() + _PATIENCE
        self._is_wanted = is_terminal(sys.stderr)
        self._bar: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        """Takes note of what is done."""
        if not self._is_wanted or monotonic() < self._due:
            return
        if self._bar is None:
            self._start(total_bytes)
        if self._bar is not None:
            self._bar.update(self._task, completed=done_bytes, total=total_bytes)

    def _start(self, total_bytes: int) -> None:
        try:
            with importing:
                from rich.console import Console
                from rich.progress import (
                    BarColumn,
                    DownloadColumn,
                    TextColumn,
                    TimeRemainingColumn,
                    TransferSpeedColumn,
                )
                from rich.progress import (
                    Progress as Bar,
                )
        except ImportError:
            self._is_wanted = False
            print_note(f"{self._title} ...; for a progress bar: pip install rich")
            return
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(self._title, total=total_bytes)
        self._bar.start()
