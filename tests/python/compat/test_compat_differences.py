"""Where the stand-in does more than TensorFlow, or says more, on purpose."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import fastckpt
import fastckpt.compat.tensorflow as tf
from bundle_maker import BundleMaker
from v1_maker import V1Maker
from wire_maker import bundle_header, shape, version


@pytest.fixture
def prefix(tmp_path):
    path = str(tmp_path / "model")
    fastckpt.save(path, {"v1": np.arange(6.0), "name": np.array(b"x", object)})
    return path


def _change(path, change):
    with open(path, "r+b") as file:
        content = change(bytearray(file.read()))
        file.seek(0)
        file.truncate()
        file.write(content)


def _flipped(at):
    def flip(content):
        content[at] ^= 0xFF
        return content

    return flip


def test_an_index_file_stands_for_its_checkpoint(prefix):
    # TensorFlow opens it as a V1 file without tensors.
    assert tf.train.list_variables(prefix + ".index") == [("name", []), ("v1", [6])]


def test_a_data_file_is_refused_with_the_name_to_give(prefix):
    with pytest.raises(tf.errors.DataLossError, match=f"'{prefix}': give that name"):
        tf.train.load_checkpoint(prefix + ".data-00000-of-00001")


def test_a_name_with_brackets_is_a_name(tmp_path):
    path = str(tmp_path / "model[1]*?")
    fastckpt.save(path, {"w": np.arange(3)})
    assert tf.train.load_variable(path, "w").tolist() == [0, 1, 2]
    assert tf.train.checkpoint_exists(path)


def test_a_cut_shard_is_an_op_error_and_an_index_error(prefix):
    # TensorFlow: IndexError alone, which no `except tf.errors.OpError` catches.
    _change(prefix + ".data-00000-of-00001", lambda content: content[:20])
    reader = tf.train.load_checkpoint(prefix)
    with pytest.raises(tf.errors.OpError, match="v1") as caught:
        reader.get_tensor("v1")
    assert isinstance(caught.value, IndexError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_v1_types_that_tensorflow_does_not_hand_out_are_read(tmp_path):
    path = str(tmp_path / "model")
    values = {"half": np.ones(2, "f2"), "complex": np.array([1 + 2j], "c8")}
    fastckpt.save(path, values, format="v1")
    reader = tf.train.load_checkpoint(path)
    for name, value in values.items():
        np.testing.assert_array_equal(reader.get_tensor(name), value, strict=True)


def test_a_partitioned_tensor_of_v1_is_read(tmp_path):
    path = str(tmp_path / "model")
    whole = np.arange(12.0).reshape(4, 3)
    with fastckpt.Writer(path, format="v1") as writer:
        for begin in (0, 2):
            part = whole[begin : begin + 2]
            writer.add_slice("part", part, full_shape=(4, 3), begin=(begin, 0))
    np.testing.assert_array_equal(tf.train.load_variable(path, "part"), whole)


def test_a_type_that_nobody_knows_spoils_no_other_tensor(tmp_path):
    # TensorFlow: the process ends.
    bundle = BundleMaker()
    bundle.add("w", np.arange(3, dtype=np.float32))
    bundle.add("new", np.arange(3, dtype=np.float32), dtype=77)
    reader = tf.train.load_checkpoint(bundle.write(tmp_path))
    assert reader.get_tensor("w").tolist() == [0, 1, 2]
    assert reader.get_variable_to_shape_map() == {"new": [3], "w": [3]}
    with pytest.raises(tf.errors.UnimplementedError, match=r"'new' is unknown\(77\)"):
        reader.get_variable_to_dtype_map()
    with pytest.raises(tf.errors.InternalError, match="'new'"):
        reader.get_tensor("new")


def test_a_damaged_v1_tensor_is_not_said_to_be_missing(tmp_path):
    # TensorFlow: NotFoundError, as if it had never been saved.
    path = str(tmp_path / "model")
    large = np.arange(200_000.0)
    fastckpt.save(path, {"a": large, "b": large}, format="v1")
    _change(path, _flipped(-400_000))
    reader = tf.train.load_checkpoint(path)
    assert reader.get_tensor("a").size == large.size
    with pytest.raises(tf.errors.DataLossError, match="'b'"):
        reader.get_tensor("b")


def test_a_missing_tensor_is_told_with_the_closest_names(prefix):
    with pytest.raises(tf.errors.NotFoundError, match=r"Key v2 not found.*'v1'"):
        tf.train.load_variable(prefix, "v2")


def test_a_missing_checkpoint_is_told_with_what_lies_there(prefix):
    with pytest.raises(tf.errors.NotFoundError, match="'model'"):
        tf.train.load_checkpoint(prefix + "s")


@pytest.mark.parametrize("format", ["v1", "v2"])
def test_a_version_that_is_not_read_is_an_op_error_and_a_value_error(tmp_path, format):
    # TensorFlow: ValueError alone, which no `except tf.errors.OpError` catches.
    maker = V1Maker() if format == "v1" else BundleMaker()
    maker.add("w", np.arange(3, dtype=np.float32))
    maker.versions = version(2, 2)
    maker.header = bundle_header(versions=version(2, 2))
    with pytest.raises(ValueError, match="reader of version 2") as caught:
        tf.train.load_checkpoint(maker.write(tmp_path))
    assert isinstance(caught.value, tf.errors.UnimplementedError)
    assert isinstance(caught.value.__cause__, fastckpt.UnsupportedError)
    assert type(pickle.loads(pickle.dumps(caught.value))) is type(caught.value)


def test_a_tensor_that_v1_describes_badly_spoils_no_other(tmp_path):
    # TensorFlow: the whole file is refused, with a ValueError or an OpError.
    maker = V1Maker()
    maker.add("w", np.arange(3, dtype=np.float32))
    maker.add("bad", np.arange(4, dtype=np.float32), dims=shape([2, 2]))
    reader = tf.train.load_checkpoint(maker.write(tmp_path))
    assert reader.get_tensor("w").tolist() == [0, 1, 2]
    with pytest.raises(tf.errors.DataLossError, match="'bad'"):
        reader.get_tensor("bad")


def test_errors_carry_the_error_of_fastckpt(prefix):
    _change(prefix + ".data-00000-of-00001", _flipped(10))
    reader = tf.train.load_checkpoint(prefix)
    with pytest.raises(tf.errors.OpError) as caught:
        reader.get_tensor("v1")
    cause = caught.value.__cause__
    assert isinstance(cause, fastckpt.CorruptionError)
    assert cause.tensor == "v1"
    assert cause.path == prefix + ".data-00000-of-00001"


def test_a_path_object_opens_a_reader(tmp_path, prefix):
    assert tf.train.NewCheckpointReader(tmp_path / "model").has_tensor("v1")


def test_a_path_on_another_file_system_is_refused_by_its_scheme():
    for call in (tf.io.gfile.exists, tf.io.gfile.listdir):
        with pytest.raises(tf.errors.OpError):
            call("gs://bucket/model")
    with pytest.raises(tf.errors.UnimplementedError, match="'gs' not implemented"):
        tf.train.update_checkpoint_state("gs://bucket", "model")
    with pytest.raises(tf.errors.UnimplementedError, match="'gs' not implemented"):
        tf.train.remove_checkpoint("gs://bucket/model")


def test_readers_take_urls_of_file_systems_that_fsspec_knows(tmp_path, prefix):
    fsspec = pytest.importorskip("fsspec")
    for path in tmp_path.glob("model.*"):
        url = f"memory://compat/{path.name}"
        fsspec.filesystem("memory").pipe_file(url, path.read_bytes())
    state = b'model_checkpoint_path: "/else/model"'
    fsspec.filesystem("memory").pipe_file("memory://compat/checkpoint", state)
    url = tf.train.latest_checkpoint("memory://compat")
    assert url == "memory://compat/model"
    assert tf.train.checkpoint_exists(url)
    assert not tf.train.checkpoint_exists("memory://compat/other")
    assert tf.train.load_checkpoint(url).has_tensor("v1")
    assert tf.train.load_checkpoint("memory://compat").has_tensor("v1")
    found = tf.train.load_variable(url, "v1")
    assert found.flags.writeable
    with pytest.raises(tf.errors.NotFoundError):
        tf.train.load_checkpoint("memory://compat/other")
    with pytest.raises(tf.errors.UnimplementedError, match="no file system"):
        tf.train.load_checkpoint("nosuch://bucket/model")


def test_names_that_are_no_utf8_are_listed(tmp_path):
    # TensorFlow: one such name makes the whole listing raise.
    path = str(tmp_path / "model")
    name = b"w\xff".decode("utf-8", "surrogateescape")
    fastckpt.save(path, {name: np.arange(2)})
    reader = tf.train.load_checkpoint(path)
    assert reader.get_variable_to_shape_map() == {name: [2]}
    assert reader.get_tensor(b"w\xff").tolist() == [0, 1]
    assert reader.debug_string() == b"w\xff (DT_INT64) [2]\n"
