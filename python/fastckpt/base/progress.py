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


class Counter(Progress):
    """What the core or Python counts in while it works.

    Attributes:
        done: How much is done.
        total: How much there is to do, as far as is known.
        error: What was raised by the callable that is told of it.
        finish: Tells the callable that what is done is all, waits for it, and raises
            what it raised. The core calls it before it makes work final.
    """

    def __init__(self, total: int = 0) -> None:
        super().__init__()
        self.total = total

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
        if self.error is not None:
            raise self.error


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
) -> Iterator[Counter | None]:
    """Gives what the core counts in, and shows it while the block runs.

    True shows a line on standard error, if that is a terminal, for calls of more
    than a second. A callable is called from a thread of its own, at last when all is
    done; an error in it ends the call that counts, and is raised there.

    Args:
        progress: What the caller was given.
        own: What is counted in, made by the caller.

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
    counter = Counter() if own is None else own
    with importing:
        from threading import Event, Thread

    ended = Event()
    is_whole: list[bool] = []
    arguments = (counter, ended, is_whole, show)
    thread = Thread(target=_poll, args=arguments, daemon=True)

    def finish() -> None:
        counter.total = counter.done
        is_whole.append(True)
        ended.set()
        thread.join()
        if counter.error is not None:
            raise counter.error

    counter.finish = finish
    try:
        try:
            thread.start()
            yield counter
            is_whole.append(True)
        finally:
            ended.set()
            if thread.ident is not None:
                thread.join()
        if counter.error is not None:
            raise counter.error
    finally:
        counter.finish = None  # a circle
        if isinstance(show, _Line):
            show.close()


def _poll(
    counter: Counter,
    ended: Event,
    is_whole: list[bool],
    show: Callable[[int, int], None],
) -> None:
    def tell() -> None:
        done = counter.done
        show(done, max(done, counter.total))

    try:
        while not ended.wait(_INTERVAL):
            tell()
        if is_whole:
            tell()
    except BaseException as error:  # for the caller, who waits in another thread
        counter.error = error


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
