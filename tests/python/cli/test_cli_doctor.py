"""fastckpt doctor: what is wrong here, what to do, what can be saved."""

from __future__ import annotations

import shlex

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker, shape
from command_line import run, run_json
from damage import data_file, flip
from places import GOLDEN, TESTDATA, items

TENSORS = {f"w{i}": np.full(1000, i, np.float32) for i in range(4)}


@pytest.fixture
def prefix(tmp_path):
    fastckpt.save(tmp_path / "model.ckpt", TENSORS, shards=2)
    return tmp_path / "model.ckpt"


@pytest.mark.parametrize("item", items(GOLDEN) + items(TESTDATA), ids=lambda i: i.name)
def test_what_tensorflow_wrote_is_sound(item, capsys):
    done = run(capsys, "doctor", item)
    assert (done.status, done.err) == (0, "")
    assert ": sound (v" in done.out
    assert done.out.count("\n") == 1


def test_a_damaged_tensor_is_named_with_the_command_that_saves_the_rest(
    prefix, tmp_path, capsys
):
    flip(data_file(prefix, 0), 4500)
    done = run(capsys, "doctor", prefix)
    lines = done.out.splitlines()
    assert (done.status, done.err) == (1, "")
    assert lines[0] == f"{prefix}: 1 problem (v2, 4 tensors)"
    assert lines[1].startswith(f"  {data_file(prefix, 0)}: tensor 'w2': at offset 4000")
    assert "use another checkpoint" in lines[2]
    assert lines[3] == "  3 of 4 tensors are sound; to save them:"
    assert run(capsys, *shlex.split(lines[4])[1:]).status == 1  # one is lost
    with fastckpt.open(tmp_path / "sound" / "model.ckpt") as saved:
        assert saved.verify().ok
        assert list(saved) == ["w0", "w1", "w3"]


def test_a_cut_file_is_told_with_how_much_it_needs(prefix, capsys):
    path = data_file(prefix, 1)
    path.write_bytes(path.read_bytes()[:5000])
    done = run(capsys, "doctor", prefix)
    assert "the file is cut: it has 5,000 bytes of at least 8,000; copy" in done.out


def test_a_missing_file_is_one_problem_and_its_tensors_are_lost(prefix, capsys):
    data_file(prefix, 1).unlink()
    status, found = run_json(capsys, "doctor", prefix)
    (examination,) = found["examined"]
    assert status == 1
    assert examination["lost"] == ["w1", "w3"]
    (problem,) = examination["problems"]
    assert "is missing; it holds 2 tensors" in problem["message"]
    assert problem["advice"] == "copy this file beside the others"


def test_an_index_that_cannot_be_opened_is_a_problem(prefix, capsys):
    flip(prefix.with_name("model.ckpt.index"), 3)
    done = run(capsys, "doctor", prefix)
    assert (done.status, done.err) == (1, "")
    assert "without a sound index nothing can be read" in done.out


def test_where_the_index_is_wrong_about_a_tensor_no_file_is_blamed(tmp_path, capsys):
    bundle = BundleMaker()
    bundle.add("bad\x1b", np.zeros(3), shape=shape((-3,)))
    bundle.add("good", np.zeros(3))
    done = run(capsys, "doctor", bundle.write(tmp_path))
    assert done.status == 1
    assert "has a negative dimension\n    the index says so itself" in done.out
    assert "1 of 2 tensors are sound" in done.out
    assert "\x1b" not in done.out


def test_a_missing_shard_of_v1_is_a_problem(tmp_path, capsys):
    for shard in (0, 2):
        name = f"model-{shard:05d}-of-00003"
        fastckpt.save(tmp_path / name, {f"w{shard}": 1}, format="v1")
    for path in (tmp_path, tmp_path / "model"):
        done = run(capsys, "doctor", path)
        assert (done.status, done.err) == (1, "")
        assert "model-00001-of-00003: a data file" in done.out


def test_where_no_tensor_is_sound_no_command_is_proposed(tmp_path, capsys):
    fastckpt.save(tmp_path / "p", {f"w{i}": np.ones(1, np.int8) for i in range(20)})
    data = tmp_path / "p.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:10])
    out = run(capsys, "doctor", tmp_path / "p").out
    assert "10 of 20 tensors are sound" in out
    data.write_bytes(b"")
    out = run(capsys, "doctor", tmp_path / "p").out
    assert "no tensor can be saved" in out


def test_data_files_of_an_earlier_checkpoint_are_a_note(prefix, capsys):
    prefix.with_name("model.ckpt.data-00000-of-00001").write_bytes(b"")
    done = run(capsys, "doctor", prefix)
    assert done.status == 0
    assert "note: " in done.out
    assert "whether anything needs it cannot be told" in done.out


def test_every_checkpoint_of_a_folder_is_examined(tmp_path, capsys):
    for step in (1, 2):
        fastckpt.save(tmp_path / f"m-{step}", TENSORS)
    fastckpt.save(tmp_path / "v1", TENSORS, format="v1")
    flip(tmp_path / "m-2.data-00000-of-00001", 0)
    status, found = run_json(capsys, "doctor", tmp_path)
    assert (status, found["ok"]) == (1, False)
    problems = {it["path"]: len(it["problems"]) for it in found["examined"]}
    assert problems == {
        str(tmp_path / "m-1"): 0,
        str(tmp_path / "m-2"): 1,
        str(tmp_path / "v1"): 0,
        str(tmp_path): 0,
    }


def test_a_state_file_that_names_what_is_not_there_gets_the_newest(tmp_path, capsys):
    fastckpt.save(tmp_path / "m-2", TENSORS)
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "m-3"\n')
    done = run(capsys, "doctor", tmp_path)
    assert done.status == 1
    assert f"names '{tmp_path / 'm-3'}', which is not there\n" in done.out
    assert f"the newest complete checkpoint here is {tmp_path / 'm-2'}\n" in done.out


def test_the_newest_that_is_named_is_one_whose_bytes_are_right(tmp_path, capsys):
    for step in (1, 2):
        fastckpt.save(tmp_path / f"m-{step}", TENSORS)
    flip(tmp_path / "m-2.data-00000-of-00001", 0)
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "m-3"\n')
    done = run(capsys, "doctor", tmp_path)
    assert f"the newest complete checkpoint here is {tmp_path / 'm-1'}\n" in done.out


def test_a_damaged_state_file_is_a_problem(tmp_path, capsys):
    fastckpt.save(tmp_path / "m-2", TENSORS)
    (tmp_path / "checkpoint").write_text("model_checkpoint_path: \x00")
    done = run(capsys, "doctor", tmp_path)
    assert done.status == 1
    assert "leave it as it is, and name the checkpoint itself instead" in done.out


def test_data_files_without_an_index_are_a_problem(tmp_path, capsys):
    fastckpt.save(tmp_path / "m-2", TENSORS)
    (tmp_path / "m-2.index").unlink()
    done = run(capsys, "doctor", tmp_path)
    assert (done.status, done.err) == (1, "")
    assert f"{tmp_path / 'm-2.index'}: this file is missing" in done.out


@pytest.mark.parametrize(
    "name",
    [
        "m.data-00000-of-00001.tempstate1234",
        "m.index.tempstate99",
        "m_temp",
        "m_temp_0123456789abcdef0123456789abcdef",
    ],
)
def test_what_a_save_that_was_cut_short_left_is_a_note(name, tmp_path, capsys):
    fastckpt.save(tmp_path / "m-2", TENSORS)
    (tmp_path / name).mkdir()
    done = run(capsys, "doctor", tmp_path)
    assert done.status == 0
    assert f"note: {tmp_path / name}: left by a save that did not finish" in done.out


def test_a_saved_model_is_examined_by_its_variables(tmp_path, capsys):
    fastckpt.save(tmp_path / "variables" / "variables", TENSORS)
    (tmp_path / "saved_model.pb").touch()
    done = run(capsys, "doctor", tmp_path)
    assert done.status == 0
    assert done.out.startswith(f"{tmp_path / 'variables' / 'variables'}: sound")


@pytest.mark.parametrize("name", ["nothing", "."])
def test_where_no_checkpoint_is_the_status_is_2(name, tmp_path, capsys):
    done = run(capsys, "doctor", tmp_path / name)
    assert (done.status, done.out) == (2, "")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("kind", ["index", "data-00000-of-00001"])
def test_what_is_found_under_another_name_is_told_once_of_a_relative_path(
    kind, tmp_path, monkeypatch, capsys
):
    fastckpt.save(tmp_path / "m", {"w": np.arange(4000, dtype=np.float32)})
    (tmp_path / f"m.{kind}").rename(tmp_path / "copy")
    monkeypatch.chdir(tmp_path)
    for folder in (".", str(tmp_path)):
        status, out, _ = run(capsys, "doctor", folder)
        assert (status, out.count("1 problem")) == (1, 1)
