"""Files that were compressed, maybe those of one checkpoint, and how to unpack them."""

from __future__ import annotations

import os
import re

from fastckpt.files.find import list_folder
from fastckpt.files.foreign import find_kind
from fastckpt.files.shell import quote

__all__ = [
    "PACKED",
    "ZIP_END_BYTES",
    "choose_free",
    "ends_like_zip",
    "find_packed",
    "is_packed_tar",
    "is_whole_zip",
    "unpack",
    "unpack_pieces",
]

PACKED = {
    "gzip": ("gunzip", ".gz"),
    "bzip2": ("bunzip2", ".bz2"),
    "xz": ("unxz", ".xz"),
    "zstd": ("unzstd", ".zst"),
}
"""How to unpack the files of each kind, and how the names of such files end."""

_TAR_NAME = re.compile(r"(?s:.*)\.(?:tar\.\w+|tgz|tbz2?|txz|tzst)", re.IGNORECASE)
_PIECE = re.compile(
    r"(?s:(.*)\.(?:index|meta|data-[0-9]{5,}-of-[0-9]{5,}))\.(?:gz|bz2|xz|zst)"
)
# What stands at the end of a zip file, with a comment of 64 KiB at most after it.
_ZIP_END = b"PK\x05\x06"
ZIP_END_BYTES = 22 + 0xFFFF
# How many files one command names.
_MAX_PIECES = 20


def is_packed_tar(path: str) -> bool:
    """Tells whether a file that is compressed is named as a packed tar file is."""
    return _TAR_NAME.fullmatch(path) is not None


def unpack(kind: str, path: str) -> str:
    """Says how to unpack a file, and with it the others of its checkpoint."""
    tool, ending = PACKED[kind]
    part = _PIECE.fullmatch(path)
    if part is not None and (said := unpack_pieces(part[1])):
        return said
    target = path.removesuffix(ending)
    if target == path or os.path.lexists(target):
        target = choose_free(path)
    return f"unpack it first: {tool} -c < {quote(path)} > {quote(target)}"


def find_packed(folder: str) -> list[str]:
    """Gives the prefixes of the checkpoints in a folder whose index lies packed."""
    names = list_folder(folder)
    parts = (_PIECE.fullmatch(name) for name in names if ".index." in name)
    prefixes = sorted(os.path.join(folder, part[1]) for part in parts if part)
    return [prefix for prefix in prefixes if unpack_pieces(prefix)]


def unpack_pieces(prefix: str) -> str | None:
    """Says how to unpack the files of a checkpoint; None where none lies packed.

    Those count that are compressed by their first bytes, too, and whose place is free.
    """
    folder, base = os.path.split(prefix)
    commands: list[str] = []
    for name in list_folder(folder):
        part = _PIECE.fullmatch(name)
        path = os.path.join(folder, name)
        if part is None or part[1] != base:
            continue
        stem, ending = os.path.splitext(path)
        tool, own_ending = PACKED.get(find_kind(path) or "", ("", ""))
        if ending == own_ending and not os.path.lexists(stem):
            commands.append(f"{tool} -c < {quote(path)} > {quote(stem)}")
    if not commands:
        return None
    # The index last: it leads to the others.
    joined = " && ".join(sorted(commands)[:_MAX_PIECES])
    return f"the checkpoint's files are compressed, unpack them first: {joined}"


def is_whole_zip(path: str) -> bool:
    """Tells whether a zip file has the list of its members, which is at its end."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - ZIP_END_BYTES))
            return ends_like_zip(file.read())
    except OSError:
        return False


def ends_like_zip(end: bytes) -> bool:
    """Tells the same of a file's last bytes, `ZIP_END_BYTES` of them."""
    return _ZIP_END in end


def choose_free(path: str) -> str:
    """Gives a name to unpack a file to, under which nothing is."""
    folder, base = os.path.split(path)
    if not os.access(folder or ".", os.W_OK):
        folder = ""
    number, name = 1, os.path.join(folder, f"{base}-unpacked")
    while os.path.lexists(name):
        number += 1
        name = os.path.join(folder, f"{base}-unpacked-{number}")
    return name
