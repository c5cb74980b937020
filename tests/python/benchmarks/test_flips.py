"""What libraries check, proved by a flipped byte."""

import json
import sys
from pathlib import Path

import pytest
from benchmarks.contenders.peers import PEERS
from benchmarks.machine.children import child_environment
from benchmarks.machine.needs import lacking
from benchmarks.measures import flips

import children

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("who", "outcome"),
    [("fastckpt", "error"), ("fastckpt, verify=False", "wrong"), ("npz", "error"),
     ("np.load", "wrong"), ("np.load(mmap_mode)", "wrong"), ("np.memmap", "wrong"),
     ("safetensors", "wrong")],
)  # fmt: skip
def test_a_flipped_byte_is_an_error_where_there_is_a_checksum(who, outcome, tmp_path):
    found = flips._prove(who, tmp_path)
    assert found["outcome"] == outcome
    assert found["where"] == "a value"


def of_child(who: str, folder: Path) -> dict:
    command = [sys.executable, "-m", "benchmarks.measures.flips", who, str(folder)]
    done = children.run(
        command, cwd=ROOT, env=child_environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.tensorflow
def test_tensorflow_checks_as_we_do(tmp_path):
    assert of_child("TensorFlow", tmp_path)["outcome"] == "error"


@pytest.mark.frameworks
@pytest.mark.parametrize(
    "who", ["torch.load", "h5py", "zarr 3", "TensorStore", "Orbax"]
)
def test_peers_give_the_values_until_a_byte_is_flipped(who, tmp_path):
    if reason := lacking(PEERS[who].needs):
        pytest.skip(reason)
    found = of_child(who, tmp_path)
    assert found["outcome"] in ("error", "wrong"), found


def test_a_byte_of_what_is_packed_is_flipped_in_the_middle(tmp_path):
    small, large = tmp_path / "a", tmp_path / "b"
    small.write_bytes(b"x" * 10)
    large.write_bytes(b"y" * 101)
    assert flips.flip_byte(tmp_path, b"not there") == "the middle of the file"
    assert small.read_bytes() == b"x" * 10
    assert large.read_bytes()[50:51] == b"x"


@pytest.mark.parametrize(
    ("found", "words"),
    [({"outcome": "error", "error": "BadZipFile", "where": "a value"},
      "checksums (BadZipFile)"),
     ({"outcome": "error", "error": "zlib.error", "where": "the middle of the file"},
      "refused (zlib.error)"),
     ({"outcome": "wrong"}, "nothing: a wrong value"), (None, "")],
)  # fmt: skip
def test_what_was_found_is_said(found, words):
    assert flips.in_words(found) == words
