"""`Saver`: numbered checkpoints in a folder, the newest kept, the state file written.

Source: tensorflow/python/training/saver.py.
"""

from __future__ import annotations

import operator
import os
import warnings
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Protocol, SupportsIndex

from fastckpt.base.arguments import check_prefixes
from fastckpt.errors import MissingKeyError
from fastckpt.files.find import PathName, find_listed, looks, v1_files
from fastckpt.files.remove import (
    checkpoint_format,
    files_to_remove,
    meta_graph_name,
    remove_files,
)
from fastckpt.files.replace import lock_prefix, remove_free_locks, replace_file
from fastckpt.files.replaced import check_keeps_no_graph
from fastckpt.files.rivals import warn_of_left_v1
from fastckpt.files.state_update import (
    check_no_conflict,
    check_replaceable,
    state_file_name,
    update_checkpoint_state,
)
from fastckpt.files.urls import target_path, target_prefix
from fastckpt.reading.checkpoint import open as open_checkpoint
from fastckpt.writing.retention import (
    Retention,
    absolute,
    count_to_keep,
    hours_between,
)
from fastckpt.writing.selection import Selection
from fastckpt.writing.writer import save as save_checkpoint

__all__ = ["Saver"]


class _HasBytes(Protocol):
    """A graph that can be written: MetaGraph."""

    def to_bytes(self) -> bytes: ...


class Saver:
    """Saves numbered checkpoints and keeps the newest, as TensorFlow's Saver does.

    A new saver knows of no checkpoint and removes none that it did not save, unless
    `recover_last_checkpoints` tells it of them.

    Args:
        names: What is saved and restored: None for everything, a list of names, or
            ``{name in the checkpoint: name in tensors}``.
        max_to_keep: How many checkpoints are kept; None or 0 keeps all, and the
            state file then names the newest alone.
        keep_checkpoint_every_n_hours: How often one is kept for ever besides.
        write_version: "v2" or "v1", or TensorFlow's numbers 2 and 1.
        save_relative_paths: Whether the state file's paths are relative to it even
            where the folder was given as an absolute path.
        pad_step_number: Whether step numbers have at least eight digits.
        fsync: Whether what is saved is on the disk when a call returns.

    Raises:
        ValueError: `max_to_keep` or the hours are negative or NaN, or the version is
            none.
        TypeError: `names` is a single name; a number is none.

    Threads: one.
    """

    def __init__(
        self,
        names: Iterable[str] | Mapping[str, str] | None = None,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        write_version: str | int = "v2",
        save_relative_paths: bool = False,
        pad_step_number: bool = False,
        *,
        fsync: bool = True,
    ) -> None:
        self._names = _names_by_stored(names)
        self._retention = Retention(
            count_to_keep(max_to_keep), hours_between(keep_checkpoint_every_n_hours)
        )
        self._format = checkpoint_format(write_version)
        self._save_relative_paths = save_relative_paths
        self._pad_step_number = pad_step_number
        self._fsync = fsync

    def save(
        self,
        prefix: PathName,
        tensors: Mapping[str, Any],
        global_step: SupportsIndex | None = None,
        latest_filename: str | None = None,
        *,
        write_state: bool = True,
        meta_graph: bytes | _HasBytes | None = None,
        write_meta_graph: bool = True,
    ) -> str:
        """Saves a checkpoint, then the state file, then removes what is not kept.

        Args:
            prefix: The checkpoint's name without the number.
            tensors: Values by name, whatever `fastckpt.save` takes. They are stored
                in the order of their names, as TensorFlow's Saver does.
            global_step: The number to append, or None.
            latest_filename: The state file's name; "checkpoint" if None.
            write_state: Whether the checkpoint counts: the state file names it, and
                older ones may be removed.
            meta_graph: What to write as the checkpoint's ``.meta``, if anything.
            write_meta_graph: Whether `meta_graph` is written this time.

        Returns:
            The checkpoint's prefix, number included.

        Raises:
            KeyError: A name that this saver saves is not in `tensors`.
            ValueError: `prefix` is a folder alone, or `latest_filename` has one, or is
                the name of a file of the checkpoint or of any other that is no state
                file; what stands at the name of the ``.meta`` is no graph; or a name
                or value cannot be stored.
            TypeError: `meta_graph` is neither bytes nor a graph, but a path, say.
            OSError: Something could not be written; every earlier checkpoint and the
                state file are as they were.

        Warns:
            UserWarning: `names` leave out the object graph of an open checkpoint.
        """
        name = target_path(prefix)
        if os.path.basename(name):  # TensorFlow numbers a folder: "folder/-1"
            name = target_prefix(name)
        path = target_prefix(self._numbered(name, global_step))
        folder = os.path.dirname(name)
        state_name = state_file_name(latest_filename)
        check_no_conflict(os.path.join(folder, state_name), path)
        if write_state:
            check_replaceable(os.path.join(folder, state_name))
        chosen = Selection(tensors, self._names_in(tensors))
        chosen.warn_of_graph()
        graph = _as_bytes(meta_graph) if write_meta_graph else None
        meta_path = meta_graph_name(path)
        if graph is not None:
            check_keeps_no_graph(meta_path)
        save_checkpoint(path, chosen, format=self._format, fsync=self._fsync)
        if graph is not None:
            replace_file(meta_path, graph, fsync=self._fsync)
        if write_state:
            self._retention.record(path)
            self._write_state(folder, path, state_name)
            self._remove_one(but=meta_path)
            remove_free_locks(name)  # of old numbers, which nobody uses again
        else:
            self._retention.renew(path)
        return path

    def restore(
        self,
        prefix: PathName,
        into: MutableMapping[str, Any],
        *,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        """Reads a checkpoint's tensors into arrays that exist.

        Every name, shape and dtype, and all that is to be read, is checked before the
        first byte is written: where it raises, the arrays are as they were. Only a
        file that is damaged in that very moment leaves some of them half written.

        Args:
            prefix: The checkpoint; whatever `fastckpt.open` accepts.
            into: The arrays by name. Without `names` all of them are filled; with
                `names` those, by their names in tensors.
            storage_options: What a URL's file system is made with.

        Raises:
            KeyError: A name is not in the checkpoint, or not in `into`.
            ValueError, TypeError: An array has another shape or dtype, is
                read-only, or is none.
            CorruptionError: The checkpoint is damaged.
            OSError: The checkpoint cannot be read.
        """
        stored_names = {name: stored for stored, name in self._names_in(into).items()}
        out = {name: into[name] for name in stored_names}
        with open_checkpoint(prefix, storage_options=storage_options) as checkpoint:
            checkpoint.load(stored_names, out=out)

    @property
    def last_checkpoints(self) -> list[str]:
        """The prefixes of the checkpoints that are kept, oldest first."""
        return self._retention.prefixes

    def set_last_checkpoints(self, last_checkpoints: Sequence[PathName]) -> None:
        """Sets the list of kept checkpoints; those in it will never be removed."""
        self.set_last_checkpoints_with_time(
            [
                (prefix, float("inf"))
                for prefix in check_prefixes("last checkpoints", last_checkpoints)
            ]
        )

    def set_last_checkpoints_with_time(
        self, last_checkpoints_with_time: Sequence[tuple[PathName, float]]
    ) -> None:
        """Sets the list of kept checkpoints, oldest first, with their times.

        Args:
            last_checkpoints_with_time: Prefixes and seconds since the epoch.
        """
        self._retention.adopt(
            (target_path(prefix), float(time))
            for prefix, time in last_checkpoints_with_time
        )

    def recover_last_checkpoints(self, checkpoint_paths: Sequence[PathName]) -> None:
        """Takes over what an earlier process saved, with the times of its files.

        Args:
            checkpoint_paths: Prefixes, oldest first, such as a state file's
                `all_model_checkpoint_paths`. Those that are gone are left out.
                The originals of a copied folder are never removed.
        """
        paths = check_prefixes("checkpoint paths", checkpoint_paths)
        prefixes = [target_path(path) for path in paths]
        dated = [(prefix, _time_of(prefix)) for prefix in prefixes]
        self._retention.adopt(
            (prefix, time) for prefix, time in dated if time is not None
        )

    def _names_in(self, tensors: Mapping[str, Any]) -> dict[str, str]:
        """Gives the names in the checkpoint and, by them, those in `tensors`."""
        if self._names is None:
            return {name: name for name in tensors}
        for name in self._names.values():
            if name not in tensors:
                raise MissingKeyError(
                    f"{name!r} is to be saved or restored and is not given"
                )
        return self._names

    def _numbered(self, name: str, step: SupportsIndex | None) -> str:
        if step is None:
            return name
        digits = "08d" if self._pad_step_number else "d"
        return f"{name}-{operator.index(step):{digits}}"

    def _write_state(self, folder: str, path: str, state_name: str) -> None:
        update_checkpoint_state(
            folder,
            path,
            self.last_checkpoints,
            state_name,
            save_relative_paths=self._save_relative_paths,
            fsync=self._fsync,
        )

    def _remove_one(self, *, but: str) -> None:
        """Removes the next checkpoint that is not kept, all but one file."""
        prefix = self._retention.take_removal()
        if prefix is None:
            return
        but = absolute(but)
        try:
            # Another training may be saving under it.
            with lock_prefix(prefix, removes=True):
                files = files_to_remove(prefix, self._format)
                remove_files(path for path in files if path != but)
            if self._format == "v2":
                warn_of_left_v1(prefix)
        except OSError as error:
            # The checkpoint was saved; that an old one stays is no failure.
            warnings.warn(f"{prefix!r} cannot be removed: {error}", stacklevel=3)


def _names_by_stored(
    names: Iterable[str] | Mapping[str, str] | None,
) -> dict[str, str] | None:
    if names is None:
        return None
    if isinstance(names, str):
        raise TypeError(f"names is a list or a dict of names, not the name {names!r}")
    return dict(names) if isinstance(names, Mapping) else {name: name for name in names}


def _as_bytes(meta_graph: bytes | _HasBytes | None) -> bytes | None:
    if meta_graph is None or isinstance(meta_graph, bytes):
        return meta_graph
    to_bytes = getattr(meta_graph, "to_bytes", None)
    if to_bytes is None or isinstance(meta_graph, int):  # a number has one, too
        raise TypeError(
            "meta_graph is the content of a .meta file as bytes, or a MetaGraph, not "
            f"{meta_graph!r:.80}; MetaGraph.read(path) reads one"
        )
    content: bytes = to_bytes()
    return content


def _time_of(prefix: str) -> float | None:
    """When a checkpoint was written, in whole seconds, which is all TensorFlow asks."""
    for _ in looks(prefix):
        aside = find_listed(prefix)
        files = aside.files if aside else v1_files(prefix)
        for path in [f"{prefix}.index", *files]:
            try:
                return float(os.stat(path).st_mtime_ns // 1_000_000_000)
            except (FileNotFoundError, NotADirectoryError):
                continue
    return None
