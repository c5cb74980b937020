"""The bytes of one object behind a URL, of one version, fetched as they are asked for.

No checksum covers them, so that it is asked after each fetch, too, whether the object
is still the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from fastckpt.files.fetcher import Fetcher
from fastckpt.files.remote import Seen, Store
from fastckpt.files.remote_errors import error_of

__all__ = ["RemoteContent"]

_REQUEST = 2 << 20
# So much is fetched with what is asked for: little at first, and more for who goes on.
_LEAST = 64 << 10
_MOST = 8 << 20
# What lies between two reads of one that goes on.
_GAP = 4096
_MOST_JUMPS = 16


class RemoteContent:
    """What is read of an object; no more than 8 MiB come beside what is asked for.

    Args:
        store: Where it lies.
        name: The object.
        seen: As it was looked at.

    Attributes:
        path: The URL, without what may be secret.
        size: How many bytes it has.
    """

    def __init__(self, store: Store, name: str, seen: Seen) -> None:
        self.path = name
        self.size = seen.identity[1]
        self._fetcher = Fetcher(store)
        self._fetcher.note(name, seen)
        self._fetcher.is_open = True
        self._number = self._fetcher.number_of(name)
        self._window = 0, b""
        self._ahead = _LEAST
        self._end = self._jumps = 0
        self._places: list[int] = []
        self._pieces: list[bytes] = []

    def read_into(self, offset: int, into: memoryview) -> int:
        """Fills a buffer, as far as there are bytes; gives how many there were.

        Raises:
            CorruptionError: The object was replaced or cut.
            OSError: It cannot be read.
            UnsupportedError: The server gives no ranges.
        """
        size = min(len(into), max(0, self.size - offset))
        done = 0
        while done < size:
            held = self._held(offset + done)[: size - done]
            if not held:
                held = self._fetch_from(offset + done, into[done:size])
            if held:
                into[done : done + len(held)] = held
                done += len(held)
            else:  # it was read to its place
                done = size
        return size

    def fetch_ahead(self, places: Sequence[tuple[int, int]]) -> None:
        """Fetches small pieces at once, and keeps them.

        Args:
            places: (offset, how many bytes) of each.
        """
        places = sorted((at, min(size, self.size - at)) for at, size in places)
        wanted = [(at, size) for at, size in places if size > 0]
        pieces = [bytearray(size) for _, size in wanted]
        views = [memoryview(piece) for piece in pieces]
        self._fetch([at for at, _ in wanted], views)
        kept = dict(zip(self._places, self._pieces, strict=True))
        kept |= {at: bytes(it) for (at, _), it in zip(wanted, pieces, strict=True)}
        self._places = sorted(kept)
        self._pieces = [kept[at] for at in self._places]

    def _held(self, at: int) -> memoryview:
        """Gives what is held from a byte on; nothing where that is not."""
        begin, content = self._window
        if begin <= at < begin + len(content):
            return memoryview(content)[at - begin :]
        slot = bisect_right(self._places, at) - 1
        if slot >= 0:
            return memoryview(self._pieces[slot])[at - self._places[slot] :]
        return memoryview(b"")

    def _fetch_from(self, at: int, into: memoryview) -> memoryview:
        """Fetches what is wanted: large reads to their place, or more than is wanted.

        Gives what is held then; nothing where it was read to its place.
        """
        goes_on = self._end <= at <= self._end + _GAP and self._end > 0
        self._ahead = min(2 * self._ahead, _MOST) if goes_on else _LEAST
        self._jumps += not goes_on
        if len(into) >= _MOST:
            self._fetch([at], [into])
            self._end = at + len(into)
            return memoryview(b"")
        size = min(max(len(into), self._ahead), self.size - at)
        begin, end = at, at + size
        if self._jumps > _MOST_JUMPS and self.size <= _MOST:
            begin, end = 0, self.size  # who wants it here and there wants all of it
        content = bytearray(end - begin)
        self._fetch([begin], [memoryview(content)])
        self._window = begin, bytes(content)
        self._end = end
        return self._held(at)[: len(into)]

    def _fetch(self, places: Sequence[int], into: Sequence[memoryview]) -> None:
        parts = [
            (at + begin, view[begin : begin + _REQUEST])
            for at, view in zip(places, into, strict=True)
            for begin in range(0, len(view), _REQUEST)
        ]
        if not parts:
            return
        requests = [(self._number, at, len(view)) for at, view in parts]
        wanted = sum(len(view) for _, view in parts)
        stream = self._fetcher.start(requests, wanted, True)
        try:
            left = len(parts)
            while left:
                if (came := stream.next()) is None:
                    continue
                number, content = came
                if not isinstance(content, bytes):
                    raise error_of(content)
                parts[number][1][:] = content
                stream.done(number)
                left -= 1
            if (wrong := stream.finish()) is not None:
                raise error_of(wrong)
        finally:
            stream.stop()
