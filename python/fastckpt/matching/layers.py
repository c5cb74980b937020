"""The layers that a set of tensor names speaks of.

A layer is what tensors share whose names differ in the last word alone: a kernel and
its bias, the four vectors of a normalization.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from fastckpt.matching import words
from fastckpt.matching.axes import Move, moves

__all__ = [
    "Layer",
    "Part",
    "Target",
    "common_scope",
    "find_uneven",
    "fit",
    "is_in",
    "read_sources",
    "read_targets",
    "stands_alone",
]

Shape = tuple[int, ...]

# Names that Keras and TensorFlow give by counting: their numbers tell in which order
# the layers of a process were made, not where they are in a model.
_COUNTED = re.compile(
    r"(?:^|/)(?:(?:depthwise_|separable_)?conv[123]d(?:_transpose)?|dense|embedding"
    r"|(?:batch|layer|group|unit)_normalization|multi_head_attention|sequential|model"
    r"|functional)_[0-9]+(?=/)"
)
_ALONE = re.compile(r"(?:^|[./])[0-9]+[./][^0-9]*$")
_RECURRENT = {"lstm", "gru", "rnn", "recurrent", "cell", "ih", "hh", "lstmcell"}
#: Classes of layers.
MATRIX, NORM, BATCH_NORM, VECTOR, UNKNOWN = "matrix", "norm", "batch", "vector", "?"


class Target(NamedTuple):
    """A parameter of a model.

    Attributes:
        shape: Its shape.
        layer: What holds it, where that is known: "linear", "conv1d", "conv2d",
            "conv3d", "conv_transpose1d" and so on, "embedding", "norm", "recurrent",
            or "transposed_linear", whose kernel is as TensorFlow has it.
    """

    shape: Shape
    layer: str | None = None


class Part(NamedTuple):
    """A tensor of a layer."""

    name: str
    shape: Shape
    words: words.Name
    kind: str | None


@dataclass(eq=False)
class Layer:
    """Tensors that belong together.

    Attributes:
        tokens: The words and numbers of its name.
        sort: Its class.
        form: What agrees between layers that fit: the sizes that are not one of its
            kernel, or the size of its vectors.
        parts: Its tensors by their roles.
        is_counted: Whether a number in its name is a mere count of layers.
        numbers: Of the tokens the numbers.
        template: The tokens, with None for each number.
    """

    tokens: tuple[words.Token, ...]
    sort: str
    form: Shape
    parts: dict[str, Part]
    is_counted: bool = False
    numbers: tuple[int, ...] = field(init=False)
    template: tuple[str | None, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = tuple(it for it in self.tokens if isinstance(it, int))
        self.template = tuple(None if isinstance(it, int) else it for it in self.tokens)

    def part(self, role: str) -> Part:
        """The part that another library calls so: torch calls a table a weight."""
        found = counterpart(self, role)
        assert found is not None
        return found


def read_sources(sources: Mapping[str, Shape]) -> list[Layer]:
    """Gives the layers of a checkpoint."""
    renamed = words.number_first_ones(sources)
    counted = {name for name in sources if _COUNTED.search(renamed[name])}
    parts = (
        Part(name, tuple(shape), words.parse_name(renamed[name], len(shape)), None)
        for name, shape in sources.items()
    )
    return _gather(parts, counted)


def read_targets(targets: Mapping[str, Target]) -> list[Layer]:
    """Gives the layers of a model; recurrent ones are left out."""
    parts = (
        Part(name, tuple(it.shape), _target_words(name, it), it.layer)
        for name, it in targets.items()
        if it.layer != "recurrent"
    )
    return _gather(parts, set())


def _target_words(name: str, target: Target) -> words.Name:
    # The weight of a normalization over several axes is no kernel.
    rank = 1 if target.layer == "norm" and target.shape else len(target.shape)
    return words.parse_name(name, rank)


def _gather(parts: Iterable[Part], counted: set[str]) -> list[Layer]:
    groups: dict[tuple[Hashable, ...], list[Part]] = defaultdict(list)
    for part in parts:
        if part.shape and not _RECURRENT.intersection(map(str, part.words.tokens)):
            # Conv1 and Conv_1 have the same words, and are two layers.
            scope = re.sub(r"[^/.]*$", "", part.name.removesuffix(words.OBJECT_SUFFIX))
            groups[part.words.tokens, scope].append(part)
    layers = (_make_layer(group, counted) for group in groups.values())
    return [layer for layer in layers if layer is not None]


def _make_layer(group: list[Part], counted: set[str]) -> Layer | None:
    """Makes a layer; None where two tensors have one role, or sizes contradict."""
    parts = {part.words.role: part for part in group}
    if len(parts) < len(group):
        return None
    tokens, is_counted = group[0].words.tokens, group[0].name in counted
    main = parts.get(words.KERNEL) or parts.get(words.EMBEDDING)
    if main is not None:
        sort = MATRIX if len(parts.keys() - {words.BIAS}) == 1 else UNKNOWN
        form = tuple(sorted(size for size in main.shape if size != 1))
        return Layer(tokens, sort, form, parts, is_counted)
    shapes = {part.shape for part in group}
    if len(shapes) > 1 or (words.OTHER in parts and len(parts) > 1):
        return None
    return Layer(tokens, _sort_of(parts), shapes.pop(), parts, is_counted)


def _sort_of(parts: Mapping[str, Part]) -> str:
    if words.OTHER in parts:
        return UNKNOWN
    if words.MEAN in parts or words.VARIANCE in parts:
        return BATCH_NORM
    return NORM if words.SCALE in parts else VECTOR


def fit(source: Layer, target: Layer) -> dict[str, list[Move]] | None:
    """Gives the open ways of each part that both have; None where they do not fit."""
    if source.sort != target.sort or source.form != target.form:
        return None
    ways = {}
    for role, ours in target.parts.items():
        theirs = counterpart(source, role)
        if theirs is None:
            continue
        shape, kind = ours.shape, ours.kind
        found = moves(theirs.shape, theirs.words, shape, kind, ours.words.leaf)
        if not found:
            return None
        ways[role] = found
    has_main = source.sort != MATRIX or ways.keys() - {words.BIAS}
    return ways if ways and has_main else None


def common_scope(layers: Sequence[Layer]) -> tuple[words.Token, ...]:
    """Gives what the names of all begin with."""
    scope = layers[0].tokens
    for layer in layers:
        pairs = zip(scope, layer.tokens, strict=False)
        scope = scope[
            : sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        ]
    return scope


def is_in(layer: Layer, scope: tuple[words.Token, ...]) -> bool:
    return layer.tokens[: len(scope)] == scope


def stands_alone(layer: Layer) -> bool:
    """Tells whether the last number of a name is a part of its path: features.3."""
    name = next(iter(layer.parts.values())).name
    return _ALONE.search(name) is not None


def find_uneven(
    sources: Iterable[Layer], targets: Iterable[Layer]
) -> set[tuple[str, Shape]]:
    """Gives the sorts and forms of which both sides have some, one of them more.

    There something is missing, so that what is the n-th of one side need not be that
    of the other.
    """
    theirs, ours = (
        Counter((it.sort, it.form) for it in side) for side in (sources, targets)
    )
    return {it for it in theirs.keys() & ours.keys() if theirs[it] != ours[it]}


def counterpart(source: Layer, role: str) -> Part | None:
    """Gives the part of a role; torch calls an embedding's table a weight."""
    pair = (words.KERNEL, words.EMBEDDING)
    if role in pair:
        return source.parts.get(pair[0]) or source.parts.get(pair[1])
    return source.parts.get(role)
