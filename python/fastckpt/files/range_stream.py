"""The requests of one call for ranges of remote objects, on their way.

They are sent many at once, and never more than so many bytes are under way. Whether
their objects are still those that were opened is told by the answers themselves, where
a server tags ranges, else it is asked beside and behind them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import cache
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING

from fastckpt.base.deferred import importing
from fastckpt.files.identities import Seen
from fastckpt.files.known_objects import Known, Request, Said
from fastckpt.files.remote import PATIENCE, Store
from fastckpt.files.remote_errors import DAMAGED, NO_RANGES, UNSUPPORTED, Told, tell

if TYPE_CHECKING:
    import logging

__all__ = ["Stream", "fetch_from"]

_MAX_BYTES_UNDER_WAY = 96 << 20
_MAX_REQUESTS_UNDER_WAY = 128  # see http_client, too
# How long one waits before it is seen whether the call was given up.
_POLL = 0.1


class Stream:
    """The requests of one call, on their way."""

    def __init__(
        self,
        known: Known,
        requests: Sequence[Request],
        wanted: int,
        is_unchecked: bool,
    ) -> None:
        self._known = known
        self._store = known.store
        self._requests = requests
        self._wanted = wanted
        self._is_unchecked = is_unchecked
        self._is_in_parts = len(requests) > len({it[0] for it in requests})
        self._doubtful: set[int] = set()
        self._wrong: Told | None = None
        self._arrived: SimpleQueue[tuple[int, bytes | Told]] = SimpleQueue()
        self._bytes = self._count = self._unused = 0
        self._spent: list[int] = []
        self._turn = Lock()
        self._changed = asyncio.Event()
        self._loop = self._store.loop
        self._running = asyncio.run_coroutine_threadsafe(self._run(), self._loop)

    # What the core calls, on any thread.

    def next(self) -> tuple[int, bytes | Told] | None:
        """Gives what came of the next request; None where nothing came for a while.

        Raises:
            RuntimeError: The loop failed.
        """
        try:
            return self._arrived.get(timeout=_POLL)
        except Empty:
            if self._running.done() and self._arrived.empty():
                self._running.result()
                raise RuntimeError("the requests ended before all came") from None
            return None

    def done(self, request: int) -> None:
        """Notes that what came of a request is no longer in use."""
        with self._turn:
            self._spent.append(self._requests[request][2])
            if len(self._spent) > 1:
                return  # the loop was told that there are some
        with contextlib.suppress(RuntimeError):  # the loop ended, with the program
            self._loop.call_soon_threadsafe(self._free)

    def finish(self) -> Told | None:
        """Tells what became of the objects meanwhile, once all requests came."""
        while True:
            try:
                return self._running.result(_POLL)
            except FutureTimeoutError:
                if self._running.done():
                    raise

    def compare(self) -> Told | bool:
        """Tells which of the objects is another one by now, before all came.

        Returns:
            True: none is. False: of some nobody can tell.
        """
        asked = {it[0] for it in self._requests}
        compare = self._compare(asked | {0})
        wrong = asyncio.run_coroutine_threadsafe(compare, self._loop).result()
        return wrong or all(map(self._known.can_tell, asked))

    def stop(self) -> None:
        """Gives up what did not come yet."""
        self._running.cancel()

    # What runs on the loop.

    async def _run(self) -> Told | None:
        known = self._known
        known.traffic.wanted += self._wanted  # which the loop alone counts
        asked = {number for number, _, _ in self._requests}
        # The first is the index: where it was replaced, the others are to follow.
        beside = {0} - asked if known.is_telling else asked | {0}
        is_compared = known.is_open and not known.is_telling
        first = self._compare(beside if known.is_open else ())
        compared = asyncio.ensure_future(first)
        tasks: list[asyncio.Future[None]] = []
        try:
            for number, request in enumerate(self._requests):
                await self._take_room(request[2])
                tasks.append(asyncio.ensure_future(self._fetch(number, request)))
            await asyncio.gather(*tasks)
            wrong = self._wrong or await compared
            if wrong is None and self._must_compare(is_compared):
                wrong = await self._compare(self._doubtful | {0})
            return wrong
        finally:
            compared.cancel()
            for task in tasks:
                task.cancel()

    def _must_compare(self, is_compared: bool) -> bool:
        """Tells whether to look once more, all having come.

        What is opened by several requests must be of one version, too.
        """
        if not self._known.is_open:
            return self._is_in_parts and bool(self._doubtful)
        return bool(self._doubtful) and (self._is_unchecked or not is_compared)

    async def _take_room(self, size: int) -> None:
        while self._unused + self._count and (
            self._bytes + size > _MAX_BYTES_UNDER_WAY
            or self._count >= _MAX_REQUESTS_UNDER_WAY
        ):
            self._changed.clear()
            await self._changed.wait()
        self._bytes += size
        self._count += 1

    def _free(self) -> None:
        with self._turn:
            spent, self._spent = self._spent, []
        self._bytes -= sum(spent)
        self._unused -= len(spent)
        self._changed.set()

    async def _fetch(self, number: int, request: Request) -> None:
        task = asyncio.current_task()
        assert task is not None
        late: list[bool] = []

        def give_up() -> None:
            late.append(True)
            task.cancel()

        # Quicker than `wait_for`, which makes a task of each.
        timer = self._loop.call_later(PATIENCE, give_up)
        try:
            came = await self._ask(request)
        except asyncio.CancelledError:
            if not late:
                raise
            came = tell(TimeoutError(), self._known.objects[request[0]][0])
        finally:
            timer.cancel()
        self._count -= 1
        self._unused += 1
        self._changed.set()
        self._arrived.put((number, came))

    async def _ask(self, request: Request) -> bytes | Told:
        known = self._known
        kept = known.kept(request)
        if kept is not None:
            return kept
        number, start, size = request
        name, (_, total, _) = known.objects[number]
        known.traffic.requests += 1
        try:
            got, said = await fetch_from(self._store, name, start, size, total)
        except Exception as error:
            return tell(error, name)
        known.traffic.fetched += len(got)
        checked = _checked(got, name, start, size)
        if not isinstance(checked, bytes):
            return checked
        told = known.judge(number, said)
        if told is None:
            self._doubtful.add(number)
        if told is None or told is True:
            return checked
        self._wrong = told
        return told

    async def _compare(self, numbers: Iterable[int]) -> Told | None:
        """Tells which of the objects is another one by now."""
        known = self._known
        objects = [known.objects[number] for number in sorted(numbers)]
        known.traffic.looks += len(objects)
        found = await self._store.look_at_all([name for name, _ in objects])
        for (name, identity), seen in zip(objects, found, strict=True):
            if not isinstance(seen, Seen):
                return seen
            if seen.identity != identity:
                return known.replaced(name)
        return None


async def fetch_from(
    store: Store, name: str, start: int, size: int, total: int
) -> tuple[bytes, Said | None]:
    """Gives bytes of an object, and what their answer said of it, where any did.

    Args:
        store: Where it lies.
        name: Of the object.
        start, size: Which bytes.
        total: How many it has.

    Raises:
        Exception: Whatever the file system raises.
    """
    _logger().debug("%s: bytes %d to %d", name, start, start + size)
    real = store.real(name)
    if store.is_http:
        return await store.ranges.fetch(real, start, size, total)
    return bytes(
        await store.call("cat_file", real, start=start, end=start + size)
    ), None


def _checked(got: bytes, name: str, start: int, size: int) -> bytes | Told:
    if len(got) == size:
        return got
    asked = f"bytes {start} to {start + size} were asked for, and {len(got)} came"
    if len(got) < size:
        return DAMAGED, f"{asked}; the object is cut, or the answer was", name
    return UNSUPPORTED, f"{asked}; {NO_RANGES}", name


@cache
def _logger() -> logging.Logger:
    with importing:
        import logging

    return logging.getLogger("fastckpt.remote")
