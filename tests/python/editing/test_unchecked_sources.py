"""Checkpoints opened without checks, whose damage no call writes on.

It would get a checksum that fits, and nobody would ever find it again.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import fastckpt
from changed_source_child import FROZEN, freeze
from damage import change_byte

WIDE = {
    "a": np.full(300_000, 2.0, np.float32),
    "b": np.full(300_000, 3.0, np.float32),
    "words": [b"some words"] * 9,
}
DATA = "old.data-00000-of-00001"


def rewrite(**options):
    return lambda source, target: fastckpt.rewrite(source, target, **options)


def convert(**options):
    return lambda source, target: fastckpt.convert(source, target, **options)


def save(**options):
    return lambda source, target: fastckpt.save(target, source, **options)


NUMBERS = {"drop": ["words"]}
VERBS = {
    "rewrite": rewrite(),
    "rewrite to V1": rewrite(format="v1"),
    "rewrite in another type": rewrite(dtype="float64"),
    "rewrite under another name": rewrite(rename={"a": "c"}, format="v1"),
    "convert": convert(),
    "convert to V1": convert(format="v1"),
    "convert in another type": convert(dtype="float16"),
    "convert to npz": convert(format="npz", **NUMBERS),
    "convert to npz in another type": convert(format="npz", dtype="float16", **NUMBERS),
    "convert to safetensors": convert(format="safetensors", **NUMBERS),
    "average": lambda source, target: fastckpt.average([source], target),
    "average of two": lambda source, target: fastckpt.average(
        [source, fastckpt.open(twin(source))], target
    ),
    "strip": lambda source, target: fastckpt.strip(source, target),
    "merge": lambda source, target: fastckpt.merge([source], target, shards=2),
    "merge and delete": lambda source, target: fastckpt.merge(
        [source], target, delete_sources=True
    ),
    "save": save(),
    "save as V1": save(format="v1"),
    "Saver": lambda source, target: fastckpt.Saver().save(target, source),
    "Saver of names": lambda source, target: fastckpt.Saver(list(source)).save(
        target, source
    ),
}


def twin(source):
    prefix = f"{source.path}-twin"
    fastckpt.save(prefix, WIDE)
    return prefix


def damage(file, part):
    at = file.read_bytes().index(part)
    change_byte(file, at + 6)


def assert_refused(verb, source, folder):
    target = folder / "out" / "new"
    with (
        fastckpt.open(source, verify=False) as opened,
        pytest.raises(fastckpt.CorruptionError),
    ):
        verb(opened, target)
    left = [path for path in folder.glob("out/*") if path.name != "checkpoint"]
    assert left == []


PARTS = {"numbers": np.full(8, 3, np.float32).tobytes(), "strings": b"some words"}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_damage_is_not_written_on(verb, io, tmp_path):
    fastckpt.save(tmp_path / "old", WIDE)
    damage(tmp_path / DATA, PARTS["numbers"])
    with (
        fastckpt.open(tmp_path / "old", verify=False, io=io) as opened,
        pytest.raises(fastckpt.CorruptionError, match="'b'"),
    ):
        VERBS[verb](opened, tmp_path / "out" / "new")
    assert not list(tmp_path.glob("out/new*"))


@pytest.mark.parametrize(
    "verb", [verb for verb in VERBS if "npz" not in verb and "safetensors" not in verb]
)
def test_damaged_strings_are_not_written_on(verb, tmp_path):
    fastckpt.save(tmp_path / "old", WIDE)
    damage(tmp_path / DATA, PARTS["strings"])
    assert_refused(VERBS[verb], tmp_path / "old", tmp_path)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if "merge" not in verb])
def test_a_damaged_block_of_v1_is_not_written_on(verb, tmp_path):
    fastckpt.save(tmp_path / "old", WIDE, format="v1")
    damage(tmp_path / "old", PARTS["numbers"])
    assert_refused(VERBS[verb], tmp_path / "old", tmp_path)


@pytest.mark.parametrize(
    "verb", ["rewrite to V1", "convert in another type", "average", "save", "Saver"]
)
def test_a_damaged_slice_is_not_written_on(verb, tmp_path):
    with fastckpt.Writer(tmp_path / "old") as writer:
        for begin in (0, 100):
            part = np.full((100, 4), 3, np.float32)
            writer.add_slice("s", part, (200, 4), (begin, 0))
    damage(tmp_path / DATA, PARTS["numbers"])
    assert_refused(VERBS[verb], tmp_path / "old", tmp_path)


def test_damage_is_not_frozen(tmp_path):
    pytest.importorskip("google.protobuf")
    values = {name: np.full(300_000, 3, np.float32) for name in FROZEN}
    fastckpt.save(tmp_path / "old", values)
    damage(tmp_path / DATA, PARTS["numbers"])

    def verb(source, target):
        target.parent.mkdir()
        freeze(source, target, None)

    assert_refused(verb, tmp_path / "old", tmp_path)


@pytest.mark.parametrize(
    "verb",
    [
        lambda source, target: fastckpt.strip(source, target),
        lambda source, target: fastckpt.rewrite(source, target, drop=["a"]),
        lambda source, target: fastckpt.convert(source, target, names="objects"),
    ],
)
def test_a_damaged_object_graph_fits_nothing(verb, tmp_path):
    key = "_CHECKPOINTABLE_OBJECT_GRAPH"
    graph = np.array(b"\x0a\x08\x0a\x06\x08\x00\x12\x02me", object)
    fastckpt.save(tmp_path / "old", {"a": np.zeros(2), "b": np.ones(2), key: graph})
    damage(tmp_path / DATA, graph[()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_refused(verb, tmp_path / "old", tmp_path)


def test_what_is_not_written_is_seen_as_it_was_opened(tmp_path):
    fastckpt.save(tmp_path / "old", WIDE)
    damage(tmp_path / DATA, PARTS["numbers"])
    with fastckpt.open(tmp_path / "old", verify=False) as opened:
        assert opened.read("b").shape == (300_000,)
        assert opened["b"].shape == (300_000,)
        assert fastckpt.statistics(opened)["a"].max == 2


def test_a_tensor_that_is_set_anew_needs_no_check_of_the_old(tmp_path):
    fastckpt.save(tmp_path / "old", WIDE)
    damage(tmp_path / DATA, PARTS["numbers"])
    with fastckpt.open(tmp_path / "old", verify=False) as opened:
        fastckpt.convert(opened, tmp_path / "new", values={"b": WIDE["b"]})
    assert fastckpt.open(tmp_path / "new").verify().ok
