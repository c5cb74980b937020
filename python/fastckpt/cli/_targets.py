"""The names that a command may write to: none under which others expect other bytes."""

from __future__ import annotations

import os
import re

from fastckpt.cli._errors import UsageError
from fastckpt.cli._text import make_printable
from fastckpt.urls import target_path

__all__ = ["check_file_target", "check_target"]

_LOAD = "fastckpt.open(SOURCE).load() gives the arrays"
_KERAS = f"{_LOAD} to set in a Keras model, whose own save() writes such a file"
_TORCH = "PyTorch's programs read NAME.safetensors, which 'fastckpt convert' writes"
_GRAPH = "'fastckpt freeze' writes a graph with its values, and needs the graph"
_ARRAYS = "'fastckpt convert' writes NAME.npz and NAME.safetensors"

_FOREIGN = {
    **dict.fromkeys(("h5", "hdf5", "hdf", "keras"), _KERAS),
    **dict.fromkeys(("pt", "pth", "bin", "pkl", "pickle", "joblib"), _TORCH),
    **dict.fromkeys(("pb", "pbtxt", "onnx", "tflite", "mlmodel", "ort"), _GRAPH),
    **dict.fromkeys(("npz", "npy", "safetensors", "zip", "tar", "gz", "tgz"), _ARRAYS),
    **dict.fromkeys(("msgpack", "gguf", "ggml", "mat", "parquet", "arrow"), _ARRAYS),
    **dict.fromkeys(("csv", "json", "txt", "html", "zarr", "tfrecord"), _ARRAYS),
}
"""How the names of other formats' files end, and what to do who wants such a file."""

_PART = re.compile(r"(.*)\.(index|meta|data-[0-9]{5,}-of-[0-9]{5,})", re.DOTALL)


def check_target(path: str) -> None:
    """Refuses names for a checkpoint under which nobody would look for one.

    Raises:
        UsageError: The name ends as another format's files do, or as a checkpoint's
            own, which the prefix does not.
        UnsupportedError: It is a URL.
    """
    part = _PART.fullmatch(target_path(path))
    if part is not None:
        raise UsageError(
            f"{make_printable(path)}: that is the name of one of a checkpoint's files; "
            f"name its prefix: {make_printable(part[1])}"
        )
    _check_ending(path, "a checkpoint", ())


def check_file_target(path: str, kind: str, *allowed: str) -> None:
    """Refuses names for a file of a format that end as another format's do.

    Args:
        path: The file that is to be written.
        kind: The format.
        allowed: How its names may end.

    Raises:
        UsageError: The name ends as another format's files do.
        UnsupportedError: It is a URL.
    """
    target_path(path)
    _check_ending(path, f"a file of the format {kind}", allowed)


def _check_ending(path: str, what: str, allowed: tuple[str, ...]) -> None:
    stem, _, ending = os.path.basename(path).rpartition(".")
    advice = _FOREIGN.get(ending.lower())
    if not stem or advice is None or ending.lower() in allowed:
        return
    raise UsageError(
        f"{make_printable(path)}: {what} is written here, under a name that ends as "
        f"those of another format do; give a name without .{ending}, or: {advice}"
    )
