"""What the object graph of a damaged checkpoint says of its tensors' names."""

from __future__ import annotations

from collections.abc import Iterable, Set

from fastckpt.errors import CheckpointError
from fastckpt.objects.edits import make_fitting
from fastckpt.objects.message import GRAPH_KEY, Value, list_stored_keys, parse
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.writing.object_graph import read_graph

__all__ = ["GraphNames", "is_unreadable"]


class GraphNames:
    """The names that an object graph knows, beside those of a checkpoint.

    Attributes:
        is_unreadable: Whether a graph is there, its bytes are sound, and it cannot be
            parsed.
        known: The tensors that it leads to and the checkpoint has.
        missing: The keys of values of which the checkpoint has no tensor.
    """

    def __init__(self, checkpoint: Checkpoint, kept: Iterable[str]) -> None:
        self._names = set(checkpoint)
        self._content: bytes | None = None
        self.is_unreadable = False
        values: set[Value] = set()
        if GRAPH_KEY in kept:
            try:
                self._content = read_graph(checkpoint)
                nodes = parse(self._content or b"")
                values = {value for node in nodes for value in node.values}
            except CheckpointError:
                self.is_unreadable = True
        self.known: set[str] = set()
        self.missing: list[str] = []
        for value in sorted(values):
            stored = [key for _, key in list_stored_keys(value, self._names)]
            self.known.update(stored)
            if not stored:
                self.missing.append(value.key)

    def fit(self, kept: Iterable[str], *, forgets_missing: bool) -> bytes | None:
        """Gives the graph for the tensors that are kept; None: it is right as it is.

        Args:
            kept: Their names.
            forgets_missing: Whether values without a tensor are lost ones.
        """
        kept = list(kept)
        names = self._names | set(self.missing if forgets_missing else ())
        if self._content is None or len(kept) == len(names):
            return None
        new = make_fitting(self._content, names, {name: [name] for name in kept})
        return None if new == self._content else new

    def find_unproved(self, names: Set[str]) -> dict[str, str]:
        """Gives what nothing proves of tensors whose bytes alone are right.

        The graph proves the names where it misses none, and no other is there. Else
        one of them may have become another: names in an index hang together by their
        beginnings, so that one byte changes several.
        """
        is_all = not self.missing and self._names - {GRAPH_KEY} <= self.known
        proved = names if is_all else set()
        return {
            name: "type and shape" if name in proved else "name, type and shape"
            for name in sorted(names - self._kept_graph())
        }

    def _kept_graph(self) -> set[str]:
        """The graph proves itself: it parses, and says so much."""
        return {GRAPH_KEY} if self._content and not self.is_unreadable else set()


def is_unreadable(name: str) -> bool:
    """Tells whether a name is no UTF-8: one such name, and TensorFlow lists none."""
    return any("\udc80" <= sign <= "\udcff" for sign in name)
