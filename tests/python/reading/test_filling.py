"""Arrays of the caller are as they were where a checkpoint cannot be read whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from damage import change_byte

TENSORS = {
    "a": np.arange(300_000, dtype=np.int32),
    "b": np.arange(1000, dtype=np.int32).reshape(40, 25).T,
    "s": np.array([b"one", b"two"], object),
    "z": np.arange(300_000, dtype=np.float32),
}
Arrays = dict[str, np.ndarray]


def untouched() -> Arrays:
    return {name: np.full_like(it, 7) for name, it in TENSORS.items()}


def assert_untouched(out: Arrays) -> None:
    for array in out.values():
        assert (array == 7).all()


def restore(prefix: Path, out: Arrays) -> None:
    fastckpt.Saver().restore(prefix, out)


def load(prefix: Path, out: Arrays) -> None:
    fastckpt.load(prefix, out=out)


def load_by_reads(prefix: Path, out: Arrays) -> None:
    fastckpt.load(prefix, out=out, io="read")


def read_many(prefix: Path, out: Arrays) -> None:
    with fastckpt.open(prefix) as ckpt:
        ckpt.read_many([(name, None, array) for name, array in out.items()])


def read(prefix: Path, out: Arrays) -> None:
    with fastckpt.open(prefix) as ckpt:
        ckpt.read("z", out=out["z"])


WAYS = [restore, load, load_by_reads, read_many, read]
Way = Callable[[Path, Arrays], None]


def place_of(prefix: Path, name: str) -> tuple[Path, int, int]:
    """Gives the file, the offset and the size of a tensor's bytes."""
    with fastckpt.open(prefix) as ckpt:
        file, offset, size = ckpt.byte_runs(name)[0]
    return Path(file), offset, size


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("format", ["v1", "v2"])
def test_damage_at_the_end_leaves_every_array_as_it_was(tmp_path, format, way: Way):
    floats = {name: it for name, it in TENSORS.items() if format == "v2" or name == "z"}
    fastckpt.save(tmp_path / "m", floats, format=format)
    file, offset, size = place_of(tmp_path / "m", "z")
    change_byte(file, offset + size - 1)
    out = {name: untouched()[name] for name in floats}
    with pytest.raises(fastckpt.CorruptionError):
        way(tmp_path / "m", out)
    assert_untouched(out)


@pytest.mark.parametrize("way", WAYS[:-1])
def test_a_damaged_string_leaves_numbers_as_they_were(tmp_path, way: Way):
    fastckpt.save(tmp_path / "m", TENSORS)
    with fastckpt.open(tmp_path / "m") as ckpt:
        info = ckpt.info("s")
    change_byte(tmp_path / "m.data-00000-of-00001", info.offset + info.nbytes - 1)
    out = untouched()
    with pytest.raises(fastckpt.CorruptionError, match="'s'"):
        way(tmp_path / "m", out)
    assert_untouched(out)


@pytest.mark.parametrize("way", WAYS[:-1])
def test_a_missing_shard_leaves_the_others_arrays_as_they_were(tmp_path, way: Way):
    fastckpt.save(tmp_path / "m", TENSORS, shards=2)
    file, _, _ = place_of(tmp_path / "m", "z")
    file.unlink()
    out = untouched()
    with pytest.raises(FileNotFoundError):
        way(tmp_path / "m", out)
    assert_untouched(out)


def test_a_damaged_slice_leaves_the_array_as_it_was(tmp_path):
    with fastckpt.Writer(tmp_path / "m") as writer:
        for begin in (0, 2):
            part = np.zeros((2, 100_000), np.float32)
            writer.add_slice("w", part, (4, 100_000), (begin, 0))
    with (tmp_path / "m.data-00000-of-00001").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\1")
    out = np.full((4, 100_000), 7, np.float32)
    with pytest.raises(fastckpt.CorruptionError):
        fastckpt.load(tmp_path / "m", out={"w": out})
    assert (out == 7).all()


def test_a_check_before_a_copy_counts_to_one_end(tmp_path):
    fastckpt.save(tmp_path / "m", TENSORS)
    seen = []
    with fastckpt.open(tmp_path / "m") as ckpt:
        ckpt.load(out=untouched(), progress=lambda *it: seen.append(it))
    assert seen[-1][0] == seen[-1][1]
    assert all(done <= total for done, total in seen)


OVERLAPS = (
    np.lib.stride_tricks.as_strided(np.zeros(4), (3, 4), (0, 8)),
    np.lib.stride_tricks.as_strided(np.zeros(6), (3, 4), (8, 8)),
    np.lib.stride_tricks.as_strided(np.zeros(6), (3, 4), (8, 8))[:, ::-1],
)


@pytest.mark.parametrize("out", OVERLAPS)
def test_an_array_whose_elements_share_a_place_is_refused(out, tmp_path):
    fastckpt.save(tmp_path / "m", {"t": np.arange(12.0).reshape(3, 4)})
    with fastckpt.open(tmp_path / "m") as ckpt:
        for fill in (
            lambda: ckpt.load(out={"t": out}),
            lambda: ckpt.load(out={"t": out.view(np.int64).view("f8")}, dtype="f8"),
            lambda: ckpt.read("t", out=out),
            lambda: ckpt.read("t", [0, 1, 2], out=out),
            lambda: ckpt.read_many([("t", None, out)]),
        ):
            with pytest.raises(ValueError, match="several elements in one place"):
                fill()
    assert not out.any()


def test_an_array_with_gaps_and_turns_is_filled(tmp_path):
    values = np.arange(12.0).reshape(3, 4)
    fastckpt.save(tmp_path / "m", {"t": values})
    for out in (
        np.zeros((4, 3)).T,
        np.zeros((6, 8))[::2, ::-2],
        np.zeros((3, 4))[::-1],
    ):
        fastckpt.load(tmp_path / "m", out={"t": out})
        assert np.array_equal(out, values)
