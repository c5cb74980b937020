"""What becomes of an object graph when tensors are left out or get other names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from fastckpt import _native
from fastckpt.objects.message import GRAPH_KEY, Node, Value, list_stored_keys, parse
from fastckpt.objects.optimizers import Optimizers

__all__ = ["find_optimizer_state", "make_fitting"]

# TensorFlow takes keys apart there.
_ATTRIBUTES = ".ATTRIBUTES/"
_OR_NONE = f"or leave {GRAPH_KEY} out, and all values are found by name alone"

_Renamed = Mapping[str, Sequence[str]]


def find_optimizer_state(content: bytes, names: Set[str]) -> set[str]:
    """Finds the tensors that only optimizers need.

    Args:
        content: The object graph.
        names: All tensors of the checkpoint.

    Returns:
        The values of the optimizers' own variables that nothing else leads to.
    """
    nodes = parse(content)
    optimizers = Optimizers(nodes)
    state = optimizers.own
    state -= _find_reachable(nodes, optimizers, state)
    kept = [node for i, node in enumerate(nodes) if i not in state]
    shared = {key for node in kept for key in _keys_of(node, names)}
    return {key for i in state for key in _keys_of(nodes[i], names)} - shared


def make_fitting(content: bytes, names: Set[str], renamed: _Renamed) -> bytes:
    """Gives the object graph for what is left of a checkpoint.

    Objects stay, so that their numbers do. The values of tensors that go are
    forgotten, and an optimizer's edges to variables of its own that have none left.

    Args:
        content: The object graph.
        names: All tensors that the checkpoint had.
        renamed: {name that it had: names that it gets}; what is not in it goes.

    Returns:
        The bytes; the very same where they fit as they are.

    Raises:
        CorruptionError: The object graph cannot be read, so nothing tells which
            object a tensor belongs to.
        ValueError: It cannot say what the tensors' names would be.
    """
    nodes = parse(content)
    keys: dict[bytes, bytes | None] = {}
    for value in {value for node in nodes for value in node.values}:
        new = _find_new_key(value, names, renamed)
        if new != value.key:
            keys[_encode(value.key)] = None if new is None else _encode(new)
    gone = {
        i
        for i, node in enumerate(nodes)
        if node.values
        and all(keys.get(_encode(it.key), b"") is None for it in node.values)
    }
    return _native.edit_object_graph(content, keys, set(_find_cuts(nodes, gone)))


def _find_reachable(
    nodes: Sequence[Node], optimizers: Optimizers, state: Set[int]
) -> set[int]:
    """Gives what the root leads to if optimizers do not lead to their own state."""
    found = {0} if nodes else set()
    queue = list(found)
    while queue:
        i = queue.pop()
        is_optimizer = i in optimizers.nodes
        for held in nodes[i].children:
            if is_optimizer and optimizers.leads_to(i, held, state):
                continue
            if held.node not in found:
                found.add(held.node)
                queue.append(held.node)
    return found


def _find_cuts(nodes: Sequence[Node], gone: Set[int]) -> Iterator[tuple[int, int]]:
    if not gone:
        return
    optimizers = Optimizers(nodes)
    state = gone & optimizers.own
    for i in optimizers.nodes:
        for place, held in enumerate(nodes[i].children):
            if optimizers.leads_to(i, held, state):
                yield i, place


def _keys_of(node: Node, names: Set[str]) -> Iterator[str]:
    for value in node.values:
        for _, key in list_stored_keys(value, names):
            yield key


def _find_new_key(value: Value, names: Set[str], renamed: _Renamed) -> str | None:
    """Gives a value's new key, None if it goes; its own if it has no tensors."""
    stored = [key for _, key in list_stored_keys(value, names)]
    if not stored:
        return value.key
    choices = []
    for key in stored:
        new = renamed.get(key, ())
        fitting = list(_find_fitting(value, key, new))
        if new and not fitting:
            raise ValueError(_word_ending(key, new[0], value))
        choices.append(fitting)
    if not any(choices):
        return None
    common = [key for key in choices[0] if all(key in each for each in choices)]
    if not common:
        raise ValueError(
            f"the tensors {stored} are one value in {GRAPH_KEY}: they can only be left "
            f"out together, or get names that differ in their endings alone; {_OR_NONE}"
        )
    return value.key if value.key in common else common[0]


def _find_fitting(value: Value, key: str, new_names: Sequence[str]) -> Iterator[str]:
    """Gives the value's keys for those of its tensor's new names that can be one's."""
    tail = value.key[value.key.find(_ATTRIBUTES) :] if _ATTRIBUTES in value.key else ""
    ending = key[len(value.key) :]
    for new in new_names:
        stem = new[: len(new) - len(ending)]
        found = stem.find(_ATTRIBUTES)
        has_tail = stem[found:] == tail if tail else True
        if new.endswith(ending) and has_tail:
            yield stem


def _word_ending(key: str, new: str, value: Value) -> str:
    ending = key[max(value.key.find(_ATTRIBUTES), 0) :]
    return (
        f"{key!r} cannot be named {new!r}: TensorFlow finds it through {GRAPH_KEY} "
        f"only under a name that ends in {ending!r}; {_OR_NONE}"
    )


def _encode(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")
