"""rewrite(): what is kept, renamed, cast and moved, and the bytes of the rest."""

from __future__ import annotations

import filecmp
import os
import warnings

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastckpt
from bundle_maker import BundleMaker
from expected_json import assert_as_expected, read_expected
from fastckpt import _native
from places import GOLDEN, TESTDATA, items
from wire_maker import slice_key

TENSORS = {
    "step": np.array(7, np.int64),
    "dense/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "dense/bias": np.arange(4, dtype=np.float32),
    "words": np.array([b"a", b"\xff"], object),
    "half": np.arange(3, dtype=np.float16),
    "complex": np.array([1 + 2j], np.complex64),
}
FLOATS = {"dense/kernel", "dense/bias", "half"}


@pytest.fixture
def source(tmp_path):
    fastckpt.save(tmp_path / "old", TENSORS)
    return tmp_path / "old"


def load(prefix):
    with fastckpt.open(prefix) as checkpoint:
        return checkpoint.load(copy=True)


def assert_same(found, expected):
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype, name
        assert found[name].shape == array.shape, name
        np.testing.assert_array_equal(found[name], array, name)


@pytest.mark.parametrize("item", items(GOLDEN) + items(TESTDATA), ids=lambda i: i.name)
def test_what_tensorflow_wrote_stays_what_it_was(item, tmp_path):
    expected = read_expected(item)
    fastckpt.rewrite(item / expected["prefix"], tmp_path / "new")
    with fastckpt.open(tmp_path / "new") as checkpoint:
        assert_as_expected(checkpoint, expected)


@pytest.mark.parametrize("name", ["every_dtype", "odd_names", "objects", "sliced"])
def test_unchanged_the_files_are_tensorflows_byte_for_byte(name, tmp_path):
    old = GOLDEN / name / read_expected(GOLDEN / name)["prefix"]
    fastckpt.rewrite(old, tmp_path / "new")
    for end in (".index", ".data-00000-of-00001"):
        assert filecmp.cmp(f"{old}{end}", tmp_path / f"new{end}", shallow=False)


def test_partitioned_tensors_stay_partitioned(tmp_path):
    fastckpt.rewrite(GOLDEN / "sliced" / "model", tmp_path / "new")
    with (
        fastckpt.open(GOLDEN / "sliced" / "model") as old,
        fastckpt.open(tmp_path / "new") as new,
    ):
        for info in old.infos():
            assert sorted(new.info(info.name).slices) == sorted(info.slices)
            assert new.info(info.name).tf_dtype == info.tf_dtype


def test_select_and_drop_take_names_and_patterns(source, tmp_path):
    fastckpt.rewrite(source, tmp_path / "new", select=["dense/*", "step"])
    assert set(load(tmp_path / "new")) == {"dense/kernel", "dense/bias", "step"}
    fastckpt.rewrite(source, tmp_path / "new", select="d*", drop=["*/bias"])
    assert set(load(tmp_path / "new")) == {"dense/kernel"}


def test_select_by_a_mapping_takes_exactly_these_under_their_new_names(
    source, tmp_path
):
    wanted = {"a": "step", "b": "step", "w": "dense/kernel"}
    fastckpt.rewrite(source, tmp_path / "new", select=wanted)
    expected = {new: TENSORS[old] for new, old in wanted.items()}
    assert_same(load(tmp_path / "new"), expected)


def test_rename_gives_new_names_and_keeps_the_others(source, tmp_path):
    fastckpt.rewrite(source, tmp_path / "new", rename={"step": "global_step"})
    expected = {**TENSORS, "global_step": TENSORS["step"]}
    del expected["step"]
    assert_same(load(tmp_path / "new"), expected)


def test_two_names_can_be_swapped(source, tmp_path):
    swap = {"half": "step", "step": "half"}
    fastckpt.rewrite(source, tmp_path / "new", rename=swap)
    assert load(tmp_path / "new")["step"].dtype == np.float16


def test_one_dtype_is_for_all_floating_tensors_alone(source, tmp_path):
    fastckpt.rewrite(source, tmp_path / "new", dtype="bfloat16")
    bfloat16 = ml_dtypes.bfloat16
    expected = {n: a.astype(bfloat16) if n in FLOATS else a for n, a in TENSORS.items()}
    assert_same(load(tmp_path / "new"), expected)
    assert fastckpt.open(tmp_path / "new").info("half").tf_dtype == "bfloat16"


def test_of_several_dtypes_the_first_that_fits_counts(source, tmp_path):
    dtypes = {"dense/bias": np.float64, "dense/*": "float16", "step": np.int8}
    fastckpt.rewrite(source, tmp_path / "new", dtype=dtypes)
    found = load(tmp_path / "new")
    assert found["dense/bias"].dtype == np.float64
    assert found["dense/kernel"].dtype == np.float16
    assert found["step"].dtype == np.int8
    assert found["half"].dtype == np.float16


def test_a_cast_of_a_partitioned_tensor_keeps_its_slices(tmp_path):
    with fastckpt.Writer(tmp_path / "old") as writer:
        for row in range(2):
            writer.add_slice("e", np.ones((1, 2), np.float32), (2, 2), (row, 0))
    fastckpt.rewrite(tmp_path / "old", tmp_path / "new", dtype="float64")
    info = fastckpt.open(tmp_path / "new").info("e")
    assert (len(info.slices), info.tf_dtype) == (2, "float64")


def test_numbers_that_do_not_fit_are_told(tmp_path):
    fastckpt.save(tmp_path / "old", {"w": np.array([1e9], np.float32)})
    with pytest.warns(RuntimeWarning, match="1 numbers in 1 tensor were too large"):
        fastckpt.rewrite(tmp_path / "old", tmp_path / "new", dtype="float16")


@given(
    shards=st.integers(1, 4),
    align=st.sampled_from([1, 3, 64, 4096]),
    to=st.sampled_from(["v1", "v2", None]),
    back=st.sampled_from(["v1", "v2", None]),
)
def test_formats_shards_and_alignment_change_no_value(
    tmp_path_factory, shards, align, to, back
):
    folder = tmp_path_factory.mktemp("rewrite")
    fastckpt.save(folder / "old", TENSORS)
    options = {} if to == "v1" else {"shards": shards, "align": align}
    fastckpt.rewrite(folder / "old", folder / "new", format=to, fsync=False, **options)
    with fastckpt.open(folder / "new") as checkpoint:
        assert checkpoint.format == (to or "v2")
        places = {(it.shard, it.offset) for it in checkpoint.infos()}
    if to != "v1":
        assert all(offset % align == 0 for _, offset in places)
        assert len(list(folder.glob("new.data-*"))) == shards
    fastckpt.rewrite(folder / "new", folder / "back", format=back, fsync=False)
    assert_same(load(folder / "back"), TENSORS)


def test_a_checkpoint_can_be_rewritten_in_place(source):
    with fastckpt.open(source) as before:
        view = before["dense/kernel"]
        fastckpt.rewrite(source, source, drop=["words"], dtype="float64")
        np.testing.assert_array_equal(view, TENSORS["dense/kernel"])
    found = load(source)
    assert "words" not in found
    np.testing.assert_array_equal(found["dense/kernel"], TENSORS["dense/kernel"])


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"select": ["nothing"]}, KeyError, "nothing"),
        ({"select": {"a": "nothing"}}, KeyError, "nothing"),
        ({"drop": ["x*"]}, KeyError, r"x\*"),
        ({"rename": {"nothing": "a"}}, KeyError, "nothing"),
        ({"rename": {"step": "half"}}, ValueError, "both .* would be named 'half'"),
        ({"rename": {"step": "s"}, "drop": ["step"]}, ValueError, "left out"),
        ({"dtype": {"words": "float32"}}, ValueError, "'words': object does not"),
        ({"dtype": {"half": "int8"}}, ValueError, "'half': float16 does not become"),
        ({"dtype": {"none*": "int8"}}, KeyError, r"none\*"),
        ({"dtype": "float99"}, TypeError, "float99"),
        ({"format": "v3"}, ValueError, "v3"),
        ({"format": "v1", "shards": 2}, ValueError, "shards"),
        ({"shards": 0}, ValueError, "shards"),
        ({"shards": 2**31}, ValueError, "shards"),
        ({"shards": 1.5}, TypeError, "shards must be an integer"),
        ({"align": -1}, ValueError, "align"),
        ({"align": "8"}, TypeError, "align must be an integer"),
        ({"dtype": {"half": None}}, TypeError, "None is no dtype"),
        ({"select": {5: "half"}}, TypeError, "a str, not int"),
        ({"rename": {"half": 5}}, TypeError, "a str, not int"),
        ({"rename": {"half": 5}, "format": "v1"}, TypeError, "a str, not int"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    options, kind, message, source, tmp_path
):
    with pytest.raises(kind, match=message):
        fastckpt.rewrite(source, tmp_path / "new", **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "old.data-00000-of-00001",
        "old.index",
    ]


def test_what_only_tensorflow_reads_goes_from_v2_to_v2(tmp_path):
    fastckpt.rewrite(GOLDEN / "variant", tmp_path / "new")
    for end in (".index", ".data-00000-of-00001"):
        old = GOLDEN / "variant" / f"model{end}"
        assert filecmp.cmp(old, tmp_path / f"new{end}", shallow=False)


@pytest.mark.parametrize("options", [{"format": "v1"}, {"dtype": "float64"}], ids=str)
def test_elsewhere_it_is_named_with_the_way_out(options, tmp_path):
    with pytest.raises(fastckpt.UnsupportedError, match=r"drop=\['list'\]"):
        fastckpt.rewrite(GOLDEN / "variant", tmp_path / "new", **options)
    assert list(tmp_path.iterdir()) == []


def test_damage_is_found_on_the_way_and_the_destination_stays(source, tmp_path):
    fastckpt.save(tmp_path / "new", {"kept": 1})
    data = tmp_path / "old.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[20] ^= 1
    data.write_bytes(content)
    for options in ({}, {"rename": {"dense/kernel": "k"}}, {"dtype": "float64"}):
        with pytest.raises(fastckpt.CorruptionError, match="0x") as caught:
            fastckpt.rewrite(source, tmp_path / "new", **options)
        assert caught.value.path == str(data)
        assert (caught.value.tensor, caught.value.offset) == ("dense/kernel", 8)
    assert load(tmp_path / "new") == {"kept": 1}
    fastckpt.rewrite(source, tmp_path / "new", drop=["dense/kernel"])
    assert "step" in load(tmp_path / "new")


def test_progress_counts_the_bytes_of_what_is_copied(source, tmp_path):
    calls = []

    def note(*done_and_total):
        calls.append(done_and_total)

    fastckpt.rewrite(source, tmp_path / "new", select=["dense/*"], progress=note)
    assert calls == [(64, 64)]
    calls.clear()
    options = {"select": ["dense/*"], "dtype": "float64"}
    fastckpt.rewrite(source, tmp_path / "new", progress=note, **options)
    assert calls[-1] == (64, 64)


def test_an_error_in_progress_ends_the_work(source, tmp_path):
    def fail(done, total):
        raise LookupError(f"{done} of {total}")

    with pytest.raises(LookupError, match=" of "):
        fastckpt.rewrite(source, tmp_path / "new", progress=fail)
    assert not (tmp_path / "new.index").exists()


def test_damage_in_what_is_left_out_does_no_harm(tmp_path):
    bundle = BundleMaker(2)
    bundle.add("good", TENSORS["dense/bias"])
    bundle.add("no place", TENSORS["half"], offset=-1)
    bundle.add("no dtype", TENSORS["half"], dtype=999)
    bundle.add("missing", TENSORS["half"], shard=1)
    bundle.add_sliced("torn", TENSORS["dense/bias"], [[(0, 2)], [(2, 2)]])
    del bundle.entries[slice_key(b"torn", [(0, 2)])]
    prefix = bundle.write(tmp_path)
    (tmp_path / "model.data-00001-of-00002").unlink()
    fastckpt.rewrite(prefix, tmp_path / "new", select=["good"])
    assert_same(load(tmp_path / "new"), {"good": TENSORS["dense/bias"]})
    for name in ("no place", "no dtype", "torn"):
        with pytest.raises(fastckpt.CheckpointError, match=name):
            fastckpt.rewrite(prefix, tmp_path / "new", select=[name])
    with pytest.raises(FileNotFoundError):
        fastckpt.rewrite(prefix, tmp_path / "new", select=["missing"])


def test_rounding_in_a_cast_is_silent(source, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fastckpt.rewrite(source, tmp_path / "new", dtype="bfloat16")


def rewrite_natively(source, target, names, values, io="mmap"):
    with fastckpt.open(source, io=io) as checkpoint:
        _native.rewrite(
            source=checkpoint._reader,
            prefix=os.fsencode(target),
            names=names,
            values=values,
            shards=1,
            align=1,
            fsync=False,
            threads=1,
            progress=None,
        )


@pytest.mark.parametrize("io", ["mmap", "read"])
def test_values_take_the_place_of_what_is_stored(io, source, tmp_path):
    names = {name.encode(): [name.encode()] for name in TENSORS}
    half = np.arange(5, dtype=np.float32)
    values = [
        (b"words", "string", [b"one scalar"], (), None),
        (b"half", "float32", half, None, None),
    ]
    rewrite_natively(source, tmp_path / "new", names, values, io)
    words = np.array(b"one scalar", object)
    assert_same(load(tmp_path / "new"), {**TENSORS, "words": words, "half": half})


def test_a_name_that_is_not_there_is_an_error_and_never_skipped(source, tmp_path):
    names = {b"step": [b"step"], b"gone": [b"gone"]}
    with pytest.raises(KeyError, match="'gone': no tensor of this name"):
        rewrite_natively(source, tmp_path / "new", names, [])
    assert not (tmp_path / "new.index").exists()


@pytest.mark.parametrize("options", [{"drop": ["*"]}, {"select": []}], ids=str)
def test_what_would_leave_nothing_leaves_the_target_as_it_was(options, tmp_path):
    for name in ("source", "target"):
        fastckpt.save(tmp_path / name, {name: np.zeros(1)})
    with pytest.raises(ValueError, match="nothing would be left"):
        fastckpt.rewrite(tmp_path / "source", tmp_path / "target", **options)
    assert list(fastckpt.open(tmp_path / "target")) == ["target"]
