"""Bad inputs: what the file system can put under a name, and prefixes that are odd."""

import gc
import os
import socket

import numpy as np
import pytest

import fastckpt
from fastckpt import CheckpointError, CorruptionError, UnsupportedError
from hostile_checks import GOOD, OPENINGS, assert_holds, good_bundle
from process_memory import IS_MEASURABLE, resident_bytes
from table_maker import FOOTER_SIZE, footer, handle
from v1_maker import V1Maker

INDEX = "model.index"
SHARD = "model.data-00000-of-00001"
ODD_PREFIXES = [
    "g[1]",
    "g[!a]",
    "g*",
    "g?",
    "**",
    "{a,b}",
    "back\\slash",
    "two words",
    " ",
    "new\nline",
    "~",
    "$HOME",
    "%s%n",
    "-rf",
    "é\N{GRINNING FACE}",
    "caf\udce9",
    ".hidden",
    "model.ckpt-100.5",
    "x.data-00000-of-00001.y",
    "x" * 200,
]


@pytest.fixture
def folder(tmp_path):
    """Gives a folder with the good bundle under the prefix `model`."""
    good_bundle().write(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ODD_PREFIXES)
def test_a_prefix_is_taken_literally(name, tmp_path):
    for other in ("g1", "ga", "gg", "a", "b", "xx"):
        bundle = good_bundle()
        bundle.add(other, GOOD["b"])
        bundle.write(tmp_path, other)
    good_bundle().write(tmp_path, name)
    for how in OPENINGS:
        assert_holds(fastckpt.open(tmp_path / name, **how), GOOD)


@pytest.mark.parametrize("name", ODD_PREFIXES)
def test_a_v1_name_is_taken_literally(name, tmp_path):
    for other in ("g1", "ga", "gg", "a", "b", "xx"):
        (tmp_path / other).write_bytes(b"another file")
    checkpoint = V1Maker()
    checkpoint.add("a", GOOD["a"])
    checkpoint.write(tmp_path, name)
    assert_holds(fastckpt.open(tmp_path / name), {"a": GOOD["a"]})


@pytest.mark.parametrize("name", ODD_PREFIXES)
def test_a_prefix_that_is_not_there_is_not_found(name, tmp_path):
    good_bundle().write(tmp_path, "other")
    with pytest.raises(FileNotFoundError):
        fastckpt.open(tmp_path / name)


def put_fifo(path):
    os.mkfifo(path)


def put_socket(path):
    home = os.getcwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
    os.chdir(home)


def put_folder(path):
    path.mkdir()


def put_loop(path):
    path.symlink_to(path.name)


def put_dangling_link(path):
    path.symlink_to("nothing here")


def put_link_to_device(path):
    path.symlink_to("/dev/zero")


def put_link_to_null(path):
    path.symlink_to("/dev/null")


PUTS = [
    put_fifo,
    put_socket,
    put_folder,
    put_loop,
    put_dangling_link,
    put_link_to_device,
    put_link_to_null,
]


@pytest.mark.parametrize("put", PUTS, ids=lambda put: put.__name__)
@pytest.mark.parametrize("how", OPENINGS)
def test_an_index_that_is_no_file_is_an_os_error(put, how, folder):
    (folder / INDEX).unlink()
    put(folder / INDEX)
    with pytest.raises(OSError, match=r"model"):
        fastckpt.open(folder / "model", **how)


@pytest.mark.parametrize("put", PUTS, ids=lambda put: put.__name__)
@pytest.mark.parametrize("how", OPENINGS)
def test_a_shard_that_is_no_file_is_an_os_error(put, how, folder):
    (folder / SHARD).unlink()
    put(folder / SHARD)
    ckpt = fastckpt.open(folder / "model", **how)
    for _ in range(2):
        with pytest.raises(OSError, match=r"model\.data-00000-of-00001"):
            ckpt["a"]
    assert list(ckpt) == list(GOOD)
    assert not ckpt.verify().ok


@pytest.mark.parametrize("put", PUTS, ids=lambda put: put.__name__)
def test_a_v1_name_that_is_no_file_is_an_os_error(put, tmp_path):
    put(tmp_path / "model")
    with pytest.raises(OSError, match="model"):
        fastckpt.open(tmp_path / "model")


def test_symbolic_links_are_followed(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("links")
    for name in (INDEX, SHARD):
        (elsewhere / name.replace("model", "link")).symlink_to(folder / name)
    assert_holds(fastckpt.open(elsewhere / "link"), GOOD)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
@pytest.mark.parametrize("name", [INDEX, SHARD])
def test_a_file_without_permission_is_a_permission_error(name, folder):
    (folder / name).chmod(0)
    with pytest.raises(PermissionError) as caught:
        fastckpt.open(folder / "model")["a"]
    assert caught.value.filename == str(folder / name)


def test_a_name_too_long_for_the_file_system_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="x" * 50):
        fastckpt.open(tmp_path / ("x" * 5000))


def test_a_nul_byte_in_a_path_is_a_value_error(tmp_path):
    with pytest.raises(ValueError, match=r"null|NUL"):
        fastckpt.open(f"{tmp_path}/model\0")


def test_an_index_of_no_bytes_is_corrupt(folder):
    os.truncate(folder / INDEX, 0)
    with pytest.raises(CorruptionError, match=INDEX):
        fastckpt.open(folder / "model")


@pytest.mark.parametrize("how", OPENINGS)
def test_a_shard_of_no_bytes_is_corrupt_when_read(how, folder):
    os.truncate(folder / SHARD, 0)
    ckpt = fastckpt.open(folder / "model", **how)
    with pytest.raises(CorruptionError, match=SHARD):
        ckpt["a"]


@pytest.mark.parametrize("how", OPENINGS)
def test_a_shard_cut_by_one_byte_stops_only_its_last_tensor(how, folder):
    os.truncate(folder / SHARD, (folder / SHARD).stat().st_size - 1)
    ckpt = fastckpt.open(folder / "model", **how)
    with pytest.raises(CorruptionError, match=SHARD):
        ckpt["d"]
    np.testing.assert_array_equal(ckpt["a"], GOOD["a"])


@pytest.mark.parametrize("how", OPENINGS)
def test_five_gibibytes_of_zeros_are_no_index(how, folder):
    os.truncate(folder / INDEX, 0)
    os.truncate(folder / INDEX, 5 * 2**30)
    with pytest.raises(CheckpointError, match=INDEX):
        fastckpt.open(folder / "model", **how)


def big_index(folder, block_size: int) -> None:
    """Makes an index whose footer names a block of that many zeros."""
    os.truncate(folder / INDEX, 0)
    os.truncate(folder / INDEX, block_size + 5)
    with (folder / INDEX).open("ab") as index:
        index.write(footer(handle(0, 0), handle(0, block_size)))


@pytest.mark.parametrize("how", OPENINGS)
def test_an_index_block_of_five_gibibytes_is_unsupported(how, folder):
    big_index(folder, 5 * 2**30)
    with pytest.raises(UnsupportedError, match="max_index_bytes"):
        fastckpt.open(folder / "model", **how)


def test_the_limit_of_the_index_is_the_callers(folder):
    size = (folder / INDEX).stat().st_size
    assert size > FOOTER_SIZE
    with pytest.raises(UnsupportedError, match="max_index_bytes"):
        fastckpt.open(folder / "model", max_index_bytes=size - FOOTER_SIZE - 40)
    assert_holds(fastckpt.open(folder / "model", max_index_bytes=size), GOOD)


def test_a_v1_file_may_be_larger_than_the_limit_of_the_index(tmp_path):
    checkpoint = V1Maker()
    value = np.arange(1000, dtype=np.float64)
    checkpoint.add("a", value)
    checkpoint.write(tmp_path)
    ckpt = fastckpt.open(tmp_path / "model", max_index_bytes=1000)
    assert_holds(ckpt, {"a": value})


def test_a_folder_in_place_of_a_prefix_says_what_it_lacks(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="empty"):
        fastckpt.open(tmp_path / "empty")


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def open_mappings() -> int:
    with open("/proc/self/maps") as maps:
        return sum("model" in line for line in maps)


def damage_magic(folder):
    data = (folder / INDEX).read_bytes()
    (folder / INDEX).write_bytes(data[:-1] + b"x")


def damage_block(folder):
    data = (folder / INDEX).read_bytes()
    (folder / INDEX).write_bytes(b"x" + data[1:])


def damage_shard(folder):
    data = (folder / SHARD).read_bytes()
    (folder / SHARD).write_bytes(b"x" + data[1:])


def remove_shard(folder):
    (folder / SHARD).unlink()


DAMAGES = [damage_magic, damage_block, damage_shard, remove_shard]


@pytest.mark.serial
@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs Linux")
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_thousands_of_failed_opens_leak_nothing(damage, io, folder):
    damage(folder)

    def fail() -> None:
        with pytest.raises((CorruptionError, FileNotFoundError)):
            fastckpt.open(folder / "model", io=io)["a"]

    for _ in range(100):
        fail()
    gc.collect()  # what earlier tests have left
    before = open_descriptors(), open_mappings()
    memory = resident_bytes()
    for _ in range(2500):
        fail()
    assert (open_descriptors(), open_mappings()) == before
    if IS_MEASURABLE:
        assert resident_bytes() - memory < 4 * 2**20
