"""The newest sound checkpoint of a folder, and the state file that is to name it."""

from __future__ import annotations

import os
import shutil
import warnings

import numpy as np
import pytest

import fastckpt
from damage import flip
from fastckpt.checking.pointing import point_at_newest
from fastckpt.files.replace import replace_file
from fastckpt.files.state_update import StateConflictError

TENSORS = {"w": np.arange(1000, dtype=np.float32), "b": np.ones(3)}


@pytest.fixture
def folder(tmp_path):
    """Checkpoints of three steps in a folder; the state file lists them all."""
    folder = tmp_path / "a run's"
    folder.mkdir()
    for step in (1, 2, 10):
        fastckpt.save(folder / f"m-{step}", TENSORS)
    names = ["m-1", "m-2", "m-10"]
    fastckpt.update_checkpoint_state(
        folder, "m-10", names, all_model_checkpoint_timestamps=[1.5, 2.5, 3.5]
    )
    return folder


def damage(folder, step):
    flip(folder / f"m-{step}.data-00000-of-00001", 5)


def point(folder):
    return point_at_newest(fastckpt.examine(folder))


def state_of(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fastckpt.get_checkpoint_state(folder)


def test_the_newest_is_named_by_its_number(folder):
    assert fastckpt.examine(folder).newest == str(folder / "m-10")
    damage(folder, 10)
    assert fastckpt.examine(folder).newest == str(folder / "m-2")


def test_the_newest_is_named_by_its_time_where_names_differ(folder):
    fastckpt.save(folder / "best", TENSORS)
    for name, time in (("best", 5), ("m-1", 9), ("m-2", 7), ("m-10", 6)):
        os.utime(folder / f"{name}.index", (time, time))
    assert fastckpt.examine(folder).newest == str(folder / "m-1")


@pytest.mark.parametrize("event", ["cut", "gone", "index", "nan"])
def test_what_is_not_sound_is_not_the_newest(event, folder):
    data, index = folder / "m-10.data-00000-of-00001", folder / "m-10.index"
    if event == "cut":
        data.write_bytes(data.read_bytes()[:-1])
    elif event == "gone":
        data.unlink()
    elif event == "index":
        flip(index, 3)
    else:
        fastckpt.save(folder / "m-10", TENSORS | {"b": [np.nan]})
    found = fastckpt.examine(folder, values=event == "nan")
    assert found.newest == str(folder / "m-2")


def test_nothing_is_the_newest_where_nothing_is_sound(folder):
    for step in (1, 2, 10):
        damage(folder, step)
    found = fastckpt.examine(folder)
    assert found.newest is None
    before = (folder / "checkpoint").read_bytes()
    assert point_at_newest(found) is None
    assert (folder / "checkpoint").read_bytes() == before


def test_a_single_checkpoint_and_a_saved_model_have_no_newest(folder, tmp_path):
    assert fastckpt.examine(folder / "m-1").newest is None
    fastckpt.save(tmp_path / "variables" / "variables", TENSORS)
    assert fastckpt.examine(tmp_path).newest is None


def test_what_a_save_set_aside_is_not_the_newest(folder):
    for name in ("m-10.index", "m-10.data-00000-of-00001"):
        (folder / name).rename(folder / f"{name}.fastckpt-0123abcd.old")
    assert fastckpt.examine(folder).newest == str(folder / "m-2")


def test_the_state_file_names_the_newest_and_keeps_the_rest(folder):
    damage(folder, 10)
    old = (folder / "checkpoint").read_bytes()
    done = point(folder)
    state = state_of(folder)
    assert state.model_checkpoint_path == str(folder / "m-2")
    assert state.all_model_checkpoint_paths == [
        str(folder / "m-1"),
        str(folder / "m-2"),
    ]
    assert state.all_model_checkpoint_timestamps == [1.5, 2.5]
    assert fastckpt.latest_checkpoint(folder) == str(folder / "m-2")
    assert (folder / "checkpoint.before").read_bytes() == old
    assert done.before == str(folder / "checkpoint.before")
    assert done.dropped == ["m-10"]
    assert (folder / "m-10.index").exists()


def test_a_state_file_that_is_right_is_left_alone(folder):
    before = (folder / "checkpoint").read_bytes(), os.stat(folder / "checkpoint")
    done = point(folder)
    assert (done.is_changed, done.before) == (False, None)
    after = (folder / "checkpoint").read_bytes(), os.stat(folder / "checkpoint")
    assert after == before
    assert not (folder / "checkpoint.before").exists()


def test_what_was_kept_before_is_never_written_over(folder):
    (folder / "checkpoint.before").write_text("precious")
    (folder / "checkpoint.before-2").symlink_to("nowhere")
    damage(folder, 10)
    old = (folder / "checkpoint").read_bytes()
    assert point(folder).before == str(folder / "checkpoint.before-3")
    assert (folder / "checkpoint.before").read_text() == "precious"
    assert (folder / "checkpoint.before-3").read_bytes() == old
    assert os.readlink(folder / "checkpoint.before-2") == "nowhere"


@pytest.mark.parametrize("links", [True, False])
def test_a_damaged_state_file_is_kept_and_replaced(links, folder, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    (folder / "checkpoint").write_bytes(bytes(200))
    point(folder)
    assert (folder / "checkpoint.before").read_bytes() == bytes(200)
    assert state_of(folder).model_checkpoint_path == str(folder / "m-10")


def test_a_state_file_is_made_where_there_is_none(folder):
    (folder / "checkpoint").unlink()
    done = point(folder)
    assert (done.before, done.is_changed) == (None, True)
    assert state_of(folder).all_model_checkpoint_paths == [str(folder / "m-10")]


def test_names_of_a_folder_that_moved_are_found_beside(folder, tmp_path):
    fastckpt.update_checkpoint_state(
        folder, folder / "m-10", [folder / "m-1", folder / "m-10"]
    )
    moved = tmp_path / "moved"
    folder.rename(moved)
    damage(moved, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        point(moved)
        state = state_of(moved)
    assert state.model_checkpoint_path == str(moved / "m-2")
    assert state.all_model_checkpoint_paths[0] == str(moved / "m-1")
    # TensorFlow does not look beside: the names themselves must lead there.
    text = (moved / "checkpoint").read_text()
    assert text.splitlines() == [
        'model_checkpoint_path: "m-2"',
        'all_model_checkpoint_paths: "m-1"',
        'all_model_checkpoint_paths: "m-2"',
    ]


def test_a_newest_that_moved_with_its_folder_is_named_where_it_is(folder, tmp_path):
    paths = [folder / "m-1", folder / "m-10"]
    fastckpt.update_checkpoint_state(
        folder, paths[1], paths, all_model_checkpoint_timestamps=[1.5, 3.5]
    )
    moved = tmp_path / "moved"
    folder.rename(moved)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert point(moved).is_changed
    assert (moved / "checkpoint").read_text().splitlines() == [
        'model_checkpoint_path: "m-10"',
        'all_model_checkpoint_paths: "m-1"',
        'all_model_checkpoint_paths: "m-10"',
        "all_model_checkpoint_timestamps: 1.5",
        "all_model_checkpoint_timestamps: 3.5",
    ]


def test_one_without_tensors_is_not_the_newest(folder):
    fastckpt.save(folder / "m-11", {})
    assert fastckpt.examine(folder).newest == str(folder / "m-10")


@pytest.mark.parametrize("event", ["removed", "saved anew", "data gone"])
def test_what_is_no_more_as_it_was_found_is_not_named(event, folder):
    fastckpt.update_checkpoint_state(folder, "m-2", ["m-2"])
    found = fastckpt.examine(folder)
    if event == "removed":
        fastckpt.remove_checkpoint(folder / "m-10")
    elif event == "saved anew":
        fastckpt.save(folder / "m-10", TENSORS)
    else:
        (folder / "m-10.data-00000-of-00001").unlink()
    before = (folder / "checkpoint").read_bytes()
    with pytest.raises(OSError, match="changed since it was examined"):
        point_at_newest(found)
    assert (folder / "checkpoint").read_bytes() == before
    assert not (folder / "checkpoint.before").exists()


def test_the_old_one_of_zeros_is_no_checkpoint(folder):
    (folder / "checkpoint").write_bytes(bytes(4096))
    pointed = point(folder)
    assert pointed.before == str(folder / "checkpoint.before")
    assert fastckpt.examine(folder).ok
    (folder / "checkpoint").write_bytes(bytes(4096))
    assert point(folder).before == str(folder / "checkpoint.before-2")
    assert fastckpt.examine(folder).ok


def test_a_link_to_nothing_leads_somewhere_again(folder):
    (folder / "checkpoint").unlink()
    (folder / "checkpoint").symlink_to("nowhere")
    assert point(folder).before is None
    assert state_of(folder).model_checkpoint_path == str(folder / "m-10")
    assert fastckpt.examine(folder).ok


def test_the_latest_counts_as_listed_where_there_is_no_list(folder):
    (folder / "checkpoint").write_text('model_checkpoint_path: "m-1"\n')
    assert point(folder).dropped == []
    paths = state_of(folder).all_model_checkpoint_paths
    assert paths == [str(folder / "m-1"), str(folder / "m-10")]


def test_entries_of_other_folders_stay(folder, tmp_path):
    fastckpt.save(tmp_path / "elsewhere", TENSORS)
    elsewhere = str(tmp_path / "elsewhere")
    fastckpt.update_checkpoint_state(folder, "gone-3", [elsewhere, "gone-3"])
    done = point(folder)
    assert state_of(folder).all_model_checkpoint_paths == [
        elsewhere,
        str(folder / "m-10"),
    ]
    assert done.dropped == ["gone-3"]


def test_what_is_damaged_in_another_folder_is_dropped_from_the_list(folder, tmp_path):
    fastckpt.save(tmp_path / "m-11", TENSORS)
    damage(tmp_path, 11)
    elsewhere = str(tmp_path / "m-11")
    fastckpt.update_checkpoint_state(folder, elsewhere, [elsewhere])
    done = point(folder)
    assert done.dropped == [elsewhere]
    assert state_of(folder).all_model_checkpoint_paths == [str(folder / "m-10")]


def test_another_programs_file_is_not_replaced(folder):
    content = b"\x82\xa9optimizer\x83\xa5state"
    (folder / "checkpoint").write_bytes(content)
    with pytest.raises(StateConflictError, match="msgpack"):
        point(folder)
    assert (folder / "checkpoint").read_bytes() == content
    assert not (folder / "checkpoint.before").exists()


def test_a_failed_write_leaves_everything_as_it_was(folder, monkeypatch):
    def fail(*_):
        raise OSError("full")

    damage(folder, 10)
    before = sorted(os.listdir(folder)), (folder / "checkpoint").read_bytes()
    monkeypatch.setattr("fastckpt.checking.pointing.replace_file", fail)
    with pytest.raises(OSError, match="full"):
        point(folder)
    after = sorted(os.listdir(folder)), (folder / "checkpoint").read_bytes()
    assert after == before


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("error", [OSError("fsync failed"), KeyboardInterrupt()])
def test_the_old_one_stays_where_a_write_fails_at_its_end(
    error, links, folder, monkeypatch
):
    def fail(path, content):
        replace_file(path, content)
        raise error

    def refuse(*_):
        raise OSError("no links here")

    damage(folder, 10)
    old = (folder / "checkpoint").read_bytes()
    monkeypatch.setattr("fastckpt.checking.pointing.replace_file", fail)
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(type(error)):
        point(folder)
    assert (folder / "checkpoint.before").read_bytes() == old
    assert fastckpt.latest_checkpoint(folder) == str(folder / "m-2")


def test_names_that_are_no_utf8_are_kept_as_they_are(folder):
    name = "m\udcff \n'-11"
    fastckpt.save(folder / name, TENSORS)
    for step in (1, 2, 10):
        damage(folder, step)
    point(folder)
    assert state_of(folder).model_checkpoint_path == f"{folder}/{name}"


def test_v1_files_and_shards_are_named_as_tensorflow_names_them(tmp_path):
    for shard in (0, 1):
        name = f"m-7-{shard:05d}-of-00002"
        fastckpt.save(tmp_path / name, {f"w{shard}": np.ones(9)}, format="v1")
    found = fastckpt.examine(tmp_path)
    assert found.newest == str(tmp_path / "m-7-?????-of-00002")
    point_at_newest(found)
    state = state_of(tmp_path)
    assert state.model_checkpoint_path == str(tmp_path / "m-7-?????-of-00002")
    assert fastckpt.examine(tmp_path).ok


class TestTheStateFile:
    def test_one_that_names_a_damaged_checkpoint_is_a_finding(self, folder):
        damage(folder, 10)
        causes = [it.cause for it in fastckpt.examine(folder).findings]
        assert causes == ["checksum", "state file"]
        finding = fastckpt.examine(folder).findings[1]
        assert f"names {str(folder / 'm-10')!r}, which is damaged" in finding.message
        assert str(folder / "m-2") in finding.advice

    def test_one_that_lists_what_is_gone_is_one_finding(self, folder):
        for step in (1, 2):
            (folder / f"m-{step}.index").unlink()
            (folder / f"m-{step}.data-00000-of-00001").unlink()
        (finding,) = fastckpt.examine(folder).findings
        assert finding.cause == "state file"
        assert "m-1" in finding.message
        assert "m-2" in finding.message

    def test_after_pointing_only_the_damage_is_left(self, folder):
        damage(folder, 10)
        point(folder)
        assert [it.cause for it in fastckpt.examine(folder).findings] == ["checksum"]

    def test_an_older_sound_one_may_be_named(self, folder):
        fastckpt.update_checkpoint_state(folder, "m-2", ["m-2"])
        assert fastckpt.examine(folder).ok

    def test_parts_of_an_unfinished_save_do_not_count(self, folder):
        shutil.copytree(folder, folder / "m-11_temp")
        assert fastckpt.examine(folder).newest == str(folder / "m-10")
