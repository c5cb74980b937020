"""NumPy's archive of arrays, ``.npz``: a ZIP file with one ``.npy`` for each tensor.

Source: numpy/lib/format.py and numpy/lib/_npyio_impl.py (``savez``, ``NpzFile``).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from math import prod
from typing import IO, Any, TypeVar, cast

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from fastckpt.base.deferred import importing
from fastckpt.errors import CheckpointError, CorruptionError, UnsupportedError
from fastckpt.files.packed import ZIP_END_BYTES, ends_like_zip
from fastckpt.files.replace import write_beside
from fastckpt.formats.content import (
    Content,
    ContentFile,
    LocalContent,
    local_content,
    read_some,
)
from fastckpt.formats.lazy_tensors import ArrayInfo, LazyTensors
from fastckpt.formats.refusals import refuse, refuse_types
from fastckpt.reading.chunks import Chunked, bytes_of, chunked

__all__ = ["check", "read", "write"]

_Read = TypeVar("_Read")

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""ZIP's earliest date: the same tensors give the same bytes."""

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

# Arrays at least so large, of which the headers alone are fetched ...
_FAR = 64 << 10
# ... with so many bytes each beside the name: zipfile reads 4 KiB to give the first of
# them; of so many arrays at most.
_HEADER_BYTES = 5 << 10
_MOST_HEADERS = 1 << 12

# Of an OSError for bytes: none is what unpacks them, the other a place before a file.
_NOT_THE_SYSTEMS = (None, errno.EINVAL)
# What zipfile cannot read is encrypted, or packed in a way that it does not know.
_STORE_ANEW = "unpack it with what made it, and store its arrays with numpy.savez"

_LONGEST_NAME = 0xFFFF - len(".npy")
_UNSAFE = re.compile(r"\A/|(?:\A|/)\.\.(?:/|\Z)|\0|[\udc80-\udcff]")
"""Names that a ZIP file cannot hold, or that would lead out of a folder unpacked."""


def check(
    dtypes: Mapping[str, np.dtype[Any] | None],
    old_names: Mapping[str, str] | None = None,
) -> None:
    """Checks that ``.npz`` can hold tensors of these names and types.

    Args:
        dtypes: By name; None for what has no form in NumPy.
        old_names: What those who can leave them out call them, where it differs.

    Raises:
        ValueError: It cannot; the tensors are named.
    """
    names = [name for name in dtypes if not _is_safe(name)]
    refuse("npz", "such names", names, "rename them")
    # NumPy finds the array "x" under "x.npy" too, and takes it for the other.
    twice = [name for name in dtypes if f"{name}.npy" in dtypes]
    refuse("npz", "names that differ by '.npy' alone", twice, "rename them")
    refuse_types("npz", dtypes, lambda dtype: dtype.isbuiltin == 1, old_names)


def _is_safe(name: str) -> bool:
    return not _UNSAFE.search(name) and len(name.encode()) <= _LONGEST_NAME


def write(
    path: str, tensors: Mapping[str, NDArray[Any] | Chunked], *, fsync: bool = True
) -> None:
    """Writes tensors, one after the other; memory stays flat.

    Args:
        path: The file; one that exists is replaced when the new one is complete.
            Missing folders are made.
        tensors: Each is asked for once. A checkpoint is such a mapping.
        fsync: Whether the file is on the disk when the call returns.

    Raises:
        OSError: The file cannot be written.
    """
    with importing:
        import encodings.cp437  # noqa: F401  zipfile asks for it by name
        import zipfile

    with (
        write_beside(path, fsync) as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive,
    ):
        for name in tensors:
            member = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            with archive.open(member, "w", force_zip64=True) as file:
                _write_array(file, chunked(tensors[name]))


def _write_array(file: IO[bytes], array: Chunked) -> None:
    header = {
        "descr": np.lib.format.dtype_to_descr(array.dtype),
        "fortran_order": False,
        "shape": array.shape,
    }
    np.lib.format.write_array_header_1_0(file, header)
    for chunk in array.make():
        file.write(bytes_of(chunk))


@contextmanager
def read(path: str, content: Content | None = None) -> Iterator[LazyTensors]:
    """Opens a file for a block: a mapping whose arrays are read when asked for.

    Args:
        path: The file.
        content: Its bytes, where they do not lie here.

    Raises:
        CorruptionError: The file is no ``.npz``, or an array in it is damaged or
            made of pickled objects.
        OSError: The file cannot be read.
        UnsupportedError: It is encrypted, or packed in a way that is not read.
    """
    with nullcontext(content) if content else local_content(path) as found:
        archive = _Archive(found)
        with archive.opened():
            yield LazyTensors(
                found.path,
                "npz",
                archive.infos,
                archive.array,
                is_remote=content is not None,
            )


class _Archive:
    """An archive that is read."""

    infos: dict[str, ArrayInfo]

    def __init__(self, content: Content) -> None:
        self._content = content
        # Who reads it from elsewhere learns from this what went wrong.
        self._reader = ContentFile(content)
        self._file = cast(IO[bytes], self._reader)
        if isinstance(content, LocalContent):
            self._file = content.file

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Reads what is in it, and closes it in the end."""
        self._fetch_directory()
        self._archive = self._guarded(lambda: NpzFile(self._file, allow_pickle=False))
        size = self._content.size
        with self._archive:
            # By their whole names: archive["x.npy"] is the array "x", if there is one.
            self._members = self._guarded(lambda: _members(self._archive, size))
            self._fetch_headers()
            self.infos = self._read_infos()
            yield

    def array(self, name: str) -> NDArray[Any]:
        """Gives an array."""
        member, dtype = self._members[name], self.infos[name].dtype
        return self._guarded(lambda: _array(self._archive, member, dtype), name)

    def _fetch_directory(self) -> None:
        """Fetches the end, where most often all of it is, in one request."""
        if fetch := getattr(self._content, "fetch_ahead", None):
            start = max(0, self._content.size - ZIP_END_BYTES)
            fetch([(start, ZIP_END_BYTES)])

    def _fetch_headers(self) -> None:
        """Fetches the headers of large arrays at once, where they lie elsewhere."""
        fetch = getattr(self._content, "fetch_ahead", None)
        assert self._archive.zip is not None
        members = self._archive.zip.infolist()
        if fetch is None or self._content.size < len(members) * _FAR:
            return
        some = members[:_MOST_HEADERS]
        fetch([(it.header_offset, _HEADER_BYTES + len(it.filename)) for it in some])

    def _read_infos(self) -> dict[str, ArrayInfo]:
        """Reads what the members' headers say."""
        assert self._archive.zip is not None
        begin = {it.filename: it.header_offset for it in self._archive.zip.infolist()}
        infos = {}
        # As they lie in the file, which costs least where that is elsewhere.
        for name in sorted(self._members, key=lambda it: begin[self._members[it]]):
            read_one = partial(_info_of, self._archive, name, self._members[name])
            infos[name] = self._guarded(read_one, name)
        return {name: infos[name] for name in self._members}

    def _guarded(
        self, read_some: Callable[[], _Read], tensor: str | None = None
    ) -> _Read:
        with importing:
            import encodings.cp437  # noqa: F401  zipfile asks for it by name
            import zipfile  # noqa: F401  NumPy asks for it

        self._reader.error = None
        try:
            return read_some()
        except (MemoryError, ImportError, Warning):  # no matter what is in the file
            raise
        except Exception as error:  # zipfile, what unpacks and NumPy have many
            if self._reader.error is not None:  # which zipfile takes for damage
                raise self._reader.error from None
            if isinstance(error, OSError) and error.errno not in _NOT_THE_SYSTEMS:
                raise
            raise self._tell(error, tensor) from error

    def _tell(self, error: Exception, tensor: str | None) -> CheckpointError:
        path = self._content.path
        of = "" if tensor is None or f"'{tensor}" in str(error) else f"{tensor!r}: "
        if isinstance(error, RuntimeError) and not isinstance(error, RecursionError):
            message = f"{path}: {of}{error}; {_STORE_ANEW}"
            return UnsupportedError(message, path=path, tensor=tensor)
        start = max(0, self._content.size - ZIP_END_BYTES)
        is_whole = ends_like_zip(read_some(self._content, start, ZIP_END_BYTES))
        again = f"; the file is {'damaged' if is_whole else 'cut'}, copy it again"
        if is_whole and isinstance(error, ValueError):  # it may have been made so
            again = ""
        message = f"{path}: no sound .npz file: {of}{error}{again}"
        return CorruptionError(message, path=path, tensor=tensor)


def _members(archive: NpzFile, size: int) -> dict[str, str]:
    """Gives the members by the names of their arrays."""
    assert archive.zip is not None
    members: dict[str, str] = {}
    for info in archive.zip.infolist():
        member, begin = info.filename, info.header_offset
        if not 0 <= begin < size:
            raise ValueError(f"{member!r} would begin at byte {begin:,} of {size:,}")
        name = member.removesuffix(".npy")
        if name in members:
            raise ValueError(f"it has two arrays {name!r}")
        members[name] = member
    return members


def _info_of(archive: NpzFile, name: str, member: str) -> ArrayInfo:
    assert archive.zip is not None
    with archive.zip.open(member) as file:
        return _info(name, member, archive.zip.getinfo(member).file_size, file)


def _info(name: str, member: str, held: int, file: IO[bytes]) -> ArrayInfo:
    magic = file.read(np.lib.format.MAGIC_LEN)
    if not magic.startswith(np.lib.format.MAGIC_PREFIX):
        raise ValueError(f"{member!r} in it is no array")
    version = magic[-2], magic[-1]
    read_header = _HEADERS.get(version)
    if read_header is None:  # of names beyond Latin-1, in structures alone
        raise ValueError(f"{member!r} in it is of version {version} of .npy")
    try:
        shape, _, dtype = read_header(file)
    except MemoryError:  # Python's parser says so of a few thousand parentheses
        raise ValueError(f"{member!r} in it has a header that is nested") from None
    size, end = dtype.itemsize * prod(shape), file.tell()
    if not dtype.hasobject and end + size > held:
        raise ValueError(
            f"{member!r} in it has {held:,} bytes, and an array of shape {shape} "
            f"and {dtype} needs {end + size:,}"
        )
    if dtype.byteorder == ">":
        dtype = dtype.newbyteorder("=")
    return ArrayInfo(name, dtype, shape)


def _array(archive: NpzFile, member: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.hasobject:
        raise ValueError(
            f"{member!r} in it is of pickled objects, which are not read: to load them "
            "is to run what is in them"
        )
    array: NDArray[Any] = archive[member]
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("="))
    return array
