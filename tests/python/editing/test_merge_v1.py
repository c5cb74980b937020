"""V1 checkpoints become one with others, as values."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import fastckpt
from command_line import run
from v1_parts import names, save, save_slice, save_two


@pytest.fixture
def folder(tmp_path):
    save_two(tmp_path)
    return tmp_path


def test_v1_files_are_merged(folder):
    fastckpt.merge([folder / "m-1", folder / "m-2"], folder / "whole")
    with fastckpt.open(folder / "whole") as ckpt:
        assert (ckpt.format, list(ckpt)) == ("v2", ["x", "y", "z"])
        assert ckpt.verify().ok


def test_v1_and_v2_are_merged_with_slices_strings_and_quantized_numbers(folder):
    save_slice(folder / "a", 0, 2)
    with fastckpt.Writer(folder / "b", shards=2) as writer:
        rest = np.arange(2, 4, dtype="f4")
        writer.add_slice("p", rest, full_shape=(4,), begin=(2,))
        writer.add("words", [b"a", "b\0"])
        writer.add("q", np.array([1, -2], "i1"), "qint8")
    given = [folder / "a", fastckpt.open(folder / "b"), folder / "m-*"]
    told = []
    fastckpt.merge(given, folder / "whole", progress=lambda *at: told.append(at))
    with fastckpt.open(folder / "whole") as ckpt:
        assert list(ckpt) == ["p", "q", "words", "x", "y", "z"]
        assert ckpt["p"].tolist() == [0, 1, 2, 3]
        assert ckpt["words"].tolist() == [b"a", b"b\0"]
        assert (ckpt.info("q").tf_dtype, ckpt["q"].tolist()) == ("qint8", [1, -2])
        assert len(ckpt.info("p").slices) == 2
        assert ckpt.verify().ok
    assert told[-1][0] == told[-1][1] > 0


@pytest.mark.parametrize("shards", [1, 2])
def test_the_number_of_data_files_that_is_asked_for_counts(shards, folder):
    fastckpt.merge([folder / "m-1", folder / "m-2"], folder / "whole", shards=shards)
    assert len(list(folder.glob("whole.data-*"))) == shards


def test_a_tensor_in_two_v1_files_is_refused_and_nothing_written(folder):
    save(folder / "m-3", x=5)
    before = sorted(folder.iterdir())
    with pytest.raises(ValueError, match="'x'"):
        fastckpt.merge([folder / "m-1", folder / "m-3"], folder / "whole")
    assert sorted(folder.iterdir()) == before


def test_v1_files_are_not_deleted_by_a_merge(folder):
    before = sorted(folder.iterdir())
    with pytest.raises(ValueError, match=r"m-1' is a V1 .* no source .* deleted"):
        fastckpt.merge([folder / "m-1"], folder / "whole", delete_sources=True)
    assert sorted(folder.iterdir()) == before


def test_a_damaged_v1_file_is_not_merged(folder):
    path = folder / "m-2"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(fastckpt.CorruptionError):
        fastckpt.merge([folder / "m-1", path], folder / "whole")
    assert not list(folder.glob("whole*"))


def test_the_command_merges_v1_files(folder, capsys):
    words = [folder / "m-1", folder / "m-2", "--to", folder / "whole"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(capsys, "merge", *words).status == 0
    assert names(folder / "whole") == ["x", "y", "z"]
