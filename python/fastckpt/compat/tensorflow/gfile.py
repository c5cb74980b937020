"""TensorFlow's file functions on local files: ``tf.io.gfile`` and ``tf.gfile``.

Both spellings are here: ``exists`` is ``Exists``, where arguments have the names
that TensorFlow 1 gave them. What the operating system
refuses raises a class of `tf.errors`, as there.

Source: tensorflow/python/lib/io/file_io.py.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, NoReturn

from fastckpt.base.deferred import importing
from fastckpt.compat.tensorflow._gfile_object import GFile
from fastckpt.compat.tensorflow._os_errors import tensorflow_errors
from fastckpt.compat.tensorflow._out_of_reach import out_of_reach
from fastckpt.compat.tensorflow._paths import local_path, text_of
from fastckpt.compat.tensorflow.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
)
from fastckpt.files.patterns import matching_paths

__all__ = [
    "Copy",
    "DeleteRecursively",
    "Exists",
    "FastGFile",
    "FileStatistics",
    "GFile",
    "Glob",
    "IsDirectory",
    "ListDirectory",
    "MakeDirs",
    "MkDir",
    "Open",
    "Remove",
    "Rename",
    "Stat",
    "Walk",
    "copy",
    "exists",
    "get_registered_schemes",
    "glob",
    "isdir",
    "join",
    "listdir",
    "makedirs",
    "mkdir",
    "remove",
    "rename",
    "rmtree",
    "stat",
    "walk",
]


class FileStatistics(NamedTuple):
    """What `stat` tells of a file.

    Attributes:
        length: The size in bytes.
        mtime_nsec: When it was last changed, in nanoseconds since the epoch.
        is_directory: Whether it is a folder.
    """

    length: int
    mtime_nsec: int
    is_directory: bool


def exists(path: Any) -> bool:
    """Tells whether a file or folder is there."""
    return os.path.exists(local_path(path))


def isdir(path: Any) -> bool:
    """Tells whether a folder is there; False also for what cannot be looked at."""
    try:
        return os.path.isdir(local_path(path))
    except OpError:
        return False


def listdir(path: Any) -> list[str]:
    """Returns the names in a folder.

    Raises:
        NotFoundError: there is no such folder.
    """
    if not isdir(path):
        raise NotFoundError(None, None, f"Could not find directory {path}")
    with tensorflow_errors():
        return os.listdir(local_path(path))


def glob(pattern: str | Iterable[str]) -> list[str]:
    """Returns the paths that match a pattern, or one of several.

    Args:
        pattern: with ``*``, ``?`` and ``[...]``, none of which matches ``/``.
    """
    patterns = [pattern] if isinstance(pattern, str) else pattern
    return [path for each in patterns for path in matching_paths(local_path(each))]


def stat(path: Any) -> FileStatistics:
    """Returns size, time and kind of a file.

    Raises:
        NotFoundError: it is not there.
    """
    with tensorflow_errors():
        found = os.stat(local_path(path))
    is_directory = os.path.isdir(local_path(path))
    return FileStatistics(found.st_size, found.st_mtime_ns, is_directory)


def mkdir(path: Any) -> None:
    """Makes a folder; one that is there already is left as it is.

    No name at all is the folder one is in, as above a file that is named alone.

    Raises:
        NotFoundError: the folder above it is not there.
    """
    local = local_path(path)
    with tensorflow_errors():
        if local and not os.path.isdir(local):
            os.mkdir(local)


def makedirs(path: Any) -> None:
    """Makes a folder and those above it; what is there already stays.

    No name at all is the folder one is in, as above a file that is named alone.

    Raises:
        FailedPreconditionError: a file stands where a folder should.
    """
    local = local_path(path)
    if os.path.exists(local) and not os.path.isdir(local):
        raise FailedPreconditionError(None, None, f"{local} is not a directory")
    with tensorflow_errors():
        if local:
            os.makedirs(local, exist_ok=True)


def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copies a file.

    Raises:
        AlreadyExistsError: `dst` is there and `overwrite` is False.
        NotFoundError: `src` is not there.
        InvalidArgumentError: `src` is a folder.
    """
    source, target = local_path(src), local_path(dst)
    if not overwrite:
        _refuse_existing(target)
    if os.path.isdir(source):
        raise InvalidArgumentError(None, None, f"{source}; Is a directory")
    with importing:
        import shutil

    with tensorflow_errors():
        shutil.copyfile(source, target)


def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Renames or moves a file or folder within a file system.

    Raises:
        AlreadyExistsError: `dst` is there and `overwrite` is False.
        NotFoundError: `src` is not there.
    """
    if not overwrite:
        _refuse_existing(local_path(dst))
    with tensorflow_errors():
        os.replace(local_path(src), local_path(dst))


def remove(path: Any) -> None:
    """Deletes a file.

    Raises:
        NotFoundError: it is not there.
        FailedPreconditionError: it is a folder.
    """
    with tensorflow_errors():
        os.unlink(local_path(path))


def rmtree(path: Any) -> None:
    """Deletes a folder with all that is in it, or a file.

    Raises:
        NotFoundError: it is not there.
    """
    with importing:
        import shutil

    local = local_path(path)
    with tensorflow_errors():
        if os.path.isdir(local) and not os.path.islink(local):
            shutil.rmtree(local)
        else:
            os.unlink(local)


def walk(
    top: Any, topdown: bool = True, onerror: Callable[[OpError], object] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Goes through a folder and those below it.

    Args:
        top: the folder.
        topdown: whether a folder comes before those below it.
        onerror: is called with the error of a folder that cannot be listed.

    Yields:
        The path of a folder, the names of the folders in it, of its files.
    """
    folder = text_of(os.fspath(top))
    try:
        names = listdir(folder)
    except OpError as error:
        if onerror is not None:
            onerror(error)
        return
    below = [name for name in names if isdir(join(folder, name))]
    here = (folder, below, [name for name in names if name not in set(below)])
    if topdown:
        yield here
    for name in below:
        yield from walk(join(folder, name), topdown, onerror)
    if not topdown:
        yield here


def join(path: Any, *paths: Any) -> Any:
    """Joins parts of a path."""
    return os.path.join(path, *paths)


def get_registered_schemes() -> list[str]:
    """Returns the schemes of paths that are understood."""
    return ["", "file"]


def _refuse_existing(path: str) -> None:
    if os.path.lexists(path):
        raise AlreadyExistsError(
            None, None, f"{path} already exists; overwrite=True replaces it"
        )


def _older(function: Callable[..., Any], **names: str) -> Callable[..., Any]:
    """Gives a function whose arguments also have the names of TensorFlow 1."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{names.get(k, k): v for k, v in kwargs.items()})

    return call


# The names of TensorFlow 1.
Open = FastGFile = GFile
Exists, Remove, Stat = (_older(f, filename="path") for f in (exists, remove, stat))
IsDirectory, ListDirectory = (_older(f, dirname="path") for f in (isdir, listdir))
MakeDirs, MkDir = (_older(f, dirname="path") for f in (makedirs, mkdir))
DeleteRecursively = _older(rmtree, dirname="path")
Glob = _older(glob, filename="pattern")
Copy = _older(copy, oldpath="src", newpath="dst")
Rename = _older(rename, oldname="src", newname="dst")
Walk = _older(walk, in_order="topdown")


def __getattr__(name: str) -> NoReturn:
    raise out_of_reach("tf.io.gfile", name)
