"""fastckpt.salvage: what is another's is not saved, or is said to be unproved."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from fastckpt.checking import rescue
from fastckpt.objects.message import GRAPH_KEY

DATA = ".data-00000-of-00001"
NAME = "name, type and shape"
W = np.arange(6, dtype=np.float32)


def save(prefix: Path, step: int, **more: np.ndarray) -> None:
    w = np.arange(50, dtype=np.float32) + step
    fastckpt.save(prefix, {"b": np.arange(9, dtype=np.float32) * step, "w": w, **more})


def data_of(prefix: Path) -> Path:
    return prefix.with_name(prefix.name + DATA)


def index_of(prefix: Path) -> Path:
    return prefix.with_name(f"{prefix.name}.index")


@pytest.fixture
def prefix(tmp_path) -> Path:
    """Step 300, with step 200 beside."""
    for step in (200, 300):
        save(tmp_path / "in" / f"m-{step}", step)
    return tmp_path / "in" / "m-300"


def test_data_that_the_own_index_refutes_is_read_by_no_other(prefix, tmp_path):
    other = prefix.with_name("m-200")
    data_of(prefix).write_bytes(bytes(data_of(prefix).stat().st_size))
    with pytest.raises(fastckpt.CorruptionError, match="no tensor of it can be saved"):
        fastckpt.salvage(prefix, tmp_path / "to", trust_sibling=other)
    shutil.copy(data_of(other), data_of(prefix))
    with pytest.raises(fastckpt.CorruptionError, match="no tensor of it can be saved"):
        fastckpt.salvage(prefix, tmp_path / "to")
    assert not list(tmp_path.glob("to*"))


def test_an_older_save_set_aside_does_not_pass_for_what_the_index_names(tmp_path):
    folder = tmp_path / "in"
    save(tmp_path / "old" / "m", 1)
    save(folder / "m", 2, new=np.ones(3))
    data_of(folder / "m").write_bytes(b"")
    for path in (tmp_path / "old").iterdir():
        path.rename(folder / f"{path.name}.fastckpt-0123abcd.old")
    report = fastckpt.salvage(folder / "m", tmp_path / "to")
    assert (report.saved, report.lost) == (["b", "w"], ["new"])
    assert not report.is_whole
    assert "of another save" in report.repaired[0]


def test_a_v1_file_does_not_pass_for_what_the_index_names(prefix, tmp_path):
    fastckpt.save(tmp_path / "v1", {"w": np.ones(3)}, format="v1")
    (tmp_path / "v1").rename(prefix)
    data_of(prefix).write_bytes(b"")
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert (report.saved, report.lost, report.ok) == (["w"], ["b"], False)


def test_a_v1_file_is_not_all_where_data_of_its_name_have_no_index(prefix, tmp_path):
    fastckpt.save(tmp_path / "v1", {"w": np.ones(3)}, format="v1")
    (tmp_path / "v1").rename(prefix)
    index_of(prefix).unlink()
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert (report.saved, report.is_whole, report.ok) == (["w"], False, False)
    assert str(data_of(prefix)) in report.repaired[0]


def test_a_trusted_sibling_with_a_damaged_index_is_said_to_be(prefix, tmp_path):
    index_of(prefix).unlink()
    index_of(prefix.with_name("m-200")).write_bytes(bytes(200))
    with pytest.raises(fastckpt.CorruptionError, match="this index is damaged"):
        fastckpt.salvage(prefix, tmp_path / "to", prefix.with_name("m-200"))


def test_a_sibling_of_the_first_part_of_the_data_is_none(prefix, tmp_path):
    part = prefix.with_name("part")
    with fastckpt.open(prefix) as opened:
        first = min(opened.infos(), key=lambda info: info.offset).name
    fastckpt.rewrite(prefix, part, select=[first])
    size = data_of(part).stat().st_size
    assert data_of(prefix).read_bytes()[:size] == data_of(part).read_bytes()
    index_of(prefix).unlink()
    with pytest.raises(fastckpt.CorruptionError, match="no index here"):
        fastckpt.salvage(prefix, tmp_path / "to")


def test_names_of_a_sibling_of_the_same_bytes_are_unproved(prefix, tmp_path):
    copy = prefix.with_name("renamed")
    fastckpt.rewrite(prefix, copy, rename={"w": "x"})
    index_of(prefix).unlink()
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert report.unproved == {"b": NAME, "x": NAME}
    assert not report.ok


def test_bytes_that_are_all_nan_do_not_tell_whose_they_are(tmp_path):
    for name, tensor in (("m", "w"), ("other", "x")):
        fastckpt.save(tmp_path / name, {tensor: np.full(10, np.nan, np.float32)})
    index_of(tmp_path / "m").unlink()
    with pytest.raises(fastckpt.CorruptionError, match="no index here"):
        fastckpt.salvage(tmp_path / "m", tmp_path / "to")


def test_of_siblings_that_differ_the_trusted_one_is_taken(prefix, tmp_path):
    for name in ("x", "y"):
        fastckpt.rewrite(prefix, prefix.with_name(name), rename={"w": name})
    index_of(prefix).unlink()
    report = fastckpt.salvage(prefix, tmp_path / "to", prefix.with_name("y"))
    assert report.unproved == {"b": NAME, "y": NAME}


def test_a_name_that_is_taken_while_it_is_read_is_not_written_over(
    prefix, tmp_path, monkeypatch
):
    class Late(rescue.GraphNames):
        def __init__(self, *args) -> None:
            fastckpt.save(tmp_path / "to", {"precious": np.ones(3)})
            super().__init__(*args)

    monkeypatch.setattr(rescue, "GraphNames", Late)
    with pytest.raises(FileExistsError, match="name that is free"):
        fastckpt.salvage(prefix, tmp_path / "to")
    assert list(fastckpt.load(tmp_path / "to")) == ["precious"]


def test_of_a_folder_numbers_tell_the_newest_whatever_the_times(prefix, tmp_path):
    save(prefix.with_name("m-1000"), 1000)
    index = bytearray(index_of(prefix.with_name("m-1000")).read_bytes())
    index[9] ^= 1
    index_of(prefix.with_name("m-1000")).write_bytes(index)
    for step, name in enumerate(["m-1000", "m-300", "m-200"]):
        for path in prefix.parent.glob(f"{name}.*"):
            os.utime(path, (1e9 + step, 1e9 + step))
    report = fastckpt.salvage(prefix.parent, tmp_path / "to")
    assert report.source == str(prefix.with_name("m-1000"))


@pytest.mark.parametrize("newer", ["model.ckpt-300", "model_template"])
def test_times_of_files_that_only_begin_like_it_are_anothers(newer, tmp_path):
    folder = tmp_path / "in"
    for time, name in enumerate(["model", newer]):
        save(folder / name, 1)
        for path in folder.glob(f"{name}.*"):
            os.utime(path, (1e9 + time, 1e9 + time))
    assert fastckpt.salvage(folder, tmp_path / "to").source == str(folder / newer)


def test_a_newer_checkpoint_that_is_passed_over_is_told(prefix, tmp_path):
    data_of(prefix).write_bytes(b"")
    report = fastckpt.salvage(prefix.parent, tmp_path / "to")
    assert report.source == str(prefix.with_name("m-200"))
    assert not report.ok
    assert report.repaired[0].startswith(f"{prefix}: passed over: ")


@pytest.mark.parametrize("name", ["folder", "target"])
def test_what_cannot_be_written_is_no_reason_to_take_an_older_one(
    name, prefix, tmp_path, monkeypatch
):
    def fail(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "x"))

    content = bytearray(index_of(prefix).read_bytes())
    content[9] ^= 1
    index_of(prefix).write_bytes(content)
    what = "TemporaryDirectory" if name == "folder" else "_write"
    monkeypatch.setattr(rescue, what, fail)
    with pytest.raises(OSError, match="No space left"):
        fastckpt.salvage(prefix.parent, tmp_path / "to")


def test_a_source_whose_name_goes_on_like_the_targets_is_passed_over(
    tmp_path, monkeypatch
):
    def fail(remains, job):
        if remains.prefix.endswith("m-20"):
            raise PermissionError(errno.EACCES, "Permission denied", remains.prefix)
        return rescue.rescue(remains, job)

    for step in (1, 20):
        save(tmp_path / f"m-{step}", step)
    monkeypatch.setattr("fastckpt.checking.salvage.rescue", fail)
    report = fastckpt.salvage(tmp_path, tmp_path / "m-2")
    assert report.source == str(tmp_path / "m-1")


@pytest.mark.parametrize("has_strings", [False, True])
def test_without_a_header_only_strings_prove_the_byte_order(has_strings, tmp_path):
    more = {"s": np.array([b"abc", b""], object)} if has_strings else {}
    fastckpt.save(tmp_path / "m", {"i": np.arange(9, dtype=np.int8), "w": W, **more})
    content = bytearray(index_of(tmp_path / "m").read_bytes())
    content[0] ^= 0x55
    content[1] ^= 0x2A
    index_of(tmp_path / "m").write_bytes(content)
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    order = NAME if has_strings else "name, type, shape and byte order"
    assert report.unproved == {"i": NAME, "w": order, **dict.fromkeys(more, NAME)}
    assert not report.ok


def test_values_of_the_other_byte_order_are_unproved(tmp_path):
    maker = BundleMaker(big_endian=True)
    for number in range(8):
        maker.add(f"t{number}", W + number)
    prefix = maker.write(tmp_path, "m", per_block=4)
    content = bytearray(index_of(prefix).read_bytes())
    content[0] ^= 0x55
    content[1] ^= 0x2A
    index_of(prefix).write_bytes(content)
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert report.unproved["t5"] == "byte order"
    assert set(report.unproved) == set(report.saved)
    assert not report.ok


def test_of_one_name_that_a_byte_made_of_another_no_value_is_proved(tmp_path):
    prefix = tmp_path / "m"
    tail = "/.ATTRIBUTES/VARIABLE_VALUE"
    tensors = {
        f"layer_with_weights-{number}/{kind}{tail}": np.full(shape, number, np.float32)
        for number in range(4)
        for kind, shape in (("bias", (4,)), ("kernel", (4, 4)))
    }
    fastckpt.save(prefix, {GRAPH_KEY: np.array(_graph_of(tensors), object), **tensors})
    content = bytearray(index_of(prefix).read_bytes())
    content[content.index(b"1/bias")] = ord("2")
    index_of(prefix).write_bytes(content)
    report = fastckpt.salvage(prefix, tmp_path / "to")
    saved = fastckpt.load(tmp_path / "to")
    wrong = [it for it in tensors if it in saved and (saved[it] != tensors[it]).any()]
    assert wrong == []
    assert set(report.lost) >= {it for it in tensors if "-1/" in it or "-2/" in it}
    assert set(report.unproved.values()) == {NAME}


def _graph_of(names) -> bytes:
    """Writes an object graph with one object for each name, children of the root."""
    root = b""
    nodes = b""
    for number, name in enumerate(names, 1):
        root += _field(1, bytes([8, number]) + _field(2, b"v%d" % number))
        value = (
            _field(1, b"VARIABLE_VALUE") + _field(2, b"n") + _field(3, name.encode())
        )
        nodes += _field(1, _field(2, value))
    return _field(1, root) + nodes


def _field(number: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + content
