"""What to say of a save that did not finish, and the commands that bring it back.

No command writes over a file that is there, moves one or deletes one: what is brought
back is a copy under a name that is free.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

import fastckpt
from fastckpt.cli._examination import Finding
from fastckpt.cli._text import format_count
from fastckpt.fileset import list_folder
from fastckpt.leftovers import Part, UnfinishedSave

__all__ = ["choose_free", "describe_unfinished", "quote"]

_UNFINISHED = "left by a save that did not finish, or is running now"
_NO_PARTS = "no part of a checkpoint that can be opened is in it"
_NO_INDEX = "without an index it cannot be told what is in it"
_SET_ASIDE = "set aside by a save that replaced it"


def describe_unfinished(save: UnfinishedSave) -> Finding:
    """Says what is left of a save, how complete it is, and how to have it back."""
    path = save.files[0]
    more = f" and {len(save.files) - 1} more" if len(save.files) > 1 else ""
    what = f"{path}{more}: {_SET_ASIDE if save.kind == '.old' else _UNFINISHED}"
    if not save.parts:
        is_folder = save.kind == "_temp"
        what += f"; {_NO_PARTS if is_folder else _NO_INDEX}"
        return Finding(what, _keep(save), path)
    tensors = sum(part.tensors for part in save.parts)
    if not save.is_complete:
        what += f"; {_describe_lack(save, tensors)}"
        return Finding(what, _keep(save), path)
    if _is_merged(save):
        what += f"; all of it is in the checkpoint {save.prefix!r} already"
        return Finding(what, "", path)
    what += (
        f"; it is complete: {format_count(tensors, 'tensor')}, all of them sound, of "
        f"the checkpoint {save.prefix!r}"
    )
    target, commands = _recover(save)
    advice = (
        f"these commands copy it to the name {target!r}, which is free, and change "
        "nothing else; run them when nothing saves here any more"
    )
    return Finding(what, advice, path, commands=commands)


def _is_merged(save: UnfinishedSave) -> bool:
    """Tells whether a save in shards is there, and only its parts' indexes stayed."""
    data = [path for part in save.parts for path in part.data.values()]
    if save.kind != "_temp" or not all(_is_file_of(save.prefix, path) for path in data):
        return False
    try:
        with fastckpt.open(f"{save.prefix}.index") as whole:
            sizes = sum(part.tensors for part in save.parts), len(whole)
            return sizes[0] == sizes[1] and whole.verify().ok
    except (fastckpt.CheckpointError, OSError):
        return False


def _is_file_of(prefix: str, path: str) -> bool:
    return path.startswith(f"{prefix}.data-")


def _keep(save: UnfinishedSave) -> str:
    if save.kind == ".old":
        return "keep it until another checkpoint is verified to have what you need"
    return (
        "keep it while a save may be running, and until another checkpoint is verified "
        "to have what you need"
    )


def _describe_lack(save: UnfinishedSave, tensors: int) -> str:
    sound = sum(part.sound for part in save.parts)
    parts = f"{len(save.parts)} of {save.count} parts are there, and " * (
        save.count > 1
    )
    bad = next((part.problem for part in save.parts if part.problem), None)
    reason = f" ({bad})" if bad else ""
    return f"{parts}{sound:,} of {tensors:,} tensors in it are sound{reason}"


def _recover(save: UnfinishedSave) -> tuple[str, list[str]]:
    """Gives a free name, and the commands that make the checkpoint there."""
    if save.kind == "_temp":
        target = _choose(save.prefix, free=_is_free(save.prefix))
        return target, [*_merge(save, target), _run("verify", target)]
    (part,) = save.parts
    if _is_v1(part):
        target = _choose(save.prefix, free=not os.path.lexists(save.prefix))
        return target, [_copy(part.index, target), _run("verify", target)]
    target = _choose(save.prefix, free=_fits(save, part))
    return target, [*_copy_part(part, target), _run("verify", target)]


def _is_v1(part: Part) -> bool:
    return not part.data and not _names_index(part.index)


def _names_index(path: str) -> bool:
    return ".index." in os.path.basename(path) or path.endswith(".index")


def _merge(save: UnfinishedSave, target: str) -> Iterator[str]:
    """Merges the parts where they are, or copies if some have moved or lack a name."""
    names = [part.name for part in save.parts]
    if all(map(_is_in_place, save.parts)):
        yield _run("merge", *names, "--to", target)
        return
    folder = choose_free(target, "parts")
    yield f"mkdir -- {quote(folder)}"
    copies = [os.path.join(folder, os.path.basename(name)) for name in names]
    for part, copy in zip(save.parts, copies, strict=True):
        yield from _copy_part(part, copy)
    yield _run("merge", *copies, "--to", target)


def _is_in_place(part: Part) -> bool:
    wanted = {part.name + ending: path for ending, path in part.data.items()}
    wanted[f"{part.name}.index"] = part.index
    return all(map(_is_same, wanted, wanted.values()))


def _copy_part(part: Part, target: str) -> Iterator[str]:
    """Copies the data files first, so that the index never leads to nothing."""
    for ending, path in part.data.items():
        if not _is_same(path, target + ending):
            yield _copy(path, target + ending)
    yield _copy(part.index, f"{target}.index")


def _fits(save: UnfinishedSave, part: Part) -> bool:
    """Tells whether the own name is free, but for data files that have theirs."""
    own = {part.index, *part.data.values()}
    wanted = {part.name + ending: path for ending, path in part.data.items()}
    return _is_free(save.prefix, but=own) and all(
        _is_same(name, path) or not os.path.lexists(name)
        for name, path in wanted.items()
    )


def _is_free(prefix: str, but: set[str] | frozenset[str] = frozenset()) -> bool:
    """Tells whether no file of a checkpoint has this name, or had it before a save."""
    folder, base = os.path.split(prefix)
    names = [n for n in list_folder(folder) if os.path.join(folder, n) not in but]
    beginnings = (f"{base}.index", f"{base}.data-", f"{base}.fastckpt-")
    taken = [name for name in names if name == base or name.startswith(beginnings)]
    return all(".tempstate" in name for name in taken)


def _choose(prefix: str, *, free: bool) -> str:
    return prefix if free else choose_free(prefix, "recovered")


def choose_free(prefix: str, what: str) -> str:
    """Gives a name after a checkpoint's under which nothing is."""
    number, name = 1, f"{prefix}-{what}"
    while not _is_free(name):
        number += 1
        name = f"{prefix}-{what}-{number}"
    return name


def _is_same(path: str, other: str) -> bool:
    return os.path.abspath(path) == os.path.abspath(other)


def _copy(path: str, to: str) -> str:
    return f"cp -n -- {quote(path)} {quote(to)}"


def _run(command: str, *arguments: str) -> str:
    quoted = [a if a.startswith("--") else quote(a) for a in arguments]
    return " ".join(["fastckpt", command, *quoted])


def quote(path: str) -> str:
    """Gives a path as a word for a shell, which no command takes for an option."""
    if path.startswith("-"):
        path = f"./{path}"
    if path.isprintable():
        return shlex.quote(path)
    escaped = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b"'\\" else f"\\x{byte:02x}"
        for byte in os.fsencode(path)
    )
    return f"$'{escaped}'"
