"""The stand-in keeps checkpoints open for the next call; it serves no stale one."""

from __future__ import annotations

import os
import shutil
import threading
import time
import weakref

import numpy as np
import pytest

import fastckpt
import fastckpt.compat.tensorflow as tf
from fastckpt.compat.tensorflow import _opened


@pytest.fixture
def opened(monkeypatch):
    """The prefixes that were opened, in order; none is kept from before."""
    prefixes = []
    really_open = _opened.open_found

    def count(found):
        prefixes.append(found.prefix)
        return really_open(found)

    monkeypatch.setattr(_opened, "open_found", count)
    monkeypatch.setattr(_opened, "_kept", ())
    return prefixes


@pytest.fixture
def prefix(tmp_path):
    path = str(tmp_path / "model")
    fastckpt.save(path, {f"w{i}": np.full(3, i) for i in range(20)})
    _let_time_pass()
    return path


def _let_time_pass():
    time.sleep(2 * _opened._TICK_NS / 1e9)


def _save(path, value, **options):
    fastckpt.save(path, {"w": np.full(3, value)}, **options)


def _first(path):
    return int(tf.train.load_variable(path, "w")[0])


def test_many_names_open_the_index_once(prefix, opened):
    for name, _ in tf.train.list_variables(prefix):
        tf.train.load_variable(prefix, name)
    assert len(opened) == 1


def test_readers_share_what_is_open(prefix, opened):
    readers = [tf.train.load_checkpoint(prefix) for _ in range(3)]
    assert [reader.get_tensor("w3")[0] for reader in readers] == [3, 3, 3]
    assert len(opened) == 1


def test_a_file_that_has_just_changed_is_not_kept(tmp_path, opened, monkeypatch):
    path = str(tmp_path / "model")
    monkeypatch.setattr(_opened, "_TICK_NS", 10**12)
    _save(path, 1)
    assert [_first(path), _first(path)] == [1, 1]
    assert len(opened) == 2


def test_files_of_whole_seconds_are_taken_to_change_within_seconds():
    now = 100 * _opened._SECOND_NS
    whole = (1, 1, 1, 99 * _opened._SECOND_NS, 99 * _opened._SECOND_NS)
    exact = (*whole[:4], whole[4] + 1)
    assert not _opened._is_settled(whole, now)
    assert _opened._is_settled(exact, now)


def test_a_checkpoint_that_is_saved_again_is_read_again(tmp_path):
    path = str(tmp_path / "model")
    seen = []
    for value in range(60):
        _save(path, value, fsync=False)
        seen.append(_first(path))
        if value % 7 == 0:
            _let_time_pass()
        seen.append(_first(path))
    assert seen == [value for value in range(60) for _ in range(2)]


def test_the_same_bytes_under_another_index_are_opened_again(prefix, opened):
    tf.train.load_variable(prefix, "w1")
    shutil.copy(prefix + ".index", prefix + ".new")
    os.replace(prefix + ".new", prefix + ".index")
    tf.train.load_variable(prefix, "w1")
    assert len(opened) == 2


def test_a_data_file_that_was_replaced_alone_is_noticed(tmp_path):
    path, other = str(tmp_path / "model"), str(tmp_path / "other")
    _save(path, 1)
    _save(other, 2)
    _let_time_pass()
    assert _first(path) == 1
    os.replace(other + ".data-00000-of-00001", path + ".data-00000-of-00001")
    with pytest.raises(tf.errors.OpError, match="checksum"):
        tf.train.load_variable(path, "w")


def test_one_shard_of_several_is_taken_literally_as_tensorflow_does(tmp_path):
    for number in range(2):
        name = tmp_path / f"m-{number:05d}-of-00002"
        fastckpt.save(name, {f"w{number}": number}, format="v1")
    reader = tf.train.load_checkpoint(str(tmp_path / "m-00001-of-00002"))
    assert list(reader.get_variable_to_shape_map()) == ["w1"]


def test_a_checkpoint_that_was_deleted_is_gone(prefix):
    tf.train.load_variable(prefix, "w1")
    os.unlink(prefix + ".index")
    with pytest.raises(tf.errors.NotFoundError):
        tf.train.load_variable(prefix, "w1")


def test_an_index_that_appears_beside_a_v1_file_comes_first(tmp_path):
    path = str(tmp_path / "model")
    _save(path, 1, format="v1")
    _let_time_pass()
    assert _first(path) == 1
    _save(str(tmp_path / "new"), 2)
    for suffix in (".data-00000-of-00001", ".index"):
        os.rename(str(tmp_path / "new") + suffix, path + suffix)
    assert _first(path) == 2


def test_a_relative_path_means_the_folder_one_is_in(tmp_path, monkeypatch):
    for value in (1, 2):
        folder = tmp_path / str(value)
        folder.mkdir()
        _save(str(folder / "model"), value)
    _let_time_pass()
    for value in (1, 2, 1):
        monkeypatch.chdir(tmp_path / str(value))
        assert _first("model") == value


def test_a_folder_is_asked_each_time_for_its_newest(tmp_path):
    for step in (1, 2):
        _save(str(tmp_path / f"model-{step}"), step)
    _let_time_pass()
    for step in (1, 2, 1):
        fastckpt.update_checkpoint_state(tmp_path, f"model-{step}")
        assert _first(tmp_path) == step


def test_few_checkpoints_are_kept(tmp_path, opened):
    paths = [str(tmp_path / f"model-{i}") for i in range(_opened._MAX_KEPT + 3)]
    for i, path in enumerate(paths):
        _save(path, i)
    _let_time_pass()
    assert [_first(path) for path in paths] == list(range(len(paths)))
    assert len(_opened._kept) == _opened._MAX_KEPT
    assert _first(paths[-1]) == len(paths) - 1
    assert len(opened) == len(paths)


def test_as_many_as_are_kept_can_be_read_in_turn(tmp_path, opened):
    paths = [str(tmp_path / f"model-{i}") for i in range(_opened._MAX_KEPT)]
    for i, path in enumerate(paths):
        _save(path, i)
    _let_time_pass()
    for _ in range(3):
        assert [_first(path) for path in paths] == list(range(len(paths)))
    assert len(opened) == len(paths)


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_what_is_gone_is_let_go_at_the_next_opening(tmp_path, opened, how):
    paths = [str(tmp_path / f"model-{i}") for i in range(4)]
    for path in paths:
        _save(path, 1)
    _let_time_pass()
    for path in paths[:3]:
        _first(path)
    held = [weakref.ref(kept.checkpoint) for kept in _opened._kept]
    assert len(held) == 3
    for path in paths[:2]:
        if how == "removed":
            fastckpt.remove_checkpoint(path)
        else:
            _save(path, 2)
    _first(paths[3])
    assert [reference() is None for reference in held] == [False, True, True]


def test_what_is_gone_is_let_go_though_it_is_asked_for(prefix):
    tf.train.load_variable(prefix, "w1")
    assert _opened._kept[0].prefix == prefix
    fastckpt.remove_checkpoint(prefix)
    with pytest.raises(tf.errors.NotFoundError):
        tf.train.load_variable(prefix, "w1")
    assert prefix not in [kept.prefix for kept in _opened._kept]


def test_what_is_gone_is_let_go_while_another_is_read(tmp_path, opened, monkeypatch):
    paths = [str(tmp_path / f"model-{i}") for i in range(2)]
    for path in paths:
        _save(path, 1)
    _let_time_pass()
    for path in paths:
        _first(path)
    fastckpt.remove_checkpoint(paths[0])
    _first(paths[1])
    assert len(_opened._kept) == 2  # each call looks at its own files alone
    monkeypatch.setattr(_opened, "_PATIENCE", -1)
    _first(paths[1])
    assert [kept.prefix for kept in _opened._kept] == [paths[1]]


def test_a_reader_goes_on_with_what_is_gone(prefix):
    reader = tf.train.load_checkpoint(prefix)
    fastckpt.remove_checkpoint(prefix)
    _opened._drop_gone()
    assert reader.get_variable_to_shape_map()["w3"] == [3]


def test_threads_may_share_it_while_a_checkpoint_changes(tmp_path):
    path = str(tmp_path / "model")
    versions = {}
    for value in range(2):
        _save(str(tmp_path / f"v{value}"), value, format="v1")
        versions[value] = (tmp_path / f"v{value}").read_bytes()
    _save(path, 0, format="v1")
    stop = threading.Event()
    problems = []

    def read():
        while not stop.is_set():
            found = tf.train.load_variable(path, "w")
            if found.tolist() not in ([0] * 3, [1] * 3):
                problems.append(found)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(200):
        beside = tmp_path / "beside"
        beside.write_bytes(versions[turn % 2])
        os.replace(beside, path)
    stop.set()
    for thread in threads:
        thread.join()
    assert not problems
    assert _first(path) == 1


def test_a_forked_child_reads_what_the_parent_has_open(prefix):
    tf.train.load_variable(prefix, "w1")
    child = os.fork()
    if child == 0:
        same = tf.train.load_variable(prefix, "w7").tolist() == [7, 7, 7]
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert tf.train.load_variable(prefix, "w2").tolist() == [2, 2, 2]


def test_the_caller_may_change_what_it_got(prefix):
    tf.train.load_variable(prefix, "w5")[:] = 0
    reader = tf.train.load_checkpoint(prefix)
    reader.get_tensor("w5")[:] = 0
    assert reader.get_tensor("w5").tolist() == [5, 5, 5]
