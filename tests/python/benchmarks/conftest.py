"""The suite is no part of the package: it is found from the tree."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import numpy as np
import pytest

import fastckpt


@pytest.fixture
def model(tmp_path) -> str:
    (tmp_path / "own").mkdir()
    fastckpt.save(tmp_path / "own" / "model", {"w": np.arange(64, dtype=np.float32)})
    return str(tmp_path / "own" / "model")
