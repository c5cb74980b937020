"""load(copy="on-write"): writable arrays, whose pages are copied when written."""

import gc
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_read_regions import written

import fastckpt
from bundle_maker import BundleMaker
from fastckpt import CorruptionError
from hostile_checks import GOOD, assert_same, good_bundle
from process_memory import IS_MEASURABLE, resident_bytes
from strategies import bundles, v1_files
from v1_maker import V1Maker

ROWS = np.arange(4096, dtype=np.float32).reshape(64, 64)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def owner_of(array: np.ndarray) -> object:
    """The object that keeps the array's memory."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array.base


@pytest.fixture
def prefix(tmp_path):
    """Gives the prefix of "a" and "b", views, and what cannot be written in place."""
    bundle = BundleMaker()
    bundle.add("a", ROWS)
    bundle.add("b", ROWS + 1)
    bundle.add_sliced("parts", ROWS, [[(0, 4), None], [(4, 60), None]])
    bundle.add("text", np.array([b"x", b"yy"], object))
    bundle.pad(1 + -len(bundle.shards[0]) % 4)  # to an odd place
    bundle.add("odd", ROWS + 2)
    return bundle.write(tmp_path)


@given(made=st.one_of(bundles(), v1_files()))
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_every_tensor_is_the_callers_own(io, made, tmp_path_factory):
    files, tensors = made
    folder = tmp_path_factory.getbasetemp()
    path = written(files, folder)
    with fastckpt.open(path, io=io) as ckpt:
        before = bytes_of(Path(path).parent)
        loaded = ckpt.load(copy="on-write")
        views = ckpt.load()
        assert list(loaded) == list(views)
        for name, value in tensors.items():
            assert_same(loaded[name], value)
            assert loaded[name].flags.writeable
            assert loaded[name].flags.aligned
            loaded[name].fill(value.dtype.type(0) if value.dtype != object else b"")
        for name, value in tensors.items():
            assert_same(views[name], value)
            assert_same(ckpt.read(name), value)
        assert bytes_of(Path(path).parent) == before


def test_what_is_written_is_seen_nowhere_else(prefix):
    with fastckpt.open(prefix, io="mmap") as ckpt:
        before = bytes_of(prefix.parent)
        view = ckpt["a"]
        one = ckpt.load(copy="on-write")
        other = ckpt.load(copy="on-write")
        one["a"][...] = -1
        assert_same(other["a"], ROWS)
        assert_same(one["b"], ROWS + 1)
        assert_same(view, ROWS)
        assert_same(fastckpt.load(prefix)["a"], ROWS)
        assert bytes_of(prefix.parent) == before
    assert (one["a"] == -1).all()


def test_views_of_one_file_and_call_share_one_mapping(prefix):
    with fastckpt.open(prefix, io="mmap") as ckpt:
        loaded = ckpt.load(copy="on-write")
        assert owner_of(loaded["a"]) is owner_of(loaded["b"])
        assert owner_of(loaded["a"]) is not owner_of(ckpt["a"])
        again = ckpt.load(copy="on-write")
        assert owner_of(again["a"]) is not owner_of(loaded["a"])


@pytest.mark.parametrize("name", ["parts", "odd"])
def test_what_cannot_be_written_in_place_is_a_copy(name, prefix):
    with fastckpt.open(prefix, io="mmap") as ckpt:
        loaded = ckpt.load(copy="on-write")
        assert owner_of(loaded[name]) is not owner_of(loaded["a"])
        loaded[name][...] = 0
        assert ckpt[name].any()


def test_a_string_tensor_is_a_copy(prefix):
    with fastckpt.open(prefix) as ckpt:
        text = ckpt.load(copy="on-write")["text"]
        text[0] = b"changed"
        assert ckpt["text"][0] == b"x"


def test_a_tensor_under_two_names_is_two_arrays(prefix):
    with fastckpt.open(prefix, io="mmap") as ckpt:
        loaded = ckpt.load(
            {"x": "a", "y": "a", "z": "text", "w": "text"}, copy="on-write"
        )
        loaded["x"][...] = -1
        assert_same(loaded["y"], ROWS)
        loaded["y"][...] = -2
        assert (loaded["x"] == -1).all()
        loaded["z"][0] = b""
        assert loaded["w"][0] == b"x"


@pytest.mark.parametrize("shift", [0, 4, 16380, -4])
def test_tensors_that_overlap_in_the_file_are_apart(shift, tmp_path):
    bundle = BundleMaker()
    for name in "abc":
        bundle.add(name, ROWS)
    offset = bundle.entries[b"b"]["offset"]
    bundle.entries[b"c"]["offset"] = offset + shift
    ckpt = fastckpt.open(bundle.write(tmp_path), io="mmap", verify=False)
    expected = {name: ckpt[name].copy() for name in "abc"}
    loaded = ckpt.load(copy="on-write")
    for name in "abc":
        loaded[name][...] = ord(name)
    for name in "abc":
        assert (loaded[name] == ord(name)).all()
        assert_same(ckpt[name], expected[name])


def test_a_v1_view_is_written_in_place_and_others_copied(tmp_path):
    checkpoint = V1Maker()
    for name in ("one", "two22", "three"):
        checkpoint.add(name, ROWS[:8])
    checkpoint.add("ints", np.arange(5, dtype=np.int32))
    checkpoint.write(tmp_path, "model")
    before = bytes_of(tmp_path)
    ckpt = fastckpt.open(tmp_path / "model", io="mmap")
    loaded = ckpt.load(copy="on-write")
    for value in loaded.values():
        assert value.flags.writeable
        value[...] = 0
    for name in ("one", "two22", "three"):
        assert_same(ckpt[name], ROWS[:8])
    assert bytes_of(tmp_path) == before


def test_shards_have_a_mapping_each(tmp_path):
    fastckpt.save(tmp_path / "m", {"a": ROWS, "b": ROWS + 1}, shards=2)
    with fastckpt.open(tmp_path / "m", io="mmap") as ckpt:
        loaded = ckpt.load(copy="on-write")
        assert owner_of(loaded["a"]) is not owner_of(loaded["b"])
        loaded["a"][...] = loaded["b"]
        assert_same(ckpt["a"], ROWS)


def test_damage_is_found_before_anything_is_handed_out(tmp_path):
    bundle = good_bundle()
    bundle.entries[b"d"]["crc32c"] ^= 1
    path = bundle.write(tmp_path)
    with pytest.raises(CorruptionError) as caught:
        fastckpt.open(path).load(copy="on-write")
    assert caught.value.tensor == "d"
    assert_same(fastckpt.open(path).load(["a"], copy="on-write")["a"], GOOD["a"])
    assert fastckpt.open(path, verify=False).load(copy="on-write")["d"].flags.writeable


def test_what_was_checked_as_a_view_is_not_checked_again(tmp_path):
    path = good_bundle().write(tmp_path)
    ckpt = fastckpt.open(path, io="mmap")
    ckpt.load()
    totals = []
    ckpt.load(["a"], copy="on-write", progress=lambda done, total: totals.append(total))
    assert totals[-1] == 0


def test_a_cut_file_is_corruption(prefix):
    ckpt = fastckpt.open(prefix, io="mmap")
    ckpt.load()
    os.truncate(f"{prefix}.data-00000-of-00001", 100)
    with pytest.raises(CorruptionError):
        ckpt.load(copy="on-write")


def test_arrays_outlive_the_checkpoint_and_the_file(prefix):
    loaded = fastckpt.load(prefix, copy="on-write")
    for path in prefix.parent.iterdir():
        path.unlink()
    kept = loaded["b"]
    kept[0] = 5
    del loaded
    gc.collect()
    assert_same(kept[1:], (ROWS + 1)[1:])


def test_a_forked_child_writes_pages_of_its_own(prefix):
    loaded = fastckpt.load(prefix, ["a", "b"], copy="on-write", threads=1)
    loaded["b"][0] = 7
    child = os.fork()
    if child == 0:  # pragma: no cover
        signal.alarm(60)
        is_right = (loaded["b"][0] == 7).all() and (loaded["a"] == ROWS).all()
        loaded["a"][...] = -1
        loaded["b"][...] = -1
        os._exit(0 if is_right and (loaded["a"] == -1).all() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert_same(loaded["a"], ROWS)
    assert (loaded["b"][0] == 7).all()


def test_another_word_is_a_value_error(prefix):
    with fastckpt.open(prefix) as ckpt:
        for word in ("never", "on_write", "", "True"):
            with pytest.raises(ValueError, match="on-write"):
                ckpt.load(copy=word)


def test_with_arrays_to_fill_it_is_a_value_error(prefix):
    out = {"a": np.zeros_like(ROWS)}
    with fastckpt.open(prefix) as ckpt, pytest.raises(ValueError, match="out"):
        ckpt.load(out=out, copy="on-write")
    assert not out["a"].any()


@pytest.mark.serial
@pytest.mark.skipif(not IS_MEASURABLE, reason="needs Linux without a sanitizer")
def test_memory_is_taken_when_pages_are_written(tmp_path):
    size = 64 << 20
    fastckpt.save(tmp_path / "m", {"w": np.ones(size // 4, np.float32)})
    ckpt = fastckpt.open(tmp_path / "m", io="mmap", verify=False)
    before = resident_bytes()
    value = ckpt.load(copy="on-write")["w"]
    assert resident_bytes() - before < 4 << 20
    value[: size // 16] = 2
    assert resident_bytes() - before > size // 5
    assert resident_bytes() - before < size // 2


def test_a_hundred_thousand_tensors_are_each_the_callers_own(tmp_path):
    values = np.arange(200_000, dtype=np.float32).reshape(-1, 2)
    fastckpt.save(tmp_path / "m", {f"{n:06d}": row for n, row in enumerate(values)})
    with fastckpt.open(tmp_path / "m", io="mmap") as ckpt:
        loaded = ckpt.load(copy="on-write")
        for value in loaded.values():
            value += 1
        np.testing.assert_array_equal(np.stack(list(loaded.values())), values + 1)
        np.testing.assert_array_equal(np.stack(list(ckpt.load().values())), values)
