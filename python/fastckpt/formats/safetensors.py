"""Safetensors, by the library of that name (the extra ``safetensors``)."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastckpt.base.cast import to_dtype
from fastckpt.base.deferred import importing
from fastckpt.errors import UnsupportedError
from fastckpt.files.replace import write_beside
from fastckpt.formats.content import Content, local_content
from fastckpt.formats.lazy_tensors import ArrayInfo, LazyTensors, Rows
from fastckpt.formats.refusals import refuse, refuse_types, require
from fastckpt.formats.safetensors_header import (
    LARGEST_HEADER,
    RESERVED,
    Entry,
    read_exactly,
    read_header,
)
from fastckpt.reading.chunks import Chunked, bytes_of, chunked

__all__ = ["check", "read", "write"]

_HELD = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fn": "F8_E4M3",
    "int16": "I16",
    "uint16": "U16",
    "float16": "F16",
    "bfloat16": "BF16",
    "int32": "I32",
    "uint32": "U32",
    "float32": "F32",
    "complex64": "C64",
    "float64": "F64",
    "int64": "I64",
    "uint64": "U64",
}
"""Its names of NumPy's dtypes, in the order in which it has them, last first."""
_RANKS = {name: rank for rank, name in enumerate(_HELD)}
_DTYPES = {held: name for name, held in _HELD.items()}

_ALIGNMENT = 8


def check(
    dtypes: Mapping[str, np.dtype[Any] | None],
    old_names: Mapping[str, str] | None = None,
) -> None:
    """Checks that safetensors can hold tensors of these names and types.

    Args:
        dtypes: By name; None for what has no form in NumPy.
        old_names: What those who can leave them out call them, where it differs.

    Raises:
        ValueError: It cannot; the tensors are named.
        ImportError: The library is not installed.
    """
    require("safetensors")
    names = [name for name in dtypes if name == RESERVED or not _is_unicode(name)]
    refuse("safetensors", "such names", names, "rename them")
    refuse_types("safetensors", dtypes, lambda dtype: str(dtype) in _HELD, old_names)


def _is_unicode(name: str) -> bool:
    """Tells whether a name can stand in JSON; bytes that are no UTF-8 cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def write(
    path: str,
    tensors: Mapping[str, NDArray[Any] | Chunked],
    *,
    metadata: Mapping[str, str] | None = None,
    fsync: bool = True,
) -> None:
    """Writes tensors, one after the other; memory stays flat.

    The bytes are those that the library writes, which wants all tensors in memory; it
    reads the header of every file before that gets its name.

    Args:
        path: The file; one that exists is replaced when the new one is complete.
            Missing folders are made.
        tensors: Each is asked for once, before the first is written: what is not to
            be held until then is ``Chunked``. A checkpoint is such a mapping.
        metadata: What the header is to say beside the tensors.
        fsync: Whether the file is on the disk when the call returns.

    Raises:
        ValueError: The library is too old for one of the types.
        OSError: The file cannot be written.
        ImportError: The library is not installed.

    Source: safetensors/src/tensor.rs (``prepare``).
    """
    require("safetensors")
    arrays = {name: chunked(tensors[name]) for name in tensors}
    order = sorted(arrays, key=lambda name: _rank(name, arrays[name].dtype))
    header = _make_header({name: arrays[name] for name in order}, metadata)
    with write_beside(path, fsync) as beside:
        with open(beside, "wb") as file:
            file.write(header)
            for name in order:
                for chunk in arrays.pop(name).make():
                    file.write(bytes_of(chunk))
        _check_written(beside)


def _rank(name: str, dtype: np.dtype[Any]) -> tuple[int, bytes]:
    """Gives a tensor's place: large elements first, so that each is aligned."""
    return -_RANKS[str(dtype)], name.encode()


def _make_header(
    arrays: Mapping[str, Chunked], metadata: Mapping[str, str] | None
) -> bytes:
    entries: dict[str, Any] = {} if metadata is None else {RESERVED: dict(metadata)}
    begin = 0
    for name, array in arrays.items():
        end = begin + array.nbytes
        entries[name] = {
            "dtype": _HELD[str(array.dtype)],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
        begin = end
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    if len(text) > LARGEST_HEADER:
        raise ValueError(
            f"safetensors: the header of {len(arrays):,} tensors has {len(text):,} "
            f"bytes, and its library reads {LARGEST_HEADER:,} at most"
        )
    return struct.pack("<Q", len(text)) + text


def _check_written(path: str) -> None:
    with importing:
        from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np"):
            pass
    except SafetensorError as error:
        raise ValueError(f"safetensors: {error}") from error


@contextmanager
def read(path: str, content: Content | None = None) -> Iterator[LazyTensors]:
    """Opens a file for a block: a mapping whose arrays are read when asked for.

    Args:
        path: The file.
        content: Its bytes, where they do not lie here.

    Raises:
        CorruptionError: The file is no safetensors file.
        OSError: The file cannot be read.
        ImportError: The library is not installed.
    """
    require("safetensors")
    with nullcontext(content) if content else local_content(path) as file:
        entries, texts = read_header(file)
        infos = {name: _info(name, entries[name]) for name in sorted(entries)}

        def make(name: str, rows: Rows | None = None) -> NDArray[Any]:
            begin, shape, size = entries[name].begin, infos[name].shape, 0
            if rows is not None:
                size = infos[name].nbytes // max(shape[0], 1)
                shape = (rows.stop - rows.start, *shape[1:])
                begin += rows.start * size
            nbytes = infos[name].nbytes if rows is None else shape[0] * size
            array = np.empty(nbytes, np.uint8)
            read_exactly(file, begin, array.data, name)
            return array.view(infos[name].dtype).reshape(shape)

        yield LazyTensors(
            file.path,
            "safetensors",
            infos,
            make,
            texts,
            is_remote=content is not None,
            make_rows=make,
        )


def _info(name: str, entry: Entry) -> ArrayInfo:
    if entry.kind not in _DTYPES:
        raise UnsupportedError(
            f"tensor {name!r}: values of safetensors' type {entry.kind} have no form "
            "here",
            tensor=name,
        )
    return ArrayInfo(name, to_dtype(_DTYPES[entry.kind]), entry.shape)
