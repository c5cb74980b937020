"""A V1 checkpoint of a V2 checkpoint's name does not come back without a word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from small_checkpoints import write_shards, write_v1

NEW = {"w": np.ones(3, np.float32)}


def save(folder: Path) -> None:
    fastckpt.save(folder / "model", NEW)


def save_by_saver(folder: Path) -> None:
    fastckpt.Saver().save(folder / "model", NEW)


def convert_in_place(folder: Path) -> None:
    fastckpt.convert(folder / "model", folder / "model", format="v2")


def pass_on(folder: Path) -> None:
    fastckpt.save(folder / "new", NEW)
    fastckpt.rewrite(folder / "new", folder / "model")


def merge(folder: Path) -> None:
    fastckpt.save(folder / "new", NEW)
    fastckpt.merge([folder / "new"], folder / "model")


SAVES = [save, save_by_saver, convert_in_place, pass_on, merge]


@pytest.mark.parametrize("way", SAVES)
def test_a_v2_save_tells_of_the_v1_file_that_it_hides(tmp_path, way: Callable):
    write_v1(tmp_path)
    with pytest.warns(UserWarning, match="V1 checkpoint .* stays beside") as caught:
        way(tmp_path)
    assert [it.filename for it in caught] == [__file__]
    assert fastckpt.open(tmp_path / "model").format == "v2"


def test_shards_of_the_name_are_told_of_too(tmp_path):
    write_shards(tmp_path)
    with pytest.warns(UserWarning, match=r"'.*model-\?{5}-of-00002' stays beside"):
        save(tmp_path)


def test_where_warnings_are_errors_nothing_is_written(tmp_path):
    write_v1(tmp_path)
    with pytest.raises(UserWarning, match="stays beside"):
        save(tmp_path)
    assert [it.name for it in tmp_path.iterdir()] == ["model"]


def hide(folder: Path, name: str = "model") -> None:
    """Makes a V2 checkpoint, then a V1 file of its name."""
    fastckpt.save(folder / name, NEW)
    write_v1(folder, name)


def test_a_removal_tells_of_the_v1_file_that_counts_again(tmp_path):
    hide(tmp_path)
    with pytest.warns(UserWarning, match="V1 checkpoint .* counts again") as caught:
        fastckpt.remove_checkpoint(tmp_path / "model")
    assert caught[0].filename == __file__
    fastckpt.remove_checkpoint(tmp_path / "model", "v1")
    assert not list(tmp_path.iterdir())


def test_what_a_v2_save_advises_keeps_the_graph_of_both(tmp_path):
    fastckpt.save(tmp_path / "model", NEW, format="v1")
    with pytest.warns(UserWarning, match="delete '.*model' alone: a .meta") as caught:
        fastckpt.save(tmp_path / "model", NEW)
    assert "remove_checkpoint" not in str(caught[0].message)


def test_a_saver_tells_of_it(tmp_path):
    saver = fastckpt.Saver(max_to_keep=1)
    saver.save(tmp_path / "model", NEW, 1)
    write_v1(tmp_path, "model-1")
    with pytest.warns(UserWarning, match="'.*model-1' counts again"):
        saver.save(tmp_path / "model", NEW, 2)


def test_merge_tells_of_the_source_that_counts_again(tmp_path):
    hide(tmp_path)
    with pytest.warns(UserWarning, match="'.*model' counts again"):
        fastckpt.merge([tmp_path / "model"], tmp_path / "new", delete_sources=True)


@pytest.mark.parametrize("content", [b"", b"a text\n", bytes(100)])
def test_other_files_of_the_name_are_none(tmp_path, content):
    (tmp_path / "model").write_bytes(content)
    save(tmp_path)
    fastckpt.remove_checkpoint(tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == content
