"""Safetensors files are read, not mapped, and judged as their library judges them."""

from __future__ import annotations

import json
import os
import struct
import sys

import numpy as np
import pytest
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

import children
import fastckpt
from fastckpt.errors import CorruptionError, UnsupportedError
from fastckpt.formats import safetensors


def entry(kind, shape, begin, end, **more):
    return {"dtype": kind, "shape": shape, "data_offsets": [begin, end], **more}


def text(**tensors):
    return json.dumps(tensors).encode()


GOOD = {
    "plain": (text(a=entry("F32", [2], 0, 8)), 8),
    "of no dimension": (text(a=entry("F64", [], 0, 8)), 8),
    "empty ones": (text(a=entry("F32", [0], 0, 0), b=entry("U8", [3], 0, 3)), 3),
    "none": (b"{}", 0),
    "padded": (b"{}   ", 0),
    "unsorted": (text(b=entry("U8", [2], 2, 4), a=entry("U8", [2], 0, 2)), 4),
    "metadata": (text(__metadata__={"a": "b"}, w=entry("U8", [1], 0, 1)), 1),
    "no metadata": (text(__metadata__=None), 0),
    "more fields": (text(a=entry("U8", [1], 0, 1, more=1)), 1),
}
BAD = {
    "too short": (text(a=entry("F32", [2], 0, 8)), 7),
    "too long": (text(a=entry("F32", [2], 0, 8)), 9),
    "a gap": (text(a=entry("F32", [2], 4, 12)), 12),
    "an overlap": (text(a=entry("U8", [2], 0, 2), b=entry("U8", [2], 1, 3)), 3),
    "another size": (text(a=entry("F32", [2], 0, 7)), 7),
    "an end before its begin": (text(a=entry("U8", [2], 2, 0)), 2),
    "less than a byte": (text(a=entry("F4", [3], 0, 1)), 1),
    "a negative size": (text(a=entry("F32", [-2], 0, 8)), 8),
    "a size that is no integer": (text(a=entry("F32", [2.0], 0, 8)), 8),
    "a size that is a bool": (text(a=entry("U8", [True], 0, 1)), 1),
    "three offsets": (text(a={**entry("U8", [1], 0, 1), "data_offsets": [0, 1, 1]}), 1),
    "no dtype": (text(a={"shape": [1], "data_offsets": [0, 1]}), 1),
    "no tensor": (text(a=[1]), 1),
    "a list": (b"[]", 0),
    "metadata of numbers": (text(__metadata__={"a": 1}), 0),
    "metadata of nothing": (text(__metadata__=[]), 0),
    "NaN": (b'{"a": NaN}', 0),
    "no UTF-8": (b'{"\xff": 1}', 0),
    "deep": (b'{"a":' + b"[" * 100_000, 0),
}


def write(path, header, count):
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\1" * count)


def read(path):
    with safetensors.read(str(path)) as tensors:
        return dict(tensors)


@pytest.mark.parametrize("name", GOOD)
def test_what_the_library_reads_is_read_alike(name, tmp_path):
    write(tmp_path / "t", *GOOD[name])
    found = read(tmp_path / "t")
    with safe_open(tmp_path / "t", "np") as file:
        assert sorted(found) == sorted(file.keys())
        for key in found:
            expected = file.get_tensor(key)
            assert (found[key].dtype, found[key].shape) == (
                expected.dtype,
                expected.shape,
            )
            assert found[key].tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", BAD)
def test_what_the_library_refuses_is_corrupt(name, tmp_path):
    write(tmp_path / "t", *BAD[name])
    with pytest.raises(SafetensorError):
        safe_open(tmp_path / "t", "np").__enter__()
    with pytest.raises(CorruptionError, match="no sound safetensors file") as told:
        read(tmp_path / "t")
    assert told.value.path == str(tmp_path / "t")


@pytest.mark.parametrize("length", [200, 1 << 40, (1 << 64) - 1])
def test_a_header_that_is_longer_than_the_file_is_corrupt(length, tmp_path):
    (tmp_path / "t").write_bytes(struct.pack("<Q", length) + b"{}")
    with pytest.raises(CorruptionError, match="a header of"):
        read(tmp_path / "t")


def test_a_type_that_is_none_of_numpys_is_unsupported_by_name(tmp_path):
    write(tmp_path / "t", text(a=entry("F4", [4], 0, 2)), 2)
    with pytest.raises(UnsupportedError, match=r"'a': .* type F4"):
        read(tmp_path / "t")


def test_every_truncation_is_corrupt(tmp_path):
    save_file({"a": np.arange(3.0), "b": np.arange(2)}, tmp_path / "whole")
    data = (tmp_path / "whole").read_bytes()
    for size in range(len(data)):
        (tmp_path / "t").write_bytes(data[:size])
        with pytest.raises(CorruptionError):
            read(tmp_path / "t")


def test_a_file_that_is_cut_after_it_was_opened_is_corrupt(tmp_path):
    save_file({"a": np.arange(30_000.0)}, tmp_path / "t")
    with safetensors.read(str(tmp_path / "t")) as tensors:
        os.truncate(tmp_path / "t", 4096)
        with pytest.raises(CorruptionError, match="ends at byte 4,096") as told:
            tensors["a"]
    assert (told.value.tensor, told.value.offset) == ("a", 4096)


CUT = """
import os, sys
import numpy as np
import fastckpt
from fastckpt.base.cast import Losses
source, target = sys.argv[1:]
cast = Losses.cast

def cut(*arguments):
    os.truncate(source, 4096)
    return cast(*arguments)

Losses.cast = cut
try:
    fastckpt.convert(source, target, fsync=False, dtype="float16")
except fastckpt.CheckpointError as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("kind", ["safetensors", "npz"])
@pytest.mark.parametrize("ending", ["", ".npz", ".safetensors"])
def test_a_source_that_is_cut_while_it_is_converted_is_no_signal(
    kind, ending, tmp_path
):
    tensors = {name: np.zeros(1 << 20, np.float32) for name in "abc"}
    fastckpt.save(tmp_path / "first", tensors, fsync=False)
    source, target = tmp_path / f"old.{kind}", tmp_path / f"new{ending}"
    fastckpt.convert(tmp_path / "first", source, fsync=False)
    done = children.run(
        [sys.executable, "-c", CUT, source, target],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "CorruptionError\n"), done.stderr
    assert not list(tmp_path.glob("new*"))
