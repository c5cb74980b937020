"""What a killed save set aside is read where it lies, and known by every verb."""

from __future__ import annotations

import json
import os
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest

import fastckpt
import fastckpt.compat.tensorflow as tf
from aside_states import (
    MARK,
    NEW,
    OLD,
    data_names,
    is_same,
    kill_points,
    killed,
    set_aside,
)
from command_line import run_process
from small_checkpoints import write_state

OLDER = ".fastckpt-00000000.old"
V1 = {"format": "v1"}
KINDS = {"v2": {}, "shards": {"shards": 3}, "v1": V1}


def open_aside(path, **options) -> fastckpt.Checkpoint:
    """Opens a checkpoint that lies aside, which must warn once."""
    with pytest.warns(RuntimeWarning, match="nothing is lost") as caught:
        ckpt = fastckpt.open(path, **options)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    return ckpt


@pytest.mark.parametrize("io", ["mmap", "read"])
@pytest.mark.parametrize("old_shards", [1, 2, 3])
@pytest.mark.parametrize("new_shards", [1, 2, 3])
def test_every_kill_point_leaves_the_old_values(tmp_path, old_shards, new_shards, io):
    count = 0
    for folder in kill_points(tmp_path, old_shards, new_shards):
        with open_aside(folder / "m", io=io) as ckpt:
            assert is_same(ckpt.load(copy=True), OLD)
            assert ckpt.verify().ok
        assert fastckpt.checkpoint_exists(folder / "m")
        count += 1
    assert count == 1 + old_shards + new_shards + old_shards


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_prefix_opens_what_is_aside(tmp_path, options):
    ckpt = open_aside(killed(tmp_path, **options))
    assert ckpt.format == options.get("format", "v2")
    assert is_same(ckpt.load(), OLD)
    assert ckpt.path == str(tmp_path / "m")


WAYS = {
    "index": "m.index",
    "data file": "m.data-00000-of-00003",
    "meta": "m.meta",
    "state file": "checkpoint",
    "folder": "",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_to_name_a_checkpoint_leads_there(tmp_path, way):
    killed(tmp_path, shards=3)
    write_state(tmp_path, "m")
    assert is_same(open_aside(tmp_path / way).load(), OLD)


def test_a_folder_without_a_state_file_has_it_as_its_only_one(tmp_path):
    killed(tmp_path)
    assert is_same(open_aside(tmp_path).load(), OLD)


@pytest.mark.parametrize("way", ["", "variables"])
def test_variables_of_a_saved_model_are_read_aside(tmp_path, way):
    (tmp_path / "variables").mkdir()
    killed(tmp_path / "variables", "variables")
    assert is_same(open_aside(tmp_path / way).load(), OLD)


def test_a_folder_of_the_prefixs_name_is_not_in_the_way(tmp_path):
    killed(tmp_path)
    (tmp_path / "m").mkdir()
    assert is_same(open_aside(tmp_path / "m").load(), OLD)


def test_partitioned_tensors_are_read_aside(tmp_path):
    full = np.arange(12.0).reshape(4, 3)
    with fastckpt.Writer(tmp_path / "m", shards=2) as writer:
        for row in range(0, 4, 2):
            writer.add_slice("p", full[row : row + 2], (4, 3), (row, 0))
    for name in ["m.index", *data_names(tmp_path)]:
        set_aside(tmp_path, name)
    with open_aside(tmp_path / "m") as ckpt:
        assert np.array_equal(ckpt["p"], full)


def test_places_are_told_where_the_bytes_lie(tmp_path):
    with open_aside(killed(tmp_path)) as ckpt:
        (path, offset, nbytes), *_ = ckpt.byte_runs("w")
        stored = Path(path).read_bytes()[offset : offset + nbytes]
        assert stored == OLD["w"].tobytes()
        assert ckpt.files == (str(tmp_path / f"m.index{MARK}"),)


def test_the_newest_index_counts_by_its_time(tmp_path):
    killed(tmp_path)
    fastckpt.save(tmp_path / "n", NEW)
    for name in ["index", "data-00000-of-00001"]:
        (tmp_path / f"n.{name}").rename(tmp_path / f"m.{name}{OLDER}")
    os.utime(tmp_path / f"m.index{MARK}", (1, 1))
    assert is_same(open_aside(tmp_path / "m").load(), NEW)
    os.utime(tmp_path / f"m.index{OLDER}", (0, 0))
    assert is_same(open_aside(tmp_path / "m").load(), OLD)


def test_nothing_aside_counts_while_an_index_has_its_name(tmp_path):
    killed(tmp_path / "aside")
    fastckpt.save(tmp_path / "m", NEW)
    for path in (tmp_path / "aside").iterdir():
        path.rename(tmp_path / path.name)
    with fastckpt.open(tmp_path / "m") as ckpt:
        assert is_same(ckpt.load(copy=True), NEW)


def test_nothing_aside_counts_while_a_v1_file_has_the_name(tmp_path):
    killed(tmp_path / "aside")
    fastckpt.save(tmp_path / "m", NEW, format="v1")
    for path in (tmp_path / "aside").iterdir():
        path.rename(tmp_path / path.name)
    with fastckpt.open(tmp_path / "m") as ckpt:
        assert is_same(ckpt.load(copy=True), NEW)


def test_a_neighbours_set_is_not_taken(tmp_path):
    killed(tmp_path, "m-1")
    for name in ("m", "m-", "m-10", "m-1.index.fastckpt-0123abcd"):
        assert not fastckpt.checkpoint_exists(tmp_path / name)
        with pytest.raises(FileNotFoundError):
            fastckpt.open(tmp_path / name)


# Resolution.


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("module", [fastckpt, tf.train])
def test_the_latest_checkpoint_may_lie_aside(tmp_path, module, options):
    prefix = killed(tmp_path, **options)
    write_state(tmp_path, "m")
    assert module.checkpoint_exists(prefix)
    assert module.latest_checkpoint(str(tmp_path)) == prefix


def test_a_damaged_state_file_tells_of_the_set_as_newest(tmp_path):
    prefix = killed(tmp_path, shards=2)
    (tmp_path / "checkpoint").write_text("{")
    with pytest.raises(fastckpt.CorruptionError, match=repr(prefix)):
        fastckpt.latest_checkpoint(tmp_path)


def test_a_set_that_lacks_a_shard_is_not_the_newest_complete_one(tmp_path):
    killed(tmp_path, shards=2)
    (tmp_path / f"m.data-00001-of-00002{MARK}").unlink()
    (tmp_path / "checkpoint").write_text("{")
    with pytest.raises(fastckpt.CorruptionError, match="no complete checkpoint"):
        fastckpt.latest_checkpoint(tmp_path)


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_saver_recovers_what_lies_aside(tmp_path, options):
    prefix = killed(tmp_path, **options)
    saver = fastckpt.Saver()
    saver.recover_last_checkpoints([prefix, str(tmp_path / "gone")])
    assert saver.last_checkpoints == [prefix]


def test_a_saver_restores_what_lies_aside(tmp_path):
    prefix = killed(tmp_path)
    into = {"w": np.zeros(6)}
    with pytest.warns(RuntimeWarning, match="nothing is lost"):
        fastckpt.Saver(["w"]).restore(prefix, into)
    assert np.array_equal(into["w"], OLD["w"])


def test_readers_of_compat_read_what_lies_aside(tmp_path):
    prefix = killed(tmp_path)
    with pytest.warns(RuntimeWarning, match="nothing is lost"):
        reader = tf.train.load_checkpoint(prefix)
    assert np.array_equal(reader.get_tensor("w"), OLD["w"])
    with pytest.warns(RuntimeWarning, match="nothing is lost"):
        listed = tf.train.list_variables(prefix)
    assert ("w", [6]) in listed


# Removal.


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_removal_takes_what_lies_aside(tmp_path, options):
    prefix = killed(tmp_path, **options)
    fastckpt.remove_checkpoint(prefix, options.get("format", "v2"))
    assert names(tmp_path) == []


def unlinked(monkeypatch, remove) -> list[str]:
    """Gives the names of the files in the order in which they went."""
    order: list[str] = []
    real = os.unlink

    def unlink(path, **options):
        real(path, **options)
        order.append(os.path.basename(path))

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", unlink)
        remove()
    return order


@pytest.mark.parametrize("format", ["v1", "v2"])
def test_no_step_of_a_removal_brings_an_old_set_back(tmp_path, monkeypatch, format):
    killed(tmp_path / "aside")
    fastckpt.save(tmp_path / "m", NEW, format=format)
    for path in (tmp_path / "aside").iterdir():
        path.rename(tmp_path / path.name)
    (tmp_path / "aside").rmdir()
    seen = []

    def remove() -> None:
        fastckpt.remove_checkpoint(tmp_path / "m", format)

    real = os.unlink

    def unlink(path, **options):
        real(path, **options)
        if fastckpt.checkpoint_exists(tmp_path / "m"):
            with fastckpt.open(tmp_path / "m") as ckpt:  # an old set would warn
                seen.append("new" if ckpt["w"][0] == 1 else "old")

    monkeypatch.setattr(os, "unlink", unlink)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        remove()
    assert set(seen) == {"new"}
    assert names(tmp_path) == []


def test_the_index_aside_goes_before_its_shards(tmp_path, monkeypatch):
    prefix = killed(tmp_path, shards=2)
    order = unlinked(monkeypatch, lambda: fastckpt.remove_checkpoint(prefix))
    assert order[0] == f"m.index{MARK}"
    assert len(order) == 3


def test_retention_takes_its_own_sets_and_no_neighbours(tmp_path):
    others = [killed(tmp_path, base) for base in ("m-10", "m-1-", "m-1.index", "xm-1")]
    kept = names(tmp_path)
    mine = killed(tmp_path, "m-1")
    saver = fastckpt.Saver(max_to_keep=1)
    saver.recover_last_checkpoints([mine])
    saver.save(tmp_path / "n", NEW, global_step=2)
    assert not fastckpt.checkpoint_exists(mine)
    assert kept == [name for name in names(tmp_path) if not name.startswith(("n", "c"))]
    for prefix in others:
        assert is_same(open_aside(prefix).load(), OLD)


# Looking again.


def put_back(folder: Path) -> None:
    for path in sorted(folder.glob(f"*{MARK}")):  # data before index
        path.rename(str(path).removesuffix(MARK))


@pytest.mark.parametrize("io", ["mmap", "read"])
def test_an_open_checkpoint_follows_its_files_aside(tmp_path, io):
    fastckpt.save(tmp_path / "m", OLD)
    with fastckpt.open(tmp_path / "m", io=io) as ckpt:
        for name in ["m.index", *data_names(tmp_path)]:
            set_aside(tmp_path, name)
        fastckpt.save(tmp_path / "new", NEW)
        name = "data-00000-of-00001"
        (tmp_path / f"new.{name}").rename(tmp_path / f"m.{name}")
        assert is_same(ckpt.load(), OLD)
        assert ckpt.verify().ok


def test_an_open_checkpoint_follows_its_files_back(tmp_path):
    with open_aside(killed(tmp_path)) as ckpt:
        put_back(tmp_path)
        assert is_same(ckpt.load(), OLD)
        assert ckpt.verify().ok


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_pickled_checkpoint_is_found_aside_and_back(tmp_path, options):
    prefix = tmp_path / "m"
    fastckpt.save(prefix, OLD, **options)
    with fastckpt.open(prefix) as ckpt:
        plain = pickle.dumps(ckpt)
    for name in [path.name for path in tmp_path.iterdir()]:
        set_aside(tmp_path, name)
    assert is_same(pickle.loads(plain).load(), OLD)
    with open_aside(prefix) as ckpt:
        aside = pickle.dumps(ckpt)
    put_back(tmp_path)
    assert is_same(pickle.loads(aside).load(), OLD)
    fastckpt.save(prefix, NEW, **options)
    for pickled in (plain, aside):
        with pytest.raises(fastckpt.CorruptionError, match="replaced"):
            pickle.loads(pickled)


# What is said.


def test_the_warning_tells_how_to_put_it_back(tmp_path):
    prefix = killed(tmp_path)
    with pytest.warns(RuntimeWarning) as caught:
        fastckpt.open(prefix)
    text = str(caught[0].message)
    assert text.startswith(f"{prefix}: a save that was killed, or is still under way")
    assert "next save under this prefix puts them back" in text
    assert f"take the ending {MARK!r} off all their names, the index's last" in text


def test_remains_without_an_index_are_named_and_never_to_be_deleted(tmp_path):
    prefix = killed(tmp_path)
    (tmp_path / f"m.index{MARK}").unlink()
    with pytest.raises(FileNotFoundError, match="keep them, copy the index") as caught:
        fastckpt.open(prefix)
    assert f"m.data-00000-of-00001{MARK}" in str(caught.value)
    assert "delete" not in str(caught.value)
    assert "remove" not in str(caught.value)


def test_a_shard_that_the_set_lacks_is_named_by_both_names(tmp_path):
    prefix = killed(tmp_path)
    (tmp_path / f"m.data-00000-of-00001{MARK}").unlink()
    with open_aside(prefix) as ckpt, pytest.raises(FileNotFoundError) as caught:
        ckpt["w"]
    assert caught.value.filename == f"{prefix}.data-00000-of-00001"
    assert f"data-00000-of-00001{MARK}" in str(caught.value)


@pytest.mark.parametrize("command", ["ls", "show", "verify"])
@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_commands_read_what_lies_aside_and_say_so(tmp_path, command, options):
    done = run_process(command, killed(tmp_path, **options))
    assert done.status == 0, done.err
    assert done.err.startswith("fastckpt: warning: ")
    assert done.err.count("nothing is lost") == 1
    assert len(done.err.splitlines()) == 1


def test_show_names_the_files_that_there_are(tmp_path):
    prefix = killed(tmp_path, shards=2)
    shown = json.loads(run_process("show", "--json", prefix).out)
    paths = [file["path"] for file in shown["files"]]
    assert sorted(map(os.path.basename, paths)) == names(tmp_path)


def test_doctor_tells_of_what_a_folder_has_aside_and_advises_no_deletion(tmp_path):
    killed(tmp_path)
    fastckpt.save(tmp_path / "n", NEW)
    (tmp_path / "n.data-00000-of-00001").rename(tmp_path / "m.data-00000-of-00001")
    fastckpt.save(tmp_path / "n", NEW)
    done = run_process("doctor", tmp_path)
    assert done.status == 0, done.out
    assert f"m.index{MARK}" in done.out
    assert "delete" not in done.out
