"""Bad inputs: V1 checkpoints, whose records hold the values themselves."""

import numpy as np
import pytest

import fastckpt
from bundle_maker import write_files
from fastckpt import CheckpointError, CorruptionError, UnsupportedError
from hostile_checks import (
    GOOD,
    accepted,
    good_bundle,
    good_v1,
    refused_at_open,
    refused_at_read,
)
from table_maker import make_table
from v1_maker import V1Maker, tensor_meta
from wire_maker import field, shape, slice_spec, version

A = GOOD["a"]
V = np.arange(12, dtype=np.int32).reshape(4, 3) - 5
ROWS = [[(0, 2), None], [(2, 2), None]]
WHOLE = [None, None]


def as_files(checkpoint: V1Maker, **table) -> dict[str, bytes]:
    return {"model": checkpoint.file(**table)}


def with_meta(record: bytes) -> dict[str, bytes]:
    checkpoint = good_v1()
    checkpoint.records[b""] = record
    return as_files(checkpoint)


def with_versions(versions: bytes) -> dict[str, bytes]:
    checkpoint = good_v1()
    checkpoint.versions = versions
    return as_files(checkpoint)


def without_meta() -> dict[str, bytes]:
    return {"model": make_table(sorted(good_v1().records.items()))}


def row(name: bytes, *, dims=(2, 3), dtype: int = 1, slices=(WHOLE,)) -> bytes:
    specs = [slice_spec(extents) for extents in slices]
    return tensor_meta(name, shape(dims), dtype, specs)


def rows(*parts: bytes) -> bytes:
    inner = b"".join(field(1, part) for part in parts)
    return field(1, inner + field(2, version()))


GOOD_META = good_v1().meta_record()
REFUSED = {
    "no meta record": without_meta(),
    "an empty meta record": with_meta(b""),
    "a meta record that is cut": with_meta(GOOD_META[:-3]),
    "a meta record with a field too long": with_meta(field(1, b"\x0a\x7f")),
    "a meta record of text": with_meta(b"no message at all"),
    "one name twice": with_meta(rows(row(b"a"), row(b"a"))),
    "one name twice with other shapes": with_meta(rows(row(b"a"), row(b"a", dims=[6]))),
}
UNSUPPORTED = {
    "the smallest consumer 2": version(2, 2),
    "our version among the bad consumers": version(1, 0, [1]),
    "a negative producer": version(-1),
}


@pytest.mark.parametrize("files", REFUSED.values(), ids=REFUSED)
def test_open_refuses(files, tmp_path):
    refused_at_open(files, tmp_path)


@pytest.mark.parametrize("versions", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_open_does_not_support(versions, tmp_path):
    refused_at_open(with_versions(versions), tmp_path, UnsupportedError)


@pytest.mark.parametrize("versions", [b"", version(0), version(7, 1)])
def test_a_version_is_right(versions, tmp_path):
    accepted(with_versions(versions), tmp_path, GOOD)


def shards(*parts: V1Maker) -> dict[str, bytes]:
    count = len(parts)
    return {
        f"model-{number:05d}-of-{count:05d}": part.file()
        for number, part in enumerate(parts)
    }


def half(number: int, **changes) -> V1Maker:
    """Gives one of two shards, with half of the slices of `v`."""
    checkpoint = V1Maker()
    checkpoint.add("v", V, slices=ROWS[number : number + 1], **changes)
    checkpoint.add("ab"[number], GOOD["ab"[number]])
    return checkpoint


@pytest.mark.parametrize("name", ["model", "model-?????-of-00002"])
def test_shards_are_put_together(name, tmp_path):
    expected = {"a": A, "b": GOOD["b"], "v": V}
    accepted(shards(half(0), half(1)), tmp_path, expected, name)


SHARDS = {
    "another shape in one shard": shards(half(0), half(1, dims=shape([5, 3]))),
    "another dtype in one shard": shards(half(0), half(1, dtype=6)),
    "the same slice in both shards": shards(half(0), half(0)),
}


@pytest.mark.parametrize("files", SHARDS.values(), ids=SHARDS)
def test_a_sharded_tensor_is_refused_with(files, tmp_path):
    refused_at_read(files, tmp_path, "v", others={})


@pytest.mark.parametrize("number", [0, 1])
def test_a_missing_shard_is_no_shorter_list(number, tmp_path):
    files = shards(half(0), half(1))
    del files[f"model-{number:05d}-of-00002"]
    write_files(tmp_path, files)
    with pytest.raises((FileNotFoundError, CorruptionError)):
        fastckpt.open(tmp_path / "model")


@pytest.mark.parametrize(
    "content",
    [good_bundle().files()["model.index"], b"", b"some text\n" * 50, bytes(1000)],
    ids=["a V2 index", "nothing", "text", "zeros"],
)
def test_a_file_that_is_no_v1_checkpoint_is_refused(content, tmp_path):
    refused_at_open({"model": content}, tmp_path, CheckpointError)
