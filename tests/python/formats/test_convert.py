"""convert: from any format to any other, changed on the way, in flat memory."""

from __future__ import annotations

import math
import os
import shutil
import sys
import warnings

import ml_dtypes
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import children
import fastckpt
from fastckpt.formats import safetensors
from fastckpt.reading import chunks
from places import GOLDEN, TESTDATA
from process_memory import IS_MEASURABLE

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
TENSORS = {
    "a/step": np.array(7, np.int64),
    "b/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "b/kernel/Adam": np.ones((3, 4), np.float32),
    "c/half": np.arange(3, dtype=np.float16),
    "words": np.array([b"a\0", b"\xff"], object),
}
NUMBERS = {name: array for name, array in TENSORS.items() if name != "words"}
FILES = ["npz", "safetensors"]
files = pytest.mark.parametrize("kind", FILES)


@pytest.fixture
def source(tmp_path):
    fastckpt.save(tmp_path / "old", TENSORS)
    return tmp_path / "old"


@pytest.fixture
def small_chunks(monkeypatch):
    """Makes every tensor one of many chunks."""
    monkeypatch.setattr(chunks, "_CHUNK_BYTES", 16)


@pytest.fixture
def objects(tmp_path):
    """A checkpoint of TensorFlow 2 with objects; the shared test data has some."""
    found = TESTDATA / "tract-keras-lstm"
    if not found.exists():
        pytest.skip("the shared test data is not here")
    return fastckpt.open(found).path


def read(path):
    path = str(path)
    if path.endswith(".npz"):
        with np.load(path) as archive:
            return dict(archive)
    if path.endswith(".safetensors"):
        return load_file(path)
    with fastckpt.open(path) as checkpoint:
        return checkpoint.load(copy=True)


def assert_same(found, expected):
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)


# Formats


@pytest.mark.parametrize("source_kind", ["v1", "v2", *FILES])
@pytest.mark.parametrize("kind", ["v1", "v2", *FILES])
def test_any_format_becomes_any_other(source_kind, kind, tmp_path):
    endings = {"npz": ".npz", "safetensors": ".safetensors"}
    old = tmp_path / f"old{endings.get(source_kind, '')}"
    fastckpt.save(tmp_path / "first", NUMBERS)
    fastckpt.convert(tmp_path / "first", old, source_kind)
    new = tmp_path / f"new{endings.get(kind, '')}"
    done = fastckpt.convert(old, new, kind)
    assert (done.format, done.tensors, done.values) == (kind, 4, 28)
    assert done.nbytes == sum(array.nbytes for array in NUMBERS.values())
    assert_same(read(new), NUMBERS)


@files
def test_the_ending_says_the_format(kind, source, tmp_path):
    target = tmp_path / f"new.{kind.upper()}"
    assert fastckpt.convert(source, target, drop=["words"]).format == kind
    assert fastckpt.convert(source, tmp_path / "new.v3").format == "v2"


def test_an_open_checkpoint_is_a_source_and_stays_open(source, tmp_path):
    with fastckpt.open(source) as checkpoint:
        fastckpt.convert(checkpoint, tmp_path / "new.npz", drop=["words"])
        assert checkpoint["a/step"] == 7
    assert_same(read(tmp_path / "new.npz"), NUMBERS)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("m.npz", {"format": "v2"}, "the name says npz, the format is v2"),
        ("m.npz", {"format": "safetensors"}, "says npz, the format is safetensors"),
        ("m.h5", {}, r"m\.h5: the name ends as those of another format do"),
        ("m.zarr", {}, r"'fastckpt convert' writes NAME\.npz"),
        ("m.index", {}, "name its prefix"),
        ("m", {"format": "zarr"}, "'v1', 'v2', 'npz', 'safetensors', 'kerchunk'"),
        ("m.npz", {"shards": 2}, "shards is for V2 alone, not for npz"),
        ("m.safetensors", {"shards": 2}, "for V2 alone, not for safetensors"),
        ("m", {"format": "v1", "align": 64}, "align is for V2 alone, not for v1"),
        ("m", {"shards": 0}, "shards must be at least 1"),
        ("m.npz", {"metadata": {}}, "metadata is for safetensors alone, not for npz"),
        ("m", {"names": "paths"}, "names must be 'keys' or 'objects', not 'paths'"),
        ("m", {"names": "objects"}, "needs the object graph"),
        ("m", {"drop": ["*"]}, "all 5 tensors would be left out"),
        ("m", {"rename": {"words": "a/step"}}, "would be named 'a/step'"),
        ("m.npz", {"rename": {"words": "a/step"}}, "would be named 'a/step'"),
        ("m", {"dtype": "int8"}, "does not become int8"),
        ("m.npz", {"rename": {"a/step": "../x"}}, r"such names: '\.\./x'"),
        ("m", {"drop": ["words"], "rename": {"words": "x"}}, "it is left out"),
        ("m", {"drop": ["words"], "values": {"words": ["", ""]}}, "it is left out"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    name, options, message, source, tmp_path
):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match=message):
        fastckpt.convert(source, tmp_path / name, **options)
    assert sorted(tmp_path.iterdir()) == before


def test_a_format_that_is_said_takes_a_foreign_ending(source, tmp_path):
    fastckpt.convert(source, tmp_path / "m.h5", "v2")
    assert_same(read(tmp_path / "m.h5"), TENSORS)


@pytest.mark.parametrize("option", ["drop", "rename", "values", "dtype"])
def test_a_name_that_is_not_there_is_a_key_error_with_the_closest(
    option, source, tmp_path
):
    wanted = ["b/kernl"] if option == "drop" else {"b/kernl": "float32"}
    with pytest.raises(KeyError, match="close to it: 'b/kernel'"):
        fastckpt.convert(source, tmp_path / "new", **{option: wanted})


def test_a_url_is_refused_and_no_folder_made(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(fastckpt.UnsupportedError, match="gs://"):
        fastckpt.convert(source, "gs://bucket/m.npz")
    assert not (tmp_path / "gs:").exists()


# Where it goes


@pytest.mark.parametrize("kind", ["v1", "v2", *FILES])
def test_the_target_may_be_the_source(kind, tmp_path):
    path = tmp_path / (f"m.{kind}" if kind in FILES else "m")
    fastckpt.save(tmp_path / "first", NUMBERS)
    fastckpt.convert(tmp_path / "first", path, kind)
    fastckpt.convert(path, path, kind, drop=["c/half"])
    assert_same(read(path), {k: v for k, v in NUMBERS.items() if k != "c/half"})


@pytest.mark.parametrize("kind", ["v1", *FILES])
@pytest.mark.parametrize("file", ["old.index", "old.data-00000-of-00001"])
def test_a_file_of_the_source_is_never_written_over(kind, file, source, tmp_path):
    os.link(tmp_path / file, tmp_path / "link")
    for name in (file, "link"):
        with pytest.raises(ValueError, match="a file of the source; name another"):
            fastckpt.convert(source, tmp_path / name, kind, drop=["words"])
    assert_same(read(source), TENSORS)


@files
def test_a_damaged_source_leaves_the_target_as_it_was(
    kind, source, tmp_path, small_chunks
):
    data = tmp_path / "old.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[20] ^= 1
    data.write_bytes(content)
    target = tmp_path / f"new.{kind}"
    target.write_text("kept")
    with pytest.raises(fastckpt.CorruptionError, match="b/kernel"):
        fastckpt.convert(source, target, drop=["words"])
    assert target.read_text() == "kept"
    assert not list(tmp_path.glob("*.tmp"))


def test_progress_ends_with_everything_done(source, tmp_path):
    for name in ("new", "new.npz", "new.safetensors"):
        seen = []
        fastckpt.convert(
            source,
            tmp_path / name,
            drop=["words"],
            dtype="float64",
            progress=lambda done, total, seen=seen: seen.append((done, total)),
        )
        assert seen
        assert seen[-1][0] == seen[-1][1]


# What is changed


@pytest.mark.parametrize("name", ["new", "new.npz", "new.safetensors"])
def test_names_dtypes_and_values_change_on_the_way(
    name, source, tmp_path, small_chunks
):
    done = fastckpt.convert(
        source,
        tmp_path / name,
        rename={"b/kernel": "weight"},
        dtype={"b/kernel": "float64", "a/*": "int32", "*": "float32"},
        drop=["words", "*/Adam"],
        values={"a/step": 5, "c/half": [3, 2, 1]},
    )
    assert done.dropped == ["b/kernel/Adam", "words"]
    expected = {
        "weight": TENSORS["b/kernel"].astype(np.float64),
        "a/step": np.array(5, np.int32),
        "c/half": np.array([3, 2, 1], np.float32),
    }
    assert_same(read(tmp_path / name), expected)


def test_values_are_set_without_a_cast_where_bytes_are_passed_on(source, tmp_path):
    news = {"a/step": 0, "words": [b"x\0", "é"], "b/kernel": np.zeros((3, 4), "f4")}
    fastckpt.convert(source, tmp_path / "new", values=news, rename={"a/step": "n"})
    expected = TENSORS | {
        "n": np.array(0, np.int64),
        "words": np.array([b"x\0", "é".encode()], object),
        "b/kernel": news["b/kernel"],
    }
    del expected["a/step"]
    assert_same(read(tmp_path / "new"), expected)


def test_a_partitioned_tensor_is_set_and_cast(tmp_path):
    with fastckpt.open(GOLDEN / "sliced") as checkpoint:
        info = next(
            it for it in checkpoint.infos() if it.slices and it.dtype == "float32"
        )
        others = [name for name in checkpoint if name != info.name]
    value = np.arange(np.prod(info.shape), dtype=np.float32).reshape(info.shape)
    for dtype in (None, "float64"):
        fastckpt.convert(
            GOLDEN / "sliced",
            tmp_path / "new",
            drop=others,
            values={info.name: value},
            dtype=dtype,
        )
        assert_same(read(tmp_path / "new"), {info.name: value.astype(dtype or "f4")})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("a/step", 1.5, "int64 does not hold 1.5"),
        ("a/step", 2**63, "int64"),
        ("a/step", True, "int64 does not hold True"),
        ("a/step", [1], r"has shape \(\), its new value \(1,\)"),
        ("a/step", np.int32(1), "is int64, its new value int32"),
        ("c/half", [1e6, 0, 0], "float16 does not hold"),
        ("c/half", [2049, 0, 0], "float16 does not hold 2049 exactly"),
        ("words", [1, 2], "is of strings"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name, value, message, source, tmp_path):
    with pytest.raises(ValueError, match=message):
        fastckpt.convert(source, tmp_path / "new", values={name: value})
    assert not list(tmp_path.glob("new*"))


@pytest.mark.parametrize("name", ["new", "new.npz", "new.safetensors"])
def test_numbers_that_become_infinite_are_counted_and_told(
    name, tmp_path, small_chunks
):
    fastckpt.save(tmp_path / "old", {"w": np.full(40, 1e9, np.float32)})
    with pytest.warns(RuntimeWarning, match="40 numbers in 1 tensor were too large"):
        fastckpt.convert(tmp_path / "old", tmp_path / name, dtype="float16")


@pytest.mark.parametrize("name", ["new", "new.npz", "new.safetensors"])
def test_integers_that_a_float_would_round_are_refused(name, tmp_path, small_chunks):
    fastckpt.save(tmp_path / "old", {"n": np.arange(2**24 - 90, 2**24 + 10)})
    with pytest.raises(ValueError, match="'n': float32 does not hold 16777217"):
        fastckpt.convert(tmp_path / "old", tmp_path / name, dtype={"n": "float32"})
    assert not list(tmp_path.glob("new*"))
    fastckpt.convert(tmp_path / "old", tmp_path / name, dtype={"n": "float64"})


@pytest.mark.parametrize("name", ["new", "new.npz", "new.safetensors"])
def test_integers_that_do_not_fit_are_refused(name, tmp_path):
    fastckpt.save(tmp_path / "old", {"n": np.array([1, 300])})
    with pytest.raises(ValueError, match="'n': 1 numbers do not fit int8"):
        fastckpt.convert(tmp_path / "old", tmp_path / name, dtype={"n": "int8"})
    assert not list(tmp_path.glob("new*"))


@files
def test_strings_are_refused_with_the_drop_that_leaves_them_out(kind, source, tmp_path):
    with pytest.raises(ValueError, match=r"strings: 'words'; .*drop=\['words'\]"):
        fastckpt.convert(source, tmp_path / f"new.{kind}", rename={"words": "text"})


class Masked:
    """An object that has a mask, and does not show it."""

    def __array__(self, dtype=None, copy=None):
        return np.ma.array([1.0, 2.0, 3.0], "f2", mask=[0, 1, 0])


@pytest.mark.parametrize(
    "value",
    [Masked().__array__(), Masked(), list(Masked().__array__()), [Masked()]],
    ids=["masked", "hidden", "in a list", "hidden in a list"],
)
def test_a_mask_is_never_lost(value, source, tmp_path):
    for write in (
        lambda: fastckpt.convert(source, tmp_path / "new", values={"c/half": value}),
        lambda: fastckpt.save(tmp_path / "new", {"c/half": value}),
    ):
        with pytest.raises(ValueError, match="elements are masked"):
            write()
    assert not list(tmp_path.glob("new*"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([16777217, 0.5], "float32 does not hold 16777217 exactly"),
        ([[0.5], [16777217]], "float32 does not hold 16777217 exactly"),
        ([np.int64(16777217), 0.5], "float32 does not hold 16777217 exactly"),
        ([2**63 + 1, -1], "float32 does not hold 9223372036854775809 exactly"),
    ],
)
def test_whole_numbers_that_are_set_stay_exact(value, message, tmp_path):
    zeros = np.zeros(np.shape(value), np.float32)
    fastckpt.save(tmp_path / "old", {"w": zeros})
    with pytest.raises(ValueError, match=message):
        fastckpt.convert(tmp_path / "old", tmp_path / "new", values={"w": value})
    fastckpt.convert(tmp_path / "old", tmp_path / "new", values={"w": zeros + 0.5})


@pytest.mark.parametrize("value", [1e30, math.inf, math.nan, 7.0])
def test_a_number_that_a_type_without_infinity_does_not_hold_is_refused(
    value, tmp_path
):
    dtype = np.dtype(ml_dtypes.float4_e2m1fn)
    fastckpt.save(tmp_path / "old", {"w": np.zeros(2, dtype)})
    with pytest.raises(ValueError, match="float4_e2m1fn does not hold"):
        fastckpt.convert(tmp_path / "old", tmp_path / "new", values={"w": [value, 1.0]})
    fastckpt.convert(tmp_path / "old", tmp_path / "new", values={"w": [0.4, 6.5]})


# The object graph


@files
def test_the_object_graph_is_left_out_of_a_file_and_that_is_said_once(
    kind, objects, tmp_path
):
    with pytest.warns(UserWarning, match=GRAPH) as told:
        done = fastckpt.convert(objects, tmp_path / f"new.{kind}")
    assert len(told) == 1
    assert done.dropped == [GRAPH]
    assert GRAPH not in read(tmp_path / f"new.{kind}")


@files
def test_who_drops_the_object_graph_is_told_nothing(kind, objects, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fastckpt.convert(objects, tmp_path / f"new.{kind}", drop=[GRAPH])


def test_a_checkpoint_keeps_an_object_graph_that_fits(objects, tmp_path):
    with fastckpt.open(objects) as checkpoint:
        name = next(iter(checkpoint.objects.names().values()))
    fastckpt.convert(objects, tmp_path / "new", drop=[name], dtype="float64")
    with fastckpt.open(tmp_path / "new") as checkpoint:
        assert name not in checkpoint.objects.names().values()
        assert checkpoint.objects.missing == []


@pytest.mark.parametrize("name", ["new", "new.npz"])
def test_tensors_are_called_by_their_objects(name, objects, tmp_path):
    with fastckpt.open(objects) as checkpoint:
        paths = checkpoint.objects.names()
        expected = {path: checkpoint.read(key) for path, key in paths.items()}
    first, second, *_ = paths
    del expected[second]
    expected["renamed"] = expected.pop(first)
    fastckpt.convert(
        objects,
        tmp_path / name,
        names="objects",
        drop=[GRAPH, second],
        rename={first: "renamed"},
    )
    assert_same(read(tmp_path / name), expected)


def test_objects_names_in_a_checkpoint_cost_the_graph_and_that_is_said(
    objects, tmp_path
):
    with pytest.warns(UserWarning, match="names no values by their paths"):
        fastckpt.convert(objects, tmp_path / "new", names="objects")
    assert GRAPH not in read(tmp_path / "new")


# Safetensors, against its library


def test_our_bytes_are_the_librarys(tmp_path):
    tensors = {
        f"t/{name}/é": np.arange(5).astype(name)
        for name in ("bool", "int8", "uint8", "int16", "uint16", "float16")
    }
    wide = ("int32", "uint32", "float32", "complex64", "int64", "uint64", "float64")
    tensors |= {f"u\n{name}": np.arange(4).astype(name) for name in wide}
    tensors |= {name: np.arange(3).astype(getattr(ml_dtypes, name)) for name in FLOATS}
    tensors |= {"empty": np.empty((0, 3)), "scalar": np.array(1.5)}
    save_file(tensors, tmp_path / "theirs", metadata={"format": "np"})
    safetensors.write(str(tmp_path / "ours"), tensors, metadata={"format": "np"})
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


FLOATS = ("bfloat16", "float8_e5m2", "float8_e4m3fn")


def test_metadata_is_what_the_library_reads(source, tmp_path):
    target = tmp_path / "new.safetensors"
    said = {"format": "pt", "é": '"\n'}
    fastckpt.convert(source, target, drop=["words"], metadata=said)
    with safe_open(target, framework="np") as file:
        assert file.metadata() == said
    with pytest.raises(TypeError, match="metadata maps str to str, not 'a' to 1"):
        fastckpt.convert(source, target, drop=["words"], metadata={"a": 1})


def test_a_file_that_the_library_refuses_does_not_get_its_name(tmp_path, monkeypatch):
    monkeypatch.setitem(safetensors._HELD, "float32", "F999")
    with pytest.raises(ValueError, match="safetensors: "):
        safetensors.write(str(tmp_path / "t"), {"w": np.ones(3, np.float32)})
    assert list(tmp_path.iterdir()) == []


# Chunks


@pytest.mark.parametrize("item", ["sliced", "every_dtype", "v1_sliced"])
def test_chunks_are_the_values_of_what_tensorflow_wrote(item, tmp_path, small_chunks):
    with fastckpt.open(GOLDEN / item) as checkpoint:
        held = {
            it.name: it
            for it in checkpoint.infos()
            if it.dtype is not None and it.dtype != object
        }
        reader = chunks.ChunkReader(checkpoint)
        for name, info in held.items():
            pieces = [chunk.copy() for chunk in reader.chunked(info).make()]
            found = b"".join(map(chunks.bytes_of, pieces))
            assert found == checkpoint.read(name).tobytes()
            assert max(piece.nbytes for piece in pieces) <= 16
            assert len(pieces) > 1 or len(found) <= 16


def test_a_tensor_that_changes_while_it_is_read_is_noticed(
    source, tmp_path, small_chunks
):
    with fastckpt.open(source, io="read") as checkpoint:
        reader = chunks.ChunkReader(checkpoint)
        pieces = reader.chunked(checkpoint.info("b/kernel")).make()
        next(pieces)
        data = tmp_path / "old.data-00000-of-00001"
        content = bytearray(data.read_bytes())
        with open(data, "r+b") as file:
            file.write(bytes(len(content)))
        with pytest.raises(fastckpt.CorruptionError, match="b/kernel"):
            list(pieces)


PEAK = r"""
import re, sys
import fastckpt

def peak():  # in MiB; getrusage counts the process that began this one, too
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s*([0-9]+)", status.read())[1]) >> 10

small, new, large, target, dtype = sys.argv[1:]
fastckpt.convert(small, new, dtype=dtype, threads=2)  # which imports what it needs
before = peak()
fastckpt.convert(large, target, dtype=dtype, threads=2, fsync=False)
print(peak() - before)
"""


@pytest.mark.skipif(not IS_MEASURABLE, reason="memory cannot be measured here")
@pytest.mark.parametrize(
    ("name", "dtype", "most_mib"),
    [
        ("new.safetensors", "bfloat16", 48),
        ("new.npz", "float16", 48),
        ("new", "bfloat16", 48 + 48),  # the tensor in its new dtype, 48 MiB, is held
    ],
)
def test_memory_stays_flat_when_one_large_tensor_is_cast(
    name, dtype, most_mib, tmp_path
):
    fastckpt.save(tmp_path / "small", {"w": np.ones(8, np.float32)})
    rows = np.arange(96 << 18, dtype=np.float32).reshape(-1, 1024) % 1000
    fastckpt.save(tmp_path / "large", {"w": rows}, fsync=False)
    places = ["small", f"warm-{name}", "large", name]
    done = children.run(
        [sys.executable, "-c", PEAK, *(str(tmp_path / it) for it in places), dtype],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < most_mib
    found = read(tmp_path / name)["w"]
    np.testing.assert_array_equal(found[::97], rows[::97].astype(found.dtype))
    shutil.rmtree(tmp_path)


# What the header says


@pytest.fixture
def with_metadata(tmp_path):
    pytest.importorskip("safetensors")
    fastckpt.save(tmp_path / "m", NUMBERS)
    texts = {"format": "pt", "who": "é"}
    fastckpt.convert(tmp_path / "m", tmp_path / "m.safetensors", metadata=texts)
    return tmp_path / "m.safetensors"


def metadata_of(path):
    safetensors = pytest.importorskip("safetensors")
    with safetensors.safe_open(path, framework="np") as file:
        return file.metadata()


def test_texts_of_the_header_go_from_file_to_file(with_metadata, tmp_path):
    to = tmp_path / "new.safetensors"
    done = fastckpt.convert(with_metadata, to, dtype="float64")
    assert metadata_of(to) == {"format": "pt", "who": "é"}
    assert done.lost_metadata == {}
    fastckpt.convert(with_metadata, to, metadata={"format": "np"})
    assert metadata_of(to) == {"format": "np"}


@pytest.mark.parametrize("kind", ["v1", "v2", "npz"])
def test_texts_that_have_no_place_are_told(kind, with_metadata, tmp_path):
    to = tmp_path / ("new.npz" if kind == "npz" else "new")
    done = fastckpt.convert(with_metadata, to, kind)
    assert done.lost_metadata == {"format": "pt", "who": "é"}


def test_the_object_graph_takes_no_value(tmp_path):
    source = GOLDEN / "objects"
    with pytest.raises(ValueError, match=r"is the object graph, .* takes no value"):
        fastckpt.convert(source, tmp_path / "new", values={GRAPH: b"junk"})
    assert not list(tmp_path.iterdir())
