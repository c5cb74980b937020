"""Open checkpoints: ``open()`` and ``Checkpoint``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fastckpt import _native
from fastckpt._native import Tensor, TensorInfo
from fastckpt.base.deferred import importing
from fastckpt.base.progress import ProgressArgument, watch
from fastckpt.files import aside
from fastckpt.files import filesystem as io_mode
from fastckpt.files import resolve as paths
from fastckpt.files.urls import remote_url
from fastckpt.reading import requests as loading
from fastckpt.reading.closed import Closed
from fastckpt.reading.human_names import missing_in
from fastckpt.reading.native_reader import open_reader
from fastckpt.reading.options import MAX_INDEX_BYTES, Options, Verify, count_threads
from fastckpt.reading.twins import forget_objects, objects_of

if TYPE_CHECKING:
    from fastckpt.base.cast import DType
    from fastckpt.files.fetcher import Fetcher
    from fastckpt.files.remote import Store
    from fastckpt.objects.mapping import ObjectGraph
    from fastckpt.reading.results import Explanation, TensorLayout, VerifyReport

__all__ = ["Checkpoint", "open", "open_found"]

_Identity = tuple[int, int, int]  # inode, size, mtime in nanoseconds
_DEFAULTS = Options()


def open(
    path: str | bytes | os.PathLike[Any],
    *,
    verify: Verify | None = None,
    io: str = "auto",
    threads: int | None = None,
    max_index_bytes: int = MAX_INDEX_BYTES,
    storage_options: Mapping[str, Any] | None = None,
) -> Checkpoint:
    """Opens a TensorFlow checkpoint.

    The whole index is checked, no data file is touched.

    Args:
        path: A prefix; any file of a checkpoint; a ``checkpoint`` state file; a
            folder with one, or with a single checkpoint; a SavedModel or its
            ``variables`` folder; a V1 file; the name of V1 shards, or one of them;
            a URL of any of these that fsspec knows.
        verify: How data is checked against its checksums. True, which None means:
            every stored piece once, before any byte of it is handed out, and again
            where its file was written since; whole copies every time, in the same
            pass. "whole": what is read in full; parts are not, and only their
            bytes are read; this is what None means for URLs. False: nothing. What
            calls write from it (``save``, ``convert`` ...) is checked in any case.
        io: "mmap", "read" (``pread`` into memory of our own, for network file
            systems and files that others may cut) or "auto", which chooses by
            the file system and says what it chose in ``Checkpoint.io``: "remote"
            for URLs, whatever was asked for.
        threads: How many threads a call may use; None: the CPUs of the process.
        max_index_bytes: A V2 index that is larger is an ``UnsupportedError``.
        storage_options: What fsspec makes a URL's file system with, credentials too;
            of no meaning for local paths.

    Returns:
        A ``Checkpoint``: a mapping of names to read-only arrays.

    Raises:
        FileNotFoundError: Nothing is there; the message says what was looked for.
        CorruptionError: What is there is damaged, or is no checkpoint.
        UnsupportedError: It is legal, but beyond this library.
        OSError: The system, or the server, does not let it be read.
        ImportError: What reads such a URL is not installed.
    """
    options = Options.checked(verify, io, threads, max_index_bytes)
    if remote_url(path) is not None:
        options = options._replace(verify="whole" if verify is None else verify)
        return open_found(paths.resolve(path, storage_options), options)
    return aside.open_where_found(
        lambda: paths.resolve(path), lambda found: open_found(found, options)
    )


def open_found(found: paths.Resolved, options: Options = _DEFAULTS) -> Checkpoint:
    """Opens exactly the files that were found; warns of such that lie aside."""
    checkpoint = Checkpoint(*found[:3], options, remote=found.remote)
    aside.warn_of_place(checkpoint.path, checkpoint.files[0])
    return checkpoint


class Checkpoint(Mapping[str, np.ndarray]):
    """An open checkpoint: a mapping of tensor names to NumPy arrays.

    ``ckpt[name]`` is a read-only array: a VIEW of the file's mapping where the
    bytes allow it (``info(name).is_view``), else a COPY. Views keep the mapping
    alive after ``close()``. Iteration is in byte order of the names.

    Threads: safe to use from many threads and after ``fork``. Calls release the
    interpreter lock where more than some 64 KiB are read, checked or copied.
    Checkpoints pickle by path and identity: the other side reads the index again,
    a changed file is a ``CorruptionError``.

    Attributes:
        format: "v2" or "v1".
        path: The checkpoint's prefix.
        io: "mmap", "read" or "remote": how bytes are read here.
    """

    def __init__(
        self,
        format: str,
        path: str,
        files: list[str],
        options: Options,
        identity: _Identity | None = None,
        remote: Fetcher | None = None,
    ) -> None:
        self.format = format
        self.path = path
        self._options = options
        self._threads = count_threads(options.threads)
        self._remote = remote
        if remote is not None:
            self._open_remote(files, remote)
            return
        # Shards are opened later, maybe from another folder.
        self._prefix = _absolute(path)
        self._files = [_absolute(file) for file in files]
        for chosen in io_mode.choices(options.io, self._files[0], lambda: self._reader):
            self.io, self._io_reason, self._filesystem = chosen
            self._reader = open_reader(
                format, self._prefix, self._files, self.io, options, identity
            )
        self._files = self._reader.paths()

    def _open_remote(self, files: list[str], remote: Fetcher) -> None:
        with importing:
            from fastckpt.reading.remote import open_remote_reader

        self._prefix, self._files = self.path, files
        self.io, self._io_reason = "remote", "byte ranges, by fsspec"
        self._filesystem, found = remote.store.scheme, (self.format, self.path, files)
        self._reader = open_remote_reader(*found, self._options, remote)

    # The mapping.

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self._reader.get(name, self._threads)
        except KeyError:
            raise self._missing(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._reader.names())

    def __len__(self) -> int:
        return len(self._reader)

    def __contains__(self, name: object) -> bool:
        return self._reader.find(name) is not None

    # Checkpoints compare by identity, unlike other mappings.
    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __repr__(self) -> str:
        if isinstance(self._reader, Closed):
            return f"<Checkpoint {self.path!r}, closed>"
        return f"<Checkpoint {self.path!r}, {self.format}, {len(self)} tensors>"

    def _repr_html_(self) -> str:
        with importing:
            from fastckpt.reading.cells import show_checkpoint

        return show_checkpoint(self)

    _missing = missing_in

    def _slot(self, name: str) -> int:
        slot = self._reader.find(name)
        if slot is None:
            raise self._missing(name)
        return slot

    # What is there.

    @property
    def files(self) -> tuple[str, ...]:
        """The index (V2), or the files of a V1 checkpoint."""
        return tuple(self._files)

    def info(self, name: str) -> TensorInfo:
        """Gives what the index says about one tensor.

        Raises:
            KeyError: No such tensor; the message names the closest.
        """
        return self._reader.info(self._slot(name))

    def infos(self) -> list[TensorInfo]:
        """Gives what the index says about every tensor, in order of the names.

        Touches no data file of V2. A tensor that cannot be read is listed too,
        and ``TensorInfo.problem`` says why.
        """
        return self._reader.infos()

    def layout(self, name: str) -> TensorLayout:
        """Tells in which files, and where in them, a tensor's bytes lie.

        Returns:
            Pieces that together are the whole tensor, in the order of the index.
            A plain value that pickles; no data file of V2 is touched.

        Raises:
            KeyError: No such tensor.
            UnsupportedError: The stored bytes are not the array's (strings;
                varints and Snappy in V1).
            CorruptionError: The index is wrong about the tensor.
        """
        with importing:
            from fastckpt.reading.explaining import layout_of

        return layout_of(self, name)

    def byte_runs(self, name: str, region: Any = None) -> list[tuple[str, int, int]]:
        """Gives the byte ranges that hold a region: [(file, offset, nbytes), ...].

        Adjacent ranges are joined, across slices too. Those of an unsliced tensor
        are, end to end, the region's bytes in C order and no byte more, rows by
        number as they are asked for; a sliced tensor gives them slice by slice.
        Raises as ``layout`` and, for the region, as ``read``.
        """
        return self._reader.byte_runs(self._slot(name), region)

    # Reading.

    def tensor(self, name: str) -> Tensor:
        """Gives a handle of a tensor; reads nothing until it is sliced.

        Returns:
            A ``Tensor``: ``t[region]`` is ``read(name, region)``, ``np.asarray(t)`` is
            ``ckpt[name]``. What takes arrays by shape, dtype and slices takes it as it
            stands: ``dask.array.from_array``, ``jax.make_array_from_callback``, data
            loaders.

        Raises:
            KeyError: No such tensor; the message names the closest.
        """
        try:
            return self._reader.tensor(self, name, self._threads)
        except KeyError:
            raise self._missing(name) from None

    def read(
        self,
        name: str,
        region: Any = None,
        out: np.ndarray | None = None,
        *,
        threads: int | None = None,
    ) -> np.ndarray:
        """Copies a tensor, or a region of it.

        Args:
            name: The tensor.
            region: Basic indexing, as in ``np.s_[0:128, :]``, and on at most one axis
                a list or a 1-d array of integers, as in ``[3, 99, 7]``: NumPy's
                values, shape and dtype. None: all of it.
            out: An array to copy into, of any strides, with the region's shape and
                the tensor's dtype; as it was where the tensor is damaged.
            threads: As in ``open``.

        Returns:
            A COPY: ``out``, or a writable array of the caller's own, aligned.
            Always an ``ndarray``, of no dimension too.

        Raises:
            KeyError: No such tensor.
            IndexError, TypeError, ValueError: The region or ``out`` does not fit.
            CorruptionError, UnsupportedError, OSError: As ``open``.

        A region of a piece that was checked (see ``open``) reads its own bytes and no
        others.

        Threads: safe; releases the interpreter lock where it reads more than 64 KiB.
        """
        count = self._threads if threads is None else count_threads(threads)
        if out is not None:
            request = (self._slot(name), region, out)
            return loading.read_many(self._reader, [request], count, None)[0]
        try:
            return self._reader.read(name, region, count)
        except KeyError:
            raise self._missing(name) from None

    def read_many(
        self,
        requests: Iterable[tuple[str, Any, np.ndarray | None]],
        *,
        threads: int | None = None,
        progress: ProgressArgument = None,
    ) -> list[np.ndarray]:
        """Copies many regions at once, in the order in which they lie on disk.

        Args:
            requests: (name, region, out) as ``read`` takes them.

        Returns:
            The arrays, in the order of the requests.

        Raises as ``read``; nothing is written before all requests, and the bytes that
        they ask for, were checked.
        """
        wanted = [(self._slot(name), region, out) for name, region, out in requests]
        count = self._count(threads)
        with watch(progress) as counter:
            return loading.read_many(self._reader, wanted, count, counter)

    def load(
        self,
        names: Iterable[str] | Mapping[str, str] | None = None,
        *,
        drop: Iterable[str] = (),
        copy: loading.Copy = False,
        out: Mapping[str, np.ndarray] | None = None,
        dtype: DType | Mapping[str, DType] | None = None,
        threads: int | None = None,
        progress: ProgressArgument = False,
    ) -> dict[str, np.ndarray]:
        """Loads many tensors at once, checked in parallel.

        Args:
            names: Names and ``fnmatchcase`` patterns (``*`` matches ``/`` too; a
                name that exists wins over the pattern it is), or {name wanted:
                name in the checkpoint}; None: everything, or what ``out`` names.
            drop: Names and patterns of tensors to leave out of these; of a mapping,
                by the name in the checkpoint.
            copy: Whether the arrays are writable and the caller's own. Large ones
                have an allocation each, small ones share slabs of up to 4 MiB.
                "on-write": so are they, but where ``ckpt[name]`` is an aligned view
                the system copies each page when it is first written; the arrays of
                a file keep one mapping, and pages that were not written show what
                others write into the file in place.
            out: {name: array} to copy into; shapes, dtypes and, unless ``verify`` is
                False, all that is to be copied are checked before the first byte is
                written: no error leaves the arrays half old and half new, but for
                files that are damaged in that very moment.
            dtype: A floating dtype for all floating tensors, or {name or pattern:
                dtype} of which the first that fits counts. They are cast while they
                are checked and copied, rounded as NumPy and ml_dtypes do; all others
                are what ``copy`` and ``out`` say.
            threads: As in ``open``.
            progress: True: a line on standard error, if that is a terminal; or a
                callable (bytes done, bytes in all), called from another thread.

        Returns:
            A dict in the checkpoint's order, or the mapping's: arrays as
            ``ckpt[name]`` gives them, COPIES with ``copy`` or where they are cast,
            writable VIEWS and COPIES with "on-write", the arrays of ``out``.

        Raises:
            KeyError: A name or pattern that nothing in the checkpoint matches.
            UnsupportedError: A tensor that has no form in NumPy; the message says
                how to leave it out.
            CorruptionError, OSError, ValueError, TypeError: As ``read``; a dtype
                that is not floating; an array of another one than that.

        Warns:
            RuntimeWarning: ``dtype`` could not hold some numbers; how many.

        Threads: safe; releases the interpreter lock, without ``dtype`` once.
        """
        reader = self._reader
        loading.check_copy(copy, out)
        chosen = loading.choose(reader, names, out, drop, self._missing)
        count = self._count(threads)
        with watch(progress) as counter:
            if dtype is not None:
                with importing:
                    from fastckpt.reading import casts

                return casts.load(reader, *chosen, dtype, copy, out, count, counter)
            if out is not None:
                return loading.load_into(reader, *chosen, out, count, counter)
            return loading.load(reader, *chosen, copy, count, counter)

    # Checking.

    def verify(
        self, *, threads: int | None = None, progress: ProgressArgument = None
    ) -> VerifyReport:
        """Checks every block and every tensor against its checksum.

        Finds every problem and not just the first, whatever ``verify`` the
        checkpoint was opened with.

        Args:
            threads, progress: As in ``load``.

        Threads: safe; releases the interpreter lock once.
        """
        with importing:
            from fastckpt.reading.findings import verify_checkpoint

        return verify_checkpoint(self, self._count(threads), progress)

    def explain(self) -> Explanation:
        """Tells how bytes are read here, and why: file system, page cache, io mode,
        threads, views, memory. ``print()`` it."""
        with importing:
            from fastckpt.reading.explaining import explain_checkpoint

        return explain_checkpoint(self)

    # The object graph of TensorFlow 2.

    @property
    def objects(self) -> ObjectGraph:
        """The object graph of a checkpoint that TensorFlow 2 wrote; kept until
        ``close()``.

        Raises:
            KeyError: The checkpoint has none: it is name-based.
            CorruptionError: It is damaged.
        """
        return objects_of(self)

    # Its life.

    def close(self) -> None:
        """Closes the files. Views that were handed out stay valid."""
        self._reader = cast(_native.Reader, Closed(self.path))
        forget_objects(self)

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        options, store = self._options, self._remote and self._remote.store
        found = self.format, self._prefix, self._files
        return _reopen, (*found, options, self._reader.identity(), store)

    def _count(self, threads: int | None) -> int:
        return self._threads if threads is None else count_threads(threads)


def _absolute(path: str) -> str:
    # The folder that one works in may be gone.
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)


def _reopen(
    format: str,
    path: str,
    files: list[str],
    options: Options,
    identity: list[_Identity],
    store: Store | None = None,
) -> Checkpoint:
    """Opens a pickled checkpoint again, if it still is the same."""
    if store is not None:
        with importing:
            from fastckpt.reading.remote import look_again

        remote = look_again(store, files, identity)
        return Checkpoint(format, path, files, options, remote=remote)
    checkpoint = aside.open_again(
        path,
        lambda: aside.find_again(format, path, files, identity),
        lambda found: Checkpoint(format, path, found, Options(*options), identity[0]),
    )
    if checkpoint._reader.identity() != identity:
        raise aside.replaced(files[0])
    return checkpoint
