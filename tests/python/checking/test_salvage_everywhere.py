"""fastckpt.salvage on damage at every position, and thousands of times at random.

What TensorFlow wrote is damaged in its index, its data or both. No value that is saved
was not in the files, nothing that is said to be proved is another's, and the source is
as it was. `-m slow` runs it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import fastckpt
from fastckpt.objects.message import GRAPH_KEY
from places import GOLDEN, TESTDATA

pytestmark = pytest.mark.slow

MOST_BYTES = 400_000
NAMES = ["merged", "objects", "odd_names", "one_tensor", "sliced", "string_tensors"]

Values = dict[str, tuple[str, tuple[int, ...], object]]


class Written(NamedTuple):
    """What TensorFlow wrote: its name, its files by name, what they say."""

    name: str
    files: dict[str, bytes]
    values: Values

    @property
    def index(self) -> str:
        return f"{self.name}.index"


def values_of(prefix: Path) -> Values:
    with fastckpt.open(prefix, io="read") as opened:
        return {
            name: (opened.info(name).tf_dtype, value.shape, _content(value))
            for name, value in opened.load().items()
        }


def _content(value: np.ndarray) -> object:
    return tuple(value.ravel()) if value.dtype == object else value.tobytes()


def read(prefix: Path) -> Written:
    paths = [prefix.with_name(f"{prefix.name}.index")]
    paths += sorted(prefix.parent.glob(f"{prefix.name}.data-*"))
    files = {path.name: path.read_bytes() for path in paths}
    return Written(prefix.name, files, values_of(prefix))


def list_written() -> list[Written]:
    """Every V2 checkpoint of TensorFlow's that is small, golden ones and others'."""
    indexes = [*GOLDEN.rglob("*.index"), *TESTDATA.glob("*/*.index")]
    prefixes = [it.with_suffix("") for it in indexes if it.parent.name != "variant"]
    found = [read(prefix) for prefix in sorted(prefixes)]
    return [
        it
        for it in found
        if it.values and sum(map(len, it.files.values())) < MOST_BYTES
    ]


class Bench:
    """A folder in which checkpoints are damaged and salvaged."""

    def __init__(self, folder: Path) -> None:
        self._source = folder / "in"
        self._source.mkdir()
        self._to = folder / "to"

    def salvage(self, name: str, files: dict[str, bytes]):
        """Gives the report and the values that were saved; None: nothing was."""
        for path in self._source.iterdir():
            path.unlink()
        for each, content in files.items():
            (self._source / each).write_bytes(content)
        try:
            report = fastckpt.salvage(self._source / name, self._to, fsync=False)
        except (fastckpt.CheckpointError, FileNotFoundError):
            assert not list(self._to.parent.glob("to*"))
            return None
        finally:
            left = {it.name: it.read_bytes() for it in self._source.iterdir()}
            assert left == files
        saved = values_of(self._to)
        for path in self._to.parent.glob("to*"):
            path.unlink()
        return report, saved


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path)


def golden(name: str) -> Written:
    (index,) = sorted((GOLDEN / name).glob("*.index"))[:1]
    return read(index.with_suffix(""))


def check(report, saved: Values, written: Written) -> None:
    """Asserts that nothing is saved that was not there, nor said that is not so."""
    assert set(report.saved) == set(saved)
    assert set(report.saved).isdisjoint(report.lost)
    contents = {value[2] for value in written.values.values()}
    for name, value in saved.items():
        doubt = report.unproved.get(name, "")
        if name == GRAPH_KEY or "order" in doubt:
            continue
        if not doubt:
            assert value == written.values[name], name
        elif not doubt.startswith("name"):
            assert value[2] == written.values[name][2], name
        elif value[2] not in contents:
            # A slice whose name is damaged may pass for a tensor of its own.
            parts = value[2] if isinstance(value[2], tuple) else [value[2]]
            assert all(any(it in f for f in written.files.values()) for it in parts)
    if report.is_whole:
        assert set(saved) | set(report.lost) == set(written.values)
    if report.ok:
        assert set(saved) == set(written.values)


@pytest.mark.parametrize("name", NAMES)
def test_one_bit_of_every_byte_of_an_index_is_flipped_back(name, bench):
    written = golden(name)
    content = written.files[written.index]
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        files = {**written.files, written.index: bytes(damaged)}
        report, saved = bench.salvage(written.name, files)
        assert (report.ok, report.lost, report.unproved) == (True, [], {}), place
        assert saved == written.values, place


@pytest.mark.parametrize("name", NAMES)
def test_an_index_that_is_cut_anywhere_gives_what_is_before(name, bench):
    written = golden(name)
    content = written.files[written.index]
    count = 0
    for size in range(0, len(content), 1 + len(content) // 200):
        found = bench.salvage(
            written.name, {**written.files, written.index: content[:size]}
        )
        if found is not None:
            check(*found, written)
            count += 1
    assert count > 20


def test_one_byte_of_every_place_of_data_loses_the_tensor_there_alone(bench):
    written = golden("objects")
    (data,) = (name for name in written.files if name != written.index)
    for place in range(0, len(written.files[data]), 3):
        damaged = bytearray(written.files[data])
        damaged[place] ^= 0x55
        report, saved = bench.salvage(
            written.name, {**written.files, data: bytes(damaged)}
        )
        check(report, saved, written)
        assert len(report.lost) == 1, place
        assert report.unproved == {}


def _damage(content: bytes, kind: str, generator: random.Random) -> bytes:
    damaged, size = bytearray(content), len(content)
    place, length = generator.randrange(size), generator.choice([1, 4, 16, 64, 512])
    if kind.startswith("bits"):
        for _ in range(int(kind[4:])):
            bit = generator.randrange(8 * size)
            damaged[bit // 8] ^= 1 << bit % 8
    elif kind == "letter":  # of a name, more often than not
        places = [i for i, byte in enumerate(content) if 0x2D <= byte < 0x7B]
        if places:
            damaged[generator.choice(places)] = generator.choice(b"abekrsw0123_/.")
    elif kind == "byte":
        damaged[place] = generator.randrange(256)
    elif kind == "cut":
        del damaged[place:]
    elif kind == "zeros":
        damaged[place : place + length] = bytes(len(damaged[place : place + length]))
    elif kind == "noise":
        damaged[place : place + length] = generator.randbytes(length)
    elif kind == "more":
        damaged[place:place] = generator.randbytes(1 + length % 5)
    elif kind == "less":
        del damaged[place : place + 1 + length % 5]
    elif kind == "twice":
        damaged[place:place] = damaged[place : place + length]
    elif kind == "moved":
        to = generator.randrange(size)
        damaged[to : to + length] = damaged[place : place + length]
    return bytes(damaged)


KINDS = [
    *("bits1", "bits2", "bits3", "letter", "letter", "byte", "cut", "zeros", "noise"),
    *("more", "less", "twice", "moved"),
]


def _damage_some(
    files: dict[str, bytes], index: str, generator: random.Random
) -> dict[str, bytes]:
    """Damages the index, and of three times once a data file, too, or loses it."""
    damaged = dict(files)
    damaged[index] = _damage(files[index], generator.choice(KINDS), generator)
    data = [name for name, content in files.items() if name != index and content]
    if data and generator.random() < 1 / 3:
        name = generator.choice(data)
        damaged[name] = _damage(files[name], generator.choice(KINDS), generator)
        if generator.random() < 1 / 4:
            del damaged[name]
    return damaged


@pytest.mark.parametrize("seed", range(4))
def test_no_damage_at_random_yields_what_was_not_there(seed, bench):
    generator = random.Random(seed)
    everything, saved = list_written(), 0
    assert len(everything) > 15
    for _ in range(700):
        written = generator.choice(everything)
        files = _damage_some(written.files, written.index, generator)
        found = bench.salvage(written.name, files)
        if found is not None:
            check(*found, written)
            saved += 1
    assert saved > 400


def _list_v1() -> Iterator[Written]:
    for path in (*sorted(GOLDEN.rglob("*")), *sorted(TESTDATA.rglob("*"))):
        if path.is_file() and path.stat().st_size < MOST_BYTES:
            try:
                with fastckpt.open(path, io="read") as opened:
                    is_v1 = opened.format == "v1" and opened.path == str(path)
            except (fastckpt.CheckpointError, OSError):
                continue
            if is_v1:
                yield Written(
                    path.name, {path.name: path.read_bytes()}, values_of(path)
                )


def test_no_damage_of_v1_yields_what_was_not_there(bench):
    generator = random.Random(5)
    everything, saved = list(_list_v1()), 0
    assert everything
    for _ in range(600):
        written = generator.choice(everything)
        ((name, content),) = written.files.items()
        damaged = _damage(content, generator.choice(KINDS), generator)
        found = bench.salvage(name, {name: damaged})
        if found is not None:
            check(*found, written)
            saved += 1
    assert saved > 60
