"""The core's requests for ranges of remote objects, sent by fsspec.

The core plans which ranges it needs and uses each as it arrives; here they are asked
for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastckpt.files.identities import Identity, Seen
from fastckpt.files.known_objects import Known, Request
from fastckpt.files.range_stream import Stream
from fastckpt.files.remote_errors import Told

__all__ = ["Fetcher"]


class Fetcher(Known):
    """What the core asks for ranges; see ``cpp/binding/remote_fetcher.h``."""

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
