"""``convert --set``, ``--dtype PATTERN=INTEGER``: exactly what was typed, or none."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import fastckpt
from command_line import run

TENSORS = {
    "f": np.zeros((), "f4"),
    "d": np.zeros(2, "f8"),
    "h": np.zeros((), "f2"),
    "bf": np.zeros((), ml_dtypes.bfloat16),
    "step": np.zeros((), "i8"),
    "small": np.zeros(2, "i1"),
    "i4": np.zeros((), ml_dtypes.int4),
    "u": np.zeros(2, "u8"),
    "flag": np.zeros((), bool),
    "z": np.zeros((), "c8"),
    "word": np.array(b"x", object),
    "words": np.array([b"x", b"y"], object),
    "empty": np.zeros(0, "f4"),
    "a=b": np.zeros((), "i4"),
}


@pytest.fixture
def convert(tmp_path, capsys):
    with fastckpt.Writer(tmp_path / "old", shards=2) as writer:
        for name, value in TENSORS.items():
            writer.add(name, value)
        writer.add("q", np.zeros((), "i1"), "qint8")

    def convert(*words):
        done = run(capsys, "convert", tmp_path / "old", tmp_path / "new", *words)
        if done.status == 0:
            return fastckpt.load(tmp_path / "new")
        assert done.err.count("\n") == 1
        assert not list(tmp_path.glob("new*"))
        return done.status, done.err

    return convert


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("f=0.1", 0.1),
        ("f=16777216", 2.0**24),
        ("f=NaN", np.nan),
        ("f=-Infinity", -np.inf),
        ("d=[1, 2.5]", [1, 2.5]),
        ("h=65504", 65504),
        ("bf=1.01", 1.01),
        ("step=-9223372036854775808", -(2**63)),
        ("step= 5 ", 5),
        ("small=[127, -128]", [127, -128]),
        ("i4=-8", -8),
        ("u=[1, 18446744073709551615]", [1, 2**64 - 1]),
        ("u=[18446744073709551615, 0]", [2**64 - 1, 0]),
        ("flag=true", True),
        ("z=1.5", 1.5),
        ("word=two words", b"two words"),
        ("word=", b""),
        ("word=[1]", b"[1]"),
        ('words=["a", "\u00e9"]', [b"a", "\u00e9".encode()]),
        ("empty=[]", []),
        ("a=b=7", 7),
        ("q=-128", -128),
    ],
)
def test_a_value_is_set_as_it_was_typed(text, value, convert):
    found = convert("--set", text)
    name = text.rpartition("=")[0]
    expected = np.array(value, found[name].dtype)
    assert found[name].dtype == TENSORS.get(name, np.zeros((), "i1")).dtype
    np.testing.assert_array_equal(found[name], expected)
    for other, unchanged in TENSORS.items():
        if other != name:
            np.testing.assert_array_equal(found[other], unchanged)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f=1e400", "1e400 is beyond float64"),
        ("d=[1, -1e400]", "-1e400 is beyond float64"),
        ("f=1e39", "float32 does not hold 1e+39"),
        ("f=16777217", "float32 does not hold 16777217 exactly"),
        ("d=[9007199254740993, 0.5]", "does not hold 9007199254740993 exactly"),
        ("h=70000.5", "float16 does not hold 70000.5"),
        ("bf=257", "bfloat16 does not hold 257 exactly"),
        ("f=true", "float32 does not hold True"),
        ("d=[true, 2.5]", "float64 does not hold True"),
        ("step=true", "int64 does not hold True"),
        ("small=[true, 2]", "int8 does not hold True"),
        ("step=1.0", "int64 does not hold 1.0"),
        ("step=1e3", "int64 does not hold 1000.0"),
        ("step=9223372036854775808", "int64 does not hold 9223372036854775808"),
        ("small=[128, 0]", "int8 does not hold [128, 0]"),
        ("i4=8", "int4 does not hold 8"),
        ("u=[-1, 18446744073709551615]", "tensor 'u'"),
        ("u=[1, 18446744073709551616]", "tensor 'u'"),
        ("u=[1.5, 18446744073709551615]", "uint64 does not hold"),
        ("flag=1", "bool does not hold 1"),
        ("q=128", "int8 does not hold 128"),
        ("step=[5]", "has shape (), its new value (1,)"),
        ("d=1", "has shape (2,), its new value ()"),
        ("d=[1, [2]]", "tensor 'd'"),
        ("empty=0", "has shape (0,)"),
        ("words=a", "no number, and no list"),
        ('words="ab"', "has shape (2,)"),
        ('words=["a", 1]', "int beside strings"),
        ("f=null", "are no numbers"),
        ("f={}", "are no numbers"),
        ('f="1"', "are no numbers"),
        ("step=010", "'010' is no number"),
        ("step=1_000", "'1_000' is no number"),
        ("step=", "'' is no number"),
        ("f=" + 70 * "[" + "1" + 70 * "]", "tensor 'f'"),
        ("f=" + 100_000 * "[", "no list of them as JSON"),
        ("step=" + 5000 * "9", "no number"),
    ],
    ids=lambda text: text[:24],
)
def test_a_value_that_cannot_be_set_exactly_is_refused(text, message, convert):
    status, error = convert("--set", text)
    assert status == 2
    assert message in error


def test_two_values_for_one_tensor_are_refused(convert):
    assert "'step' two values" in convert("--set", "step=1", "step=2")[1]
    assert "'step' two values" in convert("--set", "step=1", "--set", "step=1")[1]


@pytest.mark.parametrize(
    ("words", "dtypes"),
    [
        (["*=int32"], {"step": "int32", "small": "int32", "a=b": "int32"}),
        (["s*=int16"], {"step": "int16", "small": "int16"}),
        (["step=int8", "*=int64"], {"step": "int8", "small": "int64"}),
        (["a=b=int8"], {"a=b": "int8"}),
        (["*=uint8"], {"u": "uint8", "step": "uint8"}),
        (["*=float64"], {"f": "float64", "h": "float64", "step": "int64"}),
    ],
    ids=str,
)
def test_a_pattern_casts_integers_alone_to_an_integer(words, dtypes, convert):
    found = convert("--dtype", *words)
    assert {name: found[name].dtype.name for name in dtypes} == dtypes
    if not words[0].endswith("float64"):
        for name in ("f", "d", "h", "bf", "flag", "z", "q"):
            assert found[name].dtype == TENSORS.get(name, np.zeros((), "i1")).dtype


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--dtype", "f=int32"], "float32 does not become int32"),
        (["--dtype", "d*=int64"], "float64 does not become int64"),
        (["--dtype", "fl*=int64"], "casts tensors of its dtype's kind alone"),
        (["--dtype", "q*=int32"], "casts tensors of its dtype's kind alone"),
        (["--dtype", "word=int64"], "does not become int64"),
        (["--dtype", "step=bool"], "int64 does not become bool"),
        (["--dtype", "int64"], "does not become int64"),
        (["--dtype", "step=int8", "--set", "step=300"], "1 numbers do not fit int8"),
        (["--dtype", "u=int8", "--set", "u=[1, 128]"], "1 numbers do not fit int8"),
        (["--dtype", "none*=int8"], "none*"),
        (["--dtype", "step="], "'' is no dtype"),
        (["--dtype", "step=int7"], "'int7' is no dtype"),
    ],
    ids=str,
)
def test_a_cast_that_loses_anything_is_refused(words, message, convert):
    status, error = convert(*words)
    assert status == 2
    assert message in error


def test_a_value_is_set_before_it_is_cast(convert):
    found = convert("--dtype", "step=int8", "--set", "step=100")
    assert (found["step"].dtype, int(found["step"])) == (np.dtype("int8"), 100)
