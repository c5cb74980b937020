"""Which tensors a dtype takes by a pattern: those of its kind; by a name: that one."""

from __future__ import annotations

import numpy as np
import pytest

import fastckpt
from command_line import run

TENSORS = {
    "w": np.ones(3, np.float32),
    "half": np.ones(3, np.float16),
    "emb/ids": np.arange(3),
    "emb/small": np.arange(3, dtype=np.int8),
    "step": np.int64(2049),
    "flag": np.array([True]),
    "z": np.array([1j], np.complex64),
    "words": np.array([b"a"], object),
}
KEPT = {name: str(np.asarray(value).dtype) for name, value in TENSORS.items()}

CASES = {
    "all to float": ({"*": "float64"}, {"w": "float64", "half": "float64"}),
    "all to integer": (
        {"*": "int32"},
        {"emb/ids": "int32", "emb/small": "int32", "step": "int32"},
    ),
    "all to complex": (
        {"*": "complex128"},
        {"w": "complex128", "half": "complex128", "z": "complex128"},
    ),
    "the first of its kind": (
        {"*/ids": "int32", "*": "float16"},
        {"emb/ids": "int32", "w": "float16"},
    ),
    "both kinds by one pattern": (
        {"*": "float64", "*[!x]": "int64"},
        {"w": "float64", "half": "float64", "emb/small": "int64"},
    ),
    "integers by name": (
        {"step": "float64", "*": "float16"},
        {"step": "float64", "w": "float16"},
    ),
    "bools by name": ({"flag": "float32"}, {"flag": "float32"}),
    "bools to integers by name": ({"flag": "uint8"}, {"flag": "uint8"}),
    "one for all": ("bfloat16", {"w": "bfloat16", "half": "bfloat16"}),
}


@pytest.fixture
def source(tmp_path):
    fastckpt.save(tmp_path / "old", TENSORS)
    return tmp_path / "old"


def read_dtypes(prefix):
    return {it.name: str(it.dtype) for it in fastckpt.open(prefix).infos()}


@pytest.mark.parametrize("verb", [fastckpt.rewrite, fastckpt.convert])
@pytest.mark.parametrize("case", CASES)
def test_a_pattern_takes_what_is_of_its_dtypes_kind(verb, case, source, tmp_path):
    dtype, changed = CASES[case]
    verb(source, tmp_path / "new", dtype=dtype)
    assert read_dtypes(tmp_path / "new") == KEPT | changed


def test_the_command_does_what_its_page_says(source, tmp_path, capsys):
    words = ["--dtype", "*/ids=int32", "*=float16"]
    done = run(capsys, "convert", source, tmp_path / "new", *words)
    assert done.status == 0, done.err
    changed = {"emb/ids": "int32", "w": "float16"}
    assert read_dtypes(tmp_path / "new") == KEPT | changed


@pytest.mark.parametrize("verb", [fastckpt.rewrite, fastckpt.convert])
@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        ({"emb/*": "float64"}, r"'emb/\*': .* 'emb/ids' \(int64\) .* whole names"),
        ({"fla*": "int8"}, r"'fla\*': .* 'flag' \(bool\)"),
        ({"w*": "int8"}, "'w': float32 does not become int8"),
        ({"w": "int8"}, "'w': float32 does not become int8"),
        ({"[z]": "float32"}, "'z': complex64 does not become float32"),
        ({"word?": "float32"}, "'words': object does not become float32"),
        ({"step": "float16"}, "float16 does not hold 2049"),
    ],
)
def test_a_pattern_that_would_do_nothing_is_refused(
    verb, dtype, message, source, tmp_path
):
    with pytest.raises(ValueError, match=message):
        verb(source, tmp_path / "new", dtype=dtype)
    assert not list(tmp_path.glob("new*"))


def test_a_name_that_looks_like_a_pattern_is_a_name(tmp_path):
    fastckpt.save(tmp_path / "old", {"a[0]": np.arange(3), "a0": np.arange(3)})
    fastckpt.rewrite(tmp_path / "old", tmp_path / "new", dtype={"a[0]": "float32"})
    assert read_dtypes(tmp_path / "new") == {"a[0]": "float32", "a0": "int64"}


def write_quantized(prefix):
    with fastckpt.Writer(prefix) as writer:
        writer.add("q", np.arange(3, dtype=np.int8), "qint8")
        writer.add("r", np.arange(3, dtype=np.int32), "qint32")
        writer.add("i", np.arange(3, dtype=np.int8))
    return prefix


def test_quantized_tensors_are_no_integers_of_a_pattern(tmp_path):
    fastckpt.rewrite(
        write_quantized(tmp_path / "old"), tmp_path / "new", dtype={"*": "int16"}
    )
    found = fastckpt.open(tmp_path / "new").infos()
    assert [it.tf_dtype for it in found] == ["int16", "qint8", "qint32"]


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_quantized_tensors_that_become_integers_in_a_file_are_told(kind, tmp_path):
    source = write_quantized(tmp_path / "old")
    message = "2 tensors, first 'q', qint8 as int8"
    with pytest.warns(UserWarning, match=message) as told:
        fastckpt.convert(source, tmp_path / f"new.{kind}")
    assert [warning.filename for warning in told] == [__file__]
    fastckpt.convert(source, tmp_path / f"none.{kind}", drop=["q", "r"])


def test_the_command_tells_it_too(tmp_path, capsys):
    source = write_quantized(tmp_path / "old")
    done = run(capsys, "convert", source, tmp_path / "new.npz")
    assert "warning: npz has no quantized types" in done.err
