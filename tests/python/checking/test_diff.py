"""fastckpt.diff(): how two checkpoints differ."""

from __future__ import annotations

import math
import pickle
import tracemalloc

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastckpt
from bundle_maker import BundleMaker
from damage import flip
from fastckpt.checking import regions
from fastckpt.reading.chunks import regions_of
from places import TESTDATA, items


@pytest.fixture
def save_pair(tmp_path):
    def save(old, new, **options):
        fastckpt.save(tmp_path / "a", old, **options)
        fastckpt.save(tmp_path / "b", new)
        return tmp_path / "a", tmp_path / "b"

    return save


def change_of(pair, **options):
    found = fastckpt.diff(*pair, **options)
    assert (found.added, found.dropped) == ([], [])
    return found.changed.get("w")


def test_names_are_sorted_into_four_heaps(save_pair):
    old = {"same": [1.0], "gone": [1.0], "w": [1.0, 2.0], "shape": [1.0], "type": [1]}
    new = {"same": [1.0], "new": 1.0, "w": [1.0, 3.0], "shape": 1.0, "type": [1.0]}
    found = fastckpt.diff(*save_pair(old, new))
    assert (found.same, found.added, found.dropped) == (["same"], ["new"], ["gone"])
    assert list(found.changed) == ["shape", "type", "w"]
    assert found.changed["shape"] == found.changed["type"] == fastckpt.Change()
    assert found.checked
    assert isinstance(found, fastckpt.Diff)
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_numbers_tell_how_far_b_is_from_a(save_pair):
    pair = save_pair({"w": [[2.0, 4.0], [0.5, 10.0]]}, {"w": [[2.0, 5.0], [1.0, 10.0]]})
    norm = math.sqrt(1 + 0.25) / math.sqrt(4 + 16 + 0.25 + 100)
    assert change_of(pair) == fastckpt.Change(2, 4, 1.0, 1.0, pytest.approx(norm))
    back = change_of(pair[::-1])
    assert (back.largest, back.largest_relative) == (1.0, 0.5)


def test_from_zero_every_distance_is_infinitely_far(save_pair):
    change = change_of(save_pair({"w": [0.0, 0.0]}, {"w": [0.0, 1.0]}))
    assert change == fastckpt.Change(1, 2, 1.0, math.inf, math.inf)


def test_norms_do_not_overflow(save_pair):
    change = change_of(save_pair({"w": [3e300, 4e300]}, {"w": [0.0, 0.0]}))
    assert change.relative_norm == pytest.approx(1)


def test_nan_equals_nan_and_zero_its_negative(save_pair):
    pair = save_pair(
        {"w": [math.nan, 0.0, math.inf]}, {"w": [-math.nan, -0.0, math.inf]}
    )
    assert change_of(pair) is None
    change = change_of(save_pair({"w": [math.nan, 1.0]}, {"w": [0.0, 1.0]}))
    assert change == fastckpt.Change(1, 2, None, None, None)
    assert change.not_finite == 1
    # Far apart, but finite.
    far = {"w": [-1e308, 1.0]}, {"w": [1e308, 1.0]}
    assert change_of(save_pair(*far)).not_finite == 0
    both = {"w": [math.nan, 1.0, math.inf]}, {"w": [math.nan, 2.0, math.inf]}
    assert change_of(save_pair(*both)).not_finite == 0


def test_integers_beyond_2_53_are_told_apart(save_pair):
    pair = save_pair({"w": [2**62, -(2**63)]}, {"w": [2**62 + 1, 2**63 - 1]})
    change = change_of(pair)
    assert (change.count, change.largest) == (2, 2**64 - 1)
    assert isinstance(change.largest, int)


@pytest.mark.parametrize("value", [[b"a", b"b\0"], [True, False]])
def test_what_is_no_number_is_counted(value, save_pair):
    change = change_of(save_pair({"w": value}, {"w": value[::-1]}))
    assert change == fastckpt.Change(2, 2, None, None, None)
    change = change_of(save_pair({"w": value}, {"w": [value[0], value[0]]}))
    assert change.count == 1


@pytest.mark.parametrize("name", ["bfloat16", "int4", "float8_e4m3fn", "complex64"])
def test_every_kind_of_number_has_a_distance(name, save_pair):
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    old, new = np.array([1, 2]).astype(dtype), np.array([1, 4]).astype(dtype)
    change = change_of(save_pair({"w": old}, {"w": new}))
    assert (change.count, change.largest, change.largest_relative) == (1, 2.0, 1.0)


def test_tolerances_are_numpys(save_pair):
    pair = save_pair({"w": [1.0, 2.0]}, {"w": [1.5, 2.0]})
    assert change_of(pair, atol=0.5) is None
    assert change_of(pair, rtol=0.3).count == 1
    assert change_of(pair, rtol=0.34) is None
    for bad in ({"rtol": -1}, {"atol": math.nan}):
        with pytest.raises(ValueError, match="at least 0"):
            fastckpt.diff(*pair, **bad)


def test_formats_shards_slices_and_byte_order_do_not_matter(tmp_path):
    w = np.arange(12.0).reshape(4, 3)
    fastckpt.save(tmp_path / "v2", {"w": w}, shards=2)
    fastckpt.save(tmp_path / "v1", {"w": w}, format="v1")
    with fastckpt.Writer(tmp_path / "parts") as writer:
        writer.add_slice("w", w[:1], (4, 3), (0, 0))
        writer.add_slice("w", w[1:], (4, 3), (1, 0))
    bundle = BundleMaker(big_endian=True)
    bundle.add("w", w)
    paths = [tmp_path / "v2", tmp_path / "v1", tmp_path / "parts"]
    paths.append(bundle.write(tmp_path, "big"))
    for a in paths:
        for b in paths:
            for check in (True, False):
                assert fastckpt.diff(a, b, check=check).same == ["w"]


def test_equal_bytes_of_unlike_byte_order_are_other_numbers(tmp_path):
    one, two = BundleMaker(), BundleMaker(big_endian=True)
    one.add("w", np.array([1.0, 2.0]))
    two.add("w", np.array([1.0, 2.0]).byteswap())
    pair = one.write(tmp_path, "a"), two.write(tmp_path, "b")
    assert fastckpt.open(pair[0]).info("w").crc32c == (
        fastckpt.open(pair[1]).info("w").crc32c
    )
    assert change_of(pair).count == 2


def test_regions_of_views_and_copies_add_up(save_pair, monkeypatch):
    monkeypatch.setattr(regions, "_REGION", 7)
    random = np.random.default_rng(1)
    old = {
        "w": random.normal(size=(5, 4, 3)),
        "s": np.array([b"%d" % n for n in range(40)]),
    }
    new = {name: array.copy() for name, array in old.items()}
    new["w"][4, 3, 2] += 1
    new["s"][39] = b"x"
    for options in ({}, {"format": "v1"}):
        pair = save_pair(old, new, **options)
        for threads in (1, 3):
            found = fastckpt.diff(*pair, threads=threads)
            assert {name: it.count for name, it in found.changed.items()} == {
                "s": 1,
                "w": 1,
            }
            assert found.changed["w"].largest == pytest.approx(1)
            assert found.changed["w"].relative_norm == pytest.approx(
                1 / np.linalg.norm(old["w"])
            )
    with fastckpt.open(pair[0], io="read") as a, fastckpt.open(pair[1], io="read") as b:
        assert fastckpt.diff(a, b).changed.keys() == {"s", "w"}
        assert a["w"].shape == (5, 4, 3)  # it is still open


@given(st.lists(st.integers(0, 5), max_size=4), st.integers(1, 20))
def test_regions_cover_each_element_once(shape, most):
    seen = np.zeros(shape, int)
    for region in regions_of(shape, most):
        assert seen[region].size <= max(most, 1)
        seen[region] += 1
    assert (seen == 1).all()


def test_memory_is_flat_where_nothing_is_a_view(tmp_path):
    whole = np.zeros((64, 1 << 16))  # 32 MiB
    for name in "ab":
        with fastckpt.Writer(tmp_path / name, fsync=False) as writer:
            writer.add_slice("w", whole[:32], whole.shape, (0, 0))
            writer.add_slice("w", whole[32:] + (name == "b"), whole.shape, (32, 0))
    del whole
    with fastckpt.open(tmp_path / "a") as a, fastckpt.open(tmp_path / "b") as b:
        tracemalloc.start()
        try:
            assert fastckpt.diff(a, b, threads=1).changed["w"].count == 1 << 21
            assert tracemalloc.get_traced_memory()[1] < 24 << 20
        finally:
            tracemalloc.stop()


# Damage


def test_damage_that_checksums_alone_hide_is_found(save_pair):
    pair = save_pair({"w": [1.0, 2.0]}, {"w": [1.0, 2.0]})
    flip(pair[1].with_name("b.data-00000-of-00001"), 3)
    for these in (pair, pair[::-1], (pair[1], pair[1])):
        with pytest.raises(fastckpt.CorruptionError, match="checksum") as caught:
            fastckpt.diff(*these)
        assert caught.value.tensor == "w"
    found = fastckpt.diff(*pair, check=False)
    assert (found.same, found.checked) == (["w"], False)


def test_damage_of_what_only_one_has_is_found_too(save_pair):
    pair = save_pair({"w": [1.0]}, {"w": [1.0], "x": [2.0]})
    flip(pair[1].with_name("b.data-00000-of-00001"), 9)
    with pytest.raises(fastckpt.CorruptionError, match="checksum"):
        fastckpt.diff(*pair)


def test_without_a_check_what_is_read_is_checked_all_the_same(save_pair):
    pair = save_pair({"w": [1.0]}, {"w": [2.0]})
    flip(pair[0].with_name("a.data-00000-of-00001"), 0)
    with pytest.raises(fastckpt.CorruptionError, match="checksum"):
        fastckpt.diff(*pair, check=False)


def test_a_missing_data_file_is_not_found(save_pair):
    pair = save_pair({"w": [1.0]}, {"w": [1.0]})
    pair[0].with_name("a.data-00000-of-00001").unlink()
    with pytest.raises(FileNotFoundError, match=r"a\.data-00000-of-00001"):
        fastckpt.diff(*pair)


def test_progress_ends_with_all_of_it(save_pair):
    seen = []
    pair = save_pair({"w": np.zeros(1 << 20)}, {"w": np.ones(1 << 20)})
    fastckpt.diff(*pair, progress=lambda *counts: seen.append(counts))
    assert seen == sorted(seen)
    assert seen[-1] == (3 << 23, 3 << 23)


@pytest.mark.parametrize("item", items(TESTDATA)[:40], ids=lambda item: item.name)
def test_a_real_checkpoint_is_the_same_as_itself(item):
    try:
        checkpoint = fastckpt.open(item)
    except (fastckpt.CheckpointError, OSError):
        pytest.skip("it does not open")
    with checkpoint:
        assert fastckpt.diff(checkpoint, item).same == list(checkpoint)
