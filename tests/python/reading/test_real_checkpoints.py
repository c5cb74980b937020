"""Real checkpoints of other projects, as they lie in the public."""

import pytest

import fastckpt
from expected_json import assert_as_expected, read_expected
from places import TESTDATA, items

REAL = items(TESTDATA)
pytestmark = pytest.mark.skipif(not REAL, reason=f"{TESTDATA} is not there")


@pytest.mark.parametrize("io", ["mmap", "read"])
@pytest.mark.parametrize("folder", REAL, ids=lambda folder: folder.name)
def test_a_real_checkpoint_is_read_exactly(folder, io):
    expected = read_expected(folder)
    with fastckpt.open(folder / expected["prefix"], io=io) as ckpt:
        assert_as_expected(ckpt, expected)
        report = ckpt.verify()
    assert report.ok
    assert not report.problems


@pytest.mark.parametrize("folder", REAL, ids=lambda folder: folder.name)
def test_a_real_checkpoint_opens_by_its_folder(folder):
    with fastckpt.open(folder) as ckpt:
        assert_as_expected(ckpt, read_expected(folder))


def data_files(folder):
    """Gives the files of a checkpoint that may be named in place of its prefix."""
    known = {"expected.json", "LICENSE", "SOURCE.md"}
    return [path for path in folder.iterdir() if path.name not in known]


@pytest.mark.parametrize("folder", REAL, ids=lambda folder: folder.name)
def test_a_real_checkpoint_opens_by_any_of_its_files(folder):
    expected = read_expected(folder)
    for path in data_files(folder):
        with fastckpt.open(path) as ckpt:
            assert set(ckpt) == set(expected["tensors"])


@pytest.mark.parametrize("folder", REAL, ids=lambda folder: folder.name)
def test_the_structure_of_a_real_checkpoint_is_as_described(folder):
    expected = read_expected(folder)
    infos = fastckpt.open(folder / expected["prefix"]).infos()
    structure = expected["structure"]
    assert sum(bool(info.slices) for info in infos) == structure["partitioned"]
    if "num_shards" in structure:
        shards = {info.shard for info in infos}
        assert shards <= set(range(structure["num_shards"]))
