"""Golden checkpoints: small, of every type and layout, written by TensorFlow."""

import hashlib
import os
import re
import sys

import pytest

import children
import fastckpt
from expected_json import assert_as_expected, read_expected
from fastckpt import UnsupportedError
from places import GOLDEN, items

DIGEST = re.compile(r"^([0-9a-f]{64})  (\S+)$", re.MULTILINE)


@pytest.mark.parametrize("how", [{"io": "mmap"}, {"io": "read"}, {"verify": False}])
@pytest.mark.parametrize("folder", items(GOLDEN), ids=lambda folder: folder.name)
def test_a_golden_checkpoint_is_read_exactly(folder, how):
    expected = read_expected(folder)
    with fastckpt.open(folder / expected["prefix"], **how) as ckpt:
        assert_as_expected(ckpt, expected)
        assert ckpt.verify().ok


def test_the_readme_names_every_file_with_its_digest():
    listed = {name: sha256 for sha256, name in DIGEST.findall(_readme())}
    found = {
        str(path.relative_to(GOLDEN)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in items(GOLDEN)
        for path in folder.iterdir()
        if path.name != "expected.json"
    }
    assert found
    assert listed == found


def _readme() -> str:
    return (GOLDEN / "README.md").read_text()


def test_a_variant_is_listed_and_not_read():
    ckpt = fastckpt.open(GOLDEN / "variant" / "model")
    assert list(ckpt) == ["a", "list", "z"]
    assert ckpt.info("list").tf_dtype == "variant"
    for read in (ckpt.__getitem__, ckpt.read):
        with pytest.raises(UnsupportedError, match="list"):
            read("list")
    with pytest.raises(UnsupportedError, match="list"):
        ckpt.load()
    assert list(ckpt.load(["a", "z"])) == ["a", "z"]


@pytest.mark.tensorflow
def test_the_script_still_makes_the_golden_files(tmp_path):
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    script = GOLDEN / "make_golden.py"
    command = [sys.executable, script, tmp_path]
    children.run(command, check=True, env=environment, capture_output=True)
    made = (tmp_path / "README.md").read_text()
    if made.splitlines()[:4] != _readme().splitlines()[:4]:
        pytest.skip("the golden files were made with another TensorFlow")
    assert made == _readme()
    for folder in items(GOLDEN):
        again = tmp_path / folder.name / "expected.json"
        assert again.read_text() == (folder / "expected.json").read_text()
