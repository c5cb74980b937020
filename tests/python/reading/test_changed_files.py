"""Files that change while a checkpoint is open: an error, never a mixture."""

import os

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from fastckpt import CorruptionError
from hostile_checks import GOOD, assert_holds, assert_same, good_bundle
from v1_maker import V1Maker

INDEX = "model.index"
SHARD = "model.data-00000-of-00001"


@pytest.fixture
def folder(tmp_path):
    """Gives a folder with the good bundle under the prefix `model`."""
    good_bundle().write(tmp_path)
    return tmp_path


HAND_OUTS = {
    "view": lambda ckpt: ckpt["a"],
    "read": lambda ckpt: ckpt.read("a"),
    "region": lambda ckpt: ckpt.read("a", region=np.s_[0]),
    "load": lambda ckpt: ckpt.load(["a"]),
    "copy": lambda ckpt: ckpt.load(["a"], copy=True),
}


@pytest.mark.parametrize("hand_out", HAND_OUTS.values(), ids=HAND_OUTS)
@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("size", [0, 1, 23])
@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_a_file_that_was_cut_is_corrupt(hand_out, verify, size, seen, io, folder):
    ckpt = fastckpt.open(folder / "model", io=io, verify=verify)
    if seen:
        hand_out(ckpt)
    os.truncate(folder / SHARD, size)
    with pytest.raises(CorruptionError, match=SHARD):
        hand_out(ckpt)


def cut_v1(folder) -> fastckpt.Checkpoint:
    """Opens a V1 file of many pages, and cuts it to one."""
    checkpoint = V1Maker()
    checkpoint.add("a", np.ones(2**16, np.float32))
    checkpoint.add("b", np.ones(2**16, np.float32))
    path = checkpoint.write(folder)
    ckpt = fastckpt.open(path, io="mmap")
    os.truncate(path, 4096)
    return ckpt


@pytest.mark.parametrize("ask", ["layout", "byte_runs", "read", "__getitem__"])
def test_a_v1_file_that_was_cut_is_corrupt_and_no_signal(ask, tmp_path):
    ckpt = cut_v1(tmp_path)
    with pytest.raises(CorruptionError, match="4096 now"):
        getattr(ckpt, ask)("b")


def test_a_v1_file_that_was_cut_has_no_views(tmp_path):
    ckpt = cut_v1(tmp_path)
    assert not ckpt.info("b").is_view
    assert ckpt.explain().views == 0


def test_a_file_cut_by_whole_pages_is_corrupt_and_no_signal(tmp_path):
    bundle = BundleMaker()
    bundle.add("a", np.ones(2**18, np.float64))
    prefix = bundle.write(tmp_path)
    ckpt = fastckpt.open(prefix, io="mmap")
    ckpt["a"]
    os.truncate(tmp_path / SHARD, 4096)
    for hand_out in HAND_OUTS.values():
        with pytest.raises(CorruptionError, match=SHARD):
            hand_out(ckpt)
    assert not ckpt.verify().ok


@pytest.mark.parametrize("io", ["mmap", "read"])
def test_a_shard_that_is_gone_is_not_found(io, folder):
    ckpt = fastckpt.open(folder / "model", io=io)
    (folder / SHARD).unlink()
    with pytest.raises(FileNotFoundError) as caught:
        ckpt["a"]
    assert caught.value.filename == str(folder / SHARD)


@pytest.mark.parametrize("io", ["mmap", "read"])
def test_an_index_replaced_before_the_first_shard_opens_is_corrupt(io, folder):
    ckpt = fastckpt.open(folder / "model", io=io)
    bundle = good_bundle()
    bundle.add("more", GOOD["a"])
    for name, data in bundle.files().items():
        (folder / "new").write_bytes(data)
        (folder / "new").replace(folder / name)
    with pytest.raises(CorruptionError, match=INDEX):
        ckpt["a"]


def test_an_index_that_is_gone_before_the_first_shard_opens_is_not_found(folder):
    ckpt = fastckpt.open(folder / "model", io="mmap")
    (folder / INDEX).unlink()
    with pytest.raises(FileNotFoundError) as caught:
        ckpt["a"]
    assert caught.value.filename == str(folder / INDEX)


def test_data_replaced_under_an_unchanged_index_is_found_by_checksums(folder):
    ckpt = fastckpt.open(folder / "model", io="mmap")
    old = (folder / SHARD).read_bytes()
    (folder / "new").write_bytes(old[::-1])
    (folder / "new").replace(folder / SHARD)
    with pytest.raises(CorruptionError):
        ckpt["a"]


def test_views_of_a_replaced_file_keep_the_old_bytes(folder):
    ckpt = fastckpt.open(folder / "model", io="mmap")
    view = ckpt["a"]
    (folder / "new").write_bytes(bytes(len((folder / SHARD).read_bytes())))
    (folder / "new").replace(folder / SHARD)
    np.testing.assert_array_equal(view, GOOD["a"])


def test_saving_over_an_open_checkpoint_leaves_its_views_whole(folder):
    ckpt = fastckpt.open(folder / "model", io="mmap")
    views = ckpt.load()
    fastckpt.save(folder / "model", {"other": np.zeros(1000, np.float32)})
    for name, value in GOOD.items():
        assert_same(views[name], value)
    with fastckpt.open(folder / "model") as new:
        assert list(new) == ["other"]


def test_saving_a_checkpoints_own_views_over_it_keeps_every_byte(folder):
    ckpt = fastckpt.open(folder / "model", io="mmap")
    fastckpt.save(folder / "model", ckpt.load())
    assert_holds(fastckpt.open(folder / "model"), GOOD)
