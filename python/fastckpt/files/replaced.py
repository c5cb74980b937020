"""What a file that is written must not take the place of."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence

from fastckpt import _native
from fastckpt.errors import CorruptionError
from fastckpt.files.find import is_file, is_format, list_folder
from fastckpt.files.foreign import name_foreign_file
from fastckpt.files.shard_names import shards_of_pattern, split_shard, v1_shards
from fastckpt.files.urls import target_path

__all__ = [
    "check_keeps_checkpoints",
    "check_keeps_no_graph",
    "check_keeps_others",
    "check_keeps_shards",
    "name_checkpoint_file",
    "name_no_graph",
]

_PART = re.compile(r".+\.(?:index|meta|data-[0-9]+-of-[0-9]+)", re.DOTALL)
_SAVED_MODEL = ("saved_model.pb", "saved_model.pbtxt")
_VARIABLES = "variables"
# As much of a file as tells a text; a V1 checkpoint begins with bytes 0.
_BEGIN_BYTES = 512
# State files are some KiB; a larger text is not read for it.
_STATE_BYTES = 1 << 20
_WHITE = frozenset("\t\n\r\f")
# With what a MetaGraphDef begins: in bytes its fields 1 to 7 are messages; as a text.
_GRAPH_TAGS = frozenset(range(0x0A, 0x3B, 8))
_GRAPH_FIELDS = (
    b"meta_info_def",
    b"graph_def",
    b"saver_def",
    b"collection_def",
    b"signature_def",
    b"asset_file_def",
    b"object_graph_def",
    b"#",
)


def check_keeps_checkpoints(
    path: str, what: str, *, keeps_foreign: bool = False
) -> None:
    """Refuses to write a page, a graph, an npz ... over a file of a checkpoint.

    Args:
        path: The file that is to be written.
        what: What it is to be.
        keeps_foreign: Whether what other programs write (npz, safetensors, HDF5 ...)
            is spared, too: it may be what is shown on the page.

    Raises:
        ValueError: A file of a checkpoint or of a SavedModel, or a state file, has
            that name.
    """
    for name in {target_path(path), os.path.realpath(target_path(path))}:
        if keeps_foreign and (foreign := name_foreign_file(name)):
            raise ValueError(f"{path!r} is {foreign}, which {what} would replace")
        if kind := _name_own(name) or _name_by_content(name):
            raise ValueError(f"{path!r} is {kind}, which {what} would replace")


def check_keeps_others(path: str) -> None:
    """Refuses to write a V1 checkpoint over a file that is of another kind.

    A V1 checkpoint is a file of its prefix's very name, whatever that is. A damaged
    one may be replaced.

    Args:
        path: The file that is to be written.

    Raises:
        ValueError: What has that name is a file of another checkpoint, a text such as
            a state file, or what another program wrote.
    """
    kind = _name_own(path) or name_foreign_file(path) or _name_text(path)
    if kind and not _is_v1(path):
        raise ValueError(
            f"{path!r} is {kind}, which a V1 checkpoint of this name would replace; "
            "give another name, or remove the file first"
        )


def check_keeps_shards(target: str, sources: Iterable[Sequence[str]] = ()) -> None:
    """Refuses to write what was edited over one of several V1 shards.

    The new file would have what the others have too, or no more what they lack: the
    set would be no checkpoint. Who writes shards one by one uses ``save``.

    Args:
        target: The name that is to be written to.
        sources: The files of each checkpoint that is edited.

    Raises:
        ValueError: A source has the file, by this or another name, as one of several;
            or it is there, and others of its set are; or the name is a set's pattern.
    """
    sets = [files for files in sources if len(files) > 1]
    is_own = any(_is_same(target, file) for files in sets for file in files)
    folder, base = os.path.split(target)
    shards = v1_shards(list_folder(folder))
    if is_own or shards_of_pattern(shards, base) or _has_siblings(target):
        raise ValueError(
            f"{target!r} is one of several V1 shards, or the name of them all: what "
            "is written there would not go with the others; write to another name"
        )


def check_keeps_no_graph(path: str) -> None:
    """Refuses to write a checkpoint's ``.meta`` over what is no graph.

    Args:
        path: The file that is to be written.

    Raises:
        ValueError: A V1 checkpoint may have this name, and any other file.
    """
    kind = name_no_graph(path) or _name_unlike_graph(path)
    if kind is None:
        return
    raise ValueError(
        f"{path!r} is {kind}, which the checkpoint's graph would replace; give the "
        "checkpoint another name, or leave out its graph (write_meta_graph=False)"
    )


def name_no_graph(path: str) -> str | None:
    """Says what a file is that is known and no graph, whatever its name."""
    if _is_v1(path):
        return "a V1 checkpoint"
    if _is_file(path) and is_format(path, "v2"):
        return "the index of a checkpoint"
    return "a state file" if _is_state(path) else name_foreign_file(path)


def _name_unlike_graph(path: str) -> str | None:
    """Says what a file is that does not begin as graphs do; an empty one may go."""
    if not _is_file(path):
        return None
    with open(path, "rb") as file:
        begin = file.read(_BEGIN_BYTES)
    if not begin or begin[0] in _GRAPH_TAGS or begin.startswith(_GRAPH_FIELDS):
        return None
    return "a file that is no MetaGraph"


def name_checkpoint_file(path: str) -> str | None:
    """Says what a file is that no state file may replace; None where it may.

    What is a state file already may be, whatever its name.
    """
    for name in (path, os.path.realpath(path)):
        if _is_v1(name):
            return "a V1 checkpoint"
        if (kind := _name_own(name)) and not _is_state(name):
            return kind
    return None


def _is_same(path: str, other: str) -> bool:
    if _place_of(path) == _place_of(other):
        return True
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def _place_of(path: str) -> tuple[str, str]:
    folder, base = os.path.split(path)
    return os.path.realpath(folder), base


def _has_siblings(path: str) -> bool:
    """Tells whether a file is there and is named as one of several that are there."""
    folder, base = os.path.split(path)
    own = split_shard(base)
    if own is None or own.stem.endswith(".data") or not is_file(path):
        return False
    others = (it for it in v1_shards(list_folder(folder)) if it != own)
    return any(it[::2] == own[::2] for it in others)


def _name_own(path: str) -> str | None:
    folder, base = os.path.split(path)
    if not os.path.lexists(path):
        return None
    if _PART.fullmatch(base):
        return "a checkpoint's file"
    is_model = os.path.isdir(os.path.join(folder, _VARIABLES))
    return "a SavedModel's graph" if base in _SAVED_MODEL and is_model else None


def _name_by_content(path: str) -> str | None:
    if _is_v1(path):
        return "a V1 checkpoint"
    return "a state file" if _is_state(path) else None


def _is_state(path: str) -> bool:
    try:
        if not _is_file(path) or os.path.getsize(path) > _STATE_BYTES:
            return False
        with open(path, "rb") as file:
            return bool(_native.parse_checkpoint_state(file.read())[0])
    except (OSError, CorruptionError):
        return False


def _is_v1(path: str) -> bool:
    return _is_file(path) and is_format(path, "v1")


def _name_text(path: str) -> str | None:
    try:
        if not _is_file(path):
            return None
        with open(path, "rb") as file:
            begin = file.read(_BEGIN_BYTES).decode(errors="ignore")
    except OSError:
        return None
    is_text = begin and all(c.isprintable() or c in _WHITE for c in begin)
    return "a text" if is_text else None


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False
