"""Which tensors are meant by the names and patterns that were typed."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

from fastckpt.base.cached import cached_property
from fastckpt.base.names import select
from fastckpt.base.text import escape, unescape
from fastckpt.cli.errors import explain_error
from fastckpt.cli.render.output import print_note
from fastckpt.errors import CheckpointError, MissingKeyError
from fastckpt.formats.opened import Source
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.human_names import HumanNames

__all__ = ["NO_PATHS", "TypedNames", "as_meant"]

NO_PATHS = "what people call the tensors cannot be read"

# To take apart the object graph of more tensors takes seconds.
_FEW = 5000


class TypedNames:
    """What is typed, as names of a checkpoint's tensors.

    It is taken as a name, then as a name in the escaped form that ``ls`` prints, then
    as the human path of a TensorFlow 2 checkpoint's tensor, or its full name. A pattern
    (``fnmatchcase``; ``*`` also matches ``/``) means what it fits by name and by path,
    and where it fits nothing so, by full name.
    """

    def __init__(self, tensors: Source) -> None:
        self._tensors = tensors
        self._is_noted = False

    @property
    def human(self) -> HumanNames | None:
        """What people call the tensors; None where no sound object graph tells."""
        return self._told[0]

    @property
    def problem(self) -> Exception | None:
        """Why the object graph cannot be read; None if it can, or there is none."""
        return self._told[1]

    def is_out_of_reach(self) -> bool:
        """Tells whether the object graph lies in a data file that is missing or cut.

        Nothing is wrong with what the index says, then, which is all that is listed.
        """
        if isinstance(self.problem, FileNotFoundError):
            return True
        path = getattr(self.problem, "path", None)
        if path is None:
            return False
        info = self._tensors.info(GRAPH_KEY)
        if info.offset is None or info.nbytes is None:
            return False
        try:
            return os.stat(path).st_size < info.offset + info.nbytes
        except OSError:
            return False

    @cached_property
    def _told(self) -> tuple[HumanNames | None, Exception | None]:
        if not isinstance(self._tensors, Checkpoint):
            return None, None
        try:
            return HumanNames(self._tensors) or None, None
        except (CheckpointError, OSError) as error:  # a lost shard stops no other
            return None, error

    def find_path(self, name: str) -> str | None:
        """Gives what people call a tensor; None where no sound object graph tells.

        Of very many tensors it is told where somebody asked by path.
        """
        if "_told" not in vars(self) and len(self._tensors) > _FEW:
            return None
        return self.human.paths.get(name) if self.human else None

    def choose(
        self, wanted: Sequence[str], order: Callable[[str], Any] | None = None
    ) -> list[str]:
        """Gives the names that were asked for, each once.

        Args:
            wanted: Names and patterns; none of them: everything.
            order: Gives what sorts the names that one pattern means; None: as they
                come.

        Raises:
            KeyError: There is no such tensor, or a path may mean several; the message
                has their names, or the closest.
        """
        names = list(self._tensors)
        if not wanted:
            return names
        slots = {name: slot for slot, name in enumerate(names)}
        chosen: dict[str, int] = {}
        for text in as_meant(slots, wanted):
            try:
                found = list(select([text], lambda: names, slots.get))
            except MissingKeyError as error:
                found = self._choose_by_path(text, error)
            else:
                if text not in slots:
                    found = self._add_by_path(text, found)
            chosen.update(
                (it, 0) for it in (sorted(found, key=order) if order else found)
            )
        return list(chosen)

    def _add_by_path(self, pattern: str, found: list[str]) -> list[str]:
        """Adds what a pattern that fits keys means by path: people think of either."""
        if len(found) == len(self._tensors):
            return found
        if self.problem is not None:
            if not self._is_noted:
                told = explain_error(self.problem)[0]
                print_note(f"{NO_PATHS}, '{escape(pattern)}' fits keys alone: {told}")
            self._is_noted = True
        if self.human is None:
            return found
        both = {*found, *self.human.find_fitting(pattern)}
        return [it for it in self._tensors if it in both]

    @property
    def is_doubtful(self) -> bool:
        """Whether more may be meant than was chosen, by paths that are damaged."""
        return self._is_noted and not self.is_out_of_reach()

    def _choose_by_path(self, text: str, error: MissingKeyError) -> list[str]:
        human = self.human
        if human is None and self.problem is not None:
            told = explain_error(self.problem)[0]
            raise MissingKeyError(f"{error}; {NO_PATHS}: {told}") from error
        if human is None:
            raise error
        plain = unescape(text)
        if plain != text and human.find(text) is None and human.find(plain):
            return human.find_all(plain)
        return human.find_all(text)


def as_meant(names: Container[str], typed: Iterable[str]) -> list[str]:
    """Gives names and patterns as the library takes them, names no longer escaped.

    Args:
        names: All there are.
        typed: As ``TypedNames`` takes them.
    """
    plain = {text: unescape(text) for text in typed}
    return [
        text if text in names or name not in names else name
        for text, name in plain.items()
    ]
