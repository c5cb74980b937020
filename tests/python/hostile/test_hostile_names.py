"""Bad inputs: names of tensors that are legal and odd."""

import sys

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from fastckpt import CorruptionError
from hostile_checks import GOOD, accepted, assert_same, good_bundle
from v1_maker import V1Maker

ODD = {
    "a NUL byte": "a\0b",
    "only a NUL byte": "\0",
    "bytes that are no UTF-8": "caf\udce9",
    "half of a UTF-8 character": "\udcf0\udc9f",
    "an encoded surrogate": "\udced\udca0\udc80",
    "the byte 0xff": "\udcff",
    "letters of many scripts": "größe/スケール/\N{GRINNING FACE}",
    "a path upwards": "../../etc/passwd",
    "an absolute path": "/dev/null",
    "a newline": "first\nsecond",
    "formats": "%s%n%x{0}{name}",
    "quotes": 'it\'s a "name"\\',
    "escapes of a terminal": "\x1b[31mred\x1b[0m\x07",
    "signs of a pattern": "a[0]*?",
    "one space": " ",
    "a suffix of a file": "model.index",
    "a megabyte": "long" * 2**18,
}


def odd_bundle(name: str) -> BundleMaker:
    bundle = good_bundle()
    bundle.add(name, GOOD["d"])
    return bundle


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_a_tensor_is_read_under_a_name_of(name, tmp_path):
    accepted(odd_bundle(name).files(), tmp_path, GOOD | {name: GOOD["d"]})


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_a_sliced_tensor_is_read_under_a_name_of(name, tmp_path):
    value = np.arange(6, dtype=np.float16)
    bundle = good_bundle()
    bundle.add_sliced(name, value, [[(0, 4)], [(4, 2)]])
    accepted(bundle.files(), tmp_path, GOOD | {name: value})


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_v1_reads_a_tensor_under_a_name_of(name, tmp_path):
    checkpoint = V1Maker()
    checkpoint.add("a", GOOD["a"])
    checkpoint.add(name, GOOD["d"])
    accepted({"model": checkpoint.file()}, tmp_path, {"a": GOOD["a"], name: GOOD["d"]})


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_an_error_shows_a_short_form_of_a_name_of(name, tmp_path):
    bundle = odd_bundle(name)
    bundle.entries[name.encode("utf-8", "surrogateescape")]["offset"] = 2**50
    bundle.write(tmp_path)
    ckpt = fastckpt.open(tmp_path / "model")
    with pytest.raises(CorruptionError) as caught:
        ckpt[name]
    message = str(caught.value)
    assert caught.value.tensor == name
    assert len(message) < 500 + len(str(tmp_path))
    assert not set(message) & set("\0\n\x1b\x07")
    message.encode()


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_a_missing_tensor_is_a_key_error_under_a_name_of(name, tmp_path):
    good_bundle().write(tmp_path)
    ckpt = fastckpt.open(tmp_path / "model")
    assert name not in ckpt
    with pytest.raises(KeyError) as caught:
        ckpt[name]
    assert len(str(caught.value)) < 1000 + len(str(tmp_path))


@pytest.mark.parametrize("name", ["", "\ud800", "a\udfff", None, 3, b"a", ("a",), 1.5])
def test_what_is_no_name_is_not_in_a_checkpoint(name, tmp_path):
    good_bundle().write(tmp_path)
    ckpt = fastckpt.open(tmp_path / "model")
    assert name not in ckpt
    assert ckpt.get(name) is None if isinstance(name, str) else True
    with pytest.raises((KeyError, TypeError)):
        ckpt[name]


def test_many_names_are_listed_in_byte_order(tmp_path):
    names = ["b", "a/b", "a.b", "a", "B", "\udcff", "é", "\N{GRINNING FACE}", "a\0"]
    bundle = BundleMaker()
    for name in names:
        bundle.add(name, GOOD["b"])
    bundle.write(tmp_path)
    ckpt = fastckpt.open(tmp_path / "model")
    ordered = sorted(names, key=lambda n: n.encode("utf-8", "surrogateescape"))
    assert list(ckpt) == list(ckpt.load()) == ordered
    assert list(ckpt.keys()) == [info.name for info in ckpt.infos()] == ordered


def test_a_name_is_looked_up_by_value_and_not_by_identity(tmp_path):
    good_bundle().write(tmp_path)
    ckpt = fastckpt.open(tmp_path / "model")
    assert sys.intern("d") in ckpt
    assert_same(ckpt["".join(["d"])], GOOD["d"])
