"""Writing checkpoints: `save` and `Writer`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from fastckpt import _native
from fastckpt.base.arguments import check_count, encode_name, to_placement
from fastckpt.base.open_files import check_open_files
from fastckpt.base.progress import Counter, ProgressArgument, watch
from fastckpt.files.replaced import check_keeps_others
from fastckpt.files.rivals import warn_of_kept_v1
from fastckpt.files.urls import target_prefix
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.writing.selection import tf_dtypes_of, value_of
from fastckpt.writing.storable import stored, told_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    StrPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]

__all__ = ["Writer", "save", "save_shared"]

# Tensors are handed to the native writer in batches of about this many bytes, so
# that many small ones share one call and lazily made ones do not pile up.
_BATCH_BYTES = 64 << 20
_BATCH_COUNT = 4096


class Writer:
    """Writes a checkpoint tensor by tensor; nothing is there before the end.

    Leaving the ``with`` block finishes the checkpoint; leaving it by an exception
    drops it. V2 tensors are on their way to the disk when ``add`` returns, so memory
    stays flat; a V1 file is sorted and kept in memory until the end.

    Args:
        prefix: Where the checkpoint goes: ``out/model.ckpt``. Missing folders are
            made.
        format: ``"v2"`` or ``"v1"``.
        shards: How many data files (V2); each tensor goes to the smallest so far.
        align: A multiple of which each tensor's offset is to be (V2). TensorFlow's
            is 1; 64 makes every view aligned.
        fsync: Whether everything is on the disk before the checkpoint appears.
        threads: How many threads copy and check; None for one per CPU.

    Raises:
        ValueError: An argument is out of range, the prefix names a folder, or a V1
            file would take the place of another kind of file.
        UnsupportedError: The prefix is a URL, and not of a local file.
        OSError: The folder or the files cannot be made.

    Warns:
        UserWarning: A V1 checkpoint of this name stays beside the V2 one.

    Threads: safe; calls take turns. Releases the interpreter lock.
    """

    # What has the name when it finishes; else that is an OSError.
    _may_replace = True

    def __init__(
        self,
        prefix: StrPath,
        *,
        format: str = "v2",
        shards: int = 1,
        align: int = 1,
        fsync: bool = True,
        threads: int | None = None,
    ) -> None:
        self._native = _begin(
            prefix, format, shards, align, fsync, threads, None, self._may_replace
        )

    def add(self, name: str, array: Any, tf_dtype: str | None = None) -> None:
        """Appends a tensor.

        Args:
            name: Its name; UTF-8 with ``surrogateescape``.
            array: Anything with the array interface or DLPack, of any strides and
                byte order; numbers, str, bytes and nested lists of them.
            tf_dtype: TensorFlow's name of the type where NumPy has none: "qint8".

        Raises:
            ValueError: The name is empty or was added before.
            TypeError: The value is no array.
            UnsupportedError: The type has no form in a checkpoint.
            OSError: The values could not be written; the writer is of no more use.
        """
        self._native.add([_item(name, stored(name, array, tf_dtype), None)])

    def add_slice(
        self,
        name: str,
        part: Any,
        full_shape: Sequence[int],
        begin: Sequence[int | None],
        tf_dtype: str | None = None,
    ) -> None:
        """Appends a part of a tensor, as TensorFlow stores partitioned variables.

        Args:
            name: The tensor's name, the same for all its parts.
            part: The values.
            full_shape: The shape of the whole tensor.
            begin: Where the part begins, per dimension. None means that it spans
                the dimension, and is stored like that: TensorFlow keeps the two
                spellings apart, its own partitioned variables give numbers.
            tf_dtype: As in `add`.

        Raises:
            ValueError: The part does not fit the shape, or what was added under
                this name has another shape or dtype.
            TypeError: The shape or the beginning is not made of integers.
        """
        placement = to_placement(name, full_shape, begin)
        self._native.add([_item(name, stored(name, part, tf_dtype), placement)])

    def finish(self) -> None:
        """Puts the checkpoint in its place; the writer is closed.

        Raises:
            ValueError: Slices of a tensor overlap, or the writer is closed.
            OSError: It could not be done; what was there before is there again.
        """
        try:
            self._native.finish()
        finally:
            self._native.abort()

    def abort(self) -> None:
        """Drops what was written; the writer is closed."""
        self._native.abort()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.abort()


def save(
    prefix: StrPath,
    tensors: Mapping[str, Any],
    *,
    format: str = "v2",
    shards: int = 1,
    align: int = 1,
    fsync: bool = True,
    threads: int | None = None,
    progress: ProgressArgument = None,
) -> None:
    """Saves a checkpoint: complete, or not there at all.

    Data lie in the order of the mapping. An open checkpoint is such a mapping too;
    its tensors keep TensorFlow's types.

    Args:
        prefix: Where the checkpoint goes: ``out/model.ckpt``.
        tensors: Values by name; see `Writer.add` for what is accepted.
        format: ``"v2"`` or ``"v1"``.
        shards: How many data files; each tensor goes to the smallest so far.
        align: A multiple of which each tensor's offset is to be.
        fsync: Whether everything is on the disk before the checkpoint appears.
        threads: How many threads copy and check; None for one per CPU.
        progress: As in `Checkpoint.load`; what a mapping that makes its values has
            in all is known only as they are made.

    Raises:
        ValueError: As `Writer` and `Writer.add`.
        TypeError: A value is no array.
        UnsupportedError: A value's type has no form in a checkpoint.
        OSError: It could not be written; what was there before is there again.
    """
    save_shared(
        prefix,
        tensors,
        {},
        format=format,
        shards=shards,
        align=align,
        fsync=fsync,
        threads=threads,
        progress=progress,
    )


def save_shared(
    prefix: StrPath,
    tensors: Mapping[str, Any],
    same_as: Mapping[str, str],
    *,
    format: str,
    shards: int,
    align: int,
    fsync: bool,
    threads: int | None,
    progress: ProgressArgument,
) -> None:
    """Saves as ``save`` does, some values under several names.

    Args:
        same_as: {second name: name in ``tensors``}: entries of the index whose values
            are those of another; V2 alone has them.

    Raises as ``save``.
    """
    with watch(progress) as counter:
        if counter is not None:
            counter.total = _count_bytes(tensors)
        writer = _begin(prefix, format, shards, align, fsync, threads, counter)
        try:
            for batch in _batches(tensors):
                writer.add(batch, counter)
                batch.clear()  # or lazily made values live until the next is full
            for name, of in same_as.items():
                writer.alias(encode_name(name), encode_name(of))
            writer.finish(counter)
        finally:
            writer.abort()


def _begin(
    prefix: StrPath,
    format: str,
    shards: int,
    align: int,
    fsync: bool,
    threads: int | None,
    counter: Counter | None = None,
    may_replace: bool = True,
) -> _native.Writer:
    if format not in ("v1", "v2"):
        raise ValueError(f"format must be 'v1' or 'v2', not {format!r}")
    if format == "v1" and (shards != 1 or align != 1):
        raise ValueError("a V1 file has no shards and no alignment of its data")
    path = target_prefix(prefix)
    count = check_count("shards", shards)
    check_open_files(count, path, "write fewer shards")
    if format == "v1":
        check_keeps_others(path)
    else:
        warn_of_kept_v1(path)
    return _native.Writer(
        prefix=os.fsencode(path),
        is_v1=format == "v1",
        shards=count,
        align=check_count("align", align),
        fsync=bool(fsync),
        threads=0 if threads is None else check_count("threads", threads),
        progress=counter,
        may_replace=may_replace,
    )


def _count_bytes(tensors: Mapping[str, Any]) -> int:
    """Gives the bytes of values that are there; others count when they are made."""
    if isinstance(tensors, Checkpoint):
        return sum(info.nbytes or 0 for info in tensors.infos())
    if not isinstance(tensors, dict):
        return 0
    return sum(told_size(value) or 0 for value in tensors.values())


def _batches(tensors: Mapping[str, Any]) -> Iterable[list[Any]]:
    if not hasattr(tensors, "keys"):
        kind = type(tensors).__name__
        raise TypeError(f"tensors are a mapping of names to values, not a {kind}")
    tf_dtype = tf_dtypes_of(tensors)
    batch: list[Any] = []
    nbytes = 0
    for name in tensors:
        value = stored(name, value_of(tensors, name), tf_dtype(name))
        batch.append(_item(name, value, None))
        nbytes += value.nbytes
        if nbytes >= _BATCH_BYTES or len(batch) >= _BATCH_COUNT:
            yield batch
            batch, nbytes = [], 0
    yield batch


def _item(name: str, value: Any, placement: Any) -> tuple[Any, ...]:
    return (encode_name(name), value.dtype, value.values, value.shape, placement)
