"""Each byte flipped and each truncation: an error, or exactly the same tensors."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker, write_files
from damage import cuts, flips
from fastckpt import CheckpointError
from hostile_checks import GOOD, assert_same
from places import GOLDEN
from snappy_maker import with_copies
from table_maker import EMPTY_BLOCK, FOOTER_SIZE, TRAILER_SIZE
from v1_maker import V1Maker

SLICES = [[(0, 1), None], [(1, 1), (0, 3)]]


def bundle() -> BundleMaker:
    made = BundleMaker(2)
    for number, (name, value) in enumerate(GOOD.items()):
        made.add(name, value, shard=number % 2)
    made.add_sliced("v", GOOD["a"], SLICES, shards=[1, 0])
    return made


def v1_file() -> V1Maker:
    made = V1Maker()
    for name in ("a", "b", "c"):
        made.add(name, GOOD[name])
    made.add("v", GOOD["a"], slices=SLICES)
    return made


def golden(name: str) -> dict[str, bytes]:
    folder = GOLDEN / name
    return {path.name: path.read_bytes() for path in folder.glob("model*")}


SUBJECTS = {
    "V2": bundle().files(),
    "V2 of many blocks": bundle().files(per_block=2),
    "V2 in Snappy": bundle().files(compress=with_copies, per_block=3),
    "V1": {"model": v1_file().file(per_block=2)},
    "V1 in Snappy": {"model": v1_file().file(compress=with_copies)},
    "V2 of TensorFlow": golden("one_tensor"),
    "slices of TensorFlow": golden("sliced"),
    "V1 of TensorFlow": golden("v1_sliced"),
}
CASES = [(subject, name) for subject, files in SUBJECTS.items() for name in files]


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return number, at


def uncovered(data: bytes) -> set[int]:
    """Gives the offsets in a table that no checksum covers and no reader needs.

    They are the metaindex block with its trailer, its handle in the footer, the
    padding of the footer, and the last byte of the index handle in so far as its
    highest bit only adds a byte of the padding, a zero, to a varint.
    """
    footer = len(data) - FOOTER_SIZE
    metaindex, at = read_varint(data, footer)
    size, at = read_varint(data, at)
    assert size >= len(EMPTY_BLOCK)
    _, end = read_varint(data, at)
    _, end = read_varint(data, end)
    block = range(metaindex, metaindex + size + TRAILER_SIZE)
    return {*block, *range(footer, at), *range(end - 1, len(data) - 8)}


def values(folder: Path, how: dict) -> dict[str, np.ndarray | None]:
    """Gives every tensor, None for one that is refused; empty if open refuses."""
    try:
        ckpt = fastckpt.open(folder / "model", **how)
    except CheckpointError:
        return {}
    found: dict[str, np.ndarray | None] = {}
    with ckpt:
        for name in ckpt:
            try:
                found[name] = ckpt[name]
            except CheckpointError:
                found[name] = None
    return found


def assert_refused_or_same(folder: Path, how: dict, good: dict) -> bool:
    """Asserts that nothing is lost or invented; gives whether anything is refused."""
    found = values(folder, how)
    if not found:
        return True
    assert list(found) == list(good)
    for name, value in found.items():
        if value is not None:
            assert_same(value, good[name])
    return any(value is None for value in found.values())


@pytest.fixture(params=CASES, ids=lambda case: " ".join(case))
def case(request):
    """Gives the folder of a checkpoint, one of its files, and the good tensors."""
    subject, name = request.param
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as made:
        folder = Path(made)
        write_files(folder, SUBJECTS[subject])
        good = {name: np.array(value) for name, value in values(folder, {}).items()}
        assert all(value is not None for value in good.values())
        assert good
        yield folder, folder / name, good


@pytest.mark.parametrize("io", ["mmap", "read"])
def test_every_flip_is_refused_or_harmless(case, io):
    folder, path, good = case
    data = path.read_bytes()
    harmless = set() if ".data-" in path.name else uncovered(data)
    for offset, damaged in flips(data):
        path.write_bytes(damaged)
        refused = assert_refused_or_same(folder, {"io": io}, good)
        assert refused or offset in harmless, f"offset {offset} is not covered"


def test_verify_finds_every_flip_of_a_covered_byte(case):
    folder, path, _ = case
    data = path.read_bytes()
    harmless = set() if ".data-" in path.name else uncovered(data)
    for offset, damaged in flips(data, masks=(0x10,)):
        path.write_bytes(damaged)
        try:
            report = fastckpt.open(folder / "model", verify=False).verify()
        except CheckpointError:
            continue
        assert not report.ok or offset in harmless
        assert report.ok == (not report.problems)


@pytest.mark.parametrize("io", ["mmap", "read"])
def test_every_cut_is_refused(case, io):
    folder, path, good = case
    for length, damaged in cuts(path.read_bytes()):
        path.write_bytes(damaged)
        refused = assert_refused_or_same(folder, {"io": io}, good)
        assert refused, f"a file of only {length} bytes was read"


def test_damage_without_verification_is_an_error_of_ours_or_values(case):
    folder, path, good = case
    data = path.read_bytes()
    for _, damaged in [*flips(data, masks=(0x55,)), *cuts(data)]:
        path.write_bytes(damaged)
        found = values(folder, {"verify": False})
        assert not found or list(found) == list(good)
