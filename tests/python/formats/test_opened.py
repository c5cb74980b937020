"""Calls that read other formats, too, which the first bytes of a file tell."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

import fastckpt
from fastckpt.errors import CorruptionError
from fastckpt.formats.opened import find_format, open_tensors
from foreign_files import FILES
from installed import is_installed

VALUES = {"w": np.arange(6.0).reshape(2, 3)}
TENSORS = [
    kind for kind in ("npz", "safetensors") if kind == "npz" or is_installed(kind)
]


@pytest.fixture(params=TENSORS)
def path(request, tmp_path):
    (tmp_path / "weights").write_bytes(FILES[request.param][0])
    return tmp_path / "weights"


@pytest.mark.parametrize("name", ["weights", "weights.npz", "weights.safetensors"])
@pytest.mark.parametrize("kind", TENSORS)
def test_the_first_bytes_tell_the_format_whatever_the_name(kind, name, tmp_path):
    (tmp_path / name).write_bytes(FILES[kind][0])
    assert find_format(str(tmp_path / name)) == kind
    with open_tensors(tmp_path / name) as tensors:
        assert tensors.format == kind
        assert np.array_equal(tensors["w"], VALUES["w"])
        assert np.array_equal(tensors.read("w", np.s_[1:, 0]), [3.0])
    done = fastckpt.convert(tmp_path / name, tmp_path / "new")
    assert done.tensors == 1


@pytest.mark.parametrize("kind", ["hdf5", "torch", "html", "pointer", "empty"])
def test_a_name_is_not_believed_before_the_bytes(kind, tmp_path):
    content, what, _ = FILES[kind]
    for name in ("model.npz", "model.safetensors"):
        (tmp_path / name).write_bytes(content)
        for call in (fastckpt.convert, fastckpt.diff):
            with pytest.raises(CorruptionError) as caught:
                call(tmp_path / name, tmp_path / "new")
            assert what in str(caught.value)


def test_a_checkpoint_that_is_named_as_another_format_is_one(tmp_path):
    fastckpt.save(tmp_path / "v2.npz", VALUES)
    fastckpt.save(tmp_path / "v1.npz", VALUES, format="v1")
    for name in ("v1.npz", "v2.npz"):
        assert find_format(str(tmp_path / name)) is None


def test_an_archive_without_arrays_is_one_of_arrays(tmp_path):
    np.savez(tmp_path / "none.npz")
    with open_tensors(tmp_path / "none.npz") as tensors:
        assert len(tensors) == 0


def test_diff_takes_files_of_other_formats_on_either_side(path, tmp_path):
    fastckpt.save(tmp_path / "m", {"w": VALUES["w"] + [0, 0, 1], "b": np.ones(3)})
    found = fastckpt.diff(path, tmp_path / "m")
    assert (found.same, found.added, found.dropped) == ([], ["b"], [])
    assert found.changed["w"].count == 2
    assert found.changed["w"].largest == 1
    assert fastckpt.diff(tmp_path / "m", path).dropped == ["b"]
    same = fastckpt.diff(path, path)
    assert same.same == ["w"]
    with open_tensors(path) as tensors:
        assert same.checked == (tensors.format == "npz")  # the other has no checksums


def test_diff_compares_large_tensors_of_other_formats(tmp_path):
    large = np.arange(1 << 20, dtype=np.int32).reshape(1 << 10, 1 << 10)
    np.savez(tmp_path / "a.npz", x=large, none=np.ones((0, 3)), one=np.float32(1))
    fastckpt.save(tmp_path / "m", {"x": large + 1, "none": np.ones((0, 3)), "one": 1.0})
    found = fastckpt.diff(tmp_path / "a.npz", tmp_path / "m", threads=2)
    assert found.same == ["none"]
    assert found.changed["x"].count == large.size
    assert found.changed["one"].count is None  # of another type


def test_diff_reads_what_only_one_file_has_to_check_it(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.arange(1e5))  # longer than what a header takes
    np.savez(tmp_path / "none.npz", b=np.ones(2))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[content.index(np.float64(99999).tobytes())] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(CorruptionError, match="Bad CRC-32"):
        fastckpt.diff(tmp_path / "a.npz", tmp_path / "none.npz")
    assert fastckpt.diff(tmp_path / "a.npz", tmp_path / "none.npz", check=False)


def test_statistics_take_files_of_other_formats(path):
    found = fastckpt.statistics(path)
    assert list(found) == ["w"]
    assert (found["w"].min, found["w"].max, found["w"].zeros) == (0, 5, 1)
    assert sum(found["w"].histogram[0]) == 6


def test_statistics_leave_out_what_is_no_number(tmp_path):
    day = np.array(["2020-01-01"], "M8[D]")
    np.savez(tmp_path / "a.npz", text=np.array(["a"]), day=day, raw=np.zeros(2, "V3"))
    assert fastckpt.statistics(tmp_path / "a.npz") == {}


def test_statistics_of_large_tensors_are_those_of_a_checkpoint(tmp_path):
    values = {"x": np.random.default_rng(3).standard_normal(1 << 20)}
    np.savez(tmp_path / "a.npz", **values)
    fastckpt.save(tmp_path / "m", values)
    one, two = (fastckpt.statistics(tmp_path / it)["x"] for it in ("a.npz", "m"))
    assert one.histogram == two.histogram
    assert one.mean == pytest.approx(two.mean)


def test_the_header_of_a_member_is_read_in_one_go(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", a=np.ones(3), b=np.ones(3))
    opened = []
    open_member = zipfile.ZipFile.open

    def watched(self, name, *rest, **options):
        opened.append(name)
        return open_member(self, name, *rest, **options)

    monkeypatch.setattr(zipfile.ZipFile, "open", watched)
    with open_tensors(tmp_path / "a.npz") as tensors:
        assert len(tensors) == 2
    assert opened == ["a.npy", "b.npy"]
