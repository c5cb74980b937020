"""fastckpt.jax.load: one process with four devices, and two processes with two each."""

import os
import re
import socket
import sys
from contextlib import ExitStack
from subprocess import PIPE

import numpy as np
import pytest

import children
import fastckpt
import fastckpt.jax
from installed import is_installed
from library_child import run_cases
from places import TESTS

CHILD = TESTS / "jax_child.py"
CASES = re.findall(r"^def (\w+)\(folder: Path\) -> None:", CHILD.read_text(), re.M)
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
WRITE = "from pathlib import Path; import jax_shards; jax_shards.write(Path({!r}))"

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What went wrong, by case."""
    return run_cases(["jax"], "-W", "error", CHILD, tmp_path_factory.mktemp("jax"))


@pytest.mark.parametrize("case", CASES)
def test_one_process_with_four_devices(case, results):
    assert results[case] is None, results[case]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return found.getsockname()[1]


def test_two_processes_with_two_devices_each(tmp_path):
    if not is_installed("jax"):
        pytest.skip("jax is not installed")
    code = WRITE.format(str(tmp_path))
    assert children.run([sys.executable, "-c", code], env=ENVIRONMENT).returncode == 0
    small = np.arange(8)
    large = np.where(small == 7, 2**40, small)
    fastckpt.save(tmp_path / "ids", {"small": small, "large": large})
    script = [sys.executable, "-W", "error", TESTS / "jax_ranks.py", tmp_path]
    port = str(free_port())
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                children.started(
                    [*script, port, str(rank)],
                    env=ENVIRONMENT,
                    stderr=PIPE,
                    text=True,
                )
            )
            for rank in range(2)
        ]
        said = [child.communicate(timeout=200)[1] for child in running]
        assert [child.returncode for child in running] == [0, 0], "\n".join(said)


def test_importing_it_imports_no_jax():
    code = "import sys, fastckpt.jax; assert 'jax' not in sys.modules"
    assert children.run([sys.executable, "-c", code], env=ENVIRONMENT).returncode == 0


def test_a_missing_jax_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ImportError, match="pip install jax"):
        fastckpt.jax.load(tmp_path / "m")
