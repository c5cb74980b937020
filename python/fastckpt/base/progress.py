"""Progress of long calls: the core or Python counts, a thread looks at the count."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from fastckpt._native import Progress
from fastckpt.base.deferred import importing

if TYPE_CHECKING:
    from threading import Event

__all__ = ["Counter", "ProgressArgument", "counting", "watch"]

#: ``callable(bytes done, bytes in all)``, True for a line on a terminal.
ProgressArgument = bool | Callable[[int, int], None] | None

_INTERVAL = 0.1
_PATIENCE = 1.0


class Counter:
    """What Python counts in while it works, as ``Progress`` is for the core.

    Attributes:
        done: How much is done.
        total: How much there is to do.
        errors: What was raised by the callable that is told of it.
    """

    def __init__(self, total: int) -> None:
        self.done = 0
        self.total = total
        self.errors: list[BaseException] = []
        #: Tells the callable that all is done, and waits for it.
        self.finish: Callable[[], None] | None = None

    def add(self, amount: int) -> None:
        """Takes note that so much more is done.

        Raises what the callable raised, which ends the work.
        """
        self.reach(self.done + amount)

    def reach(self, done: int) -> None:
        """Takes note that so much is done in all; else like ``add``.

        When that is all, the callable knows before the work is made final.
        """
        self.done = min(done, self.total)
        if self.done == self.total and self.finish is not None:
            self.finish()
        if self.errors:
            raise self.errors[0]


@contextmanager
def counting(progress: ProgressArgument, total: int) -> Iterator[Counter]:
    """Gives what Python counts in, and shows it as ``watch`` does.

    When the block has ended well, all is done.
    """
    counter = Counter(total)
    with watch(progress, counter):
        yield counter
        counter.done = total


@contextmanager
def watch(
    progress: ProgressArgument, own: Counter | None = None
) -> Iterator[Progress | None]:
    """Gives what the core counts in, and shows it while the block runs.

    True shows a line on standard error, if that is a terminal, for calls of more
    than a second. A callable is called from a thread of its own, at last when all is
    done; an error in it ends the calls and is raised when the block has ended well.

    Args:
        progress: What the caller was given.
        own: What is counted in instead; then None is given.

    Raises:
        TypeError: ``progress`` is nothing of the kind.
    """
    if progress is not None and not isinstance(progress, bool | Callable):
        raise TypeError(f"progress must be a bool or a callable, not {progress!r}")
    if progress is True and not sys.stderr.isatty():
        progress = None
    if progress is None or progress is False:
        yield None
        return
    show = _Line() if progress is True else progress
    counted = Progress() if own is None else own
    with importing:
        from threading import Event, Thread

    ended = Event()
    errors: list[BaseException] = [] if own is None else own.errors
    is_whole: list[bool] = []
    arguments = (counted, ended, is_whole, show, errors)
    thread = Thread(target=_poll, args=arguments, daemon=True)

    def finish() -> None:
        is_whole.append(True)
        ended.set()
        thread.join()

    if own is not None:
        own.finish = finish
    try:
        try:
            thread.start()
            yield counted if isinstance(counted, Progress) else None
            is_whole.append(True)
        finally:
            ended.set()
            if thread.ident is not None:
                thread.join()
        if errors:
            raise errors[0]
    finally:
        if isinstance(show, _Line):
            show.close()


def _poll(
    counter: Progress | Counter,
    ended: Event,
    is_whole: list[bool],
    show: Callable[[int, int], None],
    errors: list[BaseException],
) -> None:
    try:
        while not ended.wait(_INTERVAL):
            show(counter.done, counter.total)
        if is_whole:
            show(counter.done, counter.total)
    except BaseException as error:  # for the caller, who waits in another thread
        errors.append(error)


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
