"""Which files are told to be a checkpoint's under another name, and which are not."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import fastckpt
from damage import flip

RAMP = np.arange(1000, dtype=np.float32)
DATA = "m.data-00000-of-00001"


def lose_index(folder, tensors, index_of):
    """Data without its index, beside an index of other tensors under another name."""
    fastckpt.save(folder / "other" / "m", index_of)
    (folder / "other" / "m.index").rename(folder / "m.index.bak")
    fastckpt.save(folder / "m", tensors)
    (folder / "m.index").unlink()
    return folder / "m"


def check_missing(prefix):
    for path in (prefix, prefix.parent):
        (finding,) = fastckpt.examine(path).findings
        assert finding.cause == "missing file"
        assert "cp " not in finding.advice


class TestAnIndexThatIsLost:
    def test_is_none_that_knows_only_the_first_of_the_bytes(self, tmp_path):
        check_missing(
            lose_index(tmp_path, {"x": RAMP, "y": RAMP + 1}, index_of={"a": RAMP})
        )

    def test_is_none_of_which_no_value_says_anything(self, tmp_path):
        same = np.zeros(1000, np.float32)
        check_missing(lose_index(tmp_path, {"x": same}, index_of={"a": same}))

    def test_is_none_of_ones_either(self, tmp_path):
        same = np.ones(1000, np.float32)
        check_missing(lose_index(tmp_path, {"x": same}, index_of={"a": same}))

    def test_is_none_of_two_that_fit_and_differ(self, tmp_path):
        prefix = lose_index(tmp_path, {"x": RAMP}, index_of={"a": RAMP})
        fastckpt.save(tmp_path / "other" / "n", {"b": RAMP})
        (tmp_path / "other" / "n.index").rename(tmp_path / "n.bak")
        check_missing(prefix)

    def test_is_none_of_another_number_of_files(self, tmp_path):
        fastckpt.save(tmp_path / "m", {"x": RAMP})
        (tmp_path / "m.index").rename(tmp_path / "m.idx")
        (tmp_path / DATA).rename(tmp_path / "m.data-00000-of-00002")
        check_missing(tmp_path / "m")

    def test_is_none_where_files_of_two_saves_have_the_name(self, tmp_path):
        fastckpt.save(tmp_path / "m", {"x": RAMP})
        (tmp_path / "m.index").rename(tmp_path / "m.idx")
        (tmp_path / "m.data-00001-of-00002").write_bytes(b"another save's")
        check_missing(tmp_path / "m")

    @pytest.mark.parametrize("align", [1, 64])
    @pytest.mark.parametrize("shards", [1, 3])
    @pytest.mark.parametrize("one", [np.array(["a long string"]), RAMP, RAMP[:3]])
    def test_is_the_one_that_knows_every_byte(self, align, shards, one, tmp_path):
        tensors = {"a": np.zeros(33, np.int8), "b": one, "c": np.ones(7)}
        fastckpt.save(tmp_path / "m", tensors, shards=shards, align=align)
        (tmp_path / "m.index").rename(tmp_path / "m.index.bak")
        (finding,) = fastckpt.examine(tmp_path / "m").findings
        assert finding.cause == "renamed file"
        assert finding.path == str(tmp_path / "m.index.bak")

    def test_is_the_one_of_slices_of_a_variable(self, tmp_path):
        with fastckpt.Writer(tmp_path / "m") as writer:
            writer.add_slice("v", RAMP, (2000,), (0,))
            writer.add_slice("v", RAMP + 1, (2000,), (1000,))
        (tmp_path / "m.index").rename(tmp_path / "m.index.bak")
        (finding,) = fastckpt.examine(tmp_path / "m").findings
        assert finding.cause == "renamed file"


class TestADataFileOfAnotherSave:
    @pytest.fixture
    def two(self, tmp_path):
        for step in (1, 2):
            fastckpt.save(tmp_path / f"m-{step}", {"w": RAMP + step, "b": RAMP[:9]})
        return [tmp_path / f"m-{step}.data-00000-of-00001" for step in (1, 2)]

    def advice(self, two):
        (finding,) = fastckpt.examine(two[1].parent / "m-2").findings
        assert finding.cause == "other save"
        return finding.advice

    def test_is_in_its_own_place_too(self, two):
        shutil.copy(two[0], two[1])
        assert f"what is in it now is in {str(two[0])!r}, too" in self.advice(two)

    @pytest.mark.parametrize("event", ["moved", "damaged", "hard link", "link"])
    def test_is_to_be_kept_where_it_is_the_only_copy(self, event, two):
        shutil.copy(two[0], two[1])
        if event == "damaged":
            flip(two[0], 5)
        else:
            two[0].unlink()
        if event == "hard link":
            two[0].hardlink_to(two[1])
        elif event == "link":
            two[0].symlink_to(two[1])
        advice = self.advice(two)
        assert f"keep this one under a free name, too: {str(two[0])[:-20]!r}" in advice
        assert "no other sound copy here" in advice
