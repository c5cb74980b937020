"""fastckpt show: values, statistics, where the bytes lie."""

from __future__ import annotations

import hashlib
import math
import os
import re

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker, shape
from command_line import run, run_json, run_on_terminal
from expected_json import read_expected
from places import GOLDEN, TESTDATA, items

KERNEL = np.arange(12, dtype=np.float32).reshape(3, 4)
TENSORS = {
    "kernel": KERNEL,
    "words": np.array([b"a", b"\xff"], object),
    "mask": np.array([True, False, True]),
    "bad": np.array([1, math.nan, -math.inf], np.float32),
}


@pytest.fixture
def prefix(tmp_path):
    fastckpt.save(tmp_path / "model.ckpt", TENSORS, shards=2)
    return tmp_path / "model.ckpt"


def fields(text):
    """Gives what stands beside each label."""
    return dict(re.findall(r"^  (\S.*?)  +(.*)$", text, re.MULTILINE))


def test_a_tensor_is_shown_with_its_place_statistics_and_values(prefix, capsys):
    done = run(capsys, "show", prefix, "kernel")
    info = fastckpt.open(prefix).info("kernel")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("kernel\n")
    assert fields(done.out) == {
        "dtype": "float32",
        "shape": "(3, 4)",
        "size": "48 bytes",
        "crc32c": f"{info.crc32c:#010x}",
        "stored in": "model.ckpt.data-00000-of-00002, bytes 0 to 48",
        "count": "12",
        "min": "0",
        "max": "11",
        "mean": "5.5",
        "std": "3.45205",
        "zeros": "1",
        "nan": "0",
        "inf": "0",
    }
    assert done.out.endswith(f"\n{KERNEL}\n")


@pytest.mark.parametrize(
    ("region", "index"),
    [
        ("0:2,:", np.s_[0:2, :]),
        ("-1", np.s_[-1]),
        ("...,0", np.s_[..., 0]),
        ("::2,1:3", np.s_[::2, 1:3]),
        ("1,2", np.s_[1, 2]),
    ],
)
def test_a_region_is_what_numpy_would_take(region, index, prefix, capsys):
    done = run(capsys, "show", prefix, "kernel", "--region", region)
    part = KERNEL[index]
    assert done.out.endswith(f"\n{part}\n")
    assert fields(done.out)["region"] == f"[{region}], shape {part.shape}"
    assert fields(done.out)["count"] == str(part.size)
    _, found = run_json(capsys, "show", prefix, "--region", region, "kernel")
    assert found["tensors"][0]["values"] == part.tolist()
    assert found["tensors"][0]["statistics"]["max"] == part.max()


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("5", "index 5 is out of bounds"),
        ("0,0,0", "too many indices"),
        ("x", "is no integer, slice"),
    ],
)
def test_a_region_that_does_not_fit_is_a_usage_error(region, message, prefix, capsys):
    done = run(capsys, "show", prefix, "kernel", "--region", region)
    assert done.status == 2
    assert message in done.err


def test_a_region_without_a_name_is_a_usage_error(prefix, capsys):
    done = run(capsys, "show", prefix, "--region", "0")
    assert (done.status, done.out) == (2, "")
    assert "--region needs the NAME" in done.err


def test_a_name_that_is_not_there_is_a_usage_error_with_close_names(prefix, capsys):
    done = run(capsys, "show", prefix, "kernl")
    assert (done.status, done.out) == (2, "")
    assert "close to it: 'kernel'" in done.err


def test_several_tensors_are_shown_one_after_the_other(prefix, capsys):
    out = run(capsys, "show", prefix, "mask", "k*").out
    assert out.index("mask\n") < out.index("\n\nkernel\n")
    assert fields(out)["true"] == "2"


def test_json_has_no_nan_of_its_own(prefix, capsys):
    _, found = run_json(capsys, "show", prefix, "bad")
    (tensor,) = found["tensors"]
    assert tensor["values"] == [1.0, "NaN", "-Infinity"]
    assert tensor["statistics"] == {
        "count": 3,
        "min": 1.0,
        "max": 1.0,
        "mean": 1.0,
        "std": 0.0,
        "zeros": 0,
        "nan": 1,
        "inf": 1,
    }


def test_json_has_complex_numbers_as_pairs(tmp_path, capsys):
    fastckpt.save(tmp_path / "p", {"c": np.array([1 + 2j, complex(0, math.inf)])})
    _, found = run_json(capsys, "show", tmp_path / "p", "c")
    assert found["tensors"][0]["values"] == [[1.0, 2.0], [0.0, "Infinity"]]
    assert found["tensors"][0]["statistics"]["mean"] == [1.0, 2.0]


def test_json_tells_where_every_piece_lies(tmp_path, capsys):
    with fastckpt.Writer(tmp_path / "p") as writer:
        writer.add_slice("emb", KERNEL[:1], (3, 4), (0, 0))
        writer.add_slice("emb", KERNEL[1:], (3, 4), (1, 0))
    _, found = run_json(capsys, "show", tmp_path / "p", "emb")
    (tensor,) = found["tensors"]
    file = str(tmp_path / "p.data-00000-of-00001")
    assert tensor["pieces"] == [
        {"file": file, "offset": 0, "nbytes": 16, "begin": [0, 0], "extent": [1, 4]},
        {"file": file, "offset": 16, "nbytes": 32, "begin": [1, 0], "extent": [2, 4]},
    ]
    assert tensor["values"] == KERNEL.tolist()
    out = run(capsys, "show", tmp_path / "p", "emb").out
    assert "p.data-00000-of-00001, bytes 16 to 48, holds [1:3,0:4]\n" in out


def test_strings_have_a_place_too(prefix, capsys):
    info = fastckpt.open(prefix).info("words")
    out = run(capsys, "show", prefix, "words").out
    end = info.offset + info.nbytes
    assert fields(out)["stored in"].endswith(f", bytes {info.offset} to {end}")
    assert out.endswith("[b'a' b'\\xff']\n")


def test_the_values_of_a_scalar_are_one(tmp_path, capsys):
    fastckpt.save(tmp_path / "p", {"step": 7})
    assert run(capsys, "show", tmp_path / "p", "step").out.endswith("\n7\n")


def test_damaged_values_are_not_shown_and_the_others_are(prefix, capsys):
    data = prefix.with_name("model.ckpt.data-00000-of-00002")
    content = bytearray(data.read_bytes())
    content[5] ^= 1
    data.write_bytes(content)
    done = run(capsys, "show", prefix, "kernel", "words")
    assert done.status == 1
    assert re.search(r"'kernel'.*stored checksum 0x\w+, computed 0x\w+", done.err)
    assert "[[" not in done.out
    assert done.out.endswith("[b'a' b'\\xff']\n")


def test_damaged_values_are_an_error_in_json(prefix, capsys):
    prefix.with_name("model.ckpt.data-00000-of-00002").write_bytes(b"")
    status, found = run_json(capsys, "show", prefix, "kernel")
    assert status == 1
    assert "bytes" in found["tensors"][0]["error"]
    assert "values" not in found["tensors"][0]


def test_a_missing_data_file_is_named_with_status_1(prefix, capsys):
    prefix.with_name("model.ckpt.data-00000-of-00002").unlink()
    done = run(capsys, "show", prefix, "kernel")
    assert done.status == 1
    assert "model.ckpt.data-00000-of-00002" in done.err
    assert "Errno" not in done.err


def test_without_a_name_the_checkpoint_itself_is_shown(prefix, capsys):
    prefix.with_name("model.ckpt.data-00001-of-00002").unlink()
    out = run(capsys, "show", prefix).out
    assert out.startswith(f"{prefix}\n  format      v2\n")
    assert re.search(r"^model.ckpt.index +\d+ B$", out, re.MULTILINE)
    assert re.search(r"^model.ckpt.data-00001-of-00002 +missing$", out, re.MULTILINE)
    assert re.search(r"^float32 +2 +15 +60 B$", out, re.MULTILINE)
    assert re.search(r"^total +4 +20 ", out, re.MULTILINE)
    assert out.index("kernel") < out.index("words") < out.index("mask")


def test_the_checkpoint_in_json(prefix, capsys):
    status, found = run_json(capsys, "show", prefix)
    assert status == 0
    assert found["format"] == "v2"
    assert found["dtypes"]["bool"] == {"tensors": 1, "values": 3, "nbytes": 3}
    assert [file["nbytes"] for file in found["files"]] == [
        path.stat().st_size
        for path in (
            prefix.with_name("model.ckpt.index"),
            prefix.with_name("model.ckpt.data-00000-of-00002"),
            prefix.with_name("model.ckpt.data-00001-of-00002"),
        )
    ]


@pytest.mark.parametrize("form", ["v1", "v2"])
@pytest.mark.parametrize("place", ["", "there/", "./there/../there//", "{absolute}/"])
def test_files_are_named_as_the_checkpoint_was(
    form, place, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    prefix = place.format(absolute=tmp_path) + "m"
    with fastckpt.Writer(tmp_path / prefix, format=form) as writer:
        writer.add("whole", KERNEL)
        writer.add_slice("part", KERNEL, KERNEL.shape, (0, 0))
    _, found = run_json(capsys, "show", prefix)
    data = "m" if form == "v1" else "m.data-00000-of-00001"
    names = ["m"] if form == "v1" else ["m.index", data]
    folder = prefix.removesuffix("/m") if "/" in prefix else ""
    paths = [os.path.join(folder, name) for name in names]
    assert [file["path"] for file in found["files"]] == paths
    _, found = run_json(capsys, "show", prefix, "whole", "part")
    for tensor in found["tensors"]:
        assert [piece["file"] for piece in tensor["pieces"]] == [paths[-1]]


def test_the_checkpoint_says_how_many_tensors_cannot_be_read(tmp_path, capsys):
    bundle = BundleMaker()
    bundle.add("bad", np.zeros(3), shape=shape((-3,)))
    out = run(capsys, "show", bundle.write(tmp_path)).out
    assert "1 tensor cannot be read" in out


def test_v1_tensors_tell_their_place_where_their_bytes_are_the_arrays(tmp_path, capsys):
    fastckpt.save(tmp_path / "v1", {"f": KERNEL, "i": np.arange(3)}, format="v1")
    found = fields(run(capsys, "show", tmp_path / "v1", "f").out)
    (piece,) = fastckpt.open(tmp_path / "v1").layout("f").pieces
    end = piece.offset + piece.nbytes
    assert found["stored in"] == f"v1, bytes {piece.offset} to {end}"
    assert "stored in" not in fields(run(capsys, "show", tmp_path / "v1", "i").out)


def test_on_a_terminal_values_and_many_pieces_fit_it(tmp_path):
    with fastckpt.Writer(tmp_path / "p") as writer:
        for row in range(40):
            part = np.full((1, 30), row, np.float32)
            writer.add_slice("emb", part, (40, 30), (row, 0))
    lines = run_on_terminal("show", tmp_path / "p", "emb", columns=70).out.splitlines()
    assert sum("stored in" in line for line in lines) == 16
    assert any("24 more pieces" in line for line in lines)
    values = lines[next(i for i, line in enumerate(lines) if "[[" in line) :]
    assert max(map(len, values)) <= 70


@pytest.mark.parametrize("item", items(GOLDEN) + items(TESTDATA), ids=lambda i: i.name)
def test_the_values_in_json_are_those_that_tensorflow_read(item, capsys):
    expected = read_expected(item)
    rows = expected["tensors"]
    small = [n for n, row in rows.items() if math.prod(row["shape"]) <= 1000]
    names = [name for name in small if rows[name]["dtype"] in ("float32", "int64")]
    if not names:
        pytest.skip("no small tensors of the two commonest types")
    escaped = [name.replace("\\", "\\\\") for name in names]
    status, found = run_json(capsys, "show", item / expected["prefix"], "--", *escaped)
    assert status == 0
    for tensor in found["tensors"]:
        row = rows[tensor["name"]]
        values = np.array(tensor["values"], row["dtype"])
        assert list(values.shape) == row["shape"] or values.size == 0
        assert hashlib.sha256(values.tobytes()).hexdigest() == row["sha256"]
