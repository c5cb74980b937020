"""``tensorflow.python.lib.io.file_io``: gfile by other names, and whole files at once.

Source: tensorflow/python/lib/io/file_io.py.
"""

from __future__ import annotations

from typing import Any

from fastckpt.base.deferred import importing
from fastckpt.compat.tensorflow.errors import OpError
from fastckpt.compat.tensorflow.gfile import (
    Copy,
    DeleteRecursively,
    Exists,
    FileStatistics,
    GFile,
    Glob,
    IsDirectory,
    ListDirectory,
    MakeDirs,
    MkDir,
    Remove,
    Rename,
    Stat,
    Walk,
    copy,
    exists,
    get_registered_schemes,
    glob,
    isdir,
    join,
    listdir,
    makedirs,
    mkdir,
    remove,
    rename,
    rmtree,
    stat,
    walk,
)

__all__ = [
    "FileIO",
    "FileStatistics",
    "atomic_write_string_to_file",
    "copy",
    "copy_v2",
    "create_dir",
    "create_dir_v2",
    "delete_file",
    "delete_file_v2",
    "delete_recursively",
    "delete_recursively_v2",
    "file_crc32",
    "file_exists",
    "file_exists_v2",
    "filecmp",
    "get_matching_files",
    "get_matching_files_v2",
    "get_registered_schemes",
    "has_atomic_move",
    "is_directory",
    "is_directory_v2",
    "join",
    "list_directory",
    "list_directory_v2",
    "read_file_to_string",
    "recursive_create_dir",
    "recursive_create_dir_v2",
    "rename",
    "rename_v2",
    "stat",
    "stat_v2",
    "walk",
    "walk_v2",
    "write_string_to_file",
]

FileIO = GFile
copy_v2, rename_v2, stat_v2, walk_v2 = copy, rename, stat, walk
copy, rename, stat, walk = Copy, Rename, Stat, Walk
create_dir, create_dir_v2 = MkDir, mkdir
delete_file, delete_file_v2 = Remove, remove
delete_recursively, delete_recursively_v2 = DeleteRecursively, rmtree
file_exists, file_exists_v2 = Exists, exists
get_matching_files, get_matching_files_v2 = Glob, glob
is_directory, is_directory_v2 = IsDirectory, isdir
list_directory, list_directory_v2 = ListDirectory, listdir
recursive_create_dir, recursive_create_dir_v2 = MakeDirs, makedirs

_BLOCK_BYTES = 16 << 20


def read_file_to_string(filename: Any, binary_mode: bool = False) -> Any:
    """Returns all that is in a file, as text or as bytes.

    Raises:
        NotFoundError: there is no such file.
    """
    with GFile(filename, "rb" if binary_mode else "r") as file:
        return file.read()


def write_string_to_file(filename: Any, file_content: str | bytes) -> None:
    """Writes a file anew.

    Raises:
        NotFoundError: there is no such folder.
    """
    with GFile(filename, "w") as file:
        file.write(file_content)


def atomic_write_string_to_file(
    filename: str, contents: str | bytes, overwrite: bool = True
) -> None:
    """Writes a file anew; whoever looks finds the old one or the new.

    Args:
        filename: its name.
        contents: what is to be in it.
        overwrite: whether it may be there already.

    Raises:
        AlreadyExistsError: it is there and `overwrite` is False.
    """
    with importing:
        import uuid

    beside = f"{filename}.tmp{uuid.uuid4().hex}"
    write_string_to_file(beside, contents)
    try:
        rename(beside, filename, overwrite=overwrite)
    except OpError:
        remove(beside)
        raise


def has_atomic_move(path: Any) -> bool:
    """Returns True: a local file changes its name at once."""
    return True


def filecmp(filename_a: Any, filename_b: Any) -> bool:
    """Tells whether two files have the same bytes.

    Raises:
        NotFoundError: one of them is not there.
    """
    with GFile(filename_a, "rb") as one, GFile(filename_b, "rb") as other:
        if one.size() != other.size():
            return False
        while block := one.read(_BLOCK_BYTES):
            if block != other.read(_BLOCK_BYTES):
                return False
        return not other.read(1)


def file_crc32(filename: Any, block_size: int = _BLOCK_BYTES) -> str:
    """Returns the CRC-32 (that of zip files) of a file, as a hexadecimal number.

    Args:
        filename: its name.
        block_size: how many bytes to read at a time; -1 for all at once.

    Raises:
        NotFoundError: it is not there.
    """
    with importing:
        import zlib

    checksum = 0
    with GFile(filename, "rb") as file:
        while block := file.read(block_size):
            checksum = zlib.crc32(block, checksum)
    return hex(checksum)
