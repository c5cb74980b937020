"""How alike the words of layers are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastckpt.matching.layers import Layer

__all__ = [
    "KIND_WORDS",
    "LEAST",
    "MARGIN",
    "MOST",
    "Likeness",
    "Matrix",
    "choose_mutual",
]

#: Less than this in common is no reason, and so much less must any other have: the
#: latter where the words are not all the same.
LEAST, MARGIN, _SAME_MARGIN = 0.5, 0.15, 0.05
# What tells of a layer which kind it is tells nothing about which one.
KIND_WORDS = {"conv", "dense", "kernel", "norm", "weight", "layer", "module", "model"}

#: More numbers than these in a table are not compared: nothing is told apart.
MOST = 25_000_000

Matrix = np.ndarray[Any, np.dtype[np.float32]]


class Likeness:
    """Compares layers of a checkpoint and of a model."""

    def __init__(self, sources: Sequence[Layer], targets: Sequence[Layer]) -> None:
        theirs, ours = _usual(sources), _usual(targets)
        # What most of a side say that the other says as often, or does not know.
        idle = (theirs - _words(targets)) | (ours - _words(sources))
        self._known = _words(sources), _words(targets)
        self._idle = idle | (theirs & ours) | KIND_WORDS

    def words(self, layer: Layer) -> frozenset[str]:
        """Gives the words that tell a layer from others."""
        texts = {it for it in layer.tokens if isinstance(it, str) and len(it) > 1}
        return frozenset(texts - self._idle)

    def contradict(self, source: Layer, target: Layer) -> bool:
        """Tells whether one has a word that the other's side knows, and it has not."""
        theirs, ours = self.words(source), self.words(target)
        return bool(
            (theirs - ours) & self._known[1] or (ours - theirs) & self._known[0]
        )

    def is_too_much(self, sources: Sequence[Layer], targets: Sequence[Layer]) -> bool:
        """Tells whether a table of these would be too large to choose from."""
        words = set().union(*(self.words(layer) for layer in [*sources, *targets]))
        return (len(sources) + len(targets)) * len(words) > MOST

    def compare(self, sources: Sequence[Layer], targets: Sequence[Layer]) -> Matrix:
        """Gives the share of the words of two that both have, a row for each target.

        Of too many words it is all, which makes anything a rival: nobody may choose
        by it.
        """
        theirs = [self.words(layer) for layer in sources]
        ours = [self.words(layer) for layer in targets]
        columns = {word: at for at, word in enumerate(set().union(*theirs, *ours))}
        if (len(theirs) + len(ours)) * len(columns) > MOST:
            return np.ones((len(ours), len(theirs)), np.float32)
        left, right = _incidence(ours, columns), _incidence(theirs, columns)
        common = left @ right.T
        total = left.sum(1)[:, None] + right.sum(1)[None, :] - common
        scores: Matrix = common / np.maximum(total, 1)
        return scores


def _words(layers: Sequence[Layer]) -> set[str]:
    return {it for layer in layers for it in layer.tokens if isinstance(it, str)}


def _usual(layers: Sequence[Layer]) -> set[str]:
    counts = Counter(
        word for layer in layers for word in {str(token) for token in layer.tokens}
    )
    return {word for word, count in counts.items() if count >= 0.75 * len(layers)}


def _incidence(rows: list[frozenset[str]], columns: dict[str, int]) -> Matrix:
    matrix = np.zeros((len(rows), max(len(columns), 1)), np.float32)
    for at, words in enumerate(rows):
        matrix[at, [columns[word] for word in words]] = 1
    return matrix


def choose_mutual(scores: Matrix) -> list[tuple[int, int]]:
    """Gives the rows and columns that prefer each other to all others, and clearly."""
    chosen: list[tuple[int, int]] = []
    if not scores.size:
        return chosen
    best_of_columns = scores.argmax(0)
    for row, column in enumerate(scores.argmax(1)):
        score = scores[row, column]
        if score < LEAST or best_of_columns[column] != row:
            continue
        margin = MARGIN if score < 1 else _SAME_MARGIN
        rivals = (scores[row] > score - margin).sum() - 1
        rivals += (scores[:, column] > score - margin).sum() - 1
        if rivals == 0:
            chosen.append((row, int(column)))
    return chosen
