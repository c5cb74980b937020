"""Archives of arrays that are damaged, or that nobody here can unpack."""

import io
import os
import struct
import zipfile

import numpy as np
import pytest

import fastckpt
from fastckpt.errors import CorruptionError, UnsupportedError
from fastckpt.formats import npz

VALUES = np.random.default_rng(0).integers(0, 9, 20_000)
METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


def packed(method="stored"):
    content, array = io.BytesIO(), io.BytesIO()
    np.save(array, VALUES)
    with zipfile.ZipFile(content, "w", METHODS[method]) as archive:
        archive.writestr("a.npy", array.getvalue())
    return bytearray(content.getvalue())


def in_directory(content, at, number, kind="<H"):
    """Changes what the directory says of the array."""
    struct.pack_into(kind, content, content.rfind(b"PK\1\2") + at, number)
    return content


def read(content, path):
    """Reads it here, and behind a URL; gives what went wrong both times."""
    fsspec = pytest.importorskip("fsspec")
    path.write_bytes(content)
    fsspec.filesystem("memory").pipe_file("/x.npz", bytes(content))
    kinds = {read_one(str(path)), read_one("memory://x.npz")}
    assert len(kinds) == 1
    return kinds.pop()


def read_one(path):
    with pytest.raises((CorruptionError, UnsupportedError)) as raised:
        fastckpt.statistics(path)
    error = raised.value
    assert error.path == path
    assert str(error).startswith(f"{path}: ")
    return raised.type, str(error).removeprefix(path)


@pytest.mark.parametrize("method", METHODS)
def test_damage_anywhere_is_corruption(method, tmp_path):
    whole = packed(method)
    generator = np.random.default_rng(1)
    for at in [40, 44, 60, 100, *generator.integers(40, len(whole) - 20, 20)]:
        content = bytearray(whole)
        content[at : at + 20] = b"\xff" * len(content[at : at + 20])
        kind, message = read(content, tmp_path / "x.npz")
        assert kind is CorruptionError, (at, message)


@pytest.mark.parametrize("method", ["deflate", "bzip2", "lzma"])
def test_what_cannot_be_unpacked_is_named(method, tmp_path):
    content = packed(method)
    content[60:160] = b"\xff" * 100
    kind, message = read(content, tmp_path / "x.npz")
    assert kind is CorruptionError
    assert ": no sound .npz file: 'a': " in message
    assert message.endswith("; the file is damaged, copy it again")


def test_an_encrypted_array_is_not_read(tmp_path):
    kind, message = read(in_directory(packed(), 8, 1), tmp_path / "x.npz")
    assert kind is UnsupportedError
    assert "encrypted" in message
    assert message.endswith("store its arrays with numpy.savez")


@pytest.mark.parametrize(("at", "number"), [(10, 77), (10, 9), (6, 99), (8, 1 << 5)])
def test_what_zipfile_does_not_know_is_not_read(at, number, tmp_path):
    """Methods, versions, patches."""
    kind, message = read(in_directory(packed(), at, number), tmp_path / "x.npz")
    assert kind is UnsupportedError
    assert message.endswith("store its arrays with numpy.savez")


def test_an_array_before_the_first_byte_is_corruption(tmp_path):
    content = packed()
    end = content.rfind(b"PK\5\6") + 16
    (begin,) = struct.unpack_from("<I", content, end)
    struct.pack_into("<I", content, end, begin + 500)
    kind, message = read(content, tmp_path / "x.npz")
    assert kind is CorruptionError
    assert "'a.npy' would begin at byte -500 of" in message


@pytest.mark.parametrize("begin", [0xFFFF_FFF0, 1 << 31])
def test_an_array_behind_the_last_byte_is_corruption(begin, tmp_path):
    kind, message = read(in_directory(packed(), 42, begin, "<I"), tmp_path / "x.npz")
    assert kind is CorruptionError
    assert f"'a.npy' would begin at byte {begin:,} of" in message


HEADERS = ["{[]: 1}", "{(", "-" * 5000 + "1", "(" * 9000, "~" * 9000 + "1", "\0"]


@pytest.mark.parametrize("header", HEADERS)
def test_headers_of_any_kind_are_corruption(header, tmp_path):
    words = header.encode()
    array = b"\x93NUMPY\1\0" + struct.pack("<H", len(words)) + words
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("a.npy", array)
    kind, _ = read((tmp_path / "x.npz").read_bytes(), tmp_path / "x.npz")
    assert kind is CorruptionError


@pytest.mark.parametrize("number", [5, 13])
def test_what_the_system_says_stays_what_it_is(number, tmp_path, monkeypatch):
    (tmp_path / "x.npz").write_bytes(packed())

    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    with npz.read(str(tmp_path / "x.npz")) as tensors:
        monkeypatch.setattr("zipfile.ZipExtFile.read", fail)
        with pytest.raises(OSError, match=os.strerror(number)) as raised:
            tensors["a"]
    assert raised.value.errno == number
