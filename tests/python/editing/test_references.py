"""References are made to what is sound and can be referred to, or not at all."""

from __future__ import annotations

import os

import ml_dtypes
import numpy as np
import pytest

import fastckpt
import kerchunk_reader
from bundle_maker import BundleMaker
from command_line import run, run_json
from fastckpt.editing import references
from kerchunk_cases import TENSORS, assert_same, convert, is_held
from places import GOLDEN, TESTDATA
from v1_maker import V1Maker
from wire_maker import shape

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


@pytest.fixture
def source(tmp_path):
    fastckpt.save(tmp_path / "m", TENSORS, shards=2)
    return tmp_path / "m"


# What is refused


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(2, ml_dtypes.bfloat16), r"does not hold bfloat16: 'w'; leave"),
        (np.zeros(2, ml_dtypes.float8_e5m2), r"does not hold float8_e5m2: 'w'; leave"),
        (np.zeros(2, ml_dtypes.int4), r"does not hold int4: 'w'; leave"),
        (np.array([b"a"], object), "does not hold strings: 'w'; leave"),
    ],
)
def test_what_zarr_2_has_no_type_for_is_named_and_can_be_left_out(
    value, message, tmp_path
):
    fastckpt.save(tmp_path / "m", {"w": value, "b": np.ones(2)})
    with pytest.raises(ValueError, match=message + r" them out \(drop=\['v?w'\]"):
        convert(tmp_path / "m")
    assert not (tmp_path / "m.json").exists()
    assert list(convert(tmp_path / "m", drop=["w"])) == ["b"]


def test_a_resource_is_named_and_can_be_left_out():
    with pytest.raises(fastckpt.UnsupportedError, match="drop="):
        fastckpt.convert(GOLDEN / "variant", "never.json", "kerchunk")
    assert not os.path.exists("never.json")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "float64"}, "nothing is cast on the way: 'dense/kernel"),
        ({"values": {"step": 8}}, "nothing is set anew on the way: 'step'"),
        ({"shards": 2}, "shards is for V2 alone, not for kerchunk"),
        ({"metadata": {}}, "metadata is for safetensors alone, not for kerchunk"),
        ({"rename": {"step": ""}}, "such names: ''"),
        ({"drop": ["*"]}, "nothing would be left"),
    ],
)
def test_what_references_cannot_say_is_refused(options, message, source, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match=message):
        convert(source, **options)
    assert sorted(tmp_path.iterdir()) == before


def test_a_dtype_that_they_have_is_no_cast(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.ones(2, np.float32)})
    assert list(convert(tmp_path / "m", dtype="float32")) == ["w"]


def test_files_of_other_formats_are_told_to_be_converted_first(source, tmp_path):
    fastckpt.convert(source, tmp_path / "m.npz")
    with pytest.raises(ValueError, match="this is a npz file; convert it to V2 first"):
        fastckpt.convert(tmp_path / "m.npz", tmp_path / "refs.json", "kerchunk")


def test_the_ending_json_alone_says_nothing(source, tmp_path):
    with pytest.raises(ValueError, match="--format kerchunk' writes references"):
        fastckpt.convert(source, tmp_path / "refs.json")


def test_references_take_no_file_of_a_checkpoint(source, tmp_path):
    for name in ("m.index", "m.data-00000-of-00002", "m"):
        with pytest.raises(ValueError, match=r"checkpoint|file of the source"):
            fastckpt.convert(source, tmp_path / name, "kerchunk")
    with fastckpt.open(source) as ckpt:
        assert ckpt.verify().ok


def test_the_object_graph_is_left_out_and_said_once(tmp_path):
    found = TESTDATA / "tract-keras-lstm"
    if not found.exists():
        pytest.skip("the shared test data is not here")
    with fastckpt.open(found) as ckpt:
        strings = [it.name for it in ckpt.infos() if it.dtype == object]
        others = [it for it in strings if it != GRAPH]
        with pytest.warns(UserWarning, match="left out of the references") as seen:
            fastckpt.convert(ckpt, tmp_path / "r.json", "kerchunk", drop=others)
        assert len(seen) == 1
        fastckpt.convert(ckpt, tmp_path / "r.json", "kerchunk", drop=strings)
        expected = ckpt.load(drop=strings)
    assert_same(kerchunk_reader.read(tmp_path / "r.json"), expected)
    names = fastckpt.open(found).objects.names()
    with pytest.warns(UserWarning, match="names no values by their paths"):
        fastckpt.convert(
            found, tmp_path / "r.json", "kerchunk", names="objects", drop=others
        )
    assert set(kerchunk_reader.read(tmp_path / "r.json")) >= {
        path for path, key in names.items() if key in expected
    }


# V1


def write_v1(folder, tensors, **options):
    maker = V1Maker()
    for name, value in tensors.items():
        maker.add(name, value, **options)
    (folder / "m").write_bytes(maker.file())
    return folder / "m"


def test_packed_fields_of_v1_are_referred_to_in_their_file(tmp_path):
    packed = {
        "floats": np.arange(6, dtype=np.float32).reshape(2, 3),
        "doubles": np.arange(3.0),
        "waves": TENSORS["waves"],
    }
    assert_same(convert(write_v1(tmp_path, packed)), packed)
    refs = kerchunk_reader.refs_of(tmp_path / "m.json")
    assert refs["floats/0.0"][0] == f"file://{tmp_path / 'm'}"


def test_what_v1_packs_otherwise_is_named_and_can_be_left_out(tmp_path):
    tensors = {"w": np.arange(3.0), "step": np.array(300), "ids": np.arange(400)}
    source = write_v1(tmp_path, tensors)
    with pytest.raises(fastckpt.UnsupportedError, match=r"to 'ids', 'step': ") as told:
        convert(source)
    assert "drop=['ids', 'step']" in str(told.value)
    assert list(convert(source, drop=["step", "ids"])) == ["w"]


@pytest.mark.parametrize("name", ["v1_dtypes", "v1_sliced", "v1_sharded"])
@pytest.mark.filterwarnings("ignore:kerchunk has no quantized types")
def test_golden_files_of_v1_are_referred_to_as_far_as_they_go(name, tmp_path):
    with fastckpt.open(GOLDEN / name) as ckpt:
        plain = {it.name for it in ckpt.infos() if is_plain(ckpt, it)}
        assert plain
        drop = set(ckpt) - plain
        fastckpt.convert(ckpt, tmp_path / "refs", "kerchunk", drop=drop)
        assert_same(
            kerchunk_reader.read(tmp_path / "refs"), ckpt.load(plain, copy=True)
        )


def is_plain(ckpt, info):
    """Whether a tensor's stored bytes are an array's that Zarr has a type for."""
    if info.dtype is None or not is_held(info.dtype):
        return False
    try:
        return bool(ckpt.byte_runs(info.name)) or 0 in info.shape
    except fastckpt.UnsupportedError:
        return False


# Checks


@pytest.mark.parametrize("length", [1 << 40, (1 << 61) - 1, (1 << 31) - 1])
def test_lengths_that_an_index_makes_up_are_found_out(length, tmp_path):
    maker = BundleMaker()
    for number in range(20):
        maker.add(
            f"w{number}", np.zeros(4, np.uint8), shape=shape((length,)), size=length
        )
    with pytest.raises(fastckpt.CorruptionError, match="w"):
        convert(maker.write(tmp_path))
    assert not (tmp_path / "model.json").exists()


def test_a_checkpoint_that_is_replaced_meanwhile_is_not_referred_to(source):
    with fastckpt.open(source) as ckpt:
        fastckpt.save(source, TENSORS | {"step": np.array(8)}, shards=2)
        with pytest.raises(fastckpt.CorruptionError, match="was replaced"):
            convert(ckpt)


def test_an_index_that_is_replaced_during_the_check_is_found(source, monkeypatch):
    place = references.kerchunk.place

    def replace_and_place(*arguments):
        fastckpt.save(source, TENSORS | {"step": np.array(8)}, shards=2)
        return place(*arguments)

    monkeypatch.setattr(references.kerchunk, "place", replace_and_place)
    with pytest.raises(fastckpt.CorruptionError, match="was replaced"):
        convert(source)


def damage(path, at=20):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_damage_is_found_before_anything_is_written(tmp_path):
    fastckpt.save(tmp_path / "m", {"a": np.arange(9.0), "b": np.ones(3)})
    damage(tmp_path / "m.data-00000-of-00001")
    (tmp_path / "m.json").write_text("kept")
    for verify in (None, "whole", False):
        with (
            fastckpt.open(tmp_path / "m", verify=verify) as ckpt,
            pytest.raises(fastckpt.CorruptionError, match="'a'"),
        ):
            fastckpt.convert(ckpt, tmp_path / "m.json", "kerchunk")
    assert (tmp_path / "m.json").read_text() == "kept"
    assert list(convert(tmp_path / "m", drop=["a"])) == ["b"]


def test_a_file_that_is_not_there_matters_to_those_who_refer_to_it(source, tmp_path):
    with fastckpt.open(source) as ckpt:
        gone = [it.name for it in ckpt.infos() if it.shard == 0]
    (tmp_path / "m.data-00000-of-00002").unlink()
    with pytest.raises(FileNotFoundError):
        convert(source)
    assert set(convert(source, drop=gone)) == set(TENSORS) - set(gone)


def test_a_partition_that_is_damaged_is_found(tmp_path):
    maker = BundleMaker()
    table = np.arange(40, dtype=np.float32).reshape(10, 4)
    maker.add_sliced("emb", table, [[(0, 5), None], [(5, 5), None]])
    source = maker.write(tmp_path)
    damage(tmp_path / "model.data-00000-of-00001", 100)
    with pytest.raises(fastckpt.CorruptionError, match="emb"):
        convert(source)


def test_progress_ends_with_everything_done(source):
    seen = []
    convert(source, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 0


# The command


def test_the_command_writes_references(source, tmp_path, capsys):
    target = tmp_path / "refs.json"
    status, told = run_json(capsys, "convert", source, target, "--format", "kerchunk")
    assert (status, told["format"], told["path"]) == (0, "kerchunk", str(target))
    assert told["total"]["tensors"] == len(TENSORS)
    assert_same(kerchunk_reader.read(target), TENSORS)
    done = run(capsys, "convert", source, target, "--format", "kerchunk")
    assert done.out.startswith(f"wrote {target} (kerchunk): 9 tensors")


def test_the_command_tells_what_it_leaves_to_others(source, tmp_path, capsys):
    done = run(capsys, "convert", source, tmp_path / "refs.json")
    assert done.status == 2
    assert "--format kerchunk" in done.err
    words = (tmp_path / "refs.h5", "--format", "kerchunk")
    assert run(capsys, "convert", source, *words).status == 2
    assert not list(tmp_path.glob("refs*"))
