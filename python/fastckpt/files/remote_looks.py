"""What of a store is there: looks at objects and folders, each a single time.

What a store does not tell is never taken for absence.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

from fastckpt.files.fetcher import Fetcher, Traffic
from fastckpt.files.remote import Seen, Store
from fastckpt.files.remote_errors import UNSUPPORTED, Told, error_of

__all__ = ["ABSENT", "Looks"]

ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)
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
        self._listed: dict[str, list[str] | None] = {}

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
        return base in (self.listing(folder) or [])

    def listing(self, folder: str) -> list[str] | None:
        """Gives what ``Store.list`` does, asked a single time."""
        if folder not in self._listed:
            self._listed[folder] = self._store.list(folder)
        return self._listed[folder]

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
