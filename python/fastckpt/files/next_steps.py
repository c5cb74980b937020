"""What to do with a file or folder that is none of ours: words, a command to copy.

A command writes under names alone that were free, deletes nothing, and runs nothing
that a file holds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from fastckpt.errors import CorruptionError
from fastckpt.files.find import is_file, list_folder
from fastckpt.files.foreign import WORDS, find_kind, looks_like_table
from fastckpt.files.foreign_folders import FOLDERS, find_folder_kind, find_orbax_items
from fastckpt.files.packed import (
    PACKED,
    choose_free,
    is_packed_tar,
    is_whole_zip,
    unpack,
)
from fastckpt.files.scripts import LIBRARIES, make_script
from fastckpt.files.shell import quote

__all__ = ["Foreign", "find_foreign", "find_foreign_folder", "refusal_of"]


class Foreign(NamedTuple):
    """What a file or folder is.

    Attributes:
        kind: A key of the words.
        what: What it is called.
        advice: What to do with it.
    """

    kind: str
    what: str
    advice: str


def find_foreign(path: str) -> Foreign | None:
    """Tells what a file is that is none of ours, and what to do; None of others."""
    kind = find_kind(path)
    if kind is None:
        return None
    if kind in PACKED and is_packed_tar(path):
        kind = "packed tar"
    return Foreign(kind, WORDS[kind], _advise(kind, path))


def find_foreign_folder(folder: str) -> Foreign | None:
    """Tells it of a folder in which no checkpoint of ours is."""
    kind = find_folder_kind(folder)
    if kind is None:
        return None
    return Foreign(kind, FOLDERS[kind], _advise(kind, folder))


def refusal_of(
    error: CorruptionError, path: str, what: str = "checkpoint"
) -> CorruptionError:
    """Gives the error for a file that was to be something and is known as another.

    Args:
        error: What was said about it; given back where the file is not known.
        path: The file.
        what: What it was to be.
    """
    if looks_like_table(path):
        return error
    found = find_foreign(path)
    if found is None:
        return error
    message = f"{path}: no {what}, but {found.what}; {found.advice}"
    return CorruptionError(message, path=path)


def _advise(kind: str, path: str) -> str:
    if kind in _ZIPS and not is_whole_zip(path):
        return _CUT_ZIP
    if kind in PACKED:
        return unpack(kind, path)
    if kind in _ADVICE:
        return _ADVICE[kind](path)
    if kind in LIBRARIES:
        return _save_by_script(kind, path)
    return _WORDS[kind]


def _untar(path: str) -> str:
    folder = quote(choose_free(path))
    return f"unpack it first: mkdir -- {folder} && tar -xf {quote(path)} -C {folder}"


def _unzip(path: str) -> str:
    folder = quote(choose_free(path))
    return f"unpack it first: python3 -I -m zipfile -e {quote(path)} {folder}"


def _unzip_keras(path: str) -> str:
    return f"its weights are the HDF5 file model.weights.h5 in it; {_unzip(path)}"


def _convert(path: str) -> str:
    command = f"fastckpt convert {quote(path)} {quote(_choose_target(path))}"
    return f"ls, show and diff read it as it is; this makes a checkpoint: {command}"


def _save_by_script(kind: str, path: str, named: str | None = None) -> str:
    command = make_script(kind, path, _choose_target(named or path))
    return f"this makes a checkpoint of it, where {LIBRARIES[kind]} is there: {command}"


def _save_orbax(path: str) -> str:
    items = find_orbax_items(path)
    if not items:
        return "Orbax (or TensorStore) reads it; save its arrays from there"
    if len(items) > 1 and items[0] != path:
        listed = ", ".join(map(repr, items[:5]))
        return f"it holds several trees: {listed}; name one of them"
    # Nothing is written into the folder of a step, which holds the tree.
    step = os.path.dirname(path.rstrip("/"))
    is_part = step and find_folder_kind(step) == "orbax"
    return _save_by_script("orbax", items[0], step if is_part else path)


def _pull(path: str) -> str:
    folder = os.path.dirname(os.path.abspath(path))
    while folder != os.path.dirname(folder):
        if os.path.lexists(os.path.join(folder, ".git")):
            here = quote(os.path.dirname(path) or ".")
            return f"fetch what it stands for: git -C {here} lfs pull"
        folder = os.path.dirname(folder)
    return (
        "download the file itself from where this came from: it is not in what was "
        "copied, and no repository of Git is here to fetch it with"
    )


def _show_graph(path: str) -> str:
    return f"this shows it: fastckpt graph {quote(path)}"


def _show_saved_model(path: str) -> str:
    folder = os.path.dirname(path) or "."
    if is_file(os.path.join(folder, "variables", "variables.index")):
        return f"its checkpoint is there, too: fastckpt ls {quote(folder)}"
    return _show_graph(path)


_ARRAYS = "save its arrays from there: fastckpt.save(PREFIX, {name: array})"
_AGAIN = "the download went wrong: open it in a browser to see why, and fetch the file"

_ZIPS = ("npz", "zip", "keras", "torch", "torchscript")
_CUT_ZIP = (
    "it is cut: the list of a zip file's members is at its end, and is not there; copy "
    "it again, to another place"
)

_ADVICE: dict[str, Callable[[str], str]] = {
    "tar": _untar,
    "packed tar": _untar,
    "zip": _unzip,
    "keras": _unzip_keras,
    "npz": _convert,
    "safetensors": _convert,
    "orbax": _save_orbax,
    "pointer": _pull,
    "text graph": _show_graph,
    "graph": _show_graph,
    "meta graph": _show_graph,
    "saved model": _show_saved_model,
    "graph folder": _show_graph,
}
_WORDS = {
    "pickle": "to load a pickle is to run what is in it: load it where you trust it, "
    f"with what wrote it, and {_ARRAYS}",
    "torch folder": "to load its .metadata is to run what is in it: load it where you "
    f"trust it, with torch.distributed.checkpoint, and {_ARRAYS}",
    "torchscript": "to run it is to run what is in it: load it where you trust it, "
    f"with torch.jit.load, and {_ARRAYS}",
    "onnx": f"read it with the package onnx, and {_ARRAYS}",
    "gguf": f"read it with the package gguf, and {_ARRAYS}",
    "matlab": f"read it with scipy.io.loadmat or h5py, and {_ARRAYS}",
    "tflite": "it is made for running; take the checkpoint that it was made of",
    "events": "TensorBoard shows it; checkpoints lie in files of other names",
    "7z": "unpack it first, with 7-Zip",
    "rar": "unpack it first, with unrar or 7-Zip",
    "html": f"{_AGAIN} itself ('download', 'raw')",
    "xml": f"{_AGAIN} itself",
    "answer": "the download went wrong: see what the text says, and fetch the file "
    "itself",
    "json": "it has no tensors; the files that it tells of may lie beside it",
    "empty": "copy it again, to another place",
}


def _choose_target(path: str) -> str:
    """Gives a name for a checkpoint that is made of a file, under which nothing is."""
    is_bare = os.path.basename(path.rstrip("/")) in ("", ".", "..")
    stem = os.path.splitext(os.path.abspath(path) if is_bare else path.rstrip("/"))
    folder, base = os.path.split(stem[0])
    if not os.access(folder or ".", os.W_OK):
        folder = ""
    names = list_folder(folder)
    number, target = 1, f"{base}.ckpt"
    while any(name.startswith(target) for name in names):
        number += 1
        target = f"{base}-{number}.ckpt"
    return os.path.join(folder, target)
