"""What ``open(verify=...)`` checks: pieces once, then nothing but what is asked for."""

import os
import pickle
import threading

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from damage import change_byte, change_byte_unseen
from fastckpt import CorruptionError
from v1_maker import V1Maker

SHARD = "model.data-00000-of-00001"
TABLE = np.random.default_rng(0).random((4096, 64), np.float32)  # 1 MiB
LAST = TABLE.nbytes - 1


def write(folder, kind: str, table=TABLE):
    """Writes a checkpoint with the table; gives it and the file with its bytes."""
    if kind == "v1":
        checkpoint = V1Maker()
        checkpoint.add("t", table)
        path = checkpoint.write(folder)
        return path, path
    bundle = BundleMaker(big_endian=kind == "big-endian")
    if kind == "partitioned":
        half = len(table) // 2
        bundle.add_sliced("t", table, [[(0, half), None], [(half, half), None]])
    else:
        bundle.add("t", table)
    return bundle.write(folder), folder / SHARD


def last_byte(file) -> int:
    """Gives the offset of the table's last byte."""
    at = file.read_bytes().rfind(TABLE[-1].tobytes())
    return at + TABLE[-1].nbytes - 1 if at >= 0 else file.stat().st_size - 4


KINDS = ["plain", "partitioned", "big-endian", "v1"]
CASES = pytest.mark.parametrize("kind", KINDS)
MODES = pytest.mark.parametrize("io", ["mmap", "read"])


@CASES
@MODES
def test_a_row_of_a_checked_piece_reads_its_own_bytes_alone(kind, io, tmp_path):
    path, file = write(tmp_path, kind)
    with fastckpt.open(path, io=io) as ckpt:
        ckpt.read("t", [0, 4095])
        change_byte_unseen(file, last_byte(file))
        assert np.array_equal(ckpt.read("t", 3), TABLE[3])
        assert np.array_equal(ckpt.read("t", np.s_[1:9:2, ::-1]), TABLE[1:9:2, ::-1])
        assert np.array_equal(ckpt.read("t", [7, 3]), TABLE[[7, 3]])
        assert np.array_equal(
            ckpt.read_many([("t", 5, None), ("t", [5], None)])[0], TABLE[5]
        )
        if kind != "v1" or io == "read":
            with pytest.raises(CorruptionError):
                ckpt.read("t", ...)


@CASES
@MODES
def test_a_file_that_was_written_since_is_checked_again(kind, io, tmp_path):
    path, file = write(tmp_path, kind)
    with fastckpt.open(path, io=io) as ckpt:
        ckpt.read("t", [0, 4095])
        change_byte(file, last_byte(file))
        for region in (4094, [4094, 4000], np.s_[4090:4095]):
            with pytest.raises(CorruptionError):
                ckpt.read("t", region)


@CASES
@MODES
def test_what_verify_or_a_whole_read_found_right_counts_as_checked(kind, io, tmp_path):
    for number, check in enumerate([lambda c: c.verify(), lambda c: c.read("t")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        path, file = write(folder, kind)
        with fastckpt.open(path, io=io) as ckpt:
            check(ckpt)
            if kind != "v1" or io == "mmap":
                change_byte_unseen(file, last_byte(file))
            assert np.array_equal(ckpt.read("t", 3), TABLE[3])


@CASES
@MODES
def test_what_is_found_wrong_no_longer_counts_as_checked(kind, io, tmp_path):
    checks = [lambda c: c.verify(), lambda c: c.read("t"), lambda c: c.load(copy=True)]
    for number, check in enumerate(checks):
        folder = tmp_path / str(number)
        folder.mkdir()
        path, file = write(folder, kind)
        with fastckpt.open(path, io=io) as ckpt:
            ckpt.read("t", 4094)
            change_byte_unseen(file, last_byte(file))
            if number > 0 and kind == "v1" and io == "mmap":
                continue  # a block of a mapping is checked once
            if number == 0:
                assert not check(ckpt).ok
            else:
                with pytest.raises(CorruptionError):
                    check(ckpt)
            with pytest.raises(CorruptionError):
                ckpt.read("t", 4094)


@CASES
@MODES
def test_damage_anywhere_in_the_piece_is_found_before_the_first_row(kind, io, tmp_path):
    path, file = write(tmp_path, kind)
    with fastckpt.open(path, io=io) as ckpt:
        change_byte(file, last_byte(file))
        for region in (4094, [4094], np.s_[4093:]):
            for _ in range(2):
                with pytest.raises(CorruptionError):
                    ckpt.read("t", region)
        out = np.zeros((2, 64), np.float32)
        with pytest.raises(CorruptionError):
            ckpt.read("t", [4094, 4093], out)
        assert not out.any()


def bytes_read() -> int:
    """Gives how many bytes this process has read so far, by calls."""
    with open("/proc/self/io") as file:
        return int(file.readline().split()[1])


@pytest.mark.skipif(not os.path.exists("/proc/self/io"), reason="no /proc")
@CASES
def test_later_rows_are_all_that_is_read(kind, tmp_path):
    path, _ = write(tmp_path, kind)
    with fastckpt.open(path, io="read") as ckpt:
        ckpt.read("t", 0)
        ckpt.read("t", 4095)
        begin = bytes_read()
        for row in range(0, 4000, 100):
            ckpt.read("t", row)
            ckpt.read("t", [row, 50])
        assert bytes_read() - begin < TABLE.nbytes // 4


@pytest.mark.skipif(not os.path.exists("/proc/self/io"), reason="no /proc")
def test_many_regions_of_one_tensor_check_it_once(tmp_path):
    path, _ = write(tmp_path, "plain")
    with fastckpt.open(path, io="read") as ckpt:
        begin = bytes_read()
        ckpt.read_many([("t", np.s_[i : i + 512], None) for i in range(0, 4096, 512)])
        assert bytes_read() - begin < 3 * TABLE.nbytes


@MODES
def test_strings_are_checked_once_for_their_parts(io, tmp_path):
    texts = np.array([b"a%d" % i for i in range(100)], object)
    bundle = BundleMaker()
    bundle.add("s", texts)
    path = bundle.write(tmp_path)
    with fastckpt.open(path, io=io) as ckpt:
        assert ckpt.read("s", 3) == b"a3"
        change_byte_unseen(tmp_path / SHARD, (tmp_path / SHARD).stat().st_size - 1)
        assert ckpt.read("s", [3, 1]).tolist() == [b"a3", b"a1"]
        with pytest.raises(CorruptionError):
            ckpt.read("s")


@MODES
def test_whole_checks_what_is_read_in_full_and_no_part(io, tmp_path):
    path, file = write(tmp_path, "partitioned")
    change_byte(file, last_byte(file))
    with fastckpt.open(path, io=io, verify="whole") as ckpt:
        assert np.array_equal(ckpt.read("t", 3), TABLE[3])
        assert np.array_equal(ckpt.read("t", [4000, 3]), TABLE[[4000, 3]])
        assert np.array_equal(ckpt.read("t", np.s_[:2048]), TABLE[:2048])
        for region in (None, ..., np.s_[2048:]):
            with pytest.raises(CorruptionError):
                ckpt.read("t", region)
        with pytest.raises(CorruptionError):
            ckpt["t"]
        assert "parts of it are not checked" in str(ckpt.explain())
        assert ckpt.explain().verify == "whole"


def test_whole_checks_what_a_call_reads_in_full_in_parts(tmp_path):
    fastckpt.save(tmp_path / "m", {"t": np.zeros((8, 100), np.float32)})
    data = tmp_path / "m.data-00000-of-00001"
    change_byte(data, 2500)
    halves = [("t", np.s_[:4], None), ("t", np.s_[4:], None)]
    columns = [("t", np.s_[:, ::2], None), ("t", np.s_[:, 1::2], None)]
    with fastckpt.open(tmp_path / "m", verify="whole") as ckpt:
        for requests in (halves, columns):
            with pytest.raises(CorruptionError):
                ckpt.read_many(requests)
            assert len(ckpt.read_many(requests[1:])) == 1


@pytest.mark.parametrize("verify", ["once", "", 1, 0, 2.5, [], "Whole"])
def test_no_other_word_for_what_to_verify_is_taken(verify, tmp_path):
    path, _ = write(tmp_path, "plain")
    with pytest.raises(ValueError, match="verify must be"):
        fastckpt.open(path, verify=verify)


def test_none_is_what_files_get_by_default(tmp_path):
    path, _ = write(tmp_path, "plain")
    with fastckpt.open(path, verify=None) as ckpt:
        assert ckpt.explain().verify is True


def test_an_unpickled_checkpoint_begins_anew(tmp_path):
    path, file = write(tmp_path, "plain")
    with fastckpt.open(path) as ckpt:
        ckpt.read("t", 0)
        change_byte_unseen(file, LAST)
        ckpt.read("t", 0)
        with pickle.loads(pickle.dumps(ckpt)) as again, pytest.raises(CorruptionError):
            again.read("t", 0)


def test_a_forked_child_inherits_what_was_checked(tmp_path):
    path, file = write(tmp_path, "plain")
    with fastckpt.open(path) as ckpt:
        ckpt.read("t", 0)
        change_byte_unseen(file, LAST)
        child = os.fork()
        if child == 0:
            os._exit(0 if np.array_equal(ckpt.read("t", 1), TABLE[1]) else 1)
        assert os.waitpid(child, 0)[1] == 0


@MODES
def test_threads_that_come_at_once_are_all_served(io, tmp_path):
    path, _ = write(tmp_path, "plain")
    with fastckpt.open(path, io=io) as ckpt:
        found = []
        ready = threading.Barrier(8)

        def read(row: int) -> None:
            ready.wait()
            found.append(np.array_equal(ckpt.read("t", [row, 9]), TABLE[[row, 9]]))

        threads = [threading.Thread(target=read, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [True] * 8
