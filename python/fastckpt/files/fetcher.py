"""The core's requests for ranges of remote objects, sent by fsspec.

The core plans which ranges it needs and uses each as it arrives; here they are asked
for, many at once, and never more than so many bytes are under way. Beside the ranges
of each call it is asked whether their objects are still those that were opened.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from itertools import count
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from fastckpt.base.deferred import importing
from fastckpt.files.remote import PATIENCE, Identity, Seen, Store
from fastckpt.files.remote_errors import DAMAGED, NO_RANGES, UNSUPPORTED, Told, tell

if TYPE_CHECKING:
    import logging

__all__ = ["Fetcher", "Traffic"]

Request = tuple[int, int, int]
"""(the object's number, the first byte, how many)."""

_MAX_BYTES_UNDER_WAY = 96 << 20
_MAX_REQUESTS_UNDER_WAY = 128
# How long one waits before it is seen whether the call was given up.
_POLL = 0.1


@dataclass
class Traffic:
    """What was asked of a remote file system.

    Attributes:
        requests: For ranges.
        looks: For what is known of an object: its size, its tag.
        wanted: Bytes that calls needed.
        fetched: Bytes that came.
    """

    requests: int = 0
    looks: int = 0
    wanted: int = 0
    fetched: int = 0


class Fetcher:
    """What the core asks for ranges; see ``cpp/binding/remote_fetcher.h``.

    Attributes:
        store: Where the objects lie.
        traffic: What was asked of it.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.traffic = Traffic()
        #: What each object is called and was when it was noted, by its number.
        self.objects: dict[int, tuple[str, Identity]] = {}
        self._numbers: dict[str, int] = {}
        self._free = count()
        #: Whether identities were taken long enough ago to be compared.
        self.is_open = False

    def look_at(self, names: Sequence[str]) -> list[Told | None]:
        """Takes the identities of objects that are to be read; tells what is wrong."""
        self.traffic.looks += len(names)
        wrong: list[Told | None] = []
        for name, seen in zip(names, self.store.look_at(names), strict=True):
            if isinstance(seen, Seen):
                self.note(name, seen)
            wrong.append(None if isinstance(seen, Seen) else seen)
        return wrong

    def begin_to_look(self, name: str) -> Callable[[], None]:
        """Looks at an object that is likely there; to be called: waits for that."""
        self.traffic.looks += 1
        looking = self.store.begin_to_look([name])

        def finish() -> None:
            seen = looking.result()[0]
            if isinstance(seen, Seen) and seen.is_file:
                self.note(name, seen)

        return finish

    def number_of(self, name: str) -> int:
        """Gives the number of an object that was noted."""
        return self._numbers[name]

    def knows(self, name: str) -> bool:
        """Tells whether an object's identity was taken."""
        return name in self._numbers

    def size_of(self, name: str) -> int:
        """Gives how many bytes an object had when it was looked at; 0: none is."""
        number = self._numbers.get(name)
        return 0 if number is None else self.objects[number][1][1]

    def note(self, name: str, seen: Seen) -> None:
        """Notes an object as it was seen; the first that was noted stays.

        Threads may come at once: an object has its place before its name leads there.
        """
        if name not in self._numbers:
            number = next(self._free)
            self.objects[number] = name, seen.identity
            self._numbers.setdefault(name, number)

    def open(self, name: str) -> tuple[int, Identity] | Told:
        """Gives the number of an object, and what tells it from its replacement."""
        if name not in self._numbers:
            wrong = self.look_at([name])[0]
            if wrong is not None:
                return wrong
        number = self._numbers[name]
        return number, self.objects[number][1]

    def start(
        self, requests: Sequence[Request], wanted: int, is_unchecked: bool
    ) -> Stream:
        """Sends requests."""
        return Stream(self, requests, wanted, is_unchecked)


class Stream:
    """The requests of one call, on their way."""

    def __init__(
        self,
        fetcher: Fetcher,
        requests: Sequence[Request],
        wanted: int,
        is_unchecked: bool,
    ) -> None:
        self._fetcher = fetcher
        self._store = fetcher.store
        self._requests = requests
        self._wanted = wanted
        self._is_unchecked = is_unchecked
        self._is_in_parts = len(requests) > len({it[0] for it in requests})
        self._objects = sorted({number for number, _, _ in requests} | {0})
        self._arrived: SimpleQueue[tuple[int, bytes | Told]] = SimpleQueue()
        self._bytes = self._count = 0
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
        size = self._requests[request][2]
        with contextlib.suppress(RuntimeError):  # the loop ended, with the program
            self._loop.call_soon_threadsafe(self._free, size)

    def finish(self) -> Told | None:
        """Tells what became of the objects meanwhile, once all requests came."""
        while True:
            try:
                return self._running.result(_POLL)
            except FutureTimeoutError:
                if self._running.done():
                    raise

    def stop(self) -> None:
        """Gives up what did not come yet."""
        self._running.cancel()

    # What runs on the loop.

    async def _run(self) -> Told | None:
        traffic = self._fetcher.traffic  # which the loop alone counts
        traffic.wanted += self._wanted
        traffic.requests += len(self._requests)
        is_open = self._fetcher.is_open
        first = self._compare() if is_open else _nothing()
        compared = asyncio.ensure_future(first)
        tasks: list[asyncio.Future[None]] = []
        try:
            for number, request in enumerate(self._requests):
                await self._take_room(request[2])
                tasks.append(asyncio.ensure_future(self._fetch(number, request)))
            await asyncio.gather(*tasks)
            wrong = await compared
            # What is opened by several requests must be of one version, too.
            is_doubtful = self._is_unchecked if is_open else self._is_in_parts
            if wrong is None and is_doubtful:
                wrong = await self._compare()
            return wrong
        finally:
            compared.cancel()
            for task in tasks:
                task.cancel()

    async def _take_room(self, size: int) -> None:
        while self._count and (
            self._bytes + size > _MAX_BYTES_UNDER_WAY
            or self._count >= _MAX_REQUESTS_UNDER_WAY
        ):
            self._changed.clear()
            await self._changed.wait()
        self._bytes += size
        self._count += 1

    def _free(self, size: int) -> None:
        self._bytes -= size
        self._count -= 1
        self._changed.set()

    async def _fetch(self, number: int, request: Request) -> None:
        name = self._fetcher.objects[request[0]][0]
        try:
            got = await asyncio.wait_for(self._get(name, *request), PATIENCE)
        except Exception as error:
            self._arrived.put((number, tell(error, name)))
            return
        self._fetcher.traffic.fetched += len(got)
        self._arrived.put((number, _checked(got, name, *request[1:])))

    async def _get(self, name: str, number: int, start: int, size: int) -> bytes:
        store = self._store
        _logger().debug("%s: bytes %d to %d", name, start, start + size)
        real = store.real(name)
        if store.scheme in ("http", "https"):
            with importing:
                from fastckpt.files.http_ranges import fetch_range

            total = self._fetcher.objects[number][1][1]
            return await fetch_range(store.system, real, start, size, total)
        got = await store.call("cat_file", real, start=start, end=start + size)
        return bytes(got)

    async def _compare(self) -> Told | None:
        """Tells which of the objects is another one by now."""
        fetcher = self._fetcher
        objects = [fetcher.objects[number] for number in self._objects]
        fetcher.traffic.looks += len(objects)
        found = await self._store.look_at_all([name for name, _ in objects])
        for (name, identity), seen in zip(objects, found, strict=True):
            if not isinstance(seen, Seen):
                return seen
            if seen.identity != identity:
                words = (
                    "the object was replaced since the checkpoint was opened; open "
                    "it again"
                )
                return DAMAGED, words, name
        return None


def _checked(got: bytes, name: str, start: int, size: int) -> bytes | Told:
    if len(got) == size:
        return got
    asked = f"bytes {start} to {start + size} were asked for, and {len(got)} came"
    if len(got) < size:
        return DAMAGED, f"{asked}; the object is cut, or the answer was", name
    return UNSUPPORTED, f"{asked}; {NO_RANGES}", name


async def _nothing() -> Told | None:
    """Stands for a comparison where there is nothing to compare yet."""
    return None


def _logger() -> logging.Logger:
    with importing:
        import logging

    return logging.getLogger("fastckpt.remote")
