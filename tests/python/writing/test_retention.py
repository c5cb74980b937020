"""What a saver keeps, what it removes, and what it takes over."""

import os
import shutil
import time

import numpy as np
import pytest

import fastckpt
from fastckpt.writing.saver import Saver

TENSORS = {"w": np.arange(6, dtype=np.float32), "b": np.array([1, 2])}


def names_in(folder):
    return sorted(os.listdir(folder))


def state_paths(folder):
    return fastckpt.get_checkpoint_state(folder).all_model_checkpoint_paths


class TestKeeping:
    def test_the_newest_are_kept_and_all_files_of_others_go(self, tmp_path):
        saver = Saver(max_to_keep=2)
        for step in range(4):
            saver.save(tmp_path / "m", TENSORS, step, meta_graph=b"\ngraph")
        assert saver.last_checkpoints == [f"{tmp_path}/m-2", f"{tmp_path}/m-3"]
        assert saver.last_checkpoints == state_paths(tmp_path)
        suffixes = ("data-00000-of-00001", "index", "meta")
        kept = [f"m-{step}.{suffix}" for step in (2, 3) for suffix in suffixes]
        assert names_in(tmp_path) == ["checkpoint", *kept]

    @pytest.mark.parametrize("count", [0, None])
    def test_without_a_number_all_stay_and_the_newest_alone_is_named(
        self, tmp_path, count
    ):
        saver = Saver(max_to_keep=count)
        paths = [saver.save(tmp_path / "m", TENSORS, step) for step in range(3)]
        assert saver.last_checkpoints == []
        assert state_paths(tmp_path) == paths[-1:]
        assert all(map(fastckpt.checkpoint_exists, paths))

    def test_a_negative_number_is_refused(self):
        with pytest.raises(ValueError, match="at least 0, not -1"):
            Saver(max_to_keep=-1)

    def test_one_is_kept_for_ever_each_time_the_hours_have_passed(
        self, tmp_path, monkeypatch
    ):
        now = 1e9
        monkeypatch.setattr(time, "time", lambda: now)
        saver = Saver(max_to_keep=1, keep_checkpoint_every_n_hours=1)
        for step in range(12):
            now += 1300
            saver.save(tmp_path / "m", TENSORS, step)
        kept = [step for step in range(12) if (tmp_path / f"m-{step}.index").exists()]
        assert kept == [2, 5, 8, 11]

    def test_the_hours_have_the_precision_that_tensorflow_gives_them(
        self, tmp_path, monkeypatch
    ):
        now = 0.0
        monkeypatch.setattr(time, "time", lambda: now)
        saver = Saver(max_to_keep=1, keep_checkpoint_every_n_hours=0.1)
        now = 360.000001  # A tenth of an hour, but not that of a float of 32 bits.
        old = saver.save(tmp_path / "m", TENSORS, 1)
        saver.save(tmp_path / "m", TENSORS, 2)
        assert not fastckpt.checkpoint_exists(old)

    def test_what_was_to_be_removed_and_is_saved_again_stays(self, tmp_path):
        saver = Saver(max_to_keep=1)
        path = saver.save(tmp_path / "m", TENSORS, 1)
        (tmp_path / "latest").mkdir()
        with pytest.raises(OSError, match="folder is in the way"):
            saver.save(tmp_path / "m", TENSORS, 2, "latest")
        assert saver.save(tmp_path / "m", TENSORS, 1) == path
        assert saver.last_checkpoints == [path]
        assert fastckpt.open(path).verify().ok

    def test_names_with_signs_of_patterns_take_no_neighbour_along(self, tmp_path):
        saver = Saver(max_to_keep=1)
        neighbour = Saver().save(tmp_path / "d1", TENSORS)
        for name in ("d*", "d?", "d[1]", "last"):
            saver.save(tmp_path / name, TENSORS)
        assert fastckpt.open(neighbour).verify().ok
        assert names_in(tmp_path) == [
            "checkpoint",
            *("d1.data-00000-of-00001", "d1.index"),
            *("last.data-00000-of-00001", "last.index"),
        ]

    def test_another_spelling_of_the_newest_is_not_removed(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        saver = Saver(max_to_keep=1)
        saver.set_last_checkpoints_with_time([(str(tmp_path / "out" / "m-1"), 0.0)])
        for prefix in ("out/m", "out/../out/m", str(tmp_path / "out" / "m")):
            path = saver.save(prefix, TENSORS, 1)
            assert saver.last_checkpoints == [path]
            assert fastckpt.checkpoint_exists(path)

    def test_what_cannot_be_removed_is_a_warning(self, tmp_path):
        saver = Saver(max_to_keep=1)
        (tmp_path / "m-1.meta").mkdir()
        saver.save(tmp_path / "m", TENSORS, 1)
        with pytest.warns(UserWarning, match=r"m-1' cannot be removed") as caught:
            saver.save(tmp_path / "m", TENSORS, 2)
        assert caught[0].filename == __file__
        assert saver.last_checkpoints == [f"{tmp_path}/m-2"]


class TestTakingOver:
    def save_two(self, folder):
        saver = Saver()
        return [saver.save(folder / "m", TENSORS, step) for step in (1, 2)]

    def test_a_new_saver_removes_nothing_that_it_did_not_save(self, tmp_path):
        paths = self.save_two(tmp_path)
        Saver(max_to_keep=1).save(tmp_path / "m", TENSORS, 3)
        assert all(map(fastckpt.checkpoint_exists, paths))

    def test_a_single_prefix_is_no_list_of_them(self):
        saver = Saver()
        for take in (saver.recover_last_checkpoints, saver.set_last_checkpoints):
            with pytest.raises(TypeError, match="a list of prefixes, not the prefix"):
                take("m-1")
        assert saver.last_checkpoints == []

    def test_recovered_checkpoints_are_kept_and_removed_as_its_own(self, tmp_path):
        paths = self.save_two(tmp_path)
        saver = Saver(max_to_keep=2)
        saver.recover_last_checkpoints([*paths, tmp_path / "gone"])
        assert saver.last_checkpoints == paths
        new = saver.save(tmp_path / "m", TENSORS, 3)
        assert saver.last_checkpoints == [paths[1], new]
        assert not fastckpt.checkpoint_exists(paths[0])

    def test_the_time_of_a_recovered_one_is_that_of_its_file_in_whole_seconds(
        self, tmp_path, monkeypatch
    ):
        paths = self.save_two(tmp_path)
        monkeypatch.setattr(time, "time", lambda: 1000.5)
        saver = Saver(max_to_keep=1, keep_checkpoint_every_n_hours=0)
        for path, seconds in zip(paths, (1000.9, 1001), strict=True):
            os.utime(path + ".index", (seconds, seconds))
        saver.recover_last_checkpoints(paths)
        for step in (3, 4, 5):
            saver.save(tmp_path / "m", TENSORS, step)
        assert not fastckpt.checkpoint_exists(paths[0])
        assert fastckpt.checkpoint_exists(paths[1])

    @pytest.mark.parametrize("kind", ["v1", "shards"])
    def test_v1_files_and_shards_are_recovered(self, tmp_path, kind):
        path = tmp_path / ("m" if kind == "v1" else "m-00000-of-00001")
        path.touch()
        name = path if kind == "v1" else tmp_path / "m-?????-of-00001"
        saver = Saver()
        saver.recover_last_checkpoints([name])
        assert saver.last_checkpoints == [str(name)]

    def test_of_several_spellings_of_one_the_last_counts(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for step in (1, 2):
            Saver().save("m", TENSORS, step)
        saver = Saver(max_to_keep=2)
        saver.recover_last_checkpoints([f"{tmp_path}/m-2", "m-1", "./m-2"])
        assert saver.last_checkpoints == ["m-1", "./m-2"]
        saver.save("m", TENSORS, 3)
        assert fastckpt.checkpoint_exists("m-2")
        assert not fastckpt.checkpoint_exists("m-1")

    def test_checkpoints_without_a_time_are_never_removed(self, tmp_path):
        paths = self.save_two(tmp_path)
        saver = Saver(max_to_keep=1)
        saver.set_last_checkpoints(paths)
        for step in range(3, 6):
            saver.save(tmp_path / "m", TENSORS, step)
        assert all(map(fastckpt.checkpoint_exists, paths))


class TestStrangers:
    """What has a kept checkpoint's spelling and was saved by somebody else stays."""

    @pytest.fixture(autouse=True)
    def two_runs(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        fastckpt.save("theirs/m-1", TENSORS)

    def test_after_a_change_of_the_working_folder_the_saved_one_goes(
        self, tmp_path, monkeypatch
    ):
        (tmp_path / "ours").mkdir()
        monkeypatch.chdir(tmp_path / "ours")
        saver = Saver(max_to_keep=1)
        saver.save("m", TENSORS, 1)
        monkeypatch.chdir(tmp_path / "theirs")
        saver.save("m", TENSORS, 2)
        assert fastckpt.checkpoint_exists(tmp_path / "theirs/m-1")
        assert not fastckpt.checkpoint_exists(tmp_path / "ours/m-1")

    def test_what_another_saver_has_saved_over_stays(self):
        mine, theirs = Saver(max_to_keep=1), Saver(max_to_keep=1)
        path = mine.save("ours/m", TENSORS, 1)
        theirs.save("ours/m", {"v": np.zeros(5, np.float32)}, 1, "other")
        mine.save("ours/m", TENSORS, 2)
        assert list(fastckpt.open(path)) == ["v"]

    def test_a_copied_folder_takes_nothing_from_its_original(self, tmp_path):
        first = Saver()
        kept = [first.save(tmp_path / "ours/m", TENSORS, step) for step in (1, 2)]
        shutil.copytree("ours", "copy")  # its state file names the original's
        saver = Saver(max_to_keep=1)
        with pytest.warns(UserWarning, match="was the folder copied or moved"):
            state = fastckpt.get_checkpoint_state("copy")
        saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
        for step in (3, 4, 5):
            saver.save(tmp_path / "copy/m", TENSORS, step)
        assert all(map(fastckpt.checkpoint_exists, kept))
        assert not fastckpt.checkpoint_exists("copy/m-3")

    def test_what_was_taken_over_is_known_by_its_place(self, tmp_path, monkeypatch):
        fastckpt.save("ours/m-1", TENSORS)
        monkeypatch.chdir(tmp_path / "ours")
        saver = Saver(max_to_keep=1)
        saver.recover_last_checkpoints(["m-1"])
        monkeypatch.chdir(tmp_path / "theirs")
        saver.save("m", TENSORS, 2)
        assert fastckpt.checkpoint_exists("m-1")

    def test_a_link_that_leads_elsewhere_now_is_not_followed(self, tmp_path):
        (tmp_path / "ours").mkdir()
        (tmp_path / "current").symlink_to("ours")
        saver = Saver(max_to_keep=1)
        saver.save("current/m", TENSORS, 1)
        (tmp_path / "current").unlink()
        (tmp_path / "current").symlink_to("theirs")
        saver.save("current/m", TENSORS, 2)
        assert fastckpt.checkpoint_exists("theirs/m-1")

    def test_a_folder_that_took_the_place_of_the_own_is_left_alone(self, tmp_path):
        saver = Saver(max_to_keep=1)
        saver.save("ours/m", TENSORS, 1)
        (tmp_path / "ours").rename(tmp_path / "moved")
        (tmp_path / "theirs").rename(tmp_path / "ours")
        saver.save("ours/m", TENSORS, 2)
        assert fastckpt.checkpoint_exists("ours/m-1")
        assert fastckpt.checkpoint_exists("moved/m-1")
