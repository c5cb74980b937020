"""stored(): what of a value would be lost is refused, and strings keep every byte."""

from __future__ import annotations

import collections
import re
import tracemalloc

import numpy as np
import pytest

import fastckpt
from fastckpt.writing.storable import stored
from library_child import run_with


def elements(value):
    found = stored("s", value)
    assert found.dtype == "string"
    return found.shape, found.values


# Strings


def test_one_long_string_makes_the_others_no_longer():
    strings = [b"short"] * 2000 + [b"x" * (1 << 20)]
    tracemalloc.start()
    try:
        shape, values = elements(strings)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert shape == (2001,)
    assert values == strings
    nested = collections.deque([tuple(strings), strings])
    assert elements(nested)[0] == (2, 2001)


@pytest.mark.parametrize(
    "value",
    [
        "a\0",
        b"a\0\0",
        np.bytes_(b"a\0"),
        np.str_("a\0"),
        [b"a\0"],
        ["a\0", b"\0"],
        [[np.str_("a\0")], [np.bytes_(b"\0")]],
        ("", b""),
        collections.deque(["a\0"]),
        collections.UserList([["a\0"]]),
        np.array([b"a\0"], dtype=object),
        np.array(["a\0"], dtype=np.dtypes.StringDType()),
        [np.array(["a\0"], dtype=np.dtypes.StringDType())],
    ],
    ids=repr,
)
def test_no_byte_of_a_string_is_lost(value, tmp_path):
    fastckpt.save(tmp_path / "m", {"s": value})
    found = fastckpt.open(tmp_path / "m")["s"].ravel().tolist()

    def flat(value):
        if isinstance(value, (str, bytes)):
            return [value.encode() if isinstance(value, str) else bytes(value)]
        return [string for each in value for string in flat(each)]

    assert found == flat(value)


def test_lists_of_arrays_of_strings_become_one_array():
    shape, values = elements([np.array(["a", "bc"]), ["d", b"e"]])
    assert (shape, values) == ((2, 2), ["a", "bc", "d", b"e"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([["a"], ["b", "c"]], "lists at depth 2 are of unlike lengths, from 1 to 2"),
        ([[1], [2, 3]], "lists at depth 2 are of unlike lengths, from 1 to 2"),
        (["a", ["b"]], "strings beside lists"),
        (["a", 1, None], "has NoneType, int beside strings"),
        ([[1, 2], np.ones(3)], "inhomogeneous"),
        ([2**63, -1], "its integers are too large for int64"),
        ([2**63, 1], "its integers are too large for int64"),
        ([[2**64]], "its integers are too large for int64"),
        ([2**53 + 1, 0.5], "9007199254740993 stands beside floats"),
    ],
)
def test_lists_that_are_no_array_are_refused(value, message):
    with pytest.raises(TypeError, match=message):
        stored("t", value)


def test_a_list_in_itself_ends():
    endless: list = []
    endless.append(endless)
    with pytest.raises(TypeError):
        stored("t", endless)


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        ([], "float64", (0,)),
        ([[], []], "float64", (2, 0)),
        ([[1, 2], (3, 4)], "int64", (2, 2)),
        ([True, 2.5], "float64", (2,)),
        ([2**63, 2**63], "uint64", (2,)),
        ([np.ones(2), [3, 4]], "float64", (2, 2)),
        (range(3), "int64", (3,)),
        (memoryview(b"abc"), "uint8", (3,)),
        (np.ones((1, 1)).view(np.matrix), "float64", (1, 1)),
    ],
    ids=lambda value: re.sub("0x[0-9a-f]+", "", repr(value)),
)
def test_numbers_are_what_numpy_makes_of_them(value, dtype, shape):
    found = stored("t", value)
    assert (found.dtype, found.values.shape) == (dtype, shape)
    assert type(found.values) is np.ndarray


# More than numbers


MASKED = np.ma.array([1, 2, 3], mask=[0, 1, 0])


@pytest.mark.parametrize(
    "value",
    [MASKED, np.ma.masked, [MASKED, MASKED], [1.0, np.ma.masked], MASKED.astype("S1")],
)
def test_masks_are_not_dropped_without_a_word(value, tmp_path):
    with pytest.raises(ValueError, match=r"'w': elements are masked.*filled\("):
        fastckpt.save(tmp_path / "m", {"w": value})
    with (
        pytest.raises(ValueError, match=r"filled\("),
        fastckpt.Writer(tmp_path / "m") as writer,
    ):
        writer.add_slice("w", value, (3,), (0,))
    with pytest.raises(ValueError, match=r"filled\("):
        fastckpt.Saver().save(tmp_path / "m", {"w": value})
    assert not list(tmp_path.iterdir())


def test_an_array_of_which_nothing_is_masked_is_an_array(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.ma.array([1, 2])})
    assert fastckpt.open(tmp_path / "m")["w"].tolist() == [1, 2]


class Quantity(np.ndarray):
    unit = "m/s"


class Frame:
    """A table, as data-frame libraries give it to NumPy."""

    shape = (1, 2)

    def __init__(self, *dtypes):
        self.dtypes = [np.dtype(dtype) for dtype in dtypes]

    def __array__(self, dtype=None, copy=None):
        return np.zeros(self.shape, np.result_type(*self.dtypes))


def test_values_with_a_unit_are_refused():
    value = np.ones(2).view(Quantity)
    with pytest.raises(ValueError, match="in m/s, and a checkpoint keeps no units"):
        stored("t", value)


def test_columns_of_several_dtypes_are_refused():
    assert stored("t", Frame("i8", "i8")).dtype == "int64"
    with pytest.raises(ValueError, match="columns are of several dtypes"):
        stored("t", Frame("i8", "f8"))


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(2, [("a", "i4")]),
        np.zeros(2, "V3"),
        np.array(["2020-01-01"], "M8[D]"),
        np.array([1], "m8[s]"),
    ],
    ids=lambda value: str(value.dtype),
)
def test_dtypes_that_tensorflow_lacks_are_refused(value, tmp_path):
    with pytest.raises(fastckpt.UnsupportedError, match="no form in a checkpoint"):
        fastckpt.save(tmp_path / "m", {"w": value})


class Pending:
    """A tensor whose sign or conjugation is not yet done, as PyTorch has them."""

    def __init__(self, values, is_resolved=False):
        self.values = values
        self.is_resolved = is_resolved

    def is_neg(self):
        return not self.is_resolved

    def resolve_neg(self):
        return Pending(-self.values, is_resolved=True)

    def __dlpack__(self, **options):
        return self.values.__dlpack__()


class OnDevice:
    """An array in a GPU's memory, as JAX's are: NumPy gets a copy, DLPack the place."""

    def __init__(self, values, device):
        self.values, self.device = values, device
        self.dtype, self.shape = values.dtype, values.shape

    def __dlpack_device__(self):
        return self.device, 0

    def __dlpack__(self, **options):
        if self.device in (1, 3, 11, 13):
            return self.values.__dlpack__(**options)
        return pytest.fail("what it gives points into the GPU")

    def __array__(self, dtype=None, copy=None):
        if self.device in (1, 3, 11, 13):
            pytest.fail("there is no need to copy")
        return self.values


ELSEWHERE = [2, 4, 7, 8, 10, 12, 14]
VALUES = np.arange(6, dtype="f4").reshape(2, 3)


def _put_by_writer(value, path):
    with fastckpt.Writer(path) as writer:
        writer.add("w", value)


def _put_by_slice(value, path):
    with fastckpt.Writer(path) as writer:
        writer.add_slice("w", value, full_shape=(2, 3), begin=(0, 0))


def _put_by_convert(value, path):
    fastckpt.save(f"{path}-old", {"w": np.zeros((2, 3), "f4")})
    fastckpt.convert(f"{path}-old", path, values={"w": value})


PUT = {
    "save": lambda value, path: fastckpt.save(path, {"w": value}),
    "save as V1": lambda value, path: fastckpt.save(path, {"w": value}, format="v1"),
    "Saver": lambda value, path: fastckpt.Saver().save(path, {"w": value}),
    "Writer": _put_by_writer,
    "a slice": _put_by_slice,
    "a list": lambda value, path: fastckpt.save(path, {"w": [value, value]}),
    "convert": _put_by_convert,
}


@pytest.mark.parametrize("put", PUT)
def test_arrays_on_a_device_are_taken_as_numpy_takes_them(put, tmp_path):
    PUT[put](OnDevice(VALUES, 2), tmp_path / "m")
    expected = [VALUES, VALUES] if put == "a list" else VALUES
    np.testing.assert_array_equal(fastckpt.load(tmp_path / "m")["w"], expected)


@pytest.mark.parametrize("device", [*ELSEWHERE, 1, 3, 11, 13])
def test_only_memory_that_the_processor_reads_is_taken_by_dlpack(device):
    found = stored("w", OnDevice(VALUES, device))
    assert found.dtype == "float32"
    assert isinstance(found.values, np.ndarray) == (device in ELSEWHERE)


def test_numbers_on_a_device_that_numpy_does_not_get_are_refused_by_name():
    class Bare:
        __dlpack_device__ = OnDevice.__dlpack_device__
        __dlpack__ = OnDevice.__dlpack__
        device = 2

    with pytest.raises(ValueError, match=r"'w': it lies on a device .*type 2.*CPU"):
        stored("w", Bare())


def test_what_does_not_tell_its_device_is_asked_for_its_numbers():
    class Sharded(OnDevice):
        def __dlpack_device__(self):
            raise ValueError("it lies on several")

    assert stored("w", Sharded(VALUES, 1)).dtype == "float32"


class Trained:
    """A tensor of PyTorch's whose gradient is kept: NumPy must not have it so."""

    requires_grad = True
    dtype = "torch.float32"

    def detach(self):
        return VALUES

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


def test_a_new_value_is_taken_as_a_value_that_is_saved(tmp_path):
    _put_by_convert(Trained(), tmp_path / "m")
    np.testing.assert_array_equal(fastckpt.load(tmp_path / "m")["w"], VALUES)

    class Reluctant(Trained):
        requires_grad = False

    with pytest.raises(TypeError, match=r"tensor 'w': Can't call .*give a NumPy array"):
        _put_by_convert(Reluctant(), tmp_path / "n")


class Sparse:
    """A tensor that says nothing of its size, and is no array."""

    @property
    def nbytes(self):
        raise RuntimeError("nbytes is not defined")


def test_what_raises_for_its_size_is_refused_as_what_it_is(tmp_path):
    with pytest.raises(TypeError, match="w"):
        fastckpt.save(tmp_path / "m", {"w": Sparse()}, progress=lambda *_: None)


def test_a_sign_that_is_pending_is_resolved(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": Pending(np.array([1.0, -2.0]))})
    assert fastckpt.open(tmp_path / "m")["w"].tolist() == [-1, 2]


TORCH = """
import sys, torch, fastckpt
z = torch.tensor([1 + 2j, 3 - 4j])
fastckpt.save(sys.argv[1], {"conj": z.conj(), "neg": z.conj().imag})
print({name: array.tolist() for name, array in fastckpt.open(sys.argv[1]).items()})
for value in (torch.eye(2).to_sparse(),
              torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)):
    try:
        fastckpt.save(sys.argv[1] + "x", {"w": value})
    except TypeError:
        print("refused")
"""


@pytest.mark.frameworks
def test_what_torch_puts_off_is_done(tmp_path):
    printed = run_with("torch", TORCH, tmp_path / "m")
    expected = {"conj": [1 - 2j, 3 + 4j], "neg": [-2.0, 4.0]}
    assert printed == f"{expected}\nrefused\nrefused\n"
