"""What a test of a bad file asks of fastckpt, written once for every family.

Refusing earlier than a rule asks for is right, later never is; and whatever is not
refused must be the exact tensors. Each check opens the files in several ways, for a
rule that holds under one kind of reading only does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker, write_files
from fastckpt import CheckpointError, CorruptionError
from v1_maker import V1Maker

# The four tensors that the files of most cases hold beside what is wrong with them.
GOOD = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3) + 0.5,
    "b": np.array(7, dtype=np.int64),
    "c": np.array([b"ab", b"", b"\xff\0z"], dtype=object),
    "d": np.arange(5, dtype=np.uint16),
}
CHECKED = ({"io": "mmap"}, {"io": "read"})
OPENINGS = (*CHECKED, {"io": "mmap", "verify": False})


def good_bundle() -> BundleMaker:
    """Gives a right bundle of the good tensors, for a test to break."""
    bundle = BundleMaker()
    for name, value in GOOD.items():
        bundle.add(name, value)
    return bundle


def good_v1() -> V1Maker:
    """Gives a right V1 checkpoint of the good tensors, for a test to break."""
    checkpoint = V1Maker()
    for name, value in GOOD.items():
        checkpoint.add(name, value)
    return checkpoint


def assert_same(got: np.ndarray, expected: Any) -> None:
    """Asserts that two arrays have one type, one shape and the same bits."""
    expected = np.asarray(expected)
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    if expected.dtype == object:
        assert all(type(element) is bytes for element in got.flat)
        assert got.tolist() == expected.tolist()
    else:
        assert got.tobytes() == expected.tobytes()


def part(value: np.ndarray, region: Any) -> np.ndarray:
    """Gives a region of an array, always as an array of the same type."""
    got = value[region]
    return got if isinstance(got, np.ndarray) else np.array(got, value.dtype)


def assert_holds(ckpt: fastckpt.Checkpoint, expected: Mapping[str, Any]) -> None:
    """Asserts that a checkpoint holds exactly the expected tensors."""
    assert list(ckpt) == sorted(expected, key=_name_bytes)
    assert [info.name for info in ckpt.infos()] == list(ckpt)
    for name, value in expected.items():
        assert_same(ckpt[name], value)
        assert_same(ckpt.read(name), value)
    for name, value in ckpt.load().items():
        assert_same(value, expected[name])


def _name_bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def ways_to_read(ckpt: fastckpt.Checkpoint, name: str) -> Iterator[Callable[[], Any]]:
    """Gives each way to ask for one tensor."""
    yield lambda: ckpt[name]
    yield lambda: ckpt.read(name)
    yield lambda: ckpt.read(name, region=...)
    yield lambda: ckpt.load({"x": name})
    yield lambda: ckpt.load({"x": name}, copy=True, threads=2)


Files = dict[str, bytes]


def refused_at_open(
    files: Files, folder: Path, errors: Any = CorruptionError, name: str = "model"
) -> None:
    """Asserts that the files cannot be opened, and that the error says which file."""
    write_files(folder, files)
    for how in OPENINGS:
        with pytest.raises(errors) as caught:
            fastckpt.open(folder / name, **how)
        if isinstance(caught.value, CheckpointError):
            assert Path(caught.value.path).name in files
            assert Path(caught.value.path).name in str(caught.value)


def refused_at_read(
    files: Files,
    folder: Path,
    tensor: str = "a",
    errors: Any = CorruptionError,
    *,
    others: Mapping[str, Any] | None = None,
    by_checksum: bool = False,
    may_refuse_open: bool = True,
) -> None:
    """Asserts that one tensor cannot be read, and that the others still can.

    Args:
        files: What lies on the disk.
        folder: Where to put it.
        tensor: The tensor that something is wrong with.
        errors: What reading it raises.
        others: Tensors that stay readable; None: the good ones but for `tensor`.
        by_checksum: Whether only a checksum tells, so that verify=False need not.
        may_refuse_open: Whether the whole checkpoint may be refused instead.
    """
    write_files(folder, files)
    if others is None:
        others = {name: GOOD[name] for name in GOOD if name != tensor}
    for how in CHECKED if by_checksum else OPENINGS:
        try:
            ckpt = fastckpt.open(folder / "model", **how)
        except errors:
            assert may_refuse_open
            continue
        _assert_one_is_refused(ckpt, tensor, errors)
        for name, value in others.items():
            assert_same(ckpt[name], value)


def _assert_one_is_refused(ckpt: fastckpt.Checkpoint, tensor: str, errors: Any) -> None:
    assert tensor in list(ckpt)
    for read in ways_to_read(ckpt, tensor):
        with pytest.raises(errors) as caught:
            read()
        if isinstance(caught.value, CheckpointError):
            assert caught.value.tensor == tensor
    if errors is CorruptionError:
        problems = ckpt.verify().problems
        assert tensor in {problem.tensor for problem in problems}


def accepted(
    files: Files, folder: Path, expected: Mapping[str, Any], name: str = "model"
) -> None:
    """Asserts that the files hold exactly the expected tensors."""
    write_files(folder, files)
    for how in OPENINGS:
        with fastckpt.open(folder / name, **how) as ckpt:
            assert_holds(ckpt, expected)
            assert ckpt.verify().ok


def refused_or_equal(
    files: Files,
    folder: Path,
    expected: Mapping[str, Any],
    errors: Any = CheckpointError,
) -> bool:
    """Asserts that the files are refused or hold exactly the expected tensors.

    Returns:
        Whether they were refused, in the way asked last.
    """
    write_files(folder, files)
    refused = False
    for how in OPENINGS:
        try:
            with fastckpt.open(folder / "model", **how) as ckpt:
                assert_holds(ckpt, expected)
        except errors:
            refused = True
    return refused
