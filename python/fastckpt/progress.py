"""Progress of long calls: the core counts, a thread here looks at the count."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from fastckpt._native import Progress
from fastckpt.deferred import importing

if TYPE_CHECKING:
    from threading import Event

__all__ = ["ProgressArgument", "watch"]

#: ``callable(bytes done, bytes in all)``, True for a line on a terminal.
ProgressArgument = bool | Callable[[int, int], None] | None

_INTERVAL = 0.1
_PATIENCE = 1.0


@contextmanager
def watch(progress: ProgressArgument) -> Iterator[Progress | None]:
    """Gives what the core counts in, and shows it while the block runs.

    True shows a line on standard error, if that is a terminal, for calls of more
    than a second. A callable is called from a thread of its own; an error in it ends
    the calls and is raised when the block has ended well.
    """
    if progress is True and not sys.stderr.isatty():
        progress = None
    if not progress:
        yield None
        return
    show = _Line() if progress is True else progress
    counter = Progress()
    with importing:
        from threading import Event, Thread

    ended = Event()
    errors: list[BaseException] = []
    thread = Thread(target=_poll, args=(counter, ended, show, errors), daemon=True)
    try:
        try:
            thread.start()
            yield counter
        finally:
            ended.set()
            if thread.ident is not None:
                thread.join()
        if errors:
            raise errors[0]
        show(counter.done, counter.total)
    finally:
        if isinstance(show, _Line):
            show.close()


def _poll(
    counter: Progress,
    ended: Event,
    show: Callable[[int, int], None],
    errors: list[BaseException],
) -> None:
    while not ended.wait(_INTERVAL):
        try:
            show(counter.done, counter.total)
        except BaseException as error:  # for the caller, who waits in another thread
            errors.append(error)
            return


class _Line:
    """One line on standard error that is written over."""

    def __init__(self) -> None:
        self._begin = monotonic()
        self._width = 0

    def __call__(self, done: int, total: int) -> None:
        seconds = monotonic() - self._begin
        if seconds < _PATIENCE:
            return
        percent = 100 * done // max(total, 1)
        text = f"{percent:3d} %  {done / seconds / 1e6:.0f} MB/s"
        self._width = max(self._width, len(text))
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()

    def close(self) -> None:
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
