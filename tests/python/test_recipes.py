"""The recipes for data loaders and modules at the size that they are for."""

import re
import sys

import numpy as np
import pytest

import children
import fastckpt
from installed import is_installed
from places import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.frameworks]

PAGE = ROOT / "docs" / "data_loaders.md"
ROWS, COLUMNS = 1_000_000, 128

README = """
import torch
import fastckpt
ckpt = fastckpt.open("tables/model.ckpt")
{}
total = sum(float(batch.double().sum()) for batch in loader)
print(total)
"""
MODULE = """
import numpy as np
import torch
import fastckpt

layer = torch.nn.Linear(8192, 8192)
{}
wanted = fastckpt.load("tables/dense")["dense/kernel"].T
assert np.array_equal(layer.weight.detach().numpy(), wanted)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of 512 MB whose values are small whole numbers, and a large kernel."""
    if not is_installed("torch"):
        pytest.skip("torch is not installed")
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "tables").mkdir()
    generator = np.random.default_rng(3)
    numbers = generator.integers(-8, 9, (ROWS, COLUMNS), np.int8).astype(np.float32)
    fastckpt.save(folder / "tables/model.ckpt", {"embedding": numbers})
    (folder / "total").write_text(repr(float(numbers.sum(dtype=np.float64))))
    kernel = generator.normal(size=(8192, 8192)).astype(np.float32)
    layer = {"dense/kernel": kernel, "dense/bias": np.ones(8192, np.float32)}
    fastckpt.save(folder / "tables/dense", layer)
    return folder


def run(text, folder):
    (folder / "block.py").write_text(text)
    child = children.run(
        [sys.executable, "block.py"], cwd=folder, capture_output=True, text=True
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.strip()


def block_of(page, part):
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.S | re.M)
    (found,) = [it for it in blocks if part in it]
    return found


def test_the_readmes_workers_serve_every_row(folder):
    block = block_of(ROOT / "README.md", "def __getitems__")
    block = block.replace("dense/kernel", "embedding")
    text = README.format(block.replace("batch_size=2,", "batch_size=256,"))
    assert "batch_size=256" in text
    assert run(text, folder) == (folder / "total").read_text()


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_the_pages_workers_serve_every_row(context, folder):
    block = block_of(PAGE, "def __getitems__")
    text = block.replace('context="fork"', f'context="{context}"')
    assert f'context="{context}"' in text
    assert run(text, folder) == (folder / "total").read_text()


def test_a_large_layer_is_filled_in_place(folder):
    block = block_of(PAGE, "layer = torch.nn.Linear(2, 3)")
    begin, end = block.index("out = {"), block.index("print(")
    run(MODULE.format(block[begin:end]), folder)
