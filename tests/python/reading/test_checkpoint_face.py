"""An open checkpoint: arguments, mapping, description of its tensors."""

import collections.abc
import os
import pickle

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from hostile_checks import GOOD, good_bundle, good_v1
from table_maker import crc32c, mask


@pytest.fixture
def folder(tmp_path):
    """Gives a folder with the good bundle under the prefix `model`."""
    good_bundle().write(tmp_path)
    return tmp_path


def test_the_folder_one_works_in_need_not_be_there(folder, monkeypatch):
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert list(fastckpt.open(folder / "model")) == list(GOOD)


@pytest.mark.parametrize("path", [None, 3, 1.5, ["model"], object()])
def test_what_is_no_path_is_a_type_error(path):
    with pytest.raises(TypeError):
        fastckpt.open(path)


BAD_ARGUMENTS = {
    "an unknown io": ({"io": "fast"}, ValueError),
    "no io": ({"io": None}, (ValueError, TypeError)),
    "no threads": ({"threads": 0}, ValueError),
    "negative threads": ({"threads": -2}, ValueError),
    "threads of text": ({"threads": "all"}, TypeError),
    "a limit of text": ({"max_index_bytes": "1G"}, TypeError),
    "a negative limit": ({"max_index_bytes": -1}, ValueError),
    "an unknown argument": ({"mode": "r"}, TypeError),
}


@pytest.mark.parametrize(
    ("arguments", "error"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS
)
def test_open_refuses(arguments, error, folder):
    with pytest.raises(error):
        fastckpt.open(folder / "model", **arguments)


def test_arguments_are_given_by_name(folder):
    with pytest.raises(TypeError):
        fastckpt.open(folder / "model", True)


@pytest.mark.parametrize("io", ["mmap", "read", "auto"])
def test_a_checkpoint_says_how_it_reads(io, folder):
    ckpt = fastckpt.open(folder / "model", io=io)
    assert ckpt.io == io if io != "auto" else ckpt.io in ("mmap", "read")
    assert ckpt.io in str(ckpt.explain())


def test_a_checkpoint_is_a_mapping(folder):
    ckpt = fastckpt.open(folder / "model")
    assert isinstance(ckpt, collections.abc.Mapping)
    assert len(ckpt) == len(GOOD)
    assert "a" in ckpt
    assert "A" not in ckpt
    assert list(ckpt.keys()) == list(GOOD)
    assert [name for name, _ in ckpt.items()] == list(GOOD)
    assert [value.tolist() for value in ckpt.values()] == [
        value.tolist() for value in GOOD.values()
    ]
    assert ckpt.get("nothing") is None
    assert ckpt.get("nothing", 3) == 3


def test_checkpoints_compare_by_identity(folder):
    first, second = (fastckpt.open(folder / "model") for _ in range(2))
    assert first == first
    assert first != second
    assert len({first, second}) == 2


def test_a_checkpoint_closes_once_and_for_all(folder):
    with fastckpt.open(folder / "model") as ckpt:
        view = ckpt["a"]
    ckpt.close()
    np.testing.assert_array_equal(view, GOOD["a"])
    with pytest.raises(ValueError, match="closed"):
        ckpt["a"]
    with pytest.raises(ValueError, match="closed"):
        ckpt.read("a")


@pytest.mark.serial
@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs Linux")
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_a_closed_checkpoint_holds_no_files(io, folder):
    before = len(os.listdir("/proc/self/fd"))
    ckpt = fastckpt.open(folder / "model", io=io)
    ckpt.load()
    infos = ckpt.infos()
    described = pickle.dumps(infos)
    ckpt.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert pickle.dumps(infos) == described


def test_a_checkpoint_shows_what_it_is(folder):
    text = repr(fastckpt.open(folder / "model"))
    assert "model" in text
    assert len(text) < 300 + len(str(folder))


def test_infos_describe_every_tensor_without_a_data_file(tmp_path):
    bundle = BundleMaker(3)
    for number, (name, value) in enumerate(GOOD.items()):
        bundle.add(name, value, shard=number % 3)
    extents = [[(0, 1), None], [(1, 1), (0, 3)]]
    bundle.add_sliced("v", GOOD["a"], extents, shards=[2, 0])
    prefix = bundle.write(tmp_path)
    for path in tmp_path.glob("model.data-*"):
        path.unlink()
    infos = {info.name: info for info in fastckpt.open(prefix).infos()}
    assert list(infos) == [*GOOD, "v"]
    for number, (name, value) in enumerate(GOOD.items()):
        info, entry = infos[name], bundle.entries[name.encode()]
        assert (info.shape, info.dtype) == (value.shape, value.dtype)
        assert (info.shard, info.offset) == (number % 3, entry["offset"])
        assert info.nbytes == entry["size"]
        assert mask(info.crc32c) == entry["crc32c"]
        assert info.slices == ()
    assert infos["a"].crc32c == crc32c(GOOD["a"].tobytes())
    assert infos["v"].slices == (((0, 0), (1, 3)), ((1, 0), (1, 3)))
    assert infos["v"].nbytes == GOOD["a"].nbytes


def test_infos_of_v1_leave_out_what_it_does_not_have(tmp_path):
    ckpt = fastckpt.open(good_v1().write(tmp_path))
    for info in ckpt.infos():
        value = GOOD[info.name]
        assert (info.shape, info.dtype) == (value.shape, value.dtype)
        assert (info.shard, info.offset, info.crc32c) == (None, None, None)
        assert info.nbytes == (None if info.name == "c" else value.nbytes)


@pytest.mark.parametrize("make", [good_bundle, good_v1])
def test_info_is_one_of_infos(make, tmp_path):
    made = make()
    made.write(tmp_path)
    ckpt = fastckpt.open(tmp_path / "model")
    for info in ckpt.infos():
        assert ckpt.info(info.name).name == info.name
        assert ckpt.info(info.name).tf_dtype == info.tf_dtype
