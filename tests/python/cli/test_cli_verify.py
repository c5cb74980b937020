"""fastckpt verify: every problem, and how fast."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json, run_on_terminal, run_process
from damage import flip
from places import GOLDEN, TESTDATA, items

TENSORS = {f"w{i}": np.full(1000, i, np.float32) for i in range(4)}


@pytest.fixture
def prefix(tmp_path):
    fastckpt.save(tmp_path / "model.ckpt", TENSORS, shards=2)
    return tmp_path / "model.ckpt"


@pytest.mark.parametrize("item", items(GOLDEN) + items(TESTDATA), ids=lambda i: i.name)
def test_what_tensorflow_wrote_is_sound(item, capsys):
    done = run(capsys, "verify", item)
    assert (done.status, done.err) == (0, "")
    checked = r"[\d,]+ tensors?, [\d,]+ bytes checked"
    speed = r"in \d+\.\d\d s \([\d,]+ MB/s\)"
    assert re.search(f": ok; {checked} {speed}\n$", done.out)


def test_every_problem_has_a_line_and_the_status_is_1(prefix, capsys):
    flip(prefix.with_name("model.ckpt.data-00000-of-00002"), 0, 4500)
    flip(prefix.with_name("model.ckpt.data-00001-of-00002"), 9)
    done = run(capsys, "verify", prefix)
    *problems, verdict = done.out.splitlines()
    assert (done.status, done.err) == (1, "")
    assert [re.findall(r"tensor '(\w+)'", line) for line in problems] == [
        ["w0"],
        ["w1"],
        ["w2"],
    ]
    assert all("stored checksum 0x" in line for line in problems)
    assert f"{prefix}: 3 problems, 3 tensors lost; 4 tensors" in verdict


def test_json_has_every_problem_with_its_place(prefix, capsys):
    data = prefix.with_name("model.ckpt.data-00000-of-00002")
    flip(data, 4500)
    status, found = run_json(capsys, "verify", prefix)
    assert status == 1
    assert found["ok"] is False
    assert found["tensors"] == 4
    assert found["bytes_checked"] >= 16_000
    assert found["seconds"] > 0
    (problem,) = found["problems"]
    assert problem["path"] == str(data)
    assert (problem["tensor"], problem["offset"]) == ("w2", 4000)
    assert "0x" in problem["message"]


def test_json_of_a_sound_checkpoint(prefix, capsys):
    status, found = run_json(capsys, "verify", prefix, "--threads", 1)
    assert (status, found["ok"], found["problems"]) == (0, True, [])
    assert (found["path"], found["format"]) == (str(prefix), "v2")


def test_a_missing_data_file_is_one_line_for_all_its_tensors(prefix, capsys):
    missing = prefix.with_name("model.ckpt.data-00001-of-00002")
    missing.unlink()
    done = run(capsys, "verify", prefix)
    assert (done.status, done.err) == (1, "")
    first, verdict = done.out.splitlines()
    assert first == f"{missing}: this file is missing; it holds 2 tensors"
    assert "1 problem, 2 tensors lost" in verdict


def test_a_short_data_file_is_status_1(prefix, capsys):
    prefix.with_name("model.ckpt.data-00000-of-00002").write_bytes(b"")
    done = run(capsys, "verify", prefix)
    assert done.status == 1
    assert "the file has 0" in done.out


def test_an_index_that_cannot_be_opened_is_one_problem(prefix, capsys):
    index = prefix.with_name("model.ckpt.index")
    flip(index, 3)
    done = run(capsys, "verify", prefix)
    assert (done.status, done.err) == (1, "")
    assert "1 problem" in done.out
    status, found = run_json(capsys, "verify", prefix)
    assert status == 1
    assert found["ok"] is False
    assert found["problems"][0]["path"] == str(index)


def test_a_missing_shard_of_v1_is_status_1(tmp_path, capsys):
    for shard in (0, 2):
        name = f"model-{shard:05d}-of-00003"
        fastckpt.save(tmp_path / name, {f"w{shard}": 1}, format="v1")
    done = run(capsys, "verify", tmp_path / "model")
    assert done.status == 1
    assert "model-00001-of-00003" in done.err


def test_a_prefix_that_is_not_there_is_status_2(tmp_path, capsys):
    done = run(capsys, "verify", tmp_path / "nothing")
    assert (done.status, done.out) == (2, "")
    assert "nothing" in done.err


def test_names_of_files_cannot_move_the_cursor(tmp_path, capsys):
    fastckpt.save(tmp_path / "a\x1b[2J\n", {"w\x1b": 1})
    flip(tmp_path / "a\x1b[2J\n.data-00000-of-00001", 0)
    done = run(capsys, "verify", tmp_path / "a\x1b[2J\n")
    assert done.status == 1
    assert "\x1b" not in done.out
    assert len(done.out.splitlines()) == 2


def test_the_verdict_is_coloured_on_a_terminal_alone(prefix):
    assert "\x1b[32mok\x1b[m" in run_on_terminal("verify", prefix).out
    assert "\x1b" not in run_process("verify", prefix).out
    flip(prefix.with_name("model.ckpt.data-00000-of-00002"), 0)
    assert "\x1b[1;31m1 problem\x1b[m" in run_on_terminal("verify", prefix).out
