"""fastckpt ls: what is inside."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker, shape
from command_line import run, run_json, run_on_terminal, run_process
from expected_json import read_expected
from places import GOLDEN, TESTDATA, items

TENSORS = {
    "dense/kernel": np.zeros((300, 10), np.float32),
    "dense/bias": np.zeros(10, np.float32),
    "step": np.array(7, np.int64),
    "words": np.array([b"a", b"bcd"], object),
}
ODD = "red\x1b[31m\n" + b"\xff\\".decode("utf-8", "surrogateescape")


@pytest.fixture
def prefix(tmp_path):
    fastckpt.save(tmp_path / "model.ckpt", TENSORS, shards=2)
    return tmp_path / "model.ckpt"


def rows(text):
    """Gives the columns of each row, by name; header and totals left out."""
    lines = text.splitlines()[1:-1]
    return {cells[0]: cells[1:] for cells in (re.split("  +", x) for x in lines)}


def test_each_tensor_has_a_row_in_the_order_of_names(prefix, capsys):
    done = run(capsys, "ls", prefix)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "name          dtype    shape          size",
        "dense/bias    float32  (10,)          40 B",
        "dense/kernel  float32  (300, 10)  11.7 KiB",
        "step          int64    ()              8 B",
        "words         string   (2,)           10 B",
        "4 tensors, 3,013 values, 11.8 KiB (12,058 bytes)",
    ]


def test_patterns_choose_and_the_total_says_so(prefix, capsys):
    done = run(capsys, "ls", prefix, "dense/*", "step")
    assert list(rows(done.out)) == ["dense/bias", "dense/kernel", "step"]
    assert "3 tensors chosen" in done.out


def test_a_pattern_that_matches_nothing_is_a_usage_error_with_close_names(
    prefix, capsys
):
    done = run(capsys, "ls", prefix, "dense/kernal")
    assert (done.status, done.out) == (2, "")
    assert "'dense/kernel'" in done.err


def test_sorted_by_size_the_largest_is_first(prefix, capsys):
    names = list(rows(run(capsys, "ls", prefix, "--sort", "size").out))
    assert names == ["dense/kernel", "dense/bias", "words", "step"]


def test_sorted_by_offset_tensors_stand_as_they_lie_with_their_places(prefix, capsys):
    found = rows(run(capsys, "ls", "--sort", "offset", prefix).out)
    places = {name: tuple(map(int, cells[-2:])) for name, cells in found.items()}
    infos = fastckpt.open(prefix).infos()
    assert places == {info.name: (info.shard, info.offset) for info in infos}
    assert list(places.values()) == sorted(places.values())


def test_sorting_v1_by_offset_keeps_the_order_and_says_why(tmp_path, capsys):
    fastckpt.save(tmp_path / "v1", {"b": 1, "a": 2}, format="v1")
    done = run(capsys, "ls", tmp_path / "v1", "--sort", "offset")
    assert done.status == 0
    assert list(rows(done.out)) == ["a", "b"]
    assert "no offset of their own" in done.err


@pytest.mark.parametrize("item", items(GOLDEN) + items(TESTDATA), ids=lambda i: i.name)
def test_json_tells_what_tensorflow_tells(item, capsys):
    expected = read_expected(item)
    status, found = run_json(capsys, "ls", item / expected["prefix"])
    assert status == 0
    assert found["format"] == expected["format"]
    assert {
        tensor["name"]: (tensor["dtype"], tensor["shape"])
        for tensor in found["tensors"]
    } == {name: (it["dtype"], it["shape"]) for name, it in expected["tensors"].items()}
    assert found["total"]["tensors"] == len(expected["tensors"])


def test_json_has_all_that_the_index_says(prefix, capsys):
    _, found = run_json(capsys, "ls", prefix, "words", "dense/bias")
    info = fastckpt.open(prefix).info("dense/bias")
    assert found["tensors"][0] == {
        "name": "dense/bias",
        "dtype": "float32",
        "numpy_dtype": "float32",
        "shape": [10],
        "nbytes": 40,
        "shard": info.shard,
        "offset": info.offset,
        "crc32c": info.crc32c,
        "slices": [],
        "is_view": True,
        "problem": None,
    }
    assert found["path"] == str(prefix)
    assert found["total"] == {"tensors": 2, "values": 12, "nbytes": 50}


def test_slices_are_counted_and_told_in_json(tmp_path, capsys):
    with fastckpt.Writer(tmp_path / "p") as writer:
        for row in range(3):
            writer.add_slice("emb", np.ones((1, 2), np.float32), (3, 2), (row, 0))
    assert rows(run(capsys, "ls", tmp_path / "p").out)["emb"][-1] == "3 slices"
    _, found = run_json(capsys, "ls", tmp_path / "p")
    slices = found["tensors"][0]["slices"]
    assert slices[2] == {"begin": [2, 0], "extent": [1, 2]}


def test_odd_names_are_escaped_and_can_be_typed_as_they_are_printed(tmp_path, capsys):
    fastckpt.save(tmp_path / "p", {ODD: 1, "plain": 2})
    printed = next(iter(rows(run(capsys, "ls", tmp_path / "p", "red*").out)))
    assert printed == r"red\x1b[31m\n\xff\\"
    assert list(rows(run(capsys, "ls", tmp_path / "p", printed).out)) == [printed]
    _, found = run_json(capsys, "ls", tmp_path / "p", printed)
    assert found["tensors"][0]["name"] == ODD


def test_a_name_that_exists_is_not_taken_for_a_pattern(tmp_path, capsys):
    fastckpt.save(tmp_path / "p", {"a[0]": 1, "a0": 2})
    assert list(rows(run(capsys, "ls", tmp_path / "p", "a[0]").out)) == ["a[0]"]


def test_missing_data_files_do_not_matter(prefix, capsys):
    for file in prefix.parent.glob("*.data-*"):
        file.unlink()
    assert run(capsys, "ls", prefix).status == 0


def test_a_checkpoint_without_tensors_is_listed(tmp_path, capsys):
    fastckpt.save(tmp_path / "p", {})
    assert run(capsys, "ls", tmp_path / "p").out.endswith(
        "0 tensors, 0 values, 0 bytes\n"
    )


def test_a_tensor_that_the_index_has_wrong_is_listed_marked_and_status_1(
    tmp_path, capsys
):
    bundle = BundleMaker()
    bundle.add("bad\n", np.zeros(3), shape=shape((-3,)))
    bundle.add("good", np.zeros(3))
    done = run(capsys, "ls", bundle.write(tmp_path))
    assert done.status == 1
    assert rows(done.out)[r"bad\n"][-1] == "cannot be read"
    assert rows(done.out)["good"] == ["float64", "(3,)", "24 B"]
    assert r"'bad\n': shape [-3] has a negative dimension" in done.err
    assert done.err.count("\n") == 1


def test_a_type_that_only_tensorflow_knows_is_no_damage(capsys):
    done = run(capsys, "ls", GOLDEN / "variant")
    assert (done.status, done.err) == (0, "")
    assert rows(done.out)["list"] == ["variant", "()", "67 B", "cannot be read"]


def test_a_hundred_thousand_tensors_are_all_there_in_a_pipe(tmp_path):
    tensors = {f"layer_{i:06}/w": np.zeros(1, np.int8) for i in range(100_000)}
    fastckpt.save(tmp_path / "p", tensors, fsync=False)
    done = run_process("ls", tmp_path / "p")
    assert list(rows(done.out)) == list(tensors)


def test_on_a_narrow_terminal_names_stay_whole(prefix):
    lines = run_on_terminal("ls", prefix, columns=32, env={"NO_COLOR": "1"}).out
    assert "dense/kernel\n    float32  (300, 10)  11.7 KiB\n" in lines
    assert all(len(line) <= 32 for line in lines.splitlines())


def test_on_a_terminal_the_header_is_bold_unless_no_color_is_wanted(prefix):
    assert run_on_terminal("ls", prefix).out.startswith("\x1b[1mname ")
    assert "\x1b" not in run_on_terminal("ls", prefix, env={"NO_COLOR": "1"}).out
    assert "\x1b" not in run_on_terminal("ls", prefix, env={"TERM": "dumb"}).out
    assert "\x1b" not in run_process("ls", prefix).out


def test_on_a_terminal_json_is_indented(prefix):
    text = run_on_terminal("ls", prefix, "--json").out
    assert text.startswith('{\n  "path"')
    assert len(json.loads(text)["tensors"]) == 4


def test_names_that_the_locale_lacks_are_escaped(tmp_path):
    fastckpt.save(tmp_path / "p", {"größe": 1})
    done = run_process("ls", tmp_path / "p", env={"PYTHONIOENCODING": "ascii"})
    assert (done.status, done.err) == (0, "")
    assert r"gr\xf6\xdfe" in done.out


def test_a_folder_with_a_state_file_stands_for_its_latest_checkpoint(tmp_path, capsys):
    for step in (1, 2):
        fastckpt.save(tmp_path / f"model-{step}", {"step": step})
    fastckpt.update_checkpoint_state(
        os.fspath(tmp_path), "model-2", ["model-1", "model-2"]
    )
    _, found = run_json(capsys, "ls", tmp_path)
    assert found["path"] == str(tmp_path / "model-2")
