"""fastckpt diff: what was added, dropped, reshaped, and which values differ."""

from __future__ import annotations

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json
from places import GOLDEN, items

OLD = {
    "same": np.ones(3, np.float32),
    "values": np.array([1, 2, 3], np.float32),
    "shape": np.zeros((2, 3)),
    "dtype": np.zeros(2, np.float32),
    "gone\n": np.zeros(1),
    "words": np.array([b"a", b"b"], object),
}
NEW = {
    "same": np.ones(3, np.float32),
    "values": np.array([1, 2.5, 3], np.float32),
    "shape": np.zeros((3, 2)),
    "dtype": np.zeros(2, np.float64),
    "new": np.zeros(1),
    "words": np.array([b"a", b"c"], object),
}


@pytest.fixture
def pair(tmp_path):
    fastckpt.save(tmp_path / "a", OLD)
    fastckpt.save(tmp_path / "b", NEW)
    return tmp_path / "a", tmp_path / "b"


def test_each_difference_has_a_line_in_the_order_of_names(pair, capsys):
    done = run(capsys, "diff", *pair)
    assert (done.status, done.err) == (1, "")
    assert done.out.splitlines() == [
        "~ dtype  float32 (2,) -> float64 (2,)",
        r"- gone\n  float64 (1,)",
        "+ new  float64 (1,)",
        "~ shape  float64 (2, 3) -> float64 (3, 2)",
        "! values  float32 (3,): 1 differ, by 0.5 at most",
        "! words  string (2,): 1 differ",
        "1 tensor the same, 2 with other values, 1 of another dtype, "
        "1 of another shape, 1 only in A, 1 only in B",
    ]


def test_the_differences_in_json(pair, capsys):
    status, found = run_json(capsys, "diff", *pair)
    assert status == 1
    assert (found["ok"], found["same"]) == (False, 1)
    by_name = {it["name"]: it for it in found["differences"]}
    assert by_name["values"] == {
        "name": "values",
        "kind": "values",
        "old": "float32 (3,)",
        "new": "float32 (3,)",
        "count": 1,
        "size": 3,
        "largest": 0.5,
        "largest_relative": 0.25,
        "relative_norm": pytest.approx(0.5 / 14**0.5),
        "not_finite": 0,
    }
    assert by_name["shape"]["count"] is None
    assert found["checked"] is True
    assert by_name["gone\n"]["kind"] == "dropped"


@pytest.mark.parametrize("item", items(GOLDEN), ids=lambda item: item.name)
def test_a_checkpoint_is_the_same_as_itself(item, capsys):
    done = run(capsys, "diff", item, item)
    assert (done.status, done.err) == (0, "")
    assert done.out.count("\n") == 1


def test_v1_v2_and_shards_do_not_matter(tmp_path, capsys):
    fastckpt.save(tmp_path / "a", OLD, format="v1")
    fastckpt.save(tmp_path / "b", OLD, shards=3)
    assert run(capsys, "diff", tmp_path / "a", tmp_path / "b").status == 0


def test_slices_do_not_matter(tmp_path, capsys):
    fastckpt.save(tmp_path / "a", {"w": OLD["shape"]})
    with fastckpt.Writer(tmp_path / "b") as writer:
        writer.add_slice("w", OLD["shape"][:1], (2, 3), (0, 0))
        writer.add_slice("w", OLD["shape"][1:], (2, 3), (1, 0))
    assert run(capsys, "diff", tmp_path / "a", tmp_path / "b").status == 0


def test_tolerances_decide_what_is_the_same(pair, capsys):
    done = run(capsys, "diff", *pair, "--atol", "0.5")
    assert "values  float32" not in done.out
    done = run(capsys, "diff", *pair, "--rtol", "0.1")
    assert "values  float32" in done.out
    done = run(capsys, "diff", "--rtol", "0.2", *pair)
    assert "values  float32" not in done.out


@pytest.mark.parametrize("value", ["-1", "nan", "x"])
def test_a_tolerance_is_a_number_of_at_least_0(value, pair, capsys):
    done = run(capsys, "diff", *pair, f"--rtol={value}")
    assert done.status == 2
    assert "no number of at least 0" in done.err


def test_index_only_reads_nothing_where_checksums_agree_and_says_so(tmp_path, capsys):
    fastckpt.save(tmp_path / "a", {"w": OLD["same"]})
    fastckpt.save(tmp_path / "b", {"w": OLD["same"]})
    (tmp_path / "a.data-00000-of-00001").unlink()
    words = ["diff", "--index-only", tmp_path / "a", tmp_path / "b"]
    done = run(capsys, *words)
    assert (done.status, done.err) == (0, "")
    assert "equal stored checksums no byte was read or checked" in done.out
    assert run_json(capsys, *words)[1]["checked"] is False
    assert run(capsys, "diff", *words[2:]).status == 1


@pytest.mark.parametrize("format_name", ["v1", "v2"])
def test_flipped_bytes_are_found_on_either_side(format_name, tmp_path, capsys):
    for name in "ab":
        fastckpt.save(tmp_path / name, {"w": OLD["same"]}, format=format_name)
    end = ".data-00000-of-00001" if format_name == "v2" else ""
    damaged = tmp_path / f"b{end}"
    content = bytearray(damaged.read_bytes())
    content[content.index(OLD["same"].tobytes())] ^= 1
    damaged.write_bytes(content)
    for names in ("ab", "ba", "bb"):
        done = run(capsys, "diff", *(tmp_path / name for name in names))
        assert (done.status, done.out) == (1, "")
        assert "checksum" in done.err


def test_a_missing_data_file_that_is_needed_is_status_1(pair, capsys):
    pair[0].with_name("a.data-00000-of-00001").unlink()
    done = run(capsys, "diff", *pair)
    assert done.status == 1
    assert "a.data-00000-of-00001" in done.err


def test_a_prefix_that_is_not_there_is_status_2(pair, capsys):
    done = run(capsys, "diff", pair[0], pair[0].with_name("c"))
    assert (done.status, done.out) == (2, "")


def test_what_became_no_number_is_said(tmp_path, capsys):
    fastckpt.save(tmp_path / "a", {"w": np.ones(5, np.float32)})
    values = np.array([1, 2, np.nan, np.inf, 1], np.float32)
    fastckpt.save(tmp_path / "b", {"w": values})
    done = run(capsys, "diff", tmp_path / "a", tmp_path / "b")
    assert "3 differ, by 1 at most, 2 of them NaN or infinite in A or B" in done.out
