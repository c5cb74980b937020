"""Restoring with a saver: all, some or renamed tensors, and nothing by halves."""

import numpy as np
import pytest

from fastckpt.writing.saver import Saver

TENSORS = {
    "w": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.array([1, 2], dtype=np.int64),
    "s": np.array([b"text"], dtype=object),
}


@pytest.fixture
def path(tmp_path):
    return Saver().save(tmp_path / "m", TENSORS, 1)


def empty(*names):
    return {name: np.zeros_like(TENSORS[name]) for name in names}


def read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def test_arrays_that_exist_are_filled(path):
    into = empty("w", "b", "s")
    arrays = dict(into)
    assert Saver().restore(path, into) is None
    for name, array in arrays.items():
        assert into[name] is array
        np.testing.assert_array_equal(array, TENSORS[name])


def test_only_what_is_asked_for_is_read(path):
    into = empty("w")
    Saver().restore(path, into=into)
    np.testing.assert_array_equal(into["w"], TENSORS["w"])


def test_names_tell_what_is_read_and_leave_the_rest_alone(path):
    into = empty("w", "b")
    Saver(["w"]).restore(path, into)
    np.testing.assert_array_equal(into["w"], TENSORS["w"])
    assert not into["b"].any()


def test_names_in_the_checkpoint_lead_to_those_of_the_arrays(path):
    kernel = np.zeros_like(TENSORS["w"])
    Saver({"w": "kernel"}).restore(path, {"kernel": kernel})
    np.testing.assert_array_equal(kernel, TENSORS["w"])


@pytest.mark.parametrize(
    ("into", "error"),
    [
        ({"b": np.zeros(3, np.int64)}, ValueError),
        ({"b": np.zeros(2, np.int32)}, (ValueError, TypeError)),
        ({"b": [0, 0]}, (ValueError, TypeError)),
        ({"b": None}, TypeError),
        ({"b": read_only(TENSORS["b"])}, ValueError),
        ({"s": None}, TypeError),
        ({"s": np.zeros(2, object)}, ValueError),
        ({"s": np.zeros(1, "S4")}, TypeError),
        ({"s": read_only(TENSORS["s"])}, ValueError),
        ({"gone": np.zeros(2)}, KeyError),
    ],
)
def test_nothing_is_written_where_anything_does_not_fit(path, into, error):
    whole = empty("w", "s") | into
    name = next(iter(into))
    before = [whole["w"].tolist(), repr(whole["s"])]
    with pytest.raises(error, match=f"tensor '{name}'"):
        Saver().restore(path, whole)
    assert [whole["w"].tolist(), repr(whole["s"])] == before


def test_a_name_that_is_not_given_is_a_key_error(path):
    with pytest.raises(KeyError, match="'b' is to be saved or restored"):
        Saver(["w", "b"]).restore(path, empty("w"))


def test_what_is_no_checkpoint_is_the_error_of_open(tmp_path):
    with pytest.raises(FileNotFoundError):
        Saver().restore(tmp_path / "gone", {})


def test_the_newest_checkpoint_of_a_folder_is_restored(path, tmp_path):
    into = empty("b")
    Saver().restore(tmp_path, into)
    np.testing.assert_array_equal(into["b"], TENSORS["b"])
