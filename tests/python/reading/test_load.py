"""load(): many tensors at once."""

import gc
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_read_regions import written

import fastckpt
from bundle_maker import BundleMaker
from fastckpt import CorruptionError, UnsupportedError
from hostile_checks import GOOD, assert_same, good_bundle
from process_memory import IS_MEASURABLE, resident_bytes
from strategies import bundles, v1_files

NAMES = {
    "a[0]": 1,
    "a0": 2,
    "conv1/w": 3,
    "conv2/deep/w": 4,
    "dense/b": 5,
    "dense/w": 6,
    "dense/w/Adam": 7,
    "Dense/w": 8,
    "step": 9,
}


@pytest.fixture
def ckpt(tmp_path):
    """Gives a checkpoint of one number under each name."""
    bundle = BundleMaker()
    for name, number in sorted(NAMES.items(), reverse=True):
        bundle.add(name, np.array([number], np.int32))
    return fastckpt.open(bundle.write(tmp_path))


def numbers(loaded: dict[str, np.ndarray]) -> dict[str, int]:
    return {name: int(value[0]) for name, value in loaded.items()}


PATTERNS = {
    ("dense/*",): ["dense/b", "dense/w", "dense/w/Adam"],
    ("*/w",): ["Dense/w", "conv1/w", "conv2/deep/w", "dense/w"],
    ("conv*w",): ["conv1/w", "conv2/deep/w"],
    ("conv?/w",): ["conv1/w"],
    ("[cd]*/w",): ["conv1/w", "conv2/deep/w", "dense/w"],
    ("[!d]*/w",): ["Dense/w", "conv1/w", "conv2/deep/w"],
    ("D*",): ["Dense/w"],
    ("a[0]",): ["a[0]"],
    ("a[01]",): ["a0"],
    ("a*",): ["a0", "a[0]"],
    ("step",): ["step"],
    ("step", "dense/b"): ["dense/b", "step"],
    ("dense/*", "dense/w", "*"): sorted(NAMES),
    ("*",): sorted(NAMES),
    (): [],
}


@pytest.mark.parametrize(("patterns", "names"), PATTERNS.items())
def test_patterns_choose_tensors_in_the_checkpoints_order(patterns, names, ckpt):
    loaded = ckpt.load(list(patterns))
    assert list(loaded) == names
    assert numbers(loaded) == {name: NAMES[name] for name in names}


@pytest.mark.parametrize("missing", ["nothing/*", "STEP", "dense", "b[0]", ""])
def test_a_pattern_without_a_match_is_a_key_error(missing, ckpt):
    with pytest.raises(KeyError) as caught:
        ckpt.load(["dense/*", missing])
    assert repr(missing)[1:-1] in str(caught.value)


def test_a_single_name_is_a_pattern_even_if_it_is_empty(ckpt):
    assert numbers(ckpt.load("step")) == {"step": 9}
    with pytest.raises(KeyError):
        ckpt.load("")


def test_everything_is_loaded_in_the_checkpoints_order(ckpt):
    assert list(ckpt.load()) == list(ckpt) == sorted(NAMES)
    assert type(ckpt.load()) is dict


def test_a_mapping_gives_its_own_names_in_its_own_order(ckpt):
    wanted = {"z": "step", "y": "a[0]", "x": "step", "dense/w": "Dense/w"}
    loaded = ckpt.load(wanted)
    assert list(loaded) == list(wanted)
    assert numbers(loaded) == {"z": 9, "y": 1, "x": 9, "dense/w": 8}
    assert list(ckpt.load(OrderedDict(wanted))) == list(wanted)


def test_a_mapping_takes_names_and_no_patterns(ckpt):
    with pytest.raises(KeyError, match="dense"):
        ckpt.load({"x": "dense/*"})


def test_a_key_error_names_the_closest_name(ckpt):
    with pytest.raises(KeyError, match="dense/w"):
        ckpt.load({"x": "dense/W"})


@pytest.mark.parametrize("names", [3, 1.5, object(), b"step", [3], [None]])
def test_what_are_no_names_is_a_type_error(names, ckpt):
    with pytest.raises(TypeError):
        ckpt.load(names)


DROPPED = {
    ("*/Adam*",): ["dense/w/Adam"],
    ("dense/*", "a[0]"): ["a[0]", "dense/b", "dense/w", "dense/w/Adam"],
    ("a[01]",): ["a0"],
    ("*/w", "dense/w"): ["Dense/w", "conv1/w", "conv2/deep/w", "dense/w"],
    ("*",): sorted(NAMES),
    (): [],
}


@pytest.mark.parametrize(("patterns", "dropped"), DROPPED.items())
def test_all_but_what_is_dropped_is_loaded(patterns, dropped, ckpt):
    kept = [name for name in sorted(NAMES) if name not in dropped]
    for drop in (patterns, list(patterns), iter(patterns)):
        loaded = ckpt.load(drop=drop)
        assert list(loaded) == kept
        assert numbers(loaded) == {name: NAMES[name] for name in kept}


def test_a_single_name_to_drop_is_a_pattern(ckpt):
    assert "step" not in ckpt.load(drop="step")
    assert list(ckpt.load(drop="[!s]*")) == ["step"]


def test_names_are_chosen_and_then_dropped(ckpt):
    assert list(ckpt.load(["dense/*"], drop=["*/Adam*"])) == ["dense/b", "dense/w"]
    assert list(ckpt.load(["step"], drop=["*/Adam*"])) == ["step"]
    assert ckpt.load("step", drop="step") == {}


def test_a_mapping_drops_by_the_name_in_the_checkpoint(ckpt):
    wanted = {"z": "step", "step": "a0", "x": "step"}
    assert numbers(ckpt.load(wanted, drop=["step"])) == {"step": 2}
    with pytest.raises(KeyError, match="'z'"):
        ckpt.load(wanted, drop=["z"])


def test_arrays_for_what_is_dropped_stay_as_they_are(ckpt):
    out = {name: np.zeros(1, np.int32) for name in ("step", "a0")}
    assert numbers(ckpt.load(out=out, drop=["a0"])) == {"step": 9}
    assert out["a0"][0] == 0
    only = {"dense/b": np.zeros(1, np.int32)}
    loaded = ckpt.load(["dense/*"], out=only, drop=["dense/w*"])
    assert numbers(loaded) == {"dense/b": 5}


@pytest.mark.parametrize("drop", [["nothing/*"], ["step", "STEP"], "b[0]", [""]])
@pytest.mark.parametrize("names", [None, ["dense/*"], {"x": "step"}])
def test_what_is_dropped_must_be_there(names, drop, ckpt):
    with pytest.raises(KeyError, match="no tensor"):
        ckpt.load(names, drop=drop)


@pytest.mark.parametrize("drop", [3, b"step", [3], [None], None])
def test_what_are_no_names_to_drop_is_a_type_error(drop, ckpt):
    with pytest.raises(TypeError):
        ckpt.load(drop=drop)


def test_an_unsupported_tensor_can_be_dropped(tmp_path):
    bundle = good_bundle()
    bundle.entries[b"b"]["dtype"] = 21
    ckpt = fastckpt.open(bundle.write(tmp_path))
    with pytest.raises(UnsupportedError, match=r"load\(drop=\['b'\]\)"):
        ckpt.load()
    assert set(ckpt.load(drop=["b"])) == set(GOOD) - {"b"}


@given(made=st.one_of(bundles(), v1_files()))
@pytest.mark.parametrize("how", [{}, {"copy": True}, {"threads": 1}, {"threads": 5}])
def test_load_gives_every_tensor_exactly(how, made, tmp_path_factory):
    maker, tensors = made
    folder = tmp_path_factory.getbasetemp()
    with fastckpt.open(written(maker, folder)) as ckpt:
        loaded = ckpt.load(**how)
        assert set(loaded) == set(tensors)
        for name, value in tensors.items():
            assert_same(loaded[name], value)
            assert loaded[name].flags.writeable == ("copy" in how)


@pytest.fixture
def good(tmp_path):
    """Gives the good bundle, mapped."""
    return fastckpt.open(good_bundle().write(tmp_path), io="mmap")


def test_load_gives_what_indexing_gives(good):
    for name, value in good.load().items():
        assert not value.flags.writeable
        if good.info(name).is_view:
            assert np.shares_memory(value, good[name])


def test_copies_are_the_callers_own_and_aligned(tmp_path):
    bundle = BundleMaker()
    values = {f"w{n}": np.arange(n, dtype=np.float64) for n in range(1, 40)}
    for name, value in values.items():
        bundle.pad(1)
        bundle.add(name, value)
    ckpt = fastckpt.open(bundle.write(tmp_path))
    copies = ckpt.load(copy=True)
    for name, value in copies.items():
        assert value.flags.writeable
        assert value.flags.aligned
        assert value.flags.c_contiguous
        value[...] = -1
        np.testing.assert_array_equal(ckpt[name], values[name])
    assert all((value == -1).all() for value in copies.values())


def test_load_fills_the_arrays_it_is_given(good):
    out = {"a": np.zeros((2, 3), np.float32), "d": np.zeros(10, np.uint16)[::2]}
    loaded = good.load(out=out)
    assert list(loaded) == ["a", "d"]
    for name, value in loaded.items():
        assert value is out[name]
        assert_same(value, GOOD[name])


def test_load_fills_arrays_for_some_names(good):
    out = {"d": np.zeros(5, np.uint16), "b": np.zeros((), np.int64)}
    loaded = good.load(["[bd]"], out=out)
    assert list(loaded) == ["b", "d"]
    for name, value in loaded.items():
        assert value is out[name]
        assert_same(value, GOOD[name])


def test_load_fills_arrays_under_the_names_of_a_mapping(good):
    out = {"x": np.zeros((2, 3), np.float32)}
    assert good.load({"x": "a"}, out=out)["x"] is out["x"]
    assert_same(out["x"], GOOD["a"])


NO_FIT = {
    "another shape": np.zeros((3, 2), np.float32),
    "another dtype": np.zeros((2, 3), np.float64),
    "no array": [[0.0] * 3] * 2,
}


@pytest.mark.parametrize("target", NO_FIT.values(), ids=NO_FIT)
def test_an_array_that_does_not_fit_is_refused_before_any_is_written(target, good):
    first = np.zeros(5, np.uint16)
    with pytest.raises((ValueError, TypeError), match="a"):
        good.load(out={"d": first, "a": target})
    assert not first.any()


def test_an_array_for_a_tensor_that_is_not_there_is_a_key_error(good):
    with pytest.raises(KeyError, match="nope"):
        good.load(out={"nope": np.zeros(3)})


@pytest.mark.parametrize(("threads", "error"), [(0, ValueError), (-1, ValueError)])
def test_fewer_threads_than_one_are_refused(threads, error, good):
    with pytest.raises(error, match="threads"):
        good.load(threads=threads)


@pytest.mark.parametrize("threads", ["2", 1.5])
def test_a_number_of_threads_is_an_integer(threads, good):
    with pytest.raises(TypeError):
        good.load(threads=threads)


def test_more_threads_than_tensors_or_processors_are_right(good):
    for threads in (None, 1, 3, 64, np.int64(2), 2**70):
        for name, value in good.load(threads=threads, copy=True).items():
            assert_same(value, GOOD[name])


def test_progress_is_silent_where_there_is_no_terminal(good, capfd):
    good.load(progress=True, copy=True)
    assert capfd.readouterr() == ("", "")


def test_one_damaged_tensor_is_named(tmp_path):
    bundle = good_bundle()
    bundle.entries[b"d"]["crc32c"] ^= 1
    ckpt = fastckpt.open(bundle.write(tmp_path))
    for how in ({}, {"copy": True}, {"threads": 4, "copy": True}):
        with pytest.raises(CorruptionError) as caught:
            ckpt.load(**how)
        assert caught.value.tensor == "d"
    assert list(ckpt.load(["a", "b"])) == ["a", "b"]


def test_an_unsupported_tensor_is_named_with_the_way_around_it(tmp_path):
    bundle = good_bundle()
    bundle.entries[b"b"]["dtype"] = 21
    ckpt = fastckpt.open(bundle.write(tmp_path))
    with pytest.raises(UnsupportedError, match=r"'b'.*load\("):
        ckpt.load()


@pytest.mark.serial
@pytest.mark.skipif(not IS_MEASURABLE, reason="needs Linux without a sanitizer")
@pytest.mark.parametrize(("count", "size"), [(8192, 8192), (16, 2**22), (256, 2**18)])
def test_one_kept_copy_keeps_little_else(count, size, tmp_path):
    bundle = BundleMaker()
    value = np.arange(size // 8, dtype=np.int64)
    for number in range(count):
        bundle.add(f"{number:05d}", value)
    ckpt = fastckpt.open(bundle.write(tmp_path), io="read")
    before = resident_bytes()
    copies = ckpt.load(copy=True)
    assert resident_bytes() - before > count * size // 2
    kept = copies["00007"]
    del copies
    gc.collect()
    assert resident_bytes() - before < 2 * 2**22 + 8 * 2**20
    np.testing.assert_array_equal(kept, value)


def test_one_call_opens_loads_and_closes(tmp_path):
    tensors = {"a/w": np.arange(4.0), "a/v": np.ones(2), "b": np.zeros(3)}
    fastckpt.save(tmp_path / "m", tensors)
    found = fastckpt.load(tmp_path / "m", ["a/*"])
    assert {name: array.tolist() for name, array in found.items()} == {
        "a/v": [1, 1],
        "a/w": [0, 1, 2, 3],
    }
    assert not found["a/w"].flags.writeable
    copied = fastckpt.load(
        tmp_path / "m", {"w": "a/w"}, copy=True, threads=1, io="read"
    )
    copied["w"][0] = 7
    out = np.empty(3)
    assert fastckpt.load(tmp_path / "m", out={"b": out})["b"] is out
    kept = fastckpt.load(
        tmp_path / "m",
        drop=["b"],
        copy="on-write",
        verify=False,
        io="mmap",
        max_index_bytes=1 << 20,
        progress=False,
    )
    kept["a/w"] += 1
    assert sorted(kept) == ["a/v", "a/w"]
    with pytest.raises(TypeError, match="foo"):
        fastckpt.load(tmp_path / "m", foo=1)


def test_arrays_that_share_memory_are_refused_before_anything_is_written(tmp_path):
    fastckpt.save(tmp_path / "m", {"a": np.ones((4, 2)), "b": np.full((4, 2), 2.0)})
    with fastckpt.open(tmp_path / "m") as ckpt:
        one = np.zeros((4, 2))
        with pytest.raises(ValueError, match=r"out\['a'\] and out\['b'\] share"):
            ckpt.load(out={"a": one, "b": one})
        assert not one.any()
        both = np.zeros((4, 4))
        ckpt.load(out={"a": both[:, ::2], "b": both[:, 1::2]})
        assert both.tolist() == [[1, 2, 1, 2]] * 4
