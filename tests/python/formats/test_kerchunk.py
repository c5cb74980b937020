"""References to a checkpoint's bytes: where they say that a tensor lies, it lies."""

from __future__ import annotations

import json
import os
import re
from urllib.parse import quote, unquote_to_bytes

import numpy as np
import pytest

import fastckpt
import kerchunk_reader
from bundle_maker import BundleMaker
from fastckpt.formats import kerchunk, zarr_chunks
from kerchunk_cases import NAMES, TENSORS, assert_same, convert, is_held
from places import GOLDEN

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


@pytest.fixture
def source(tmp_path):
    fastckpt.save(tmp_path / "m", TENSORS, shards=2)
    return tmp_path / "m"


def test_every_tensor_lies_where_its_references_say(source):
    assert_same(convert(source), TENSORS)


def test_an_array_has_the_type_and_axes_that_its_tensor_has(source, tmp_path):
    fastckpt.convert(source, tmp_path / "refs.json", "kerchunk")
    refs = kerchunk_reader.refs_of(tmp_path / "refs.json")
    about = json.loads(refs["dense%2Fkernel/.zarray"])
    assert about == {
        "zarr_format": 2,
        "shape": [3, 4],
        "chunks": [3, 4],
        "dtype": "<f4",
        "compressor": None,
        "fill_value": None,
        "order": "C",
        "filters": None,
    }
    assert json.loads(refs["dense%2Fkernel/.zattrs"]) == {
        "_ARRAY_DIMENSIONS": ["dense%2Fkernel:0", "dense%2Fkernel:1"]
    }
    with fastckpt.open(source) as ckpt:
        (place,) = ckpt.layout("dense/kernel").pieces
    url, offset, nbytes = refs["dense%2Fkernel/0.0"]
    assert url == f"file://{place.file}"
    assert (offset, nbytes) == (place.offset, place.nbytes)
    assert json.loads(refs["step/.zarray"])["chunks"] == []
    assert "step/0" in refs
    assert json.loads(refs["empty/.zarray"])["chunks"] == [1, 4]


def test_a_large_tensor_is_cut_into_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(zarr_chunks, "_LARGE", 1000)
    monkeypatch.setattr(zarr_chunks, "_BEST", 500)
    table = np.arange(3000, dtype=np.float32).reshape(100, 30)
    fastckpt.save(tmp_path / "m", {"table": table, "other": table[:3]})
    assert_same(convert(tmp_path / "m"), {"table": table, "other": table[:3]})
    refs = kerchunk_reader.refs_of(tmp_path / "m.json")
    assert json.loads(refs["table/.zarray"])["chunks"] == [4, 30]
    assert "table/24.0" in refs
    assert json.loads(refs["other/.zarray"])["chunks"] == [3, 30]


@pytest.mark.filterwarnings("ignore:kerchunk has no quantized types")
@pytest.mark.parametrize("name", ["every_dtype", "sliced", "odd_names", "merged"])
def test_golden_checkpoints_are_referred_to(name, tmp_path):
    prefix = tmp_path / "refs"
    with fastckpt.open(GOLDEN / name) as ckpt:
        wanted = ckpt.load(drop=[it.name for it in ckpt.infos() if it.problem])
        left_out = {name for name, it in wanted.items() if not is_held(it.dtype)}
        left_out |= set(ckpt) - set(wanted)
        fastckpt.convert(ckpt, prefix, "kerchunk", drop=left_out)
    expected = {name: it for name, it in wanted.items() if name not in left_out}
    assert_same(kerchunk_reader.read(prefix), expected)


def test_an_aligned_and_an_unaligned_tensor_are_alike(tmp_path):
    tensors = {"a": np.array([1], np.int8), "b": np.arange(5, dtype=np.float64)}
    for align in (1, 64):
        fastckpt.save(tmp_path / "m", tensors, align=align)
        assert_same(convert(tmp_path / "m"), tensors)


def test_a_big_endian_checkpoint_has_arrays_of_its_byte_order(tmp_path):
    maker = BundleMaker(big_endian=True)
    tensors = {name: TENSORS[name] for name in ("dense/kernel", "waves", "flags")}
    for name, value in sorted(tensors.items()):
        maker.add(name, value)
    assert_same(convert(maker.write(tmp_path)), tensors)
    refs = kerchunk_reader.refs_of(tmp_path / "model.json")
    assert json.loads(refs["dense%2Fkernel/.zarray"])["dtype"] == ">f4"
    assert json.loads(refs["flags/.zarray"])["dtype"] == "|b1"


def test_partitions_of_many_kinds_are_put_together(tmp_path):
    table = np.arange(60, dtype=np.float32).reshape(10, 6)
    maker = BundleMaker(num_shards=2)
    parts = {
        "columns": [[None, (0, 3)], [None, (3, 3)]],
        "even": [[(0, 5), None], [(5, 5), None]],
        "odd": [[(0, 7), None], [(7, 3), None]],
        "squares": [[(a, 5), (b, 3)] for a in (0, 5) for b in (0, 3)],
        "uneven columns": [[None, (0, 1)], [None, (1, 5)]],
    }
    for name, slices in parts.items():
        shards = [number % 2 for number in range(len(slices))]
        maker.add_sliced(name, table, slices, shards=shards)
    assert_same(convert(maker.write(tmp_path)), dict.fromkeys(parts, table))


def test_partitions_that_no_chunks_fit_are_refused(source, tmp_path, monkeypatch):
    monkeypatch.setattr(zarr_chunks, "_MOST_CHUNKS", 10)
    with fastckpt.Writer(tmp_path / "parts") as writer:
        for begin, end in ((0, 5), (5, 11)):
            part = np.zeros((end - begin, 2), np.float32)
            writer.add_slice("emb", part, full_shape=(11, 2), begin=(begin, 0))
    message = r"of so many different sizes: 'emb'; .*one piece.*drop="
    with pytest.raises(ValueError, match=message):
        convert(tmp_path / "parts")


# Names


def test_any_name_is_escaped_and_found_in_the_map(tmp_path):
    tensors = {name: np.array([n], np.int32) for n, name in enumerate(NAMES)}
    fastckpt.save(tmp_path / "m", tensors)
    assert_same(convert(tmp_path / "m"), tensors)
    refs = kerchunk_reader.refs_of(tmp_path / "m.json")
    names = json.loads(refs[".zattrs"])["tensors"]
    assert len({array.lower() for array in names.values()}) == len(NAMES)
    for name, array in names.items():
        assert re.fullmatch(r"[A-Za-z0-9_~%-][A-Za-z0-9_.~%-]*", array)
        assert unquote_to_bytes(array) == os.fsencode(name)
        if not name.startswith("."):
            assert array == quote(os.fsencode(name), safe="")
    assert kerchunk.escape("..") == "%2E."


def test_a_path_of_any_name_is_told_whole(tmp_path):
    folder = tmp_path / "a b%20::{{x}} #?é\udcff" / "s3:"
    folder.mkdir(parents=True)
    fastckpt.save(folder / "m", {"w": np.arange(3.0)})
    assert_same(convert(folder / "m"), {"w": np.arange(3.0)})


def test_a_relative_source_is_found_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    fastckpt.save("m", TENSORS)
    fastckpt.convert("m", "refs.json", "kerchunk")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert_same(kerchunk_reader.read(tmp_path / "refs.json"), TENSORS)


def test_tensors_are_renamed_and_left_out(source):
    found = convert(source, rename={"step": "a/step"}, drop=["dense/*", "w*"])
    assert sorted(found) == ["a/step", "deep", "empty", "flags", "half"]


# Others


def test_a_password_of_a_url_is_not_written():
    url = "ftp://me:secret@host/m.data-00000-of-00001"
    layout = fastckpt.TensorLayout(
        np.dtype("<f4"), (2,), (fastckpt.TensorPiece(url, 0, 8, (0,), (2,)),)
    )
    with pytest.raises(fastckpt.UnsupportedError, match="storage_options") as told:
        kerchunk.place({"w": layout}, "")
    assert "secret" not in str(told.value)


def test_a_url_is_referred_to_as_it_is(tmp_path):
    url = "s3://bucket/a b/m.data-00000-of-00001"
    layout = fastckpt.TensorLayout(
        np.dtype("<f4"), (2,), (fastckpt.TensorPiece(url, 4, 8, (0,), (2,)),)
    )
    kerchunk.write(str(tmp_path / "r.json"), kerchunk.place({"w": layout}, ""))
    assert kerchunk_reader.refs_of(tmp_path / "r.json")["w/0"] == [url, 4, 8]


def test_the_same_checkpoint_gives_the_same_bytes(source, tmp_path):
    fastckpt.convert(source, tmp_path / "a.json", "kerchunk")
    fastckpt.convert(source, tmp_path / "b.json", "kerchunk")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
