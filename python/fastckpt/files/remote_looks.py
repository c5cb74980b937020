"""What of a store is there: looks at objects and folders, each a single time.

What a store does not tell is never taken for absence.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterable, Sequence

from fastckpt.files.fetcher import Fetcher
from fastckpt.files.identities import Seen
from fastckpt.files.known_objects import Said, Traffic
from fastckpt.files.range_stream import fetch_from
from fastckpt.files.remote import PATIENCE, Store
from fastckpt.files.remote_errors import UNSUPPORTED, Told, error_of, tell

__all__ = ["ABSENT", "Looks"]

ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)
# Of an index, which most often is all of it.
_BEGIN_BYTES = 1 << 20
_TABLE_END = bytes.fromhex("57fb808b247547db")


class Looks:
    """What was seen of one store.

    Attributes:
        refused: What left open whether something is there: to be raised where nothing
            else is found.
    """

    def __init__(self, store: Store) -> None:
        self.refused: Told | None = None
        self._store = store
        self._fetcher = Fetcher(store)
        self._looked: dict[str, Seen | Told] = {}
        self._listed: dict[tuple[str, str], list[str] | None] = {}
        self._begins: dict[str, tuple[bytes, Said | None] | Told] = {}

    @property
    def traffic(self) -> Traffic:
        """What was asked so far."""
        return self._fetcher.traffic

    def look(self, names: Iterable[str]) -> list[Seen | Told]:
        """Looks at objects, at once; at each a single time."""
        names = list(names)
        new = [name for name in names if name not in self._looked]
        if new:
            self._fetcher.traffic.looks += len(new)
            found = self._store.look_at(new)
            self._looked.update(zip(new, found, strict=True))
        return [self._looked[name] for name in names]

    def foresee(self, prefix: str) -> None:
        """Looks at what a prefix leads to most often, and fetches its index, at once.

        Only where it can be told of which version it is: what comes beside a look, and
        not behind it, may be older than what was looked at.
        """
        index, data = f"{prefix}.index", f"{prefix}.data-00000-of-00001"
        is_told = self._store.is_http or self._store.has_digests
        if not is_told or index in self._looked:
            return
        self.traffic.looks += 2
        self.traffic.requests += 1
        looks, begin = self._store.run(lambda: self._look_and_fetch(index, data))
        self._looked.update(zip((index, data), looks, strict=True))
        if begin is not None:
            self._begins[index] = begin

    async def _look_and_fetch(
        self, index: str, data: str
    ) -> tuple[list[Seen | Told], tuple[bytes, Said | None] | Told | None]:
        size = _BEGIN_BYTES
        call = fetch_from(self._store, index, 0, size, size)
        fetching = asyncio.ensure_future(asyncio.wait_for(call, PATIENCE))
        try:
            looks = await self._store.look_at_all([index, data])
            if not isinstance(looks[0], Seen):
                return looks, None
            try:
                return looks, await fetching
            except Exception as error:
                return looks, tell(error, index)
        finally:
            fetching.cancel()

    def hand_over(self, fetcher: Fetcher, files: Sequence[str]) -> None:
        """Notes files as they were seen, and whatever else was seen of a checkpoint."""
        for file, seen in zip(files, self.look(files), strict=True):
            if not isinstance(seen, Seen):
                raise error_of(seen)
            fetcher.note(file, seen)
            if file in self._begins:
                fetcher.keep(file, self._begins.pop(file))
        for name, it in self._looked.items():
            fetcher.looked.add(name)
            if ".data-" in name and isinstance(it, Seen) and it.is_file:
                fetcher.note(name, it)

    def is_file(self, name: str) -> bool:
        """Tells whether an object is there.

        Some stores refuse what is not there, so that nobody learns that it is not: a
        refusal is kept, to be raised where nothing else is found.

        Raises:
            OSError: That cannot be told.
        """
        seen = self.look([name])[0]
        if isinstance(seen, Seen):
            return seen.is_file
        if seen[0] in ABSENT:
            return False
        if seen[0] != errno.EACCES or self._is_listed(name):
            raise error_of(seen)
        self.refused = self.refused or seen
        return False

    def is_plain_file(self, name: str) -> bool:
        """Tells the same of a name that may be a folder's: of pages of folders, too."""
        seen = self.look([name])[0]
        if isinstance(seen, Seen) or seen[0] != UNSUPPORTED:
            return self.is_file(name)
        self.refused = self.refused or seen
        return False

    def _is_listed(self, name: str) -> bool:
        folder, _, base = name.rpartition("/")
        return base in (self.listing(folder, base) or [])

    def listing(self, folder: str, begin: str = "") -> list[str] | None:
        """Gives what ``Store.list`` does, asked a single time."""
        for known in ((folder, ""), (folder, begin)):
            if known in self._listed:
                return self._listed[known]
        found = self._listed[folder, begin] = self._store.list(folder, begin)
        return found

    def size(self, name: str) -> int:
        """Gives how many bytes an object has."""
        seen = self.look([name])[0]
        return seen.identity[1] if isinstance(seen, Seen) else 0

    def read(self, name: str, start: int, end: int) -> bytes:
        """Gives a few bytes of an object."""
        seen = self.look([name])[0]
        assert isinstance(seen, Seen)
        self._fetcher.note(name, seen)
        number = self._fetcher.number_of(name)
        if end == start:
            return b""
        stream = self._fetcher.start([(number, start, end - start)], end - start, False)
        try:
            while (came := stream.next()) is None:
                pass
        finally:
            stream.stop()
        if not isinstance(came[1], bytes):
            raise error_of(came[1])
        return came[1]

    def is_table(self, name: str) -> bool:
        """Tells whether an object ends as the tables of TensorFlow do."""
        size = self.size(name)
        return self.read(name, max(0, size - len(_TABLE_END)), size) == _TABLE_END
