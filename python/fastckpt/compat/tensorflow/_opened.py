"""The checkpoints that were opened last, kept for the next call that names them.

Converters call ``load_variable`` once for each of hundreds of names. Opening reads
and checks the whole index, so the last few checkpoints stay open. One is given out
again only while its files are the ones that were opened: the same inode, size and
times, looked at each time; what others name is looked at now and then, and let go of
when it was removed. Files that changed a moment before they were opened are
not kept, because a change right after could leave the same times.

Threads and fork: safe, without a lock. The list is never changed, only replaced.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable
from typing import NamedTuple

import fastckpt.compat.tensorflow._translate as _translate
from fastckpt.compat.tensorflow.errors import UnimplementedError
from fastckpt.errors import CorruptionError
from fastckpt.files import find as fileset
from fastckpt.files import resolve as paths
from fastckpt.files.aside import open_where_found
from fastckpt.files.patterns import is_pattern
from fastckpt.files.shard_names import v1_stem
from fastckpt.files.urls import UrlError, public_name
from fastckpt.reading.checkpoint import Checkpoint, open, open_found

_MAX_KEPT = 8
# Longer than the tick of any clock that files get their times from: 10 ms at 100 Hz,
# and 2 s on file systems that keep whole seconds.
_TICK_NS = 20_000_000
_COARSE_TICK_NS = 2_500_000_000
_SECOND_NS = 1_000_000_000

# How long the files of what others read are not looked at, in seconds.
_PATIENCE = 1.0

_Identity = tuple[int, int, int, int, int]


class _Kept(NamedTuple):
    prefix: str
    files: tuple[str, ...]
    identities: tuple[_Identity | None, ...]
    checkpoint: Checkpoint


_kept: tuple[_Kept, ...] = ()
# When the files of all were last looked at.
_looked = 0.0


def opened(prefix: str) -> Checkpoint:
    """Returns the checkpoint of a name, opened now or not long ago.

    Args:
        prefix: A prefix, a V1 file or the pattern of V1 shards; taken literally, one
            shard too.

    Raises:
        OpError: TensorFlow's error for what is wrong.
    """
    global _kept
    path = os.path.join(os.getcwd(), prefix) if prefix else ""
    for entry in _kept:
        if entry.prefix == path and entry.identities == _identities(entry.files):
            _look_at_others()
            return entry.checkpoint
    _drop_gone()
    with _translate.opening(prefix):
        entry, is_settled = _open(path)
    others = tuple(kept for kept in _kept if kept.prefix != path)
    _kept = ((entry, *others) if is_settled else others)[:_MAX_KEPT]
    return entry.checkpoint


def opened_url(url: str) -> Checkpoint:
    """Returns the checkpoint of a URL, opened now.

    Raises:
        OpError: TensorFlow's error for what is wrong.
        ImportError: What reads such a URL is not installed.
    """
    with _translate.opening(public_name(url)):
        try:
            return open(url)
        except UrlError as error:
            raise UnimplementedError(None, None, str(error)) from error


def _drop_gone() -> None:
    """Lets go of those whose files were removed or replaced: they hold disk space."""
    global _kept, _looked
    _looked = time.monotonic()
    kept = tuple(it for it in _kept if it.identities == _identities(it.files))
    if len(kept) < len(_kept):
        _kept = kept


def _look_at_others() -> None:
    """The same now and then, for who reads one checkpoint for long."""
    if time.monotonic() - _looked > _PATIENCE:
        _drop_gone()


def _open(path: str) -> tuple[_Kept, bool]:
    return open_where_found(lambda: _find(path), lambda found: _open_now(path, found))


def _open_now(path: str, found: fileset.Resolved) -> tuple[_Kept, bool]:
    now = time.time_ns()
    # An index that appears beside a V1 file would come first.
    files = (path + ".index", *found.files, *fileset.data_files(found.prefix))
    identities = _identities(files)
    entry = _Kept(path, files, identities, open_found(found))
    is_settled = all(_is_settled(identity, now) for identity in identities)
    return entry, is_settled and not _may_grow(path, found)


def _may_grow(path: str, found: fileset.Resolved) -> bool:
    """Tells whether one more file may fit, which would be no change of these."""
    is_set = found.format == "v1" and found.files != [path]
    return is_set and is_pattern(path) and v1_stem(path) == path


def _find(path: str) -> fileset.Resolved:
    """Finds the checkpoint of exactly this name, as TensorFlow does."""
    try:
        found = fileset.find(path)
    except CorruptionError as error:
        whole = paths.resolve(path)
        if path.endswith(".index"):
            return whole
        raise CorruptionError(
            f"{error}; it belongs to the checkpoint {whole.prefix!r}: give that name",
            path=path,
        ) from error
    if found is None and os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "Is a directory", path)
    # Where nothing has the name, this says what lies there instead.
    return found or paths.resolve(path)


def _identities(files: Iterable[str]) -> tuple[_Identity | None, ...]:
    return tuple(map(_identity, files))


def _identity(path: str) -> _Identity | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    times = (found.st_mtime_ns, found.st_ctime_ns)
    return found.st_dev, found.st_ino, found.st_size, *times


def _is_settled(identity: _Identity | None, now: int) -> bool:
    if identity is None:
        return True
    changed = identity[-1]
    tick = _TICK_NS if changed % _SECOND_NS else _COARSE_TICK_NS
    return now - changed > tick
