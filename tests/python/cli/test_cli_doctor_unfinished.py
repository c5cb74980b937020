"""fastckpt doctor on what killed saves leave: it proves, tells, and destroys nothing.

What it prints is run by a shell, and must bring the newest step back.
"""

from __future__ import annotations

import os
import shlex
import subprocess

import numpy as np
import pytest

import fastckpt
import unfinished_saves as tensorflow
from command_line import run, run_json
from unfinished_saves import VALUES

OLD = {"old": np.zeros(3, np.float32)}


def list_files(folder):
    """Every file with what is in it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files}


def run_shell(capsys, commands):
    """Runs commands as a shell reads them; those of ``fastckpt`` in this process."""
    for command in commands:
        script = command
        if command.startswith("fastckpt "):
            script = 'fastckpt() { printf "%s\\0" "$@"; }; ' + command
        done = subprocess.run(["bash", "-c", script], capture_output=True, timeout=100)
        assert done.returncode == 0, done.stderr
        if words := done.stdout.split(b"\0")[:-1]:
            assert run(capsys, *map(os.fsdecode, words)).status == 0


def examine(capsys, path):
    """Gives the findings, and checks that nothing destructive is said."""
    _, found = run_json(capsys, "doctor", path)
    findings = [f for it in found["examined"] for f in it["problems"] + it["notes"]]
    for finding in findings:
        told = f"{finding['message']} {finding['advice']} {finding['commands']}".lower()
        for word in ("delete", "anew", "rm ", "mv ", "rename", "not needed"):
            assert word not in told.replace(str(path).lower(), "")
    return findings


def assert_recovers(capsys, folder, path=None, values=VALUES, *, name):
    """Runs the one recovery that is printed; nothing that was there changes."""
    before = list_files(folder)
    with_commands = [it for it in examine(capsys, path or folder) if it["commands"]]
    (finding,) = with_commands
    assert "it is complete: " in finding["message"]
    run_shell(capsys, finding["commands"])
    after = list_files(folder)
    assert {file: after.get(file) for file in before} == before
    target = f"{folder}/{name}"
    with fastckpt.open(target) as recovered:
        assert recovered.verify().ok
        assert recovered.keys() == values.keys()
        for key, value in values.items():
            assert np.array_equal(recovered[key], value)
    return finding


def test_parts_of_saves_by_other_numbers_of_workers_are_not_mixed(tmp_path, capsys):
    for name, values in {
        "part-00000-of-00002": {"a": 2},
        "part-00001-of-00003": {"b": 3},
        "part-00002-of-00003": {"c": 3},
    }.items():
        fastckpt.save(tmp_path / "m-2_temp" / name, values)
    findings = examine(capsys, tmp_path)
    assert not any(finding["commands"] for finding in findings)
    said = " ".join(finding["message"] for finding in findings)
    assert "1 of 2 parts are there" in said
    assert "2 of 3 parts are there" in said


def test_a_whole_set_of_parts_is_brought_back_beside_a_stray_one(tmp_path, capsys):
    for name in ("part-00000-of-00002", "part-00001-of-00002", "part-00000-of-00003"):
        fastckpt.save(tmp_path / "m-2_temp" / name, {name: 1})
    (finding,) = [it for it in examine(capsys, tmp_path) if it["commands"]]
    run_shell(capsys, finding["commands"])
    with fastckpt.open(tmp_path / "m-2") as recovered:
        assert list(recovered) == ["part-00000-of-00002", "part-00001-of-00002"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a folder's").mkdir()
    return tmp_path / "a folder's"


@pytest.mark.tensorflow
class TestOfTensorFlow:
    @pytest.mark.parametrize("data", [False, True])
    def test_a_complete_tempstate_is_brought_back(self, data, folder, capsys):
        tensorflow.put_tempstate(folder / "m-2", data=data)
        assert_recovers(capsys, folder, name="m-2")

    def test_the_older_step_under_the_name_stays(self, folder, capsys):
        fastckpt.save(folder / "m-1", OLD)
        tensorflow.put_tempstate(folder / "other", data=True)
        for file in list(folder.glob("other.*")):
            file.rename(file.with_name(file.name.replace("other", "m-1")))
        assert_recovers(capsys, folder, name="m-1-recovered")

    def test_data_that_took_the_place_of_the_old_fits_the_new_index(
        self, folder, capsys
    ):
        tensorflow.put_tempstate(folder / "m-1", data=False)
        fastckpt.save(folder / "old", OLD)
        (folder / "old.index").rename(folder / "m-1.index")
        (folder / "old.data-00000-of-00001").unlink()
        assert_recovers(capsys, folder, name="m-1-recovered")

    @pytest.mark.parametrize("shards", ["one", "two"])
    def test_parts_that_were_not_merged_are_merged(self, shards, folder, capsys):
        tensorflow.put_parts(folder / "m-2", shards)
        assert_recovers(capsys, folder, name="m-2")

    @pytest.mark.parametrize("moved", [[0], [1], [0, 1]])
    def test_a_merge_that_moved_data_files_is_brought_back(self, moved, folder, capsys):
        tensorflow.put_parts(folder / "m-2", "two")
        for shard in moved:
            tensorflow.move_data(folder / "m-2", shard, 2)
        assert_recovers(capsys, folder, name="m-2-recovered")

    def test_a_merge_that_had_begun_its_index_is_brought_back(self, folder, capsys):
        tensorflow.put_parts(folder / "m-2", "one")
        tensorflow.move_data(folder / "m-2", 0, 1)
        (folder / "m-2.index").touch()
        assert_recovers(capsys, folder, name="m-2-recovered")
        assert_recovers(capsys, folder, folder / "m-2", name="m-2-recovered-2")

    def test_a_merge_that_lacked_only_its_cleaning_up_is_told(self, folder, capsys):
        tensorflow.put_in_place(folder / "m-2")
        parts = tensorflow.put_parts(folder / "m-2", "one")
        (parts / "part-00000-of-00001.data-00000-of-00001").unlink()
        (finding,) = examine(capsys, folder)
        prefix = str(folder / "m-2")
        assert finding["message"].endswith(f"in the checkpoint {prefix!r} already")
        assert finding["commands"] == []

    def test_parts_whose_names_are_still_temporary_are_brought_back(
        self, folder, capsys
    ):
        parts = tensorflow.put_parts(folder / "m-2", "two")
        for number, file in enumerate(list(parts.iterdir())):
            file.rename(f"{file}.tempstate{number}")
        assert_recovers(capsys, folder, name="m-2")

    def test_it_is_found_by_the_name_of_the_checkpoint_too(self, folder, capsys):
        tensorflow.put_parts(folder / "m-2", "two")
        assert_recovers(capsys, folder, folder / "m-2", name="m-2")

    def test_a_part_that_is_missing_is_told(self, folder, capsys):
        parts = tensorflow.put_parts(folder / "m-2", "two")
        for file in parts.glob("part-00001*"):
            file.unlink()
        (finding,) = examine(capsys, folder)
        assert "1 of 2 parts are there" in finding["message"]
        assert finding["commands"] == []

    def test_a_data_file_that_is_cut_is_told(self, folder, capsys):
        tensorflow.put_tempstate(folder / "m-2", data=True)
        (data,) = folder.glob("*.data*")
        data.write_bytes(data.read_bytes()[:5000])
        (finding,) = examine(capsys, folder)
        assert "2 of 4 tensors in it are sound" in finding["message"]
        assert finding["commands"] == []

    def test_data_without_any_index_is_told_to_be_kept(self, folder, capsys):
        tensorflow.put_tempstate(folder / "m-2", data=True)
        (index,) = folder.glob("*.index*")
        index.unlink()
        (finding,) = examine(capsys, folder)
        assert "without an index it cannot be told" in finding["message"]
        assert finding["advice"].startswith("keep it")

    def test_the_right_one_of_several_data_files_is_found(self, folder, capsys):
        tensorflow.put_tempstate(folder / "m-2", data=True)
        (folder / "m-2.data-00000-of-00001.tempstate1").write_bytes(bytes(9000))
        (folder / "m-2.data-00000-of-00001").write_bytes(bytes(9000))
        assert_recovers(capsys, folder, name="m-2-recovered")

    def test_a_v1_file_is_brought_back(self, folder, capsys):
        fastckpt.save(folder / "m-2", VALUES, format="v1")
        (folder / "m-2").rename(folder / "m-2.tempstate77")
        assert_recovers(capsys, folder, name="m-2")


class TestOfOurOwn:
    def test_what_was_set_aside_and_not_replaced_is_brought_back(self, folder, capsys):
        fastckpt.save(folder / "m", VALUES, shards=2)
        for file in list(folder.iterdir()):
            file.rename(f"{file}.fastckpt-0123abcd.old")
        assert_recovers(capsys, folder, name="m")

    def test_new_data_under_the_name_is_not_taken_for_the_old(self, folder, capsys):
        fastckpt.save(folder / "m", VALUES)
        for file in list(folder.iterdir()):
            file.rename(f"{file}.fastckpt-0123abcd.old")
        (folder / "m.data-00000-of-00001").write_bytes(bytes(9000))
        assert_recovers(capsys, folder, name="m-recovered")

    def test_a_save_that_lacked_only_its_names_is_brought_back(self, folder, capsys):
        fastckpt.save(folder / "m", VALUES, shards=2)
        for file in list(folder.iterdir()):
            file.rename(f"{file}.fastckpt-0123abcd.tmp")
        assert_recovers(capsys, folder, name="m")

    def test_the_name_is_not_taken_from_what_was_set_aside(self, folder, capsys):
        fastckpt.save(folder / "m", VALUES)
        for file in list(folder.iterdir()):
            file.rename(f"{file}.fastckpt-0123abcd.tmp")
        (folder / "m.index.fastckpt-0123abcd.old").write_bytes(b"not proved worthless")
        finding = assert_recovers(capsys, folder, name="m-recovered")
        assert ".tmp" in finding["path"]


def test_a_model_of_another_program_is_named_and_left_alone(tmp_path, capsys):
    (tmp_path / "checkpoint").write_bytes(b"\x82\xa9optimizer\x83\xa5state")
    (finding,) = examine(capsys, tmp_path)
    assert "no state file but a msgpack file (as Flax and T5X" in finding["message"]
    assert finding["advice"].startswith("leave it as it is")


def test_a_state_file_leads_to_the_save_that_did_not_finish(tmp_path, capsys):
    fastckpt.save(tmp_path / "m-1", OLD)
    fastckpt.save(tmp_path / "m-2", VALUES)
    (tmp_path / "m-2.index").rename(tmp_path / "m-2.index.tempstate5")
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "m-2"\n')
    (state, orphan, _) = examine(capsys, tmp_path)
    assert "names" in state["message"]
    assert "the notes say" in state["advice"]
    assert "m-2.index: this file is missing" in orphan["message"]
    assert_recovers(capsys, tmp_path, name="m-2")


def test_names_that_no_terminal_shows_are_quoted_for_the_shell(tmp_path, capsys):
    prefix = f"{tmp_path}/-m\x1b\udcff'"
    fastckpt.save(prefix, VALUES)
    os.rename(f"{prefix}.index", f"{prefix}.index.tempstate5")
    assert_recovers(capsys, tmp_path, name="-m\x1b\udcff'")
    out = run(capsys, "doctor", tmp_path).out
    assert "\x1b" not in out
    assert "\\x1b\\xff" in out


def test_a_name_that_begins_like_an_option_is_none(tmp_path, monkeypatch, capsys):
    (tmp_path / "-x").mkdir()
    monkeypatch.chdir(tmp_path / "-x")
    fastckpt.save("-m", VALUES)
    os.rename("-m.index", "-m.index.tempstate5")
    assert_recovers(capsys, tmp_path, "./-m", name="-x/-m")


def test_tensors_whose_names_begin_like_options_are_left_out(tmp_path, capsys):
    names = ["-a", "--all", "b *", "c"]
    fastckpt.save(tmp_path / "m", {name: np.ones(9, np.int8) for name in names})
    content = bytearray((tmp_path / "m.data-00000-of-00001").read_bytes())
    content[0] ^= 1
    content[9] ^= 1
    content[18] ^= 1
    (tmp_path / "m.data-00000-of-00001").write_bytes(content)
    lines = run(capsys, "doctor", tmp_path / "m").out.splitlines()
    assert lines[-2].startswith("  1 of 4 tensors are sound")
    assert run(capsys, *shlex.split(lines[-1])[1:]).status == 1  # three are lost
    assert list(fastckpt.open(tmp_path / "sound" / "m")) == ["c"]


def test_an_unfinished_v1_save_is_not_put_before_what_it_set_aside(tmp_path, capsys):
    """A file of the plain name would outdo the one set aside, and it would be gone."""
    fastckpt.save(tmp_path / "m", OLD)
    for name in ("m.index", "m.data-00000-of-00001"):
        (tmp_path / name).rename(tmp_path / f"{name}.fastckpt-0123abcd.old")
    fastckpt.save(tmp_path / "new", {"new": np.ones(3)}, format="v1")
    (tmp_path / "new").rename(tmp_path / "m.fastckpt-0123abcd.tmp")
    for finding in examine(capsys, tmp_path):
        run_shell(capsys, finding["commands"])
    with pytest.warns(RuntimeWarning, match="set these files aside"):
        assert list(fastckpt.open(tmp_path / "m")) == ["old"]
    recovered = [
        fastckpt.open(tmp_path / name) for name in ("m-recovered", "m-recovered-2")
    ]
    assert sorted(name for it in recovered for name in it) == ["new", "old"]


def test_the_lock_of_a_killed_save_takes_no_name(tmp_path, capsys):
    fastckpt.save(tmp_path / "m", {"new": np.ones(3)}, format="v1")
    (tmp_path / "m").rename(tmp_path / "m.fastckpt-0123abcd.tmp")
    (tmp_path / "m.fastckpt-lock").touch()
    for finding in examine(capsys, tmp_path):
        run_shell(capsys, finding["commands"])
    assert list(fastckpt.open(tmp_path / "m")) == ["new"]


def test_of_two_unfinished_saves_of_one_name_both_are_brought_back(tmp_path, capsys):
    for number in (1, 2):
        fastckpt.save(tmp_path / "m", {"w": np.full(3, number)})
        for name in ("m.data-00000-of-00001", "m.index"):
            (tmp_path / name).rename(tmp_path / f"{name}.tempstate{number}")
    for finding in examine(capsys, tmp_path):
        run_shell(capsys, finding["commands"])
    values = [fastckpt.open(tmp_path / name)["w"][0] for name in ("m", "m-recovered")]
    assert sorted(values) == [1, 2]
