"""fastckpt stats: what values are like, and whether all are finite."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json, run_on_terminal
from damage import change_byte
from fastckpt import _native

COUNTS = ["zeros", "NaN", "Inf"]
TENSORS = {
    "dense/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "ids": np.array([1, 2_000_000_000_000], np.int64),
    "empty": np.zeros((0, 3), np.float32),
    "words": np.array([b"a", b"b"], object),
}


@pytest.fixture
def prefix(tmp_path):
    fastckpt.save(tmp_path / "model", TENSORS)
    return tmp_path / "model"


@pytest.fixture
def bad(tmp_path):
    values = np.array([1, math.nan, -math.inf, math.inf], np.float32)
    fastckpt.save(tmp_path / "bad", {"fine": [1.0], "w": values})
    return tmp_path / "bad"


def test_every_number_has_a_row_below_the_summary(prefix, capsys):
    done = run(capsys, "stats", prefix)
    assert (done.status, done.err) == (0, "")
    summary, header, *rows = done.out.splitlines()
    assert summary == (
        "3 tensors, 14 values, 64 bytes, 1 left out that is no numbers, all finite"
    )
    assert header.split() == ["name", "min", "max", "mean", "std", *COUNTS]
    assert [row.split() for row in rows] == [
        ["dense/kernel", "0", "11", "5.5", "3.452", "1", "0", "0"],
        ["empty", "-", "-", "-", "-", "0", "0", "0"],
        ["ids", "1", "2e+12", "1e+12", "1e+12", "0", "0", "0"],
    ]


def test_what_is_not_finite_is_status_1_and_named_at_the_end(bad, capsys):
    done = run(capsys, "stats", bad)
    assert done.status == 1
    assert "1 with values that are not finite" in done.out.splitlines()[0]
    assert "1 tensor has values that are not finite: 'w'" in done.err
    assert run(capsys, "stats", bad, "fine").status == 0
    assert run(capsys, "stats", bad, "w").status == 1


def test_json_has_what_statistics_gives(bad, capsys):
    done = run(capsys, "stats", "--json", bad)
    found = json.loads(done.out)
    assert done.status == 1
    assert found["ok"] is False
    assert found["not_finite"] == ["w"]
    (fine, w) = found["tensors"]
    assert (w["nan"], w["inf"], w["min"], w["count"]) == (1, 2, 1, 4)
    expected = fastckpt.statistics(bad)["fine"]
    assert fine["histogram"] == {
        "counts": list(expected.histogram[0]),
        "edges": list(expected.histogram[1]),
    }


def test_damage_is_status_1(prefix, capsys):
    data = prefix.with_name("model.data-00000-of-00001")
    content = bytearray(data.read_bytes())
    content[3] ^= 1
    data.write_bytes(content)
    done = run(capsys, "stats", prefix)
    assert done.status == 1
    assert "checksum" in done.err


def test_a_missing_tensor_is_a_usage_error_with_close_names(prefix, capsys):
    done = run(capsys, "stats", prefix, "dense/kernal")
    assert (done.status, done.out) == (2, "")
    assert "'dense/kernel'" in done.err


def test_on_a_terminal_the_summary_is_the_first_line_of_any_width(prefix):
    for columns in (80, 200):
        done = run_on_terminal("stats", prefix, columns=columns)
        assert done.status == 0
        lines = done.out.splitlines()
        assert lines[0].startswith("3 tensors, 14 values")
        assert all(len(line) <= columns + 8 for line in lines)  # with colour's codes
        assert sum("\x1b" in line for line in lines) == 1  # the header


def test_npz_has_statistics_too(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", w=np.arange(3.0), n=np.array([1, 2], ">i4"))
    _, found = run_json(capsys, "stats", tmp_path / "a.npz")
    assert [(it["name"], it["max"]) for it in found["tensors"]] == [("w", 2), ("n", 2)]


def test_no_histogram_is_made_where_none_is_printed(prefix, capsys, monkeypatch):
    asked = []

    def describe(reader, slots, values, with_histogram, *rest):
        asked.append(with_histogram)
        return known(reader, slots, values, with_histogram, *rest)

    known = _native.describe_tensors
    monkeypatch.setattr(_native, "describe_tensors", describe)
    lines = run(capsys, "stats", prefix).out.splitlines()
    assert len(lines) == 5
    assert run(capsys, "stats", "--json", prefix).status == 0
    assert asked == [False, True]


def test_of_a_damaged_checkpoint_the_sound_tensors_have_their_rows(tmp_path, capsys):
    tensors = {f"t{i}": np.full(4, i, np.float32) for i in range(9)}
    fastckpt.save(tmp_path / "model", tensors)
    for i in range(7):
        change_byte(tmp_path / "model.data-00000-of-00001", 16 * i)
    done = run(capsys, "stats", tmp_path / "model")
    assert done.status == 1
    summary, _, *rows = done.out.splitlines()
    assert "7 that cannot be read, the others finite" in summary
    assert [row.split()[0] for row in rows] == ["t7", "t8"]
    assert "tensor 't0'" in done.err
    assert "2 more tensors cannot be read; verify lists them" in done.err
    done = run(capsys, "stats", tmp_path / "model", "--json")
    found = json.loads(done.out)
    assert (done.status, found["ok"]) == (1, False)
    assert [it["name"] for it in found["unreadable"]] == [f"t{i}" for i in range(7)]
    assert [it["name"] for it in found["tensors"]] == ["t7", "t8"]
    # Where nothing is left there is nothing but the error.
    done = run(capsys, "stats", tmp_path / "model", "t3")
    assert (done.status, done.out) == (1, "")
