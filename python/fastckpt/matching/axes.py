"""Where a tensor's axes go in a parameter: the kind of its layer says, or nothing does.

TensorFlow keeps a matrix as (in, out) and a filter as (height, width, in, out), torch
as (out, in) and (out, in, height, width). Of a square one the shape tells nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from fastckpt.matching import words

__all__ = ["Move", "moves"]

Shape = tuple[int, ...]

#: By the axes of the parameter: from TensorFlow's to torch's.
_TURNED = {2: (1, 0), 3: (2, 1, 0), 4: (3, 2, 0, 1), 5: (4, 3, 0, 1, 2)}
#: The same of a depthwise filter, whose last two axes are channels and multiplier.
_DEPTHWISE = {3: (1, 2, 0), 4: (2, 3, 0, 1), 5: (3, 4, 0, 1, 2)}
_CONVOLUTIONS = {
    f"conv{transposed}{rank}d": rank + 2
    for transposed in ("", "_transpose")
    for rank in (1, 2, 3)
}
#: The leaves of targets that are as TensorFlow has them, whatever their layer.
_AS_TENSORFLOW = {"kernel", "embedding", "embeddings", "gamma", "beta"}


class Move(NamedTuple):
    """A way from a shape to another.

    Attributes:
        squeeze: Whether first all axes of one go.
        axes: The permutation that follows, or None.
    """

    squeeze: bool = False
    axes: Shape | None = None


def moves(
    source: Shape, name: words.Name, target: Shape, kind: str | None, leaf: str
) -> list[Move]:
    """Gives the ways that are open: none, the one, or what nothing decides between.

    Args:
        source: The tensor's shape.
        name: What its name says.
        target: The parameter's shape.
        kind: The kind of the parameter's layer, None where it is not known.
        leaf: The word that says which part of the layer the parameter is.
    """
    if name.role not in (words.KERNEL, words.EMBEDDING):
        return [Move()] if source == target else []
    squeeze = len(source) > len(target) and 1 in source and 1 not in target
    if squeeze:
        source = tuple(size for size in source if size != 1)
    permutations = _permutations(source, name, target, kind, leaf)
    fitting = [axes for axes in permutations if _permuted(source, axes) == target]
    return [Move(squeeze, axes) for axes in fitting]


def _permuted(shape: Shape, axes: Shape | None) -> Shape:
    if axes is None:
        return shape
    return tuple(shape[axis] for axis in axes) if len(axes) == len(shape) else ()


def _permutations(
    source: Shape, name: words.Name, target: Shape, kind: str | None, leaf: str
) -> list[Shape | None]:
    rank = len(target)
    if kind == "linear":
        return [_TURNED[2]] if name.role == words.KERNEL and rank == 2 else []
    if kind in _CONVOLUTIONS:
        return [_filter_axes(source, name, target)] if rank == len(source) > 2 else []
    if kind == "embedding":
        return [None] if name.leaf != "kernel" else []
    if kind == "transposed_linear" or name.role == words.EMBEDDING:
        return [None]
    if leaf in _AS_TENSORFLOW:
        return [None]
    if kind is not None or rank not in _TURNED:
        return []
    turned = _TURNED[2] if rank == 2 else _filter_axes(source, name, target)
    return [None, turned]


def _filter_axes(source: Shape, name: words.Name, target: Shape) -> Shape:
    """Gives the axes of a filter; () where the name says that it is another one."""
    is_depthwise = target[1] == 1 < target[0] and source[-1] == 1
    if "depthwise" in name.tokens and not is_depthwise and source[-2] > 1:
        return ()
    return (_DEPTHWISE if is_depthwise else _TURNED)[len(target)]
