"""Bad inputs: entries that parse but cannot be true."""

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker, as_array
from dtype_table import FIXED, RESOURCE, VARIANT, random_array
from fastckpt import CorruptionError, UnsupportedError
from hostile_checks import (
    GOOD,
    accepted,
    assert_same,
    good_bundle,
    refused_at_read,
    refused_or_equal,
)
from table_maker import crc32c, mask, masked
from wire_maker import shape

TOP = 2**63 - 1
SHARD = "model.data-00000-of-00001"
SHARD_SIZE = len(good_bundle().files()[SHARD])


def changed(**fields) -> dict[str, bytes]:
    """Gives the good bundle with other fields in the entry of the tensor `a`."""
    bundle = good_bundle()
    bundle.entries[b"a"] |= fields
    return bundle.files()


def shaped(*dims: int, **fields) -> dict[str, bytes]:
    return changed(shape=shape(dims), **fields)


CORRUPT = {
    "the dtype 0": changed(dtype=0),
    "a negative dtype": changed(dtype=-1),
    "the most negative dtype": changed(dtype=-(2**31)),
    "the first reference type": changed(dtype=101),
    "a reference to the same type": changed(dtype=133),
    "a negative dimension": shaped(-1, 3),
    "two negative dimensions": shaped(-2, -3),
    "the most negative dimension": shaped(-(2**63), 2),
    "an unknown rank": changed(shape=shape([], unknown_rank=True)),
    "an unknown rank with dimensions": changed(shape=shape([2, 3], unknown_rank=True)),
    "a product of 2**64": shaped(2**32, 2**32),
    "a product of 2**64 + 6": shaped(2, 3, 2**62, 4),
    "a product of 2**63": shaped(2**62, 2),
    "a product far over the top": shaped(TOP, TOP, TOP),
    "bytes that wrap to the right size": shaped(2**62 + 6),
    "bytes of 2**63": shaped(2**61),
    "an early zero before an overflow": shaped(0, 2**62, 4, size=0, crc32c=masked(b"")),
    "a late zero behind an overflow": shaped(2**62, 4, 0, size=0, crc32c=masked(b"")),
    "a zero between two halves of an overflow": shaped(
        2**32, 0, 2**32, size=0, crc32c=masked(b"")
    ),
    "a zero that hides an overflow of the bytes": shaped(
        0, 2**62, size=0, crc32c=masked(b"")
    ),
    "a zero and a negative dimension": shaped(0, -1, size=0, crc32c=masked(b"")),
    "one row too many": shaped(3, 3),
    "one row too few": shaped(1, 3),
    "no rows but bytes": shaped(0, 3),
    "no shape": changed(shape=None),
    "a size one too small": changed(size=23),
    "a size one too large": changed(size=25),
    "a size of zero": changed(size=0),
    "a size of half the elements": changed(size=12),
    "a negative size": changed(size=-24),
    "the most negative size": changed(size=-(2**63)),
    "the largest size": changed(size=TOP),
    "4 TiB in shape and size": shaped(2**40, size=2**42),
    "the largest shape and size": shaped(2**61 - 1, size=2**63 - 4),
    "an offset one byte too far": changed(offset=SHARD_SIZE - 23),
    "an offset at the end": changed(offset=SHARD_SIZE),
    "an offset past the end": changed(offset=SHARD_SIZE + 1),
    "an offset of 2**40": changed(offset=2**40),
    "the largest offset": changed(offset=TOP),
    "an offset whose end is 2**63": changed(offset=TOP - 23),
    "a negative offset": changed(offset=-1),
    "a negative offset that hits the data": changed(offset=-24),
    "the most negative offset": changed(offset=-(2**63)),
    "the shard after the last": changed(shard_id=1),
    "the shard minus one": changed(shard_id=-1),
    "the shard 2**31 - 1": changed(shard_id=2**31 - 1),
    "the shard -2**31": changed(shard_id=-(2**31)),
}
RIGHT_CRC = good_bundle().entries[b"a"]["crc32c"]
WRONG_CHECKSUMS = {
    "a checksum one bit off": RIGHT_CRC ^ 1,
    "a checksum that is not masked": crc32c(GOOD["a"].tobytes()),
    "a checksum masked twice": mask(RIGHT_CRC),
    "no checksum": None,
    "a checksum of zero": 0,
}


@pytest.mark.parametrize("files", CORRUPT.values(), ids=CORRUPT)
def test_a_tensor_is_refused_with(files, tmp_path):
    refused_at_read(files, tmp_path)


@pytest.mark.parametrize("checksum", WRONG_CHECKSUMS.values(), ids=WRONG_CHECKSUMS)
def test_a_tensor_is_refused_by(checksum, tmp_path):
    refused_at_read(changed(crc32c=checksum), tmp_path, by_checksum=True)


def test_a_tensor_without_elements_needs_the_checksum_of_no_bytes(tmp_path):
    files = shaped(0, 3, size=0, crc32c=None)
    refused_at_read(files, tmp_path, by_checksum=True)


@pytest.mark.parametrize(
    "number", [RESOURCE, VARIANT, 34, 77, 99, 100, 134, 1000, 2**31 - 1]
)
def test_the_dtype_is_not_supported_but_the_others_are_read(number, tmp_path):
    refused_at_read(
        changed(dtype=number), tmp_path, errors=UnsupportedError, may_refuse_open=False
    )


@pytest.mark.parametrize("name", ["data--0001-of-00001", "data-00001-of-00001"])
@pytest.mark.parametrize("number", [-1, 1])
def test_a_shard_outside_the_count_is_refused_though_a_file_is_there(
    number, name, tmp_path
):
    files = changed(shard_id=number)
    files[f"model.{name}"] = files[SHARD]
    refused_at_read(files, tmp_path)


@pytest.mark.parametrize("number", [-1, 1])
def test_a_shard_outside_the_count_is_no_missing_file(number, tmp_path):
    refused_at_read(changed(shard_id=number), tmp_path, errors=CorruptionError)


def ones(rank: int) -> tuple[dict[str, bytes], np.ndarray]:
    bundle = good_bundle()
    bundle.add("a", np.array(1.5, np.float32), shape=shape([1] * rank))
    return bundle.files(), np.array(1.5, np.float32)


@pytest.mark.parametrize("rank", [33, 64])
def test_a_rank_of_up_to_64_is_read_or_unsupported(rank, tmp_path):
    files, value = ones(rank)
    expected = GOOD | {"a": value.reshape((1,) * rank)}
    refused_or_equal(files, tmp_path, expected, UnsupportedError)


@pytest.mark.parametrize("rank", [65, 128, 254])
def test_a_rank_above_numpys_is_unsupported(rank, tmp_path):
    refused_at_read(ones(rank)[0], tmp_path, errors=UnsupportedError)


@pytest.mark.parametrize("rank", [255, 256, 257, 65536])
def test_a_rank_above_tensorflows_is_refused(rank, tmp_path):
    errors = (CorruptionError, UnsupportedError)
    refused_at_read(ones(rank)[0], tmp_path, errors=errors)


def test_a_missing_shard_stops_only_its_own_tensors(tmp_path):
    bundle = BundleMaker(3)
    bundle.add("a", GOOD["a"], shard=1)
    bundle.add("b", GOOD["b"], shard=2)
    files = bundle.files()
    del files["model.data-00001-of-00003"], files["model.data-00000-of-00003"]
    refused_at_read(
        files,
        tmp_path,
        errors=FileNotFoundError,
        others={"b": GOOD["b"]},
        may_refuse_open=False,
    )
    with pytest.raises(FileNotFoundError) as caught:
        fastckpt.open(tmp_path / "model")["a"]
    assert caught.value.filename == str(tmp_path / "model.data-00001-of-00003")


@pytest.mark.parametrize("dtype", FIXED, ids=lambda dtype: dtype.name)
def test_the_size_of_an_element_is_exact_for(dtype, tmp_path):
    value = random_array(dtype, (5,), np.random.default_rng(dtype.number))
    bundle = BundleMaker()
    bundle.add("right", value, dtype=dtype.number)
    for name, dims in {"more": 6, "less": 4}.items():
        bundle.add(name, value, dtype=dtype.number, shape=shape([dims]))
    bundle.write(tmp_path)
    ckpt = fastckpt.open(tmp_path / "model")
    assert_same(ckpt["right"], value)
    for name in ("more", "less"):
        with pytest.raises(CorruptionError):
            ckpt[name]


def shared_bytes() -> tuple[BundleMaker, dict]:
    bundle = good_bundle()
    whole = bundle.entries[b"a"]
    part = GOOD["a"].reshape(6)[1:4]
    bundle.entries[b"same"] = whole
    fields = {"offset": whole["offset"] + 4, "size": 12, "shape": shape([3])}
    bundle.entries[b"part"] = whole | fields | {"crc32c": masked(part.tobytes())}
    return bundle, GOOD | {"same": GOOD["a"], "part": part}


def gaps_and_junk(align: int) -> tuple[BundleMaker, dict]:
    bundle = BundleMaker()
    for name, value in GOOD.items():
        bundle.pad(-len(bundle.shards[0]) % align + align)
        bundle.add(name, value)
    bundle.pad(1000)
    return bundle, GOOD


def falling_offsets() -> tuple[BundleMaker, dict]:
    bundle = BundleMaker()
    for name in sorted(GOOD, reverse=True):
        bundle.add(name, GOOD[name])
    return bundle, GOOD


def empty_shards() -> tuple[BundleMaker, dict]:
    bundle = BundleMaker(4)
    for name, value in GOOD.items():
        bundle.add(name, value, shard=2)
    return bundle, GOOD


def empty_tensor_at_the_end() -> tuple[BundleMaker, dict]:
    bundle = good_bundle()
    nothing = np.zeros((0, 3), np.float32)
    bundle.add("empty", nothing)
    return bundle, GOOD | {"empty": nothing}


RIGHT = {
    "shared bytes": shared_bytes(),
    "gaps and junk between tensors": gaps_and_junk(1),
    "an alignment of 42": gaps_and_junk(42),
    "an alignment of 4096": gaps_and_junk(4096),
    "data in another order than names": falling_offsets(),
    "empty shards": empty_shards(),
    "a tensor without elements at the end of its shard": empty_tensor_at_the_end(),
}


@pytest.mark.parametrize(("bundle", "expected"), RIGHT.values(), ids=RIGHT)
def test_a_bundle_is_right_with(bundle, expected, tmp_path):
    accepted(bundle.files(), tmp_path, expected)


def test_stale_files_beside_a_bundle_do_not_matter(tmp_path):
    stale = {
        "model.data-00000-of-00002": b"old",
        "model.data-00001-of-00001": b"old",
        "model.data-00000-of-00001.tempstate123": b"old",
        "model.index.tempstate456": b"old",
        "model.index.bak": b"old",
    }
    accepted(good_bundle().files() | stale, tmp_path, GOOD)


def test_an_offset_of_more_than_32_bits_is_right(tmp_path):
    far = 2**32 + 3
    bundle = good_bundle()
    bundle.entries[b"a"]["offset"] += far
    bundle.write(tmp_path)
    with (tmp_path / SHARD).open("r+b") as shard:
        shard.seek(far)
        shard.write(bundle.shards[0])
    with fastckpt.open(tmp_path / "model", io="read") as ckpt:
        assert_same(ckpt["a"], GOOD["a"])
        assert_same(ckpt["d"], GOOD["d"])


def test_a_scalar_may_have_no_shape(tmp_path):
    bundle = BundleMaker()
    bundle.add("s", as_array(np.int32(5)), shape=None)
    accepted(bundle.files(), tmp_path, {"s": np.array(5, np.int32)})
