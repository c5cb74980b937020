"""Views of the file: who owns the bytes, until when, and when they are checked."""

import gc
import os
import resource
import sys

import ml_dtypes
import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from damage import change_byte, change_byte_unseen
from fastckpt import CorruptionError
from hostile_checks import GOOD, assert_same, good_bundle
from snappy_maker import literals_only
from v1_maker import V1Maker
from wire_maker import slice_key

INDEX = "model.index"
SHARD = "model.data-00000-of-00001"
needs_proc = pytest.mark.skipif(
    not os.path.exists("/proc/self/maps"), reason="needs Linux"
)


@pytest.fixture
def folder(tmp_path):
    """Gives a folder with the good bundle under the prefix `model`."""
    good_bundle().write(tmp_path)
    return tmp_path


@pytest.fixture
def ckpt(folder):
    """Gives the good bundle, mapped."""
    return fastckpt.open(folder / "model", io="mmap")


def mapped_ranges(name: str) -> list[range]:
    """Gives the addresses at which a file of that name is mapped."""
    with open("/proc/self/maps") as maps:
        rows = [line.split(maxsplit=5) for line in maps if name in line]
    return [range(*(int(end, 16) for end in row[0].split("-"))) for row in rows]


def lies_in(array: np.ndarray, name: str) -> bool:
    """Tells whether an array's bytes are those of a mapped file."""
    address = array.__array_interface__["data"][0]
    return any(address in addresses for addresses in mapped_ranges(name))


@pytest.mark.parametrize("io", ["mmap", "read"])
@pytest.mark.parametrize("name", GOOD)
def test_an_array_of_a_checkpoint_is_read_only(io, name, folder):
    array = fastckpt.open(folder / "model", io=io)[name]
    assert not array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        array[...] = array


@pytest.mark.parametrize("name", ["a", "b", "d"])
def test_a_view_cannot_be_made_writable(name, ckpt):
    view = ckpt[name]
    with pytest.raises(ValueError, match="WRITEABLE"):
        view.setflags(write=True)
    owner = view.base
    while isinstance(owner, np.ndarray):
        assert not owner.flags.writeable
        owner = owner.base


@needs_proc
def test_a_view_is_the_bytes_of_the_file(ckpt):
    for name in ("a", "d"):
        assert ckpt.info(name).is_view
        assert lies_in(ckpt[name], SHARD)
        assert not ckpt[name].flags.owndata


def test_all_views_of_one_file_have_one_owner(ckpt):
    assert ckpt["a"].base is ckpt["d"].base
    assert ckpt["a"].base is not None


def test_two_views_of_a_tensor_are_the_same_bytes(ckpt):
    assert np.shares_memory(ckpt["a"], ckpt["a"])


@needs_proc
def test_a_view_outlives_the_checkpoint_and_the_mapping_ends_with_it(folder):
    ckpt = fastckpt.open(folder / "model", io="mmap")
    view = ckpt["a"]
    part = view[1]
    ckpt.close()
    del ckpt, view
    gc.collect()
    np.testing.assert_array_equal(part, GOOD["a"][1])
    assert mapped_ranges(str(folder / SHARD))
    del part
    gc.collect()
    assert not mapped_ranges(str(folder / SHARD))


def test_views_leave_no_references_behind(ckpt):
    owner = ckpt["a"].base
    before = sys.getrefcount(owner)
    views = [ckpt["a"] for _ in range(100)] + [ckpt["d"] for _ in range(100)]
    assert sys.getrefcount(owner) == before + len(views)
    views.clear()
    assert sys.getrefcount(owner) == before


@pytest.mark.parametrize("dtype", ["f4", "f8", "c16", "i2", ml_dtypes.bfloat16])
@pytest.mark.parametrize("shift", range(1, 8))
def test_unaligned_data_is_a_correct_view(dtype, shift, tmp_path):
    value = np.arange(11).astype(dtype)
    bundle = BundleMaker()
    bundle.pad(shift)
    bundle.add("w", value)
    ckpt = fastckpt.open(bundle.write(tmp_path), io="mmap")
    view = ckpt["w"]
    assert_same(view, value)
    assert ckpt.info("w").is_view
    assert view.flags.aligned == (shift % value.dtype.alignment == 0)
    for copy in (ckpt.read("w"), ckpt.load(copy=True)["w"]):
        assert copy.flags.aligned
        assert_same(copy, value)


def test_a_scalar_is_an_array_without_dimensions(ckpt):
    for array in (ckpt["b"], ckpt.read("b"), ckpt.load()["b"]):
        assert type(array) is np.ndarray
        assert array.shape == ()
        assert array == 7


def kinds_of_tensors() -> BundleMaker:
    bundle = good_bundle()
    bundle.add_sliced("sliced", GOOD["a"], [[(0, 1), None], [(1, 1), None]])
    return bundle


def test_is_view_is_known_before_anything_is_read(tmp_path):
    prefix = kinds_of_tensors().write(tmp_path)
    (tmp_path / SHARD).unlink()
    ckpt = fastckpt.open(prefix, io="mmap")
    views = {info.name: info.is_view for info in ckpt.infos()}
    assert views == {"a": True, "b": True, "c": False, "d": True, "sliced": False}


@needs_proc
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_is_view_tells_the_truth_about_a_bundle(io, tmp_path):
    ckpt = fastckpt.open(kinds_of_tensors().write(tmp_path), io=io)
    for info in ckpt.infos():
        assert info.is_view == lies_in(ckpt[info.name], SHARD)


@needs_proc
def test_nothing_is_a_view_when_the_file_is_read(folder):
    ckpt = fastckpt.open(folder / "model", io="read")
    assert ckpt.io == "read"
    assert not any(info.is_view for info in ckpt.infos())
    arrays = [ckpt[name] for name in ckpt]
    assert not mapped_ranges(str(folder / SHARD))
    assert [array.tolist() for array in arrays] == [v.tolist() for v in GOOD.values()]


@needs_proc
def test_big_endian_data_is_no_view(tmp_path):
    bundle = BundleMaker(big_endian=True)
    bundle.add("w", GOOD["a"])
    ckpt = fastckpt.open(bundle.write(tmp_path), io="mmap")
    assert not ckpt.info("w").is_view
    assert not lies_in(ckpt["w"], SHARD)
    assert_same(ckpt["w"], GOOD["a"])
    assert not ckpt["w"].flags.writeable


V1_VALUES = {
    "floats": np.arange(6, dtype=np.float32),
    "doubles": np.arange(6, dtype=np.float64),
    "complex": np.arange(6, dtype=np.complex64),
    "integers": np.arange(6, dtype=np.int32),
    "strings": GOOD["c"],
}


@needs_proc
@pytest.mark.parametrize("name", V1_VALUES)
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("compress", [None, literals_only])
def test_is_view_tells_the_truth_about_v1(name, packed, compress, tmp_path):
    checkpoint = V1Maker()
    checkpoint.add("w", V1_VALUES[name], packed=packed)
    ckpt = fastckpt.open(checkpoint.write(tmp_path, compress=compress), io="mmap")
    is_view = ckpt.info("w").is_view
    assert is_view == lies_in(ckpt["w"], "model")
    as_stored = packed and compress is None
    assert is_view == (as_stored and name not in ("integers", "strings"))
    assert not ckpt["w"].flags.writeable
    assert_same(ckpt["w"], V1_VALUES[name])


def test_a_view_is_checked_once_and_a_copy_every_time(folder):
    ckpt = fastckpt.open(folder / "model", io="mmap")
    view = ckpt["a"]
    change_byte_unseen(folder / SHARD, 0)
    assert ckpt["a"].tobytes() == view.tobytes()
    for copy in (lambda: ckpt.read("a"), lambda: ckpt.load(["a"], copy=True)):
        with pytest.raises(CorruptionError, match="'a'"):
            copy()


def test_a_view_is_checked_before_it_is_handed_out(folder):
    change_byte(folder / SHARD, 0)
    ckpt = fastckpt.open(folder / "model", io="mmap")
    for _ in range(3):
        with pytest.raises(CorruptionError, match="'a'"):
            ckpt["a"]
    assert_same(ckpt["d"], GOOD["d"])


def test_each_read_into_memory_is_checked(folder):
    ckpt = fastckpt.open(folder / "model", io="read")
    assert_same(ckpt["a"], GOOD["a"])
    change_byte(folder / SHARD, 0)
    with pytest.raises(CorruptionError, match="'a'"):
        ckpt["a"]


@pytest.mark.parametrize("io", ["mmap", "read"])
def test_without_verification_damaged_bytes_are_handed_out(io, folder):
    change_byte(folder / SHARD, 0)
    ckpt = fastckpt.open(folder / "model", io=io, verify=False)
    for array in (ckpt["a"], ckpt.read("a"), ckpt.load()["a"]):
        assert array.shape == (2, 3)
        assert array.tobytes() != GOOD["a"].tobytes()
        assert array.tobytes()[1:] == GOOD["a"].tobytes()[1:]


@pytest.mark.serial
@needs_proc
def test_without_verification_no_data_page_is_touched(tmp_path):
    bundle = BundleMaker()
    bundle.add("big", np.ones(2**22, np.float32))
    ckpt = fastckpt.open(bundle.write(tmp_path), io="mmap", verify=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    view = ckpt["big"]
    touched = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert view.nbytes // resource.getpagesize() == 4096
    assert touched < 100


def test_slices_that_make_up_a_tensor_are_checked_each(tmp_path):
    bundle = kinds_of_tensors()
    second = bundle.entries[slice_key(b"sliced", [(1, 1), None])]["offset"]
    prefix = bundle.write(tmp_path)
    change_byte(tmp_path / SHARD, second)
    ckpt = fastckpt.open(prefix, io="mmap")
    with pytest.raises(CorruptionError, match="sliced"):
        ckpt["sliced"]
    assert_same(ckpt.read("sliced", region=np.s_[:1]), GOOD["a"][:1])


def test_a_view_may_lie_more_than_four_gibibytes_into_a_file(folder):
    far = 2**32 + 3
    bundle = good_bundle()
    bundle.entries[b"a"]["offset"] += far
    prefix = bundle.write(folder)
    with (folder / SHARD).open("r+b") as shard:
        shard.seek(far)
        shard.write(bundle.shards[0])
    with fastckpt.open(prefix, io="mmap") as ckpt:
        assert ckpt.info("a").offset == far
        assert_same(ckpt["a"], GOOD["a"])
        assert_same(ckpt["d"], GOOD["d"])
