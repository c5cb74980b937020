"""ckpt.tensor(name): a handle that reads nothing until it is sliced."""

import copy
import gc
import os
import pickle
import threading
import weakref

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_read_regions import written

import fastckpt
from bundle_maker import BundleMaker
from fastckpt import CorruptionError, Tensor, UnsupportedError
from hostile_checks import GOOD, assert_same, good_bundle
from strategies import bundles, v1_files
from v1_maker import V1Maker

EMB = np.arange(40, dtype=np.float32).reshape(10, 4)
TEXT = np.array([b"a", b"", b"ccc"], object)


def maker() -> BundleMaker:
    bundle = BundleMaker()
    bundle.add("emb", EMB)
    bundle.add("step", np.array(7, np.int64))
    bundle.add("text", TEXT)
    bundle.add_sliced("parts", EMB, [[(0, 4), None], [(4, 6), None]])
    return bundle


@pytest.fixture
def prefix(tmp_path):
    """Gives the prefix of a plain, a partitioned, a 0-d and a string tensor."""
    return maker().write(tmp_path)


@pytest.fixture
def ckpt(prefix):
    """Gives the checkpoint of all kinds, mapped."""
    return fastckpt.open(prefix, io="mmap")


def test_a_handle_tells_what_the_index_says(ckpt):
    for info in ckpt.infos():
        tensor = ckpt.tensor(info.name)
        assert isinstance(tensor, Tensor)
        assert (tensor.name, tensor.dtype) == (info.name, info.dtype)
        assert (tensor.shape, tensor.nbytes) == (info.shape, info.nbytes)
        assert tensor.ndim == len(info.shape)
        assert tensor.size == int(np.prod(info.shape))
        assert tensor.info == info


def test_repr_tells_name_dtype_and_shape(ckpt):
    assert repr(ckpt.tensor("emb")) == "<Tensor 'emb', float32, (10, 4)>"
    assert repr(ckpt.tensor("step")) == "<Tensor 'step', int64, ()>"


def test_no_data_file_is_touched_until_it_is_sliced(ckpt, prefix):
    os.unlink(f"{prefix}.data-00000-of-00001")
    tensor = ckpt.tensor("emb")
    assert (len(tensor), tensor.shape, tensor.nbytes) == (10, (10, 4), 160)
    assert repr(tensor)
    assert tensor.__dask_tokenize__()
    with pytest.raises(FileNotFoundError):
        tensor[0]


@pytest.mark.parametrize("name", ["emb", "parts"])
def test_an_empty_region_reads_nothing(name, ckpt, prefix):
    os.unlink(f"{prefix}.data-00000-of-00001")
    found = ckpt.tensor(name)[0:0, :2]
    assert (found.shape, found.dtype) == ((0, 2), EMB.dtype)
    assert found.flags.writeable


REGIONS = [
    np.s_[3],
    np.s_[-1],
    np.s_[2:7],
    np.s_[::-2],
    np.s_[3, 1],
    np.s_[..., 2],
    np.s_[:, 1:3],
    np.s_[()],
    np.s_[...],
    np.s_[5:5],
    np.s_[np.int64(4)],
]


@pytest.mark.parametrize("name", ["emb", "parts"])
@pytest.mark.parametrize("region", REGIONS, ids=repr)
def test_a_slice_is_what_read_gives(region, name, ckpt):
    found = ckpt.tensor(name)[region]
    assert type(found) is np.ndarray
    assert_same(found, np.asarray(EMB[region]))
    assert_same(found, ckpt.read(name, region))
    assert found.flags.writeable


@pytest.mark.parametrize("index", [10, -11, (0, 4), (0, 0, 0), None])
def test_what_is_out_of_range_is_an_index_error(index, ckpt):
    with pytest.raises(IndexError):
        ckpt.tensor("emb")[index]


@pytest.mark.parametrize("index", ["a", 1.5, True, {}])
def test_what_is_no_index_is_a_type_error(index, ckpt):
    with pytest.raises(TypeError):
        ckpt.tensor("emb")[index]


@given(made=st.one_of(bundles(), v1_files()))
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_every_tensor_comes_through_its_handle(io, made, tmp_path_factory):
    files, tensors = made
    folder = tmp_path_factory.getbasetemp()
    with fastckpt.open(written(files, folder), io=io) as ckpt:
        for name, value in tensors.items():
            tensor = ckpt.tensor(name)
            assert_same(tensor[...], value)
            assert_same(np.asarray(tensor), value)
            if value.ndim:
                assert len(tensor) == len(value)
                rows = list(tensor)
                assert len(rows) == len(value)
                for row, wanted in zip(rows, value, strict=True):
                    assert_same(row, np.asarray(wanted, value.dtype))


def test_a_tensor_of_no_dimension_has_no_length_and_no_rows(ckpt):
    step = ckpt.tensor("step")
    with pytest.raises(TypeError):
        len(step)
    with pytest.raises(TypeError):
        iter(step)
    assert step[()].shape == ()
    assert step[...] == 7


def test_rows_come_one_by_one(ckpt):
    rows = iter(ckpt.tensor("emb"))
    assert_same(next(rows), EMB[0])
    assert_same(next(rows), EMB[1])
    assert len(list(rows)) == 8
    assert_same(next(reversed(ckpt.tensor("emb"))), EMB[-1])


# As NumPy 2 defines __array__.


def test_asarray_is_what_indexing_gives(ckpt):
    found = np.asarray(ckpt.tensor("emb"))
    assert np.shares_memory(found, ckpt["emb"])
    assert not found.flags.writeable
    assert_same(np.asarray(ckpt.tensor("text")), TEXT)
    assert_same(np.asarray(ckpt.tensor("step")), np.array(7))


def test_array_is_a_copy_of_the_callers_own(ckpt):
    for found in (
        np.array(ckpt.tensor("emb")),
        ckpt.tensor("emb").__array__(copy=True),
    ):
        assert found.flags.writeable
        found[:] = -1
    assert_same(ckpt["emb"], EMB)


@pytest.mark.parametrize("dtype", ["float64", ">f4", np.int32, ml_dtypes.bfloat16])
@pytest.mark.parametrize("copy", [None, True])
def test_another_dtype_is_cast(copy, dtype, ckpt):
    found = ckpt.tensor("emb").__array__(dtype, copy=copy)
    assert found.flags.writeable
    assert_same(found, EMB.astype(dtype))
    assert_same(np.asarray(ckpt.tensor("emb"), dtype), EMB.astype(dtype))


def test_the_own_dtype_is_no_cast(ckpt):
    for dtype in ("float32", np.float32, np.dtype("<f4"), "f4"):
        found = np.asarray(ckpt.tensor("emb"), dtype)
        assert np.shares_memory(found, ckpt["emb"])


def test_no_copy_is_a_view_or_an_error(ckpt, prefix):
    found = np.asarray(ckpt.tensor("emb"), copy=False)
    assert np.shares_memory(found, ckpt["emb"])
    for name, dtype in [("parts", None), ("text", None), ("emb", "float64")]:
        with pytest.raises(ValueError, match=name):
            np.asarray(ckpt.tensor(name), dtype, copy=False)
    with pytest.raises(ValueError, match="emb"):
        np.asarray(fastckpt.open(prefix, io="read").tensor("emb"), copy=False)


def test_numpy_takes_it_where_it_takes_arrays(ckpt):
    tensor = ckpt.tensor("emb")
    assert np.sum(tensor) == EMB.sum()
    assert_same(np.stack([tensor, ckpt.tensor("parts")]), np.stack([EMB, EMB]))
    np.testing.assert_array_equal(np.add(tensor, 1), EMB + 1)


def test_arguments_of_array_are_checked(ckpt):
    with pytest.raises(TypeError):
        ckpt.tensor("emb").__array__(order="C")
    with pytest.raises(TypeError):
        ckpt.tensor("emb").__array__("nonsense")


# Errors.


def test_a_name_that_is_not_there_is_a_key_error_with_the_closest(ckpt):
    for name in ("part", b"emb", 3, None):
        with pytest.raises(KeyError):
            ckpt.tensor(name)
    with pytest.raises(KeyError, match="'parts'"):
        ckpt.tensor("part")


def test_damage_is_found_when_it_is_sliced(tmp_path):
    bundle = good_bundle()
    bundle.entries[b"d"]["crc32c"] ^= 1
    tensor = fastckpt.open(bundle.write(tmp_path)).tensor("d")
    assert tensor.shape == GOOD["d"].shape
    for read in (lambda: tensor[0], lambda: np.asarray(tensor), lambda: list(tensor)):
        with pytest.raises(CorruptionError) as caught:
            read()
        assert caught.value.tensor == "d"


def test_a_tensor_without_a_form_is_told_of_and_not_read(tmp_path):
    bundle = good_bundle()
    bundle.entries[b"b"]["dtype"] = 21
    tensor = fastckpt.open(bundle.write(tmp_path)).tensor("b")
    assert tensor.dtype is None
    assert "variant" in repr(tensor)
    reads = (lambda: tensor[...], lambda: tensor.__array__(copy=False))
    for read in (*reads, lambda: tensor.__array__("f4")):
        with pytest.raises(UnsupportedError, match="'b'"):
            read()


def test_after_close_it_tells_and_does_not_read(ckpt):
    tensor = ckpt.tensor("emb")
    view = np.asarray(tensor)
    ckpt.close()
    assert (tensor.name, tensor.shape, tensor.dtype) == ("emb", (10, 4), EMB.dtype)
    assert len(tensor) == 10
    for use in (
        lambda: tensor[0],
        lambda: np.asarray(tensor),
        lambda: next(iter(tensor)),
    ):
        with pytest.raises(ValueError, match="closed"):
            use()
    with pytest.raises(ValueError, match="closed"):
        pickle.dumps(tensor)
    assert_same(view, EMB)


def test_it_cannot_be_made_by_itself():
    with pytest.raises(TypeError):
        Tensor()


# Identity, pickles, life.


def test_handles_compare_by_identity(ckpt):
    one, other = ckpt.tensor("emb"), ckpt.tensor("emb")
    assert one != other
    assert one == one
    assert len({one, other, one}) == 2


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_handles_in_one_pickle_share_their_checkpoint(protocol, ckpt):
    handles = [ckpt.tensor("emb"), ckpt.tensor("parts"), ckpt.tensor("step")]
    stored = pickle.dumps(handles, protocol)
    again = pickle.loads(stored)
    assert [tensor.name for tensor in again] == ["emb", "parts", "step"]
    assert_same(again[0][3], EMB[3])
    owners = {id(tensor.__reduce__()[0].__self__) for tensor in again}
    assert len(owners) == 1
    many = pickle.dumps([ckpt.tensor("emb") for _ in range(100)], protocol)
    assert len(many) < len(stored) + 100 * 100
    with_ckpt = pickle.loads(pickle.dumps((ckpt, ckpt.tensor("emb")), protocol))
    assert with_ckpt[1].__reduce__()[0].__self__ is with_ckpt[0]


def test_a_pickle_of_a_file_that_changed_is_an_error(ckpt, prefix):
    stored = pickle.dumps(ckpt.tensor("emb"))
    status = os.stat(f"{prefix}.index")
    os.utime(f"{prefix}.index", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    with pytest.raises(CorruptionError):
        pickle.loads(stored)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_handle_reads_too(duplicate, ckpt):
    assert_same(duplicate(ckpt.tensor("emb"))[3], EMB[3])


def test_a_v1_handle_pickles_and_reads(tmp_path):
    checkpoint = V1Maker()
    checkpoint.add("a", EMB)
    checkpoint.write(tmp_path, "model")
    tensor = fastckpt.open(tmp_path / "model").tensor("a")
    assert_same(pickle.loads(pickle.dumps(tensor))[2:4, 1], EMB[2:4, 1])


def test_the_token_is_the_files_and_the_names(prefix):
    def token(name: str) -> tuple:
        return fastckpt.open(prefix).tensor(name).__dask_tokenize__()

    status = os.stat(f"{prefix}.index")
    assert token("emb") == token("emb") != token("parts")
    file = (f"{prefix}.index", status.st_ino, status.st_size, status.st_mtime_ns)
    assert token("emb") == ("fastckpt.Tensor", "emb", file)
    again = pickle.loads(pickle.dumps(fastckpt.open(prefix).tensor("emb")))
    assert again.__dask_tokenize__() == token("emb")
    before = token("emb")
    os.utime(f"{prefix}.index", ns=(0, status.st_mtime_ns + 1))
    assert token("emb") != before


def test_a_handle_keeps_its_checkpoint_and_a_circle_ends(prefix):
    ckpt = fastckpt.open(prefix)
    tensor = ckpt.tensor("emb")
    gone = weakref.ref(ckpt)
    handle = weakref.ref(tensor)
    ckpt.own = tensor
    del ckpt
    assert_same(tensor[0], EMB[0])
    assert handle() is tensor
    del tensor
    gc.collect()
    assert gone() is None
    assert handle() is None


def test_many_threads_slice_one_handle(ckpt):
    tensor = ckpt.tensor("parts")
    barrier = threading.Barrier(8)
    wrong = []

    def read() -> None:
        barrier.wait(timeout=60)
        for row in range(10):
            if not np.array_equal(tensor[row], EMB[row]):
                wrong.append(row)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
