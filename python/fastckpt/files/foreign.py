"""What a file is that is none of ours, by its first bytes.

They are looked at and never trusted: nothing in them says how much is read, or run.
"""

from __future__ import annotations

import os
import re
import stat

from fastckpt.base.deferred import importing
from fastckpt.errors import CorruptionError

__all__ = [
    "WORDS",
    "ForeignObject",
    "ends_like_table",
    "find_kind",
    "kind_of_bytes",
    "looks_like_table",
    "may_be_table",
    "name_foreign",
    "name_foreign_file",
]

_MODELS = {
    "zip": "a zip file",
    "npz": "a NumPy archive, a zip file of arrays (.npz)",
    "keras": "a Keras model, a zip file (.keras)",
    "torch": "a PyTorch file, a zip file of pickles",
    "torchscript": "a TorchScript program, a zip file",
    "old torch": "a PyTorch file of the old kind, a pickle",
    "pickle": "a pickle",
    "npy": "a .npy file, one NumPy array",
    "gzip": "a gzip file",
    "bzip2": "a bzip2 file",
    "xz": "an xz file",
    "zstd": "a Zstandard file",
    "tar": "a tar file",
    "packed tar": "a compressed tar file",
    "hdf5": "an HDF5 file (as Keras and h5py write them)",
    "safetensors": "a safetensors file",
    "msgpack": "a msgpack file (as Flax and T5X save models)",
    "onnx": "an ONNX model",
    "tflite": "a TensorFlow Lite model",
    "gguf": "a GGUF file (as llama.cpp reads them)",
    "events": "a TensorBoard event file",
    "matlab": "a MATLAB file (.mat)",
    "7z": "a 7-Zip file",
    "rar": "a RAR file",
}
"""What other programs' files are called, which may be the only copy of a model."""

_OTHERS = {
    "pointer": "a Git LFS pointer, a text in the place of the file",
    "html": "an HTML page, as a server gives it in the place of a file",
    "xml": "an XML text, as a server gives it in the place of a file",
    "answer": "a server's answer, a text in the place of the file",
    "json": "a JSON text",
    "text graph": "a TensorFlow graph in its text form",
    "graph": "a TensorFlow graph (a GraphDef, as frozen models are)",
    "meta graph": "a TensorFlow graph (a MetaGraphDef, as .meta files are)",
    "saved model": "the graph of a SavedModel",
    "empty": "an empty file",
}
"""What else lies where a checkpoint was looked for. Whether such a file may be written
over is no matter of its first bytes."""

WORDS = _MODELS | _OTHERS
"""What the files of each kind are called."""

_BEGINNINGS = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x93NUMPY", "npy"),
    (b"GGUF", "gguf"),
    (b"MATLAB 5.0 MAT-file", "matlab"),
    (b"MATLAB 7.3 MAT-file", "matlab"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"version https://git-lfs.github.com/spec/", "pointer"),
    # The number with which PyTorch began its files before version 1.6.
    (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "old torch"),
    *((bytes([0x80, version]), "pickle") for version in range(2, 6)),
)
# These are compiled when they are asked for: to import them is to be quick.
_TEXTS = (
    (rb"(?is)(<!--.*?-->\s*)?<(!doctype\s+html|html|head)\b", "html"),
    (rb"(?i)<\?xml\b", "xml"),
    (
        rb"(?i)(4\d\d:? (not found|forbidden|unauthorized|bad|too)\b"
        rb"|(not|\w+ not) found\b|access (to|denied)\b|unauthorized\b"
        rb"|forbidden\b|invalid username\b|too many requests\b)[ -~]*\s*\Z",
        "answer",
    ),
    (rb'[\[{]\s*("|\{|\[|\}|\])', "json"),
    (
        rb"(#[^\n]*\n\s*)*(saved_model_schema_version\s*:|(node|graph_def"
        rb"|meta_info_def|meta_graphs|versions|library)\s*:?\s*[{<])",
        "text graph",
    ),
)
_SIZE = rb"[\x80-\xff]{0,4}[\x00-\x7f]"
# The first node of a graph, its name and its operation.
_NODE = rb"\x0a%b\x0a([\x01-\x7f])([\w./>^-]+)\x12([\x01-\x40])([A-Za-z_]\w*)" % _SIZE
_GRAPHS = (
    # The version of a SavedModel, which is 1, and its first graph.
    (rb"\x08\x01\x12%b\x0a" % _SIZE, "saved model"),
    # What is said of a graph: the operations that it uses.
    (
        rb"\x0a%b(?:\x0a[\x00-\x7f][ -~]*)?\x12%b\x0a%b\x0a[\x01-\x40][A-Z_]\w*"
        % (_SIZE, _SIZE, _SIZE),
        "meta graph",
    ),
)
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
# The first two fields of an ONNX model: its version, and what wrote it, as a text.
_ONNX = rb"\x08[\x03-\x20]\x12([\x01-\x3f])([ -~]+)"
# How a zip file's first member is called tells what wrote it.
_MEMBERS = (
    (rb"[^\0]*\.npy", "npz"),
    (rb"(metadata|config)\.json|model\.weights\.h5", "keras"),
    (rb"[^/\0]*/(data/[0-9]+|code/.*|constants.*)", "torchscript"),
    (rb"[^/\0]*/(data\.pkl|version|\.format_version|byteorder)", "torch"),
)
# A map of a few, or of many, entries; its first key is a short or a longer text.
_MAP_SIZES = {0xDE: 3, 0xDF: 5}
_TEXT_SIZES = {0xD9: 2, 0xDA: 3, 0xDB: 5}
_TAR = slice(257, 262)
# How the header of a safetensors file begins, after its size.
_HEADER = rb'\{\s*["}]'
# How the tables begin and end of which V1 checkpoints and indexes are made.
_TABLE_BEGIN = bytes(2)
_TABLE_END = bytes.fromhex("57fb808b247547db")
# What is enough to know any of them.
_BEGIN_BYTES = 1024


class ForeignObject(CorruptionError):
    """What a URL names is no checkpoint, and something else that is known.

    Attributes:
        advice: What to do, which the message ends with.
    """

    advice: str = ""


def name_foreign(begin: bytes) -> str | None:
    """Says what a file is whose first bytes another program's format has.

    Args:
        begin: The first bytes, 262 or more of them where there are as many.

    Returns:
        None where it is no format that is known here, or a mere text or graph.
    """
    return _MODELS.get(kind_of_bytes(begin[:_BEGIN_BYTES]) or "")


def name_foreign_file(path: str) -> str | None:
    """Does that for a file; None too where none is there that can be read."""
    begin = _read_begin(path)
    return None if begin is None else name_foreign(begin)


def find_kind(path: str) -> str | None:
    """Tells of which kind a file is, texts, graphs and empty files included.

    Returns:
        A key of `WORDS`; None where the file is not known, or cannot be read.
    """
    begin = _read_begin(path)
    if begin is None:
        return None
    return kind_of_bytes(begin) if begin else "empty"


def kind_of_bytes(begin: bytes) -> str | None:
    """Tells of which kind a file is that begins so; None where that is not known."""
    if begin.startswith(_ZIPS):
        return _kind_of_zip(begin)
    for beginning, kind in _BEGINNINGS:
        if begin.startswith(beginning):
            is_tar = kind == "gzip" and _unzipped(begin)[_TAR] == b"ustar"
            return "packed tar" if is_tar else kind
    if begin[_TAR] == b"ustar":
        return "tar"
    if begin[4:8] == bytes(4) and re.match(_HEADER, begin[8:]):
        return "safetensors"
    if begin[4:8] == b"TFL3":
        return "tflite"
    if b"brain.Event:" in begin[12:40]:
        return "events"
    if _is_onnx(begin):
        return "onnx"
    if _is_msgpack(begin):
        return "msgpack"
    return _kind_of_text(begin) or _kind_of_graph(begin)


def looks_like_table(path: str) -> bool:
    """Tells whether a file begins or ends as a V1 checkpoint does, damaged or not."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            begin = file.read(len(_TABLE_BEGIN))
            file.seek(-min(os.fstat(file.fileno()).st_size, len(_TABLE_END)), 2)
            return may_be_table(begin, file.read())
    except OSError:
        return False


def may_be_table(begin: bytes, end: bytes) -> bool:
    """Tells the same of a file's first and last bytes."""
    return begin.startswith(_TABLE_BEGIN) or end == _TABLE_END


def ends_like_table(path: str) -> bool:
    """Tells whether a file ends as a V1 checkpoint or an index does, or nearly so."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            file.seek(-min(os.fstat(file.fileno()).st_size, len(_TABLE_END)), 2)
            same = sum(a == b for a, b in zip(file.read(), _TABLE_END, strict=False))
            return 2 * same > len(_TABLE_END)
    except OSError:
        return False


def _read_begin(path: str) -> bytes | None:
    """Gives the first bytes; None where no regular file is that can be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            return file.read(_BEGIN_BYTES)
    except (OSError, ValueError):  # a name with NUL is a ValueError
        return None


def _kind_of_zip(begin: bytes) -> str:
    size = int.from_bytes(begin[26:28], "little")
    name = begin[30 : 30 + size]
    kinds = (kind for pattern, kind in _MEMBERS if re.fullmatch(pattern, name))
    return next(kinds, "zip")


def _unzipped(begin: bytes) -> bytes:
    """Unpacks as much of what a gzip file begins with as is enough to know it."""
    with importing:
        import zlib

    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(begin, _BEGIN_BYTES)
    except zlib.error:
        return b""


def _is_onnx(begin: bytes) -> bool:
    found = re.match(_ONNX, begin)
    return found is not None and len(found[2]) >= found[1][0]


def _kind_of_text(begin: bytes) -> str | None:
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((kind for pattern, kind in _TEXTS if re.match(pattern, text)), None)


def _kind_of_graph(begin: bytes) -> str | None:
    node = re.match(_NODE, begin)
    if node and len(node[2]) == node[1][0] and len(node[4]) >= node[3][0]:
        return "graph"
    return next((kind for pattern, kind in _GRAPHS if re.match(pattern, begin)), None)


def _is_msgpack(begin: bytes) -> bool:
    """Tells whether it is a map whose first key is a text."""
    if not begin:
        return False
    first = begin[0]
    at = 1 if 0x81 <= first <= 0x8F else _MAP_SIZES.get(first, 0)
    if at == 0 or at >= len(begin):
        return False
    kind = begin[at]
    start = at + (1 if 0xA1 <= kind <= 0xBF else _TEXT_SIZES.get(kind, 0))
    size = kind & 0x1F if 0xA1 <= kind <= 0xBF else 1
    key = begin[start : start + size]
    return start > at and key.isascii() and key.decode("ascii").isprintable()
