"""What the editing commands write is what TensorFlow then reads."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import fastckpt
import tensorflow_child
from expected_json import read_expected
from fastckpt.cli import main
from places import GOLDEN, TESTDATA, items

pytestmark = pytest.mark.tensorflow

COMMANDS = {
    "v2": ["convert", "SOURCE", "TARGET", "--format", "v2"],
    "shards": ["convert", "SOURCE", "TARGET", "--shards", "3", "--align", "64"],
    "v1": ["convert", "SOURCE", "TARGET", "--format", "v1"],
    "bfloat16": ["convert", "SOURCE", "TARGET", "--dtype", "bfloat16"],
    "renamed": ["rename", "SOURCE", "TARGET", "*->new/*"],
    "mean": ["average", "SOURCE", "SOURCE", "--to", "TARGET"],
}


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    """Gives {(item, command): what TensorFlow reads of the result}."""
    folder = tmp_path_factory.mktemp("edited")
    prefixes = {}
    for item in items(GOLDEN) + items(TESTDATA):
        if item.name == "variant":
            continue
        for name, words in COMMANDS.items():
            target = folder / f"{item.name}-{name}"
            places = {"SOURCE": str(item), "TARGET": str(target)}
            if main([places.get(word, word) for word in words]) == 0:
                prefixes[target] = (item.name, name)
    described = {str(target): types_of(target) for target in prefixes}
    (folder / "prefixes").write_bytes(pickle.dumps(described))
    found = tensorflow_child.run("read", folder)
    return {key: (target, found[str(target)]) for target, key in prefixes.items()}


def types_of(prefix):
    with fastckpt.open(prefix) as checkpoint:
        return {
            info.name.encode("utf-8", "surrogateescape"): info.tf_dtype
            for info in checkpoint.infos()
        }


def test_every_command_works_on_nearly_every_checkpoint(contents):
    done = dict.fromkeys(COMMANDS, 0)
    for _, command in contents:
        done[command] += 1
    everything = len(items(GOLDEN) + items(TESTDATA)) - 1
    for command, count in done.items():
        assert count >= everything - (2 if command == "v1" else 0), command


def test_tensorflow_reads_what_we_read(contents):
    compared = 0
    for target, tensors in contents.values():
        with fastckpt.open(target) as checkpoint:
            for name, expected in tensors.items():
                if expected is not None:
                    array = checkpoint[name.decode("utf-8", "surrogateescape")]
                    is_text = array.dtype == object
                    bits = array.ravel().tolist() if is_text else array.tobytes()
                    assert (array.shape, bits) == expected[1:]
                    compared += 1
    assert compared > 1000


@pytest.mark.parametrize("command", ["v2", "shards", "v1", "mean"])
def test_values_are_those_that_tensorflow_wrote(command, contents):
    for (item, name), (target, _) in contents.items():
        if name != command:
            continue
        folder = next(it for it in items(GOLDEN) + items(TESTDATA) if it.name == item)
        rows = read_expected(folder)["tensors"]
        with fastckpt.open(target) as checkpoint:
            assert set(checkpoint) == set(rows)
            assert checkpoint.verify().ok
            for tensor, row in rows.items():
                info = checkpoint.info(tensor)
                assert (info.tf_dtype, list(info.shape)) == (row["dtype"], row["shape"])


def test_a_cast_is_numpys(contents):
    for (item, name), (target, _) in contents.items():
        if name != "bfloat16":
            continue
        folder = next(it for it in items(GOLDEN) + items(TESTDATA) if it.name == item)
        with fastckpt.open(folder) as old, fastckpt.open(target) as new:
            for info in old.infos():
                if info.tf_dtype == "float32":
                    with np.errstate(all="ignore"):
                        expected = old[info.name].astype(new[info.name].dtype)
                    assert new[info.name].tobytes() == expected.tobytes()
