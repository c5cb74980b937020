"""Names of tensors in words and numbers, and what their last words say.

``bert/encoder/layer_0/attention/self/query/kernel`` is the kernel of ``bert encoder
layer 0 attention self query``. Words that mean the same in different libraries become
one: ``attn`` is ``attention``, ``BatchNorm`` and ``bn`` are ``norm``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

__all__ = [
    "OBJECT_SUFFIX",
    "Letter",
    "Name",
    "Token",
    "number_first_ones",
    "parse_name",
]

#: A word, or a number.
Token = str | int

#: The parts of a layer: what holds a matrix or a filter, ...
KERNEL, EMBEDDING = "kernel", "embedding"
#: ... vectors, ...
SCALE, BIAS, MEAN, VARIANCE = "scale", "bias", "mean", "variance"
#: ... and what no word tells.
OTHER = "other"

#: What TensorFlow 2 ends its keys with.
OBJECT_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")
# A number ends a run of letters: conv1, 0; not 2d, 1x1 or 5b.
# Keras counts stages and letters the blocks in them: block2a.
_LETTERED = re.compile(r"(block|stage|unit)([0-9]{1,9})([a-z])")
_NUMBERED = re.compile(r"((?:.*[A-Za-z])?)(?<![0-9]x)([0-9]{1,9})")

_LAST = re.compile(r"_[1-9][0-9]{0,8}$")

_ROLES = {
    "kernel": KERNEL,
    "weight": KERNEL,
    "weights": KERNEL,
    "w": KERNEL,
    "gamma": SCALE,
    "scale": SCALE,
    "g": SCALE,
    "beta": BIAS,
    "bias": BIAS,
    "biases": BIAS,
    "b": BIAS,
    "mean": MEAN,
    "var": VARIANCE,
    "variance": VARIANCE,
    "embedding": EMBEDDING,
    "embeddings": EMBEDDING,
    "wte": EMBEDDING,
    "wpe": EMBEDDING,
}
_KEPT = {"embedding", "embeddings", "wte", "wpe"}
_STATISTICS = {"moving", "running", "pop", "population"}
_NORMS = {"norm", "normalization", "bn", "ln", "gn", "batchnorm", "layernorm"}
_NORM_KINDS = {"layer", "batch", "group", "instance", "rms"}
_SYNONYMS = {
    "attn": "attention",
    "conv1d": "conv",
    "conv2d": "conv",
    "conv3d": "conv",
    "convolution": "conv",
    "dense": "dense",
    "downsample": "shortcut",
    "dw": "depthwise",
    "dwconv": "depthwise",
    "emb": "embedding",
    "embed": "embedding",
    "embeddings": "embedding",
    "expansion": "expand",
    "fc": "dense",
    "k": "key",
    "linear": "dense",
    "pos": "position",
    "proj": "project",
    "projection": "project",
    "pw": "pointwise",
    "q": "query",
    "v": "value",
}


class Letter(int):
    """A number that is written as a letter."""


class Name(NamedTuple):
    """What a tensor's name says.

    Attributes:
        tokens: The words and numbers of the layer that it is a part of.
        role: Which part it is.
        leaf: The word that says so, as it is written; "" where none does.
    """

    tokens: tuple[Token, ...]
    role: str
    leaf: str


def parse_name(name: str, rank: int) -> Name:
    """Splits the name of a tensor of so many axes."""
    parts = re.split(r"[/.]", name.removesuffix(OBJECT_SUFFIX))
    *above, leaf = [tokens for tokens in map(_split, parts) if tokens] or [[]]
    before = [token for tokens in above for token in tokens]
    word = leaf[-1] if leaf else ""
    role = _role_of(leaf, rank) if leaf else OTHER
    if role == OTHER:
        return Name(_unify([*before, *leaf]), OTHER, "")
    assert isinstance(word, str)
    rest = leaf[:-1]
    if role in (MEAN, VARIANCE) and rest:
        rest = rest[:-1]
    if word in _KEPT and (rest or word in ("wte", "wpe")):
        rest = leaf
    return Name(_unify([*before, *rest]), role, word)


def _role_of(leaf: list[Token], rank: int) -> str:
    """Tells what the words of a name's last part say."""
    word = leaf[-1]
    role = _ROLES.get(word, OTHER) if isinstance(word, str) else OTHER
    if rank == 0 or (len(leaf) > 1 and len(str(word)) == 1):
        return OTHER
    if role in (MEAN, VARIANCE):
        is_said = len(leaf) == 1 or leaf[-2] in _STATISTICS
        return role if is_said and rank == 1 else OTHER
    if role == KERNEL and rank == 1:
        return SCALE if word in ("weight", "scale") else OTHER
    if word in ("g", "b") and rank > 1:
        return OTHER
    return role


def _split(part: str) -> list[Token]:
    tokens: list[Token] = []
    for run in _SEPARATORS.split(_CAMEL.sub("_", part)):
        if lettered := _LETTERED.fullmatch(run.lower()):
            word, digits, letter = lettered.groups()
            tokens += [word, int(digits), Letter(ord(letter) - ord("a"))]
            continue
        numbered = _NUMBERED.fullmatch(run)
        if numbered is None:
            tokens += [run.lower()] if run else []
            continue
        word, digits = numbered.groups()
        tokens += [word.lower()] if word else []
        tokens.append(int(digits))
    return tokens


def _unify(tokens: list[Token]) -> tuple[Token, ...]:
    """Makes one word of those that mean the same."""
    unified: list[Token] = []
    for at, token in enumerate(tokens):
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if isinstance(token, int):
            unified.append(token)
        elif token in _NORMS:
            if unified and unified[-1] in _NORM_KINDS:
                unified.pop()
            unified.append("norm")
        elif isinstance(following, int) and len(token) == 1:
            # The v of v1 is no value.
            unified.append(token)
        else:
            unified.append(_SYNONYMS.get(token, token))
    return tuple(unified)


def number_first_ones(names: Iterable[str]) -> dict[str, str]:
    """Writes the number that TensorFlow and Keras leave away, the first one's.

    Of ``dense`` and ``dense_1`` in one scope the first becomes ``dense_0``, and of
    ``dense`` and ``dense_2``, where one is missing.
    """
    names = list(names)
    scopes: set[str] = set()
    for name in names:
        parts = name.split("/")
        scopes.update("/".join(parts[:count]) for count in range(1, len(parts)))
    counted = {scope[: it.start()] for scope in scopes if (it := _LAST.search(scope))}
    first = {
        scope: f"{scope}_0" for scope in scopes & counted if f"{scope}_0" not in scopes
    }
    return {name: _rename(name, first) for name in names}


def _rename(name: str, first: dict[str, str]) -> str:
    parts = name.split("/")
    renamed = [
        first.get("/".join(parts[: count + 1]), part).rpartition("/")[2]
        for count, part in enumerate(parts)
    ]
    return "/".join(renamed)
