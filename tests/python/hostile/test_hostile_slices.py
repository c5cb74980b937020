"""Bad inputs: partitioned tensors of V2 bundles."""

import time

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from fastckpt import CheckpointError, CorruptionError
from hostile_checks import (
    GOOD,
    accepted,
    assert_same,
    good_bundle,
    refused_at_read,
    refused_or_equal,
)
from table_maker import masked
from wire_maker import shape, slice_key, slice_spec

V = np.arange(12, dtype=np.int32).reshape(4, 3)
TOP, BOTTOM = 2**63 - 1, -(2**63)
ROWS = [[(0, 2), None], [(2, 2), None]]


def partitioned(value: np.ndarray = V, slices=ROWS) -> BundleMaker:
    """Gives the good bundle and the partitioned tensor `v`."""
    bundle = good_bundle()
    bundle.add_sliced("v", value, slices)
    return bundle


def listed(*slices: list, stored: list | None = None) -> dict[str, bytes]:
    """Gives a tensor that lists `slices`; each has a stored slice of that key.

    Args:
        slices: The extents to list.
        stored: The array to store for each; without it zeros, of the size that the
            extents ask for where that is sane.
    """
    bundle = partitioned(slices=ROWS[:1])
    del bundle.entries[slice_key(b"v", ROWS[0])]
    for number, extents in enumerate(slices):
        value = stored[number] if stored else None
        if value is None:
            value = np.zeros(sizes_of(extents), np.int32)
        bundle.add(slice_key(b"v", extents), value)
    bundle.entries[b"v"]["slices"] = [slice_spec(extents) for extents in slices]
    return bundle.files()


def sizes_of(extents) -> list[int]:
    """Gives the small positive sizes nearest to what `extents` ask for."""
    full = [4, 3, 1, 1]
    return [
        whole if extent is None else min(max(extent[1], 0), 4)
        for whole, extent in zip(full, extents, strict=False)
    ]


def overridden(key_extents, **fields) -> dict[str, bytes]:
    """Gives the partitioned bundle with other fields in the entry of one slice."""
    bundle = partitioned()
    bundle.entries[slice_key(b"v", key_extents)] |= fields
    return bundle.files()


def without(key_extents) -> dict[str, bytes]:
    bundle = partitioned()
    del bundle.entries[slice_key(b"v", key_extents)]
    return bundle.files()


REST = [(1, 3), None]
CORRUPT = {
    "too few dimensions": listed([(0, 4)], stored=[V]),
    "too many dimensions": listed([None, None, None], stored=[V.reshape(4, 3, 1)]),
    "no dimensions": listed([], stored=[V]),
    "a negative start": listed([(-1, 1), None], REST),
    "a negative start that ends at the right place": listed([(-1, 2), None], REST),
    "the most negative start": listed([(BOTTOM, 1), None], REST),
    "a start at the end": listed([(4, 1), None], [(0, 4), None]),
    "a start past the end": listed([(5, 1), None], [(0, 4), None]),
    "a start of 2**62": listed([(2**62, 1), None], REST),
    "a length of zero": listed([(0, 0), None], [(0, 4), None]),
    "a length of minus two": listed([(0, -2), None], REST),
    "the most negative length": listed([(0, BOTTOM), None], REST),
    "a length one too large": listed([(2, 3), None], [(0, 2), None]),
    "a length of 2**62": listed([(0, 2**62), None]),
    "an end of 2**63": listed([(1, TOP), None], [(0, 1), None]),
    "an end that wraps to minus two": listed([(TOP, TOP), None], [(0, 4), None]),
    "a whole dimension that does not start at zero": listed(
        [(1, -1), None], stored=[V]
    ),
    "a row missing at the start": listed([(1, 3), None]),
    "a row missing in the middle": listed([(0, 2), None], [(3, 1), None]),
    "a row missing at the end": listed([(0, 3), None]),
    "a column missing": listed([None, (0, 2)]),
    "two corners missing": listed([(0, 2), (0, 1)], [(2, 2), (1, 2)]),
    "one row twice": listed([(0, 2), None], [(1, 3), None]),
    "one row twice and one missing": listed(
        [(0, 2), None], [(1, 1), None], [(3, 1), None]
    ),
    "one slice twice": listed([(0, 4), None], [(0, 4), None]),
    "one slice in two spellings": listed([(0, 4), None], [None, (0, 3)]),
    "a slice inside another": listed([(0, 4), None], [(1, 1), (1, 1)]),
    "no stored first slice": without(ROWS[0]),
    "no stored last slice": without(ROWS[1]),
    "a stored slice of another dtype": overridden(ROWS[0], dtype=1),
    "a stored slice of a smaller dtype": overridden(
        ROWS[0], dtype=17, size=12, crc32c=masked(V.tobytes()[:12])
    ),
    "a stored slice with fewer rows": overridden(
        ROWS[0], shape=shape([1, 3]), size=12, crc32c=masked(V.tobytes()[:12])
    ),
    "a stored slice with more rows": overridden(
        ROWS[0], shape=shape([3, 3]), size=36, crc32c=masked(V.tobytes()[:36])
    ),
    "a stored slice of another shape of as many elements": overridden(
        ROWS[0], shape=shape([3, 2])
    ),
    "a stored slice of another rank": overridden(ROWS[0], shape=shape([6])),
    "a stored slice without elements": overridden(
        ROWS[0], shape=shape([0, 3]), size=0, crc32c=masked(b"")
    ),
    "a stored slice of the wrong size": overridden(ROWS[0], size=20),
    "a stored slice past the shard": overridden(ROWS[0], offset=2**40),
    "a stored slice in no shard": overridden(ROWS[0], shard_id=7),
    "a stored slice that is sliced itself": overridden(
        ROWS[0], slices=[slice_spec([(0, 1), None]), slice_spec([(1, 1), None])]
    ),
}


@pytest.mark.parametrize("files", CORRUPT.values(), ids=CORRUPT)
def test_a_partitioned_tensor_is_refused_with(files, tmp_path):
    refused_at_read(files, tmp_path, "v", others=GOOD)


def test_a_partitioned_tensor_is_refused_by_the_checksum_of_one_slice(tmp_path):
    files = overridden(ROWS[1], crc32c=1)
    refused_at_read(files, tmp_path, "v", others=GOOD, by_checksum=True)


@pytest.mark.parametrize("dims", [(-4, 3), (2**62, 2**62), (2**60, 3), (5, 3), (4, 2)])
def test_a_partitioned_tensor_is_refused_with_the_shape(dims, tmp_path):
    bundle = partitioned()
    bundle.entries[b"v"]["shape"] = shape(dims)
    refused_at_read(bundle.files(), tmp_path, "v", others=GOOD)


def test_a_huge_partitioned_tensor_is_refused_before_it_is_allocated(tmp_path):
    bundle = partitioned(slices=ROWS[:1])
    bundle.entries[b"v"]["shape"] = shape([2**40, 3])
    refused_at_read(bundle.files(), tmp_path, "v", others=GOOD)


HALVES = [[None, (0, 1)], [None, (1, 2)]]
SPELLINGS = {
    "rows with a whole dimension": ROWS,
    "explicit extents": [[(0, 2), (0, 3)], [(2, 2), (0, 3)]],
    "columns": HALVES,
    "a list that is not sorted": ROWS[::-1],
    "a grid": [[(r, 2), (c, n)] for r in (0, 2) for c, n in ((0, 1), (1, 2))],
    "an uneven cover": [[(0, 1), None], [(1, 3), (0, 2)], [(1, 3), (2, 1)]],
    "single elements": [[(r, 1), (c, 1)] for r in range(4) for c in range(3)],
    "one whole slice with explicit extents": [[(0, 4), (0, 3)]],
    "a length of minus one for the whole": [[(0, 2), (0, -1)], [(2, 2), None]],
}


@pytest.mark.parametrize("slices", SPELLINGS.values(), ids=SPELLINGS)
def test_a_partitioned_tensor_is_read_exactly_from(slices, tmp_path):
    bundle = good_bundle()
    bundle.add_sliced("v", V, [[None, None]])
    del bundle.entries[slice_key(b"v", [None, None])]
    for extents in slices:
        region = tuple(
            slice(None) if e is None or e[1] == -1 else slice(e[0], sum(e))
            for e in extents
        )
        bundle.add(slice_key(b"v", extents), V[region])
    bundle.entries[b"v"]["slices"] = [slice_spec(extents) for extents in slices]
    accepted(bundle.files(), tmp_path, GOOD | {"v": V})


def test_one_whole_slice_may_be_the_tensors_own_bytes(tmp_path):
    bundle = good_bundle()
    bundle.add("v", V)
    bundle.entries[b"v"]["slices"] = [slice_spec([None, None])]
    accepted(bundle.files(), tmp_path, GOOD | {"v": V})


def test_one_whole_slice_under_its_key_loses_nothing(tmp_path):
    bundle = partitioned(slices=[[None, None]])
    refused_or_equal(bundle.files(), tmp_path, GOOD | {"v": V})


VALUES = {
    "halves": V.astype(np.float16),
    "booleans": V % 2 == 0,
    "complex numbers": V + 1j,
    "strings": np.array([b"%d" % n * n for n in range(12)], object).reshape(4, 3),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("slices", [ROWS, HALVES])
def test_slices_hold(value, slices, tmp_path):
    bundle = partitioned(value, slices)
    accepted(bundle.files(), tmp_path, GOOD | {"v": value})


@pytest.mark.parametrize("name", ["x\0y\udcff", "\0", "\udcff\udcff", "\0\x01"])
def test_slice_keys_escape_the_name(name, tmp_path):
    bundle = good_bundle()
    bundle.add_sliced(name, V, ROWS)
    accepted(bundle.files(), tmp_path, GOOD | {name: V})


def test_a_sliced_tensor_without_elements_loses_nothing(tmp_path):
    value = np.zeros((0, 3), np.int32)
    bundle = partitioned(value, [[None, None]])
    refused_or_equal(bundle.files(), tmp_path, GOOD | {"v": value})


def test_a_slice_key_without_its_tensor_is_not_dropped(tmp_path):
    bundle = good_bundle()
    key = slice_key(b"gone", [(0, 4), None])
    bundle.add(key, V)
    bundle.write(tmp_path)
    try:
        ckpt = fastckpt.open(tmp_path / "model")
    except CheckpointError:
        return
    assert_same(ckpt[key.decode("utf-8", "surrogateescape")], V)


def test_a_name_that_looks_like_a_slice_key_is_a_tensor(tmp_path):
    bundle = partitioned()
    bundle.add(b"\0v\0\1\1\1\x80\x7f", GOOD["b"])
    expected = GOOD | {"v": V, "\0v\0\1\1\1\udc80\x7f": GOOD["b"]}
    accepted(bundle.files(), tmp_path, expected)


@pytest.mark.parametrize("region", [np.s_[0:2], np.s_[1], np.s_[0:2, 1:], np.s_[0:0]])
def test_a_hole_elsewhere_is_reported_or_the_region_is_exact(region, tmp_path):
    bundle = partitioned(slices=ROWS[:1])
    bundle.write(tmp_path)
    ckpt = fastckpt.open(tmp_path / "model")
    try:
        got = ckpt.read("v", region=region)
    except CorruptionError:
        return
    assert_same(got, V[region])


@pytest.mark.parametrize("region", [np.s_[1:3], np.s_[2], np.s_[:, 0], np.s_[::-1]])
def test_a_region_that_touches_a_hole_is_refused(region, tmp_path):
    partitioned(slices=ROWS[:1]).write(tmp_path)
    ckpt = fastckpt.open(tmp_path / "model")
    with pytest.raises(CorruptionError):
        ckpt.read("v", region=region)


@pytest.mark.serial
def test_twenty_thousand_slices_are_checked_within_seconds(tmp_path):
    count = 20_000
    value = np.arange(count, dtype=np.int32)
    bundle = BundleMaker()
    bundle.add_sliced("v", value, [[(n, 1)] for n in range(count)])
    prefix = bundle.write(tmp_path)
    start = time.perf_counter()
    assert_same(fastckpt.open(prefix)["v"], value)
    assert time.perf_counter() - start < 5


def test_twenty_thousand_slices_with_one_overlap_are_refused(tmp_path):
    count = 20_000
    extents = [[(n, 1)] for n in range(count - 1)] + [[(7, 2)]]
    bundle = BundleMaker()
    bundle.add_sliced("v", np.arange(count, dtype=np.int32), extents)
    refused_at_read(bundle.files(), tmp_path, "v", others={})
