"""The commands that bring back what a save that did not finish has left.

No command writes over a file that is there, moves one or deletes one: what is brought
back is a copy under a name that is free.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator

from fastckpt.checking.leftovers import Part, UnfinishedSave, list_unfinished
from fastckpt.files.find import list_folder
from fastckpt.files.shell import quote

__all__ = ["advise_recovery", "choose_beside", "choose_free"]


def advise_recovery(save: UnfinishedSave, taken: set[str]) -> tuple[str, list[str]]:
    """Says how to have a complete save back, and gives the commands.

    Args:
        save: What is left of it.
        taken: The names that others were given; this one's is added. Of two with
            one name ``cp -n`` passes over the second, and the first is verified.
    """
    target, commands = _recover(save, taken)
    taken.add(target)
    advice = (
        f"these commands copy it to the name {target!r}, which is free, and change "
        "nothing else; run them when nothing saves here any more"
    )
    return advice, commands


def _recover(save: UnfinishedSave, taken: set[str]) -> tuple[str, list[str]]:
    """Gives a free name, and the commands that make the checkpoint there."""
    if save.kind == "_temp":
        target = _choose(save.prefix, taken, free=_is_free(save.prefix))
        return target, [*_merge(save, target), _run("verify", target)]
    (part,) = save.parts
    if _is_v1(part):
        # A file of the plain name would outdo a checkpoint that a save set aside.
        free = _is_free(save.prefix, but={part.index})
        target = _choose(save.prefix, taken, free=free)
        return target, [_copy(part.index, target), _run("verify", target)]
    target = _choose(save.prefix, taken, free=_fits(save, part))
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
    names = [name for name in names if name != f"{base}.fastckpt-lock"]
    beginnings = (f"{base}.index", f"{base}.data-", f"{base}.fastckpt-")
    taken = [name for name in names if name == base or name.startswith(beginnings)]
    return all(".tempstate" in name for name in taken)


def _choose(prefix: str, taken: set[str], *, free: bool) -> str:
    if free and prefix not in taken:
        return prefix
    return choose_free(prefix, "recovered", taken)


def choose_free(prefix: str, what: str, taken: Container[str] = ()) -> str:
    """Gives a name after a checkpoint's under which nothing is, nor will be."""
    folder = os.path.dirname(prefix)
    left = set(map(os.path.basename, list_unfinished(folder)))
    number, name = 1, f"{prefix}-{what}"
    while name in taken or os.path.basename(name) in left or not _is_free(name):
        number += 1
        name = f"{prefix}-{what}-{number}"
    return name


def choose_beside(prefix: str, what: str) -> str:
    """Gives a name in a folder that is called so: there it is no folder's newest."""
    folder, base = os.path.split(prefix)
    own = os.path.join(folder, what)
    if not os.path.lexists(own):
        return os.path.join(own, base)
    if not os.path.isdir(own):
        return choose_free(prefix, what)
    name = os.path.join(own, base)
    left = set(map(os.path.basename, list_unfinished(own)))
    return name if base not in left and _is_free(name) else choose_free(name, what)


def _is_same(path: str, other: str) -> bool:
    return os.path.abspath(path) == os.path.abspath(other)


def _copy(path: str, to: str) -> str:
    return f"cp -n -- {quote(path)} {quote(to)}"


def _run(command: str, *arguments: str) -> str:
    quoted = [a if a.startswith("--") else quote(a) for a in arguments]
    return " ".join(["fastckpt", command, *quoted])
