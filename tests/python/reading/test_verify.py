"""verify(): every block and every tensor checked, every problem told."""

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from hostile_checks import GOOD, good_bundle
from table_maker import masked
from v1_maker import V1Maker
from wire_maker import slice_key

SHARD = "model.data-00000-of-00001"
SLICES = [[(0, 1), None], [(1, 1), None]]


@pytest.fixture(params=[{"io": "mmap"}, {"io": "read"}, {"verify": False}], ids=str)
def how(request):
    """Gives the arguments of open()."""
    return request.param


def report_of(prefix, how) -> fastckpt.VerifyReport:
    with fastckpt.open(prefix, **how) as ckpt:
        return ckpt.verify()


def test_a_right_bundle_has_no_problems(how, tmp_path):
    bundle = good_bundle()
    report = report_of(bundle.write(tmp_path), how)
    assert report.ok
    assert list(report.problems) == []
    assert report.bytes_checked >= len(bundle.shards[0])


def test_a_right_v1_file_has_no_problems(how, tmp_path):
    checkpoint = V1Maker()
    checkpoint.add("a", GOOD["a"])
    report = report_of(checkpoint.write(tmp_path), how)
    assert report.ok
    assert report.bytes_checked >= GOOD["a"].nbytes


def damaged_bundle(tmp_path):
    """Writes a bundle with three damaged tensors, a good one and a missing shard."""
    bundle = BundleMaker(2)
    for name, value in GOOD.items():
        bundle.add(name, value)
    bundle.add_sliced("v", GOOD["a"], SLICES)
    bundle.add("gone", GOOD["a"], shard=1)
    bundle.entries[b"a"]["crc32c"] ^= 1
    bundle.entries[b"c"]["crc32c"] ^= 1
    bundle.entries[slice_key(b"v", SLICES[1])]["crc32c"] ^= 1
    prefix = bundle.write(tmp_path)
    (tmp_path / "model.data-00001-of-00002").unlink()
    return prefix, bundle


def test_every_problem_is_told_and_not_only_the_first(how, tmp_path):
    prefix, _ = damaged_bundle(tmp_path)
    report = report_of(prefix, how)
    assert not report.ok
    named = {problem.tensor for problem in report.problems}
    assert named - {"gone", None} == {"a", "c", "v"}


def test_a_problem_says_where_it_is(how, tmp_path):
    prefix, bundle = damaged_bundle(tmp_path)
    problems = {problem.tensor: problem for problem in report_of(prefix, how).problems}
    first = str(tmp_path / "model.data-00000-of-00002")
    for name in ("a", "c"):
        assert problems[name].path == first
        assert problems[name].offset == bundle.entries[name.encode()]["offset"]
        assert "0x" in problems[name].message
    assert problems["v"].path == first
    sliced = bundle.entries[slice_key(b"v", SLICES[1])]
    assert problems["v"].offset == sliced["offset"]


def test_a_missing_shard_is_a_problem_that_names_the_file(how, tmp_path):
    prefix, _ = damaged_bundle(tmp_path)
    missing = str(tmp_path / "model.data-00001-of-00002")
    (problem,) = (p for p in report_of(prefix, how).problems if p.path == missing)
    assert problem.tensor in ("gone", None)
    assert missing in problem.message


def test_a_cut_shard_is_a_problem_of_each_tensor_behind_the_cut(how, tmp_path):
    bundle = good_bundle()
    prefix = bundle.write(tmp_path)
    data = (tmp_path / SHARD).read_bytes()
    (tmp_path / SHARD).write_bytes(data[: bundle.entries[b"c"]["offset"]])
    report = report_of(prefix, how)
    assert {problem.tensor for problem in report.problems} == {"c", "d"}


def test_verify_looks_again_each_time(how, tmp_path):
    prefix = good_bundle().write(tmp_path)
    with fastckpt.open(prefix, **how) as ckpt:
        ckpt.load()
        assert ckpt.verify().ok
        data = bytearray((tmp_path / SHARD).read_bytes())
        data[0] ^= 0x10
        with (tmp_path / SHARD).open("r+b") as shard:
            shard.write(data)
        problems = ckpt.verify().problems
    assert {problem.tensor for problem in problems} == {"a"}


def test_damaged_blocks_of_v1_are_problems(how, tmp_path):
    checkpoint = V1Maker()
    for number in range(6):
        checkpoint.add(f"w{number}", np.full(50, number, np.float32))
    prefix = checkpoint.write(tmp_path, per_block=1)
    data = bytearray(prefix.read_bytes())
    for number in (1, 4):
        at = data.index(np.full(50, number, np.float32).tobytes())
        data[at] ^= 1
    prefix.write_bytes(data)
    report = report_of(prefix, how)
    assert not report.ok
    assert len(report.problems) >= 2
    assert all(problem.path == str(prefix) for problem in report.problems)
    named = {problem.tensor for problem in report.problems}
    assert named <= {"w1", "w4", None}


def test_empty_tensors_are_checked_too(how, tmp_path):
    bundle = BundleMaker()
    bundle.add("none", np.zeros((0, 3), np.float32), crc32c=masked(b"x"))
    bundle.add("right", np.zeros((0, 3), np.float32))
    report = report_of(bundle.write(tmp_path), how)
    assert {problem.tensor for problem in report.problems} == {"none"}


def test_a_bundle_of_nothing_is_right(how, tmp_path):
    assert report_of(BundleMaker().write(tmp_path), how).ok


def test_a_damaged_tensor_in_many_is_found_with_any_number_of_threads(tmp_path):
    bundle = BundleMaker(3)
    for number in range(300):
        value = np.full(number, number, np.int16)
        bundle.add(f"w{number:03d}", value, shard=number % 3)
    bundle.entries[b"w151"]["crc32c"] ^= 1
    bundle.entries[b"w299"]["crc32c"] ^= 1
    prefix = bundle.write(tmp_path)
    for threads in (None, 1, 2, 16):
        problems = fastckpt.open(prefix, threads=threads).verify().problems
        assert [problem.tensor for problem in problems] == ["w151", "w299"]


def test_a_replaced_index_hides_no_other_problem(how, tmp_path):
    prefix = good_bundle().write(tmp_path)
    with fastckpt.open(prefix, **how) as ckpt:
        ckpt["b"]
        with open(tmp_path / SHARD, "r+b") as shard:
            shard.write(b"\xff")
        index = (tmp_path / "model.index").read_bytes()
        (tmp_path / "new").write_bytes(index)
        (tmp_path / "new").replace(tmp_path / "model.index")
        problems = ckpt.verify().problems
    assert [problem.tensor for problem in problems] == [None, "a"]
