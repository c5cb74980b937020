"""``strip``: a checkpoint without what only training needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fastckpt.base.names import match
from fastckpt.editing.dropped import match_dropped
from fastckpt.editing.rewrite import opened, rewrite
from fastckpt.objects.edits import find_optimizer_state
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.objects.slot_names import find_slots
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.writing.object_graph import read_graph

if TYPE_CHECKING:
    from fastckpt.base.progress import ProgressArgument
    from fastckpt.writing.writer import StrPath

__all__ = ["find_dropped", "find_training_state", "strip"]


def strip(
    source: StrPath | Checkpoint,
    to: StrPath,
    drop: Iterable[str] = (),
    keep: Iterable[str] = (),
    *,
    fsync: bool = True,
    threads: int | None = None,
    progress: ProgressArgument = None,
    storage_options: Mapping[str, Any] | None = None,
) -> list[str]:
    """Writes a checkpoint without the state of its optimizers.

    Where the checkpoint has an object graph, that alone tells what is an optimizer's:
    its slots and its settings, but never what anything else leads to or what it
    trains, whatever the keys are. The object graph that is written fits what is left.
    Without one it is the names: ``VARIABLE/Adam`` and its kin where there is such a
    variable of that shape, settings of Keras's optimizers, powers of beta, and
    ``global_step``. Moving averages stay, but for those that an optimizer itself
    keeps (``use_ema``); ``keep`` keeps these.

    Args:
        source: What ``open`` accepts, or an open checkpoint.
        to: A prefix; it may be the source's own, but not one of several V1 shards.
        drop: Names and patterns of tensors to leave out, too.
        keep: Names and patterns of tensors to keep, whatever else is said.
        fsync: Whether everything is on the disk before the checkpoint appears.
        threads: How many threads check and copy; None: one for each CPU.
        progress: As in ``Checkpoint.load``.
        storage_options: As in ``open``.

    Returns:
        The names of what was left out, in order; [] where nothing was.

    Raises:
        KeyError: A name or pattern fits no tensor.
        ValueError: Nothing would be left; the target is one of several V1 shards.
        CheckpointError: The source is damaged, its object graph too, or holds what
            is not supported.
        OSError: A file cannot be read or written; the destination is as it was.
    """
    with opened(source, threads, storage_options) as checkpoint:
        dropped = find_dropped(checkpoint, drop, keep)
        rewrite(
            checkpoint,
            to,
            drop=dropped,
            fsync=fsync,
            threads=threads,
            progress=progress,
        )
    return dropped


def find_dropped(
    checkpoint: Checkpoint, drop: Iterable[str] = (), keep: Iterable[str] = ()
) -> list[str]:
    """Gives the names of what ``strip`` would leave out, in order.

    Raises as ``strip``.
    """
    names = list(checkpoint)
    slots = {name: slot for slot, name in enumerate(names)}
    kept = set(match(keep, lambda: names, slots.get))
    dropped = find_training_state(checkpoint) | match_dropped(names, drop)
    dropped -= kept
    if dropped and dropped >= slots.keys() - {GRAPH_KEY}:
        raise ValueError(
            f"all {len(dropped)} tensors would be left out, nothing would be left; "
            "keep says what is to stay"
        )
    return [name for name in names if name in dropped]


def find_training_state(checkpoint: Checkpoint) -> set[str]:
    """Gives the names of what only training needs, which may be all.

    Raises as ``strip``.
    """
    content = read_graph(checkpoint)
    if content is not None:
        return find_optimizer_state(content, dict.fromkeys(checkpoint).keys())
    shapes = {info.name: tuple(info.shape) for info in checkpoint.infos()}
    return set(find_slots(list(checkpoint), shapes))
