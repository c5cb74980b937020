"""What is known of the objects of a store that are read: what each was when opened.

Each answer may say of which version of its object it is. Where it says another one, the
object was replaced; where it says none, nobody knows before it is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

from fastckpt.files.identities import Identity, Seen, identity_of, is_digested
from fastckpt.files.remote import Store
from fastckpt.files.remote_errors import DAMAGED, Told

__all__ = ["Known", "Request", "Said", "Traffic"]

Request = tuple[int, int, int]
"""(the object's number, the first byte, how many)."""

Said = Mapping[str, Any]
"""What an answer says of its object, by the names that ``info`` of fsspec has."""


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


class Known:
    """The objects of one checkpoint.

    Attributes:
        store: Where they lie.
        traffic: What was asked of it.
        objects: What each is called and was when it was noted, by its number.
        looked: Names that need not be looked at again, be they there or not.
        is_open: Whether identities were taken long enough ago to be compared.
        is_telling: Whether answers of this store say of which version they are.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.traffic = Traffic()
        self.objects: dict[int, tuple[str, Identity]] = {}
        self.looked: set[str] = set()
        self.is_open = False
        self.is_telling = False
        self._numbers: dict[str, int] = {}
        self._tagged: set[int] = set()
        self._begins: dict[int, bytes | Told] = {}
        self._free = count()

    def note(self, name: str, seen: Seen) -> None:
        """Notes an object as it was seen; the first that was noted stays.

        Threads may come at once: an object has its place before its name leads there.
        """
        if name not in self._numbers:
            number = next(self._free)
            self.objects[number] = name, seen.identity
            if seen.is_tagged:
                self._tagged.add(number)
            self._numbers.setdefault(name, number)

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

    def judge(self, number: int, said: Said | None) -> Literal[True] | Told | None:
        """Tells whether an answer is of the object that was noted.

        Returns:
            True: it says so. None: it does not say. Else what is wrong.
        """
        name, identity = self.objects[number]
        if said is None or said.get("size") is None:
            return None
        if said["size"] != identity[1]:
            return self.replaced(name)
        if identity_of(said) == identity:
            is_told = bool(identity[0] or identity[2])
            self.is_telling = self.is_telling or is_told
            return True if is_told else None
        # Some servers might tag ranges as they tag nothing else.
        is_other = self.is_telling and number in self._tagged and said.get("ETag")
        return self.replaced(name) if is_other else None

    def can_tell(self, number: int) -> bool:
        """Tells whether a store says what tells an object from its replacement."""
        tag, _, time = self.objects[number][1]
        return bool(tag or time)

    def replaced(self, name: str) -> Told:
        """Says that an object is another one by now."""
        words = "the object was replaced since the checkpoint was opened; open it again"
        return DAMAGED, words, name

    def keep(self, name: str, came: tuple[bytes, Said | None] | Told) -> None:
        """Keeps the first bytes of a noted object, or why they did not come.

        Those that do not say that they are of the version that was noted are not kept,
        nor are others than were asked for: whoever needs them asks again.
        """
        number = self._numbers[name]
        if len(came) == 3:
            if came[0] > 0:
                self._begins[number] = came
            return
        begin, said = came
        self.traffic.fetched += len(begin)
        if said is None:
            is_it = is_digested(begin, self.objects[number][1])
        else:
            is_it = self.judge(number, said) is True
        if is_it:
            self._begins[number] = begin

    def kept(self, request: Request) -> bytes | Told | None:
        """Gives the bytes of a range that were kept, if they were."""
        number, start, size = request
        begin = self._begins.get(number)
        if self.is_open or not isinstance(begin, bytes):
            return None if self.is_open else begin
        return begin[start : start + size] if start + size <= len(begin) else None

    def opened(self) -> None:
        """Notes that identities are to be compared from now on."""
        self.is_open = True
        self._begins.clear()
