"""What all Python tests share."""

import faulthandler
import os

import pytest
from hypothesis import settings

import preloaded
from turnstile import (  # noqa: F401 (hooks)
    pytest_configure,
    pytest_configure_node,
    pytest_runtest_protocol,
    pytest_unconfigure,
)

# The same examples in every run; no deadline, for other work may share the machine.
settings.register_profile("fastckpt", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("fastckpt")


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    """The library that makes system calls fail, for `preloaded.run`."""
    return preloaded.build(tmp_path_factory.mktemp("shim"))


# Seconds that one test may take before the whole run ends with a traceback;
# test_hostile_limits.py sets it for the run that it starts.
CASE_SECONDS = float(os.environ.get("FASTCKPT_CASE_SECONDS", "0"))


@pytest.fixture(autouse=bool(CASE_SECONDS))
def _limited_time():
    faulthandler.dump_traceback_later(CASE_SECONDS, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """One file is not worth other processes, whose start takes a second."""
    files = {argument.split("::")[0] for argument in config.args}
    is_one = len(files) == 1 and os.path.isfile(*files)
    return 0 if is_one else None
