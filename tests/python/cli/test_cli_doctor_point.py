"""fastckpt doctor --point: the state file names the newest sound checkpoint."""

from __future__ import annotations

import shlex

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json
from damage import flip

TENSORS = {"w": np.arange(1000, dtype=np.float32)}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "a run's"
    folder.mkdir()
    for step in (1, 2, 3):
        fastckpt.save(folder / f"m-{step}", TENSORS)
    fastckpt.update_checkpoint_state(folder, "m-3", ["m-1", "m-2", "m-3"])
    return folder


def damage(folder, *steps):
    for step in steps:
        flip(folder / f"m-{step}.data-00000-of-00001", 5)


def test_the_newest_sound_one_is_named(folder, capsys):
    done = run(capsys, "doctor", folder)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[-1] == (
        f"the newest sound checkpoint is {folder / 'm-3'}"
    )


def test_the_command_that_is_printed_points_there(folder, capsys):
    damage(folder, 3)
    done = run(capsys, "doctor", folder)
    assert done.status == 1
    assert f"the newest sound checkpoint is {folder / 'm-2'}\n" in done.out
    command = shlex.split(done.out.splitlines()[-1])
    assert command[:3] == ["fastckpt", "doctor", "--point"]
    done = run(capsys, *command[1:])
    assert done.status == 1  # the damage is still there
    assert "the old one is" in done.out
    assert fastckpt.latest_checkpoint(folder) == str(folder / "m-2")
    assert "--point" not in run(capsys, "doctor", folder).out


def test_a_folder_whose_state_file_is_all_that_was_wrong_is_sound_now(folder, capsys):
    (folder / "checkpoint").write_text('model_checkpoint_path: "gone"\n')
    assert run(capsys, "doctor", folder).status == 1
    assert run(capsys, "doctor", folder, "--point").status == 0
    assert run(capsys, "doctor", folder).status == 0


def test_a_state_file_that_is_right_is_left_alone(folder, capsys):
    before = (folder / "checkpoint").read_bytes()
    done = run(capsys, "doctor", folder, "--point")
    assert done.status == 0
    assert "names it already" in done.out
    assert (folder / "checkpoint").read_bytes() == before


def test_where_nothing_is_sound_the_status_is_2(folder, capsys):
    damage(folder, 1, 2, 3)
    before = (folder / "checkpoint").read_bytes()
    done = run(capsys, "doctor", folder, "--point")
    assert done.status == 2
    assert "no checkpoint here is sound" in done.out
    assert (folder / "checkpoint").read_bytes() == before


def test_json_tells_what_was_done(folder, capsys):
    damage(folder, 3)
    status, found = run_json(capsys, "doctor", folder, "--point")
    assert status == 1
    assert found["newest"] == str(folder / "m-2")
    assert found["pointed"] == {
        "path": str(folder / "checkpoint"),
        "checkpoint": str(folder / "m-2"),
        "before": str(folder / "checkpoint.before"),
        "dropped": ["m-3"],
        "is_changed": True,
    }


def test_another_programs_file_stays_and_is_status_2(folder, capsys):
    (folder / "checkpoint").write_bytes(b"\x82\xa9optimizer\x83\xa5state")
    done = run(capsys, "doctor", folder, "--point")
    assert done.status == 2
    assert "msgpack" in done.err
    assert done.err.count("\n") == 1
    assert (folder / "checkpoint").read_bytes().startswith(b"\x82")


@pytest.mark.parametrize("name", ["m-1", "m-1.index", "checkpoint", "nothing"])
def test_what_is_no_folder_is_a_mistake_of_usage(name, folder, capsys):
    done = run(capsys, "doctor", folder / name, "--point")
    assert (done.status, done.out) == (2, "")
    assert "--point is for a folder" in done.err


def test_what_the_printed_command_saved_is_not_what_pointing_names(folder, capsys):
    fastckpt.save(folder / "m-3", {"b": np.ones(3), "w": np.ones(9)})
    damage(folder, 3)
    for again in range(2):
        lines = run(capsys, "doctor", folder).out.splitlines()
        (command,) = [line for line in lines if "--save" in line]
        assert run(capsys, *shlex.split(command)[1:]).status == 1
        assert len(list((folder / "sound").glob("*.index"))) == 1 + again
    assert run(capsys, "doctor", folder, "--point").status == 1
    assert fastckpt.latest_checkpoint(folder) == str(folder / "m-2")
