"""Files and folders of other programs, made without these: their first bytes are."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np

__all__ = ["FILES", "FOLDERS", "make_folder", "npz_of"]

VALUES = {"w": np.arange(6.0).reshape(2, 3)}
NODE = b"\x0a\x01x\x12\x0bPlaceholder"
GRAPH = b"\x0a\x10" + NODE
META_INFO = b"\x12\x0f\x0a\x0d\x0a\x0bPlaceholder"
META_GRAPH = b"\x0a\x11" + META_INFO + b"\x12\x12" + GRAPH


def zip_of(member: str) -> bytes:
    """A zip file whose only member is called so."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, b"content")
    return file.getvalue()


def tar_of(mode: str) -> bytes:
    """A tar file of one file, packed as the mode says it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        member = tarfile.TarInfo("model.ckpt.index")
        member.size = 3000
        archive.addfile(member, io.BytesIO(bytes(3000)))
    return file.getvalue()


def npz_of(save) -> bytes:
    file = io.BytesIO()
    save(file, **VALUES)
    return file.getvalue()


def npy_of() -> bytes:
    file = io.BytesIO()
    np.save(file, VALUES["w"])
    return file.getvalue()


def safetensors_of() -> bytes:
    entry = {"dtype": "F64", "shape": [2, 3], "data_offsets": [0, 48]}
    header = json.dumps({"w": entry}).encode()
    return struct.pack("<Q", len(header)) + header + VALUES["w"].tobytes()


TEXT = b"some text " * 30
# By kind: the bytes, what the file is called, and a part of what is advised.
FILES = {
    "npz": (npz_of(np.savez), "a NumPy archive", "fastckpt convert"),
    "safetensors": (safetensors_of(), "a safetensors file", "fastckpt convert"),
    "keras": (zip_of("metadata.json"), "a Keras model", "python3 -I -m zipfile -e"),
    "torch": (zip_of("archive/data.pkl"), "a PyTorch file", "weights_only=True"),
    "torchscript": (zip_of("jit/data/0"), "a TorchScript", "torch.jit.load"),
    "old torch": (
        pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2),
        "a PyTorch file of the old kind",
        "weights_only=True",
    ),
    "zip": (zip_of("notes/data.txt"), "a zip file", "python3 -I -m zipfile -e"),
    "pickle": (pickle.dumps([1]), "a pickle", "to load a pickle is to run"),
    "npy": (npy_of(), "a .npy file", "numpy.load"),
    "gzip": (gzip.compress(TEXT), "a gzip file", "gunzip -c <"),
    "bzip2": (bz2.compress(TEXT), "a bzip2 file", "bunzip2 -c <"),
    "xz": (lzma.compress(TEXT), "an xz file", "unxz -c <"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04", "a Zstandard file", "unzstd -c <"),
    "tar": (tar_of("w"), "a tar file", "tar -xf"),
    "tgz": (tar_of("w:gz"), "a compressed tar file", "tar -xf"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(90), "an HDF5 file", "h5py.File"),
    "msgpack": (b"\x81\xa6params\x80", "a msgpack file", "msgpack_restore"),
    "onnx": (b"\x08\x08\x12\x07pytorch\x1a\x032.1", "an ONNX model", "onnx, and save"),
    "tflite": (b"\x1c\0\0\0TFL3\x14\0", "a TensorFlow Lite model", "made of"),
    "gguf": (b"GGUF\3\0\0\0", "a GGUF file", "the package gguf"),
    "events": (
        b"\x18\0\0\0\0\0\0\0\xa3\x7fK\x22\x09\0\0\xc0\xe4R\xd9\xda\x41\x1a\x0d"
        b"brain.Event:2",
        "a TensorBoard event file",
        "TensorBoard shows it",
    ),
    "matlab": (b"MATLAB 5.0 MAT-file, " + TEXT, "a MATLAB file", "scipy.io.loadmat"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "a 7-Zip file", "with 7-Zip"),
    "rar": (b"Rar!\x1a\x07\1\0", "a RAR file", "unrar"),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
        "a Git LFS pointer",
        "download the file itself",
    ),
    "html": (b"\n<!DOCTYPE html>\n<html>", "an HTML page", "the download went wrong"),
    "xml": (b"<?xml version='1.0'?><Error>", "an XML text", "the download went wrong"),
    "answer": (b"404: Not Found", "a server's answer", "see what the text says"),
    "json": (b'{"weights": []}', "a JSON text", "it has no tensors"),
    "empty": (b"", "an empty file", "copy it again"),
    "text graph": (
        b'node {\n  name: "x"\n  op: "Placeholder"\n}\n',
        "a TensorFlow graph in its text form",
        "fastckpt graph",
    ),
    "graph": (GRAPH, "a TensorFlow graph (a GraphDef", "fastckpt graph"),
    "meta graph": (META_GRAPH, "a TensorFlow graph (a MetaGraph", "fastckpt graph"),
    "saved model": (
        b"\x08\x01\x12\x27" + META_GRAPH,
        "the graph of a SavedModel",
        "fastckpt graph",
    ),
}

# By kind: the files in it, what the folder is called, and a part of what is advised.
FOLDERS = {
    "orbax": ({"_METADATA": b"{}"}, "an Orbax checkpoint", "PyTreeCheckpointer"),
    "orbax step": (
        {"_CHECKPOINT_METADATA": b"{}", "default/_METADATA": b"{}"},
        "an Orbax checkpoint",
        "/default",
    ),
    "ocdbt": ({"manifest.ocdbt": b"\x0c\xdb\x3a\x2aq"}, "an Orbax", "TensorStore"),
    "zarr 3": ({"zarr.json": b"{}"}, "Zarr arrays", "zarr.open"),
    "zarr 2": ({".zgroup": b"{}"}, "Zarr arrays", "zarr.open"),
    "torch folder": ({".metadata": b"\x80\2"}, "torch.distributed", "is to run"),
    "graph folder": (
        {"saved_model.pb": FILES["saved model"][0]},
        "a SavedModel without variables",
        "fastckpt graph",
    ),
    "packed": (
        {
            f"model.{end}.gz": FILES["gzip"][0]
            for end in ("index", "data-00000-of-00001")
        },
        "no checkpoint, but 'model.data-00000-of-00001.gz' (a gzip file)",
        "gunzip -c <",
    ),
}


def make_folder(path: Path, kind: str) -> None:
    """Makes the folder of a kind."""
    for name, content in FOLDERS[kind][0].items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
