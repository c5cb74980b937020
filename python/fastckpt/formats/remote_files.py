"""Files of other formats behind URLs: what they are, and their bytes."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any, NamedTuple

from fastckpt.files.foreign import kind_of_bytes, may_be_table
from fastckpt.files.identities import Seen
from fastckpt.files.remote import Store
from fastckpt.files.remote_content import RemoteContent
from fastckpt.files.remote_errors import error_of
from fastckpt.files.remote_looks import ABSENT
from fastckpt.formats.content import read_some
from fastckpt.formats.endings import FILE_FORMATS, find_file_format

__all__ = ["RemoteFile", "find_remote_file"]

# As much as tells what a file is.
_BEGIN_BYTES = 1024


class RemoteFile(NamedTuple):
    """A file of one of the other formats.

    Attributes:
        kind: The format.
        content: Its bytes.
    """

    kind: str
    content: RemoteContent


def find_remote_file(
    url: str, options: Mapping[str, Any] | None, is_named: bool
) -> RemoteFile | None:
    """Finds the file of another format that a URL names, as it is done with paths.

    Args:
        url: The URL.
        options: What its file system is made with.
        is_named: Whether it is asked for only where the name's ending tells such a
            format; whatever else it may be costs no request then.

    Returns:
        None where it is none: no object, a checkpoint's name, or an object that is
        something else; who opens a checkpoint of that name learns what it is.

    Raises:
        OSError: What is there cannot be read.
    """
    store = Store(url, options)
    named = find_file_format(store.name)
    if is_named and named is None:
        return None
    index, seen = store.look_at([f"{store.name}.index", store.name])
    if isinstance(index, Seen):
        if index.is_file:
            return None
    elif index[0] not in (*ABSENT, errno.EACCES):  # it may be there, and comes first
        raise error_of(index)
    if not isinstance(seen, Seen) or not seen.is_file:
        return None
    content = RemoteContent(store, store.name, seen)
    begin = read_some(content, 0, _BEGIN_BYTES)
    kind = kind_of_bytes(begin)
    if kind in FILE_FORMATS:
        return RemoteFile(kind, content)
    is_empty_archive = kind == "zip" and named == "npz"
    if named is None or (kind is not None and not is_empty_archive) or not begin:
        return None
    end = read_some(content, max(0, content.size - 8), 8)
    return None if may_be_table(begin, end) else RemoteFile(named, content)
