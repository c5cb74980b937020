"""What the ending of a name says: which format a file is of, or would be taken for."""

from __future__ import annotations

import os
import re

__all__ = [
    "FILE_FORMATS",
    "TARGET_FORMATS",
    "find_advice",
    "find_file_format",
    "find_prefix",
]

FILE_FORMATS = ("npz", "safetensors")
"""The formats of one file, which are the endings of their names."""
TARGET_FORMATS = (*FILE_FORMATS, "kerchunk")
"""The formats of one file that are written; references are not read here."""

_LOAD = "fastckpt.open(SOURCE).load() gives the arrays"
_KERAS = f"{_LOAD} to set in a Keras model, whose own save() writes such a file"
_TORCH = "PyTorch's programs read NAME.safetensors, which 'fastckpt convert' writes"
_GRAPH = "'fastckpt freeze' writes a graph with its values, and needs the graph"
_ARRAYS = "'fastckpt convert' writes NAME.npz and NAME.safetensors"
_REFERENCES = "'fastckpt convert --format kerchunk' writes references for zarr"

_FOREIGN = {
    **dict.fromkeys(("h5", "hdf5", "hdf", "keras"), _KERAS),
    **dict.fromkeys(("pt", "pth", "bin", "pkl", "pickle", "joblib"), _TORCH),
    **dict.fromkeys(("pb", "pbtxt", "onnx", "tflite", "mlmodel", "ort"), _GRAPH),
    **dict.fromkeys(("npz", "npy", "safetensors", "zip", "tar", "gz", "tgz"), _ARRAYS),
    **dict.fromkeys(("msgpack", "gguf", "ggml", "mat", "parquet", "arrow"), _ARRAYS),
    **dict.fromkeys(("csv", "txt", "html", "tfrecord"), _ARRAYS),
    "json": _REFERENCES,
    "zarr": f"{_ARRAYS}, and with --format kerchunk NAME.json, which zarr reads",
}
"""How the names of other formats' files end, and what to do who wants such a file."""

_PART = re.compile(r"(.*)\.(index|meta|data-[0-9]{5,}-of-[0-9]{5,})", re.DOTALL)


def find_file_format(path: str) -> str | None:
    """Tells which format of one file a name ends as, if any."""
    found = [name for name in FILE_FORMATS if path.lower().endswith(f".{name}")]
    return found[0] if found else None


def find_prefix(path: str) -> str | None:
    """Gives a checkpoint's prefix where a name is that of one of its files."""
    part = _PART.fullmatch(path)
    return None if part is None else part[1]


def find_advice(path: str, *allowed: str) -> tuple[str, str] | None:
    """Tells what to do who wants a file of the format that a name ends as.

    Args:
        path: The name.
        allowed: Endings of which nothing is to be said.

    Returns:
        The ending and the advice; None where no other program's files end so.
    """
    stem, _, ending = os.path.basename(path).rpartition(".")
    advice = _FOREIGN.get(ending.lower())
    if not stem or advice is None or ending.lower() in allowed:
        return None
    return ending, advice
