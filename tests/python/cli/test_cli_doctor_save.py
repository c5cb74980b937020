"""fastckpt doctor --save: in one command that runs as printed."""

from __future__ import annotations

import shlex

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json
from damage import data_file, flip

TENSORS = {f"w {i}": np.full(1000, i + 0.5, np.float32) for i in range(4)}


@pytest.fixture
def prefix(tmp_path):
    fastckpt.save(tmp_path / "a model's.ckpt", TENSORS, shards=2)
    return tmp_path / "a model's.ckpt"


def test_the_command_that_doctor_prints_saves_the_rest(prefix, capsys):
    flip(data_file(prefix, 0), 4500)
    line = run(capsys, "doctor", prefix).out.splitlines()[-1]
    done = run(capsys, *shlex.split(line)[1:])
    assert (done.status, done.err) == (1, "")
    assert done.out.startswith(f"source: {prefix}\n")
    assert "lost: 1 tensor:\n  w 2\n" in done.out
    with fastckpt.open(prefix.parent / "sound" / prefix.name) as saved:
        assert saved.verify().ok
        assert list(saved) == ["w 0", "w 1", "w 3"]


def test_so_does_the_one_for_an_index_that_cannot_be_opened(prefix, capsys):
    flip(prefix.with_name(f"{prefix.name}.index"), 3)
    line = run(capsys, "doctor", prefix).out.splitlines()[-1]
    done = run(capsys, *shlex.split(line)[1:])
    assert (done.status, done.err) == (0, "")
    assert "bit 0 of byte 3 of its contents was flipped" in done.out
    assert list(fastckpt.open(prefix.parent / "sound" / prefix.name)) == list(TENSORS)


def test_json_has_all_that_is_known(prefix, tmp_path, capsys):
    data_file(prefix, 1).unlink()
    to = tmp_path / "to"
    status, found = run_json(capsys, "doctor", prefix, "--save", to)
    assert status == 1
    assert found["saved"] == ["w 0", "w 2"]
    assert found["lost"] == ["w 1", "w 3"]
    assert (found["repaired"], found["unproved"]) == ([], {})
    assert (found["path"], found["source"]) == (str(to), str(prefix))
    assert found["is_whole"] is True


def test_where_nothing_is_to_be_had_the_status_is_2(prefix, tmp_path, capsys):
    for shard in (0, 1):
        data_file(prefix, shard).write_bytes(b"")
    done = run(capsys, "doctor", prefix, "--save", tmp_path / "to")
    assert (done.status, done.out) == (2, "")
    assert "no tensor of it can be saved" in done.err
    assert not list(tmp_path.glob("to*"))


def test_what_is_there_is_not_written_over(prefix, tmp_path, capsys):
    fastckpt.save(tmp_path / "to", {"x": 1})
    for target in (prefix, tmp_path / "to"):
        done = run(capsys, "doctor", prefix, "--save", target)
        assert (done.status, done.out) == (2, "")
        assert "give a name that is free" in done.err


def test_a_trusted_sibling_is_said_loudly(prefix, tmp_path, capsys):
    fastckpt.save(tmp_path / "b", {n: v + 1 for n, v in TENSORS.items()}, shards=2)
    prefix.with_name(f"{prefix.name}.index").unlink()
    words = ["doctor", prefix, "--save", tmp_path / "to"]
    assert run(capsys, *words).status == 2
    done = run(capsys, *words, "--trust-sibling", tmp_path / "b")
    assert done.status == 1
    unchecked = "UNCHECKED: nothing proves name, type, shape and bytes of 4 tensors"
    assert unchecked in done.out
    assert all(f"  {name}\n" in done.out for name in TENSORS)


def test_a_sibling_without_a_target_is_no_use(prefix, capsys):
    done = run(capsys, "doctor", prefix, "--trust-sibling", prefix)
    assert done.status == 2
    assert "--save" in done.err


def test_what_examines_does_not_go_with_what_saves(prefix, tmp_path, capsys):
    done = run(capsys, "doctor", prefix, "--values", "--save", tmp_path / "to")
    assert (done.status, done.out) == (2, "")
    assert "leave --values out" in done.err


def test_a_file_of_another_program_is_named(tmp_path, capsys):
    np.savez(tmp_path / "m.npz", w=np.zeros(3))
    done = run(capsys, "doctor", tmp_path / "m.npz", "--save", tmp_path / "to")
    assert (done.status, done.out) == (2, "")
    assert "npz" in done.err
