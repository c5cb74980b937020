"""What a folder is that another program filled, by its marks and their first bytes."""

from __future__ import annotations

import os

from fastckpt.files.find import is_file, list_folder

__all__ = ["FOLDERS", "find_folder_kind", "find_orbax_items"]

FOLDERS = {
    "orbax": "an Orbax checkpoint (as Flax and JAX save it)",
    "zarr": "Zarr arrays",
    "torch folder": "a checkpoint of torch.distributed, in many files",
    "graph folder": "a SavedModel without variables: it has a graph and no checkpoint",
}
"""What the folders of each kind are called."""

# How the marks of a kind are called, and how they begin.
_MARKS = (
    ("_METADATA", b"{", "orbax"),
    ("_CHECKPOINT_METADATA", b"{", "orbax"),
    ("manifest.ocdbt", b"\x0c\xdb\x3a\x2a", "orbax"),
    ("zarr.json", b"{", "zarr"),
    (".zgroup", b"{", "zarr"),
    (".zarray", b"{", "zarr"),
    (".metadata", b"\x80", "torch folder"),
    ("saved_model.pb", b"", "graph folder"),
)
_ITEM = "_METADATA"


def find_folder_kind(folder: str) -> str | None:
    """Tells of which kind a folder is, where no checkpoint of ours is in it.

    Returns:
        A key of `FOLDERS`; None where the folder is not known.
    """
    marks = ((os.path.join(folder, name), begin, kind) for name, begin, kind in _MARKS)
    return next((kind for path, begin, kind in marks if _begins(path, begin)), None)


def find_orbax_items(folder: str) -> list[str]:
    """Gives the folders of trees that an Orbax folder holds: itself, or parts of it."""
    inner = [os.path.join(folder, name) for name in list_folder(folder)]
    return [it for it in (folder, *inner) if is_file(os.path.join(it, _ITEM))]


def _begins(path: str, begin: bytes) -> bool:
    try:
        if not is_file(path):
            return False
        with open(path, "rb") as file:
            return file.read(len(begin)) == begin
    except OSError:
        return False
