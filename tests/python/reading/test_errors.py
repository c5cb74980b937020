"""The errors: their classes, their fields, their words."""

import pickle

import pytest

import fastckpt
from bundle_maker import BundleMaker
from fastckpt import CheckpointError, CorruptionError, UnsupportedError
from hostile_checks import GOOD, good_bundle
from table_maker import crc32c
from wire_maker import bundle_header, version

SHARD = "model.data-00000-of-00001"


def test_errors_are_what_callers_may_catch_them_as():
    assert issubclass(CorruptionError, (CheckpointError, ValueError))
    assert issubclass(CorruptionError, ValueError)
    assert issubclass(UnsupportedError, CheckpointError)
    assert issubclass(UnsupportedError, NotImplementedError)
    for error in (CheckpointError, CorruptionError, UnsupportedError):
        assert not issubclass(error, OSError)
        assert not issubclass(error, KeyError)


def damaged_index(folder):
    files = good_bundle().files()
    index = bytearray(files["model.index"])
    index[5] ^= 1
    (folder / "model.index").write_bytes(index)
    fastckpt.open(folder / "model")


def damaged_tensor(folder):
    bundle = good_bundle()
    bundle.entries[b"d"]["crc32c"] ^= 1
    fastckpt.open(bundle.write(folder))["d"]


def newer_version(folder):
    bundle = good_bundle()
    bundle.header = bundle_header(versions=version(9, 9))
    fastckpt.open(bundle.write(folder))


def unknown_dtype(folder):
    bundle = good_bundle()
    bundle.entries[b"d"]["dtype"] = 77
    fastckpt.open(bundle.write(folder))["d"]


CAUSES = {
    damaged_index: (CorruptionError, "model.index", 0, None),
    damaged_tensor: (CorruptionError, SHARD, 44, "d"),
    newer_version: (UnsupportedError, "model.index", None, None),
    unknown_dtype: (UnsupportedError, None, None, "d"),
}


def raised_by(cause, folder) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        cause(folder)
    return caught.value


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
def test_an_error_has_the_fields_of_its_place(cause, tmp_path):
    kind, name, offset, tensor = CAUSES[cause]
    error = raised_by(cause, tmp_path)
    assert type(error) is kind
    assert error.tensor == tensor
    if name is not None:
        assert error.path == str(tmp_path / name)
        assert name in str(error)
    if offset is not None:
        assert error.offset == offset
        assert str(offset) in str(error)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
def test_an_error_pickles_with_its_fields(cause, protocol, tmp_path):
    error = raised_by(cause, tmp_path)
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert (again.path, again.offset, again.tensor) == (
        error.path,
        error.offset,
        error.tensor,
    )


def test_a_checksum_error_shows_both_checksums(tmp_path):
    error = raised_by(damaged_tensor, tmp_path)
    assert f"{crc32c(GOOD['d'].tobytes()):#010x}" in str(error)
    assert str(error).count("0x") == 2


def test_an_unsupported_type_is_named_by_its_number(tmp_path):
    assert "77" in str(raised_by(unknown_dtype, tmp_path))


def test_a_newer_version_is_shown_with_ours(tmp_path):
    message = str(raised_by(newer_version, tmp_path))
    assert "9" in message
    assert "1" in message


def test_a_size_that_does_not_fit_shows_both_sizes(tmp_path):
    bundle = good_bundle()
    bundle.entries[b"a"]["size"] = 25
    with pytest.raises(CorruptionError, match=r"24\b.*\b25|25\b.*\b24") as caught:
        fastckpt.open(bundle.write(tmp_path))["a"]
    assert caught.value.tensor == "a"


def test_a_tensor_past_the_end_shows_the_size_of_the_file(tmp_path):
    bundle = good_bundle()
    bundle.entries[b"a"]["offset"] = 1000
    size = len(bundle.shards[0])
    with pytest.raises(CorruptionError, match=rf"\b{size}\b"):
        fastckpt.open(bundle.write(tmp_path))["a"]


def names_bundle(*names: str) -> BundleMaker:
    bundle = BundleMaker()
    for name in names:
        bundle.add(name, GOOD["b"])
    return bundle


CLOSEST = {
    "v2": "v1",
    "dense/kernal": "dense/kernel",
    "Dense/kernel": "dense/kernel",
    "dense/kernel:0": "dense/kernel",
    "dense_1/kernel": "dense/kernel",
    "kernel": "dense/kernel",
}


@pytest.mark.parametrize(("asked", "there"), CLOSEST.items())
@pytest.mark.parametrize("method", ["__getitem__", "read", "info", "layout"])
def test_a_key_error_names_the_closest_name(asked, there, method, tmp_path):
    bundle = names_bundle("v1", "dense/kernel", "beta/power", "zzz/other/thing")
    ckpt = fastckpt.open(bundle.write(tmp_path))
    with pytest.raises(KeyError) as caught:
        getattr(ckpt, method)(asked)
    assert asked in str(caught.value)
    assert there in str(caught.value)
    assert "zzz/other/thing" not in str(caught.value)


def test_a_key_error_in_an_empty_checkpoint_is_a_key_error(tmp_path):
    ckpt = fastckpt.open(BundleMaker().write(tmp_path))
    with pytest.raises(KeyError, match="anything"):
        ckpt["anything"]


def test_a_key_error_among_very_many_names_comes_quickly(tmp_path):
    bundle = names_bundle(*(f"layer_{n}/weights" for n in range(5000)))
    ckpt = fastckpt.open(bundle.write(tmp_path))
    with pytest.raises(KeyError, match="layer_1234/weights"):
        ckpt["layer_1234/weight"]


@pytest.mark.parametrize("method", ["read", "info", "layout", "byte_runs"])
@pytest.mark.parametrize("name", [None, 3, b"a", ["a"]])
def test_a_name_that_is_no_text_is_a_type_error(method, name, tmp_path):
    ckpt = fastckpt.open(good_bundle().write(tmp_path))
    with pytest.raises((TypeError, KeyError)):
        getattr(ckpt, method)(name)


def test_an_error_leaves_the_checkpoint_usable(tmp_path):
    bundle = good_bundle()
    bundle.entries[b"a"]["crc32c"] ^= 1
    ckpt = fastckpt.open(bundle.write(tmp_path))
    for _ in range(10):
        with pytest.raises(CorruptionError):
            ckpt["a"]
        with pytest.raises(KeyError):
            ckpt["nothing"]
        assert ckpt["b"] == 7
