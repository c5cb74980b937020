"""Libraries that take arrays by shape, dtype and slices take a handle as it stands."""

import os
import sys

import pytest

import children
import tensor_users
from installed import is_installed
from places import TESTS

# What each needs; in processes of their own, for some of them start threads.
USERS = {
    "dask_threads": "dask",
    "dask_processes": "dask",
    "xarray": "xarray",
    "jax": "jax",
    "torch_fork": "torch",
    "torch_spawn": "torch",
}


@pytest.mark.frameworks
@pytest.mark.parametrize(("user", "library"), USERS.items())
def test_a_handle_serves_as_it_stands(user, library, tmp_path):
    if not is_installed(library):
        pytest.skip(f"needs {library}")
    tensor_users.write(str(tmp_path / "m"))
    child = children.run(
        [sys.executable, TESTS / "tensor_users.py", user, tmp_path / "m"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
