"""Signals in the middle of calls: real ones, in processes of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import signal_child
from places import TESTS


@pytest.fixture(scope="module")
def slow(tmp_path_factory) -> Path:
    """The library that makes reading and writing slow."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("slow files need a C compiler and Linux's LD_PRELOAD")
    library = tmp_path_factory.mktemp("slow") / "slow.so"
    source = TESTS / "slow.c"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"]
    subprocess.run(command, check=True, timeout=120)
    return library


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    signal_child.prepare(folder)
    return folder


@pytest.fixture
def run(slow, folder):
    def run(scenario: str, call: str = "") -> None:
        environment = os.environ | {
            "LD_PRELOAD": str(slow),
            "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]),
        }
        done = subprocess.run(
            [sys.executable, TESTS / "signal_child.py", scenario, folder, call],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr

    return run


@pytest.mark.parametrize("call", signal_child.CALLS)
def test_ctrl_c_ends_a_call_in_its_middle(call, run):
    run("interrupt", call)


@pytest.mark.parametrize("call", ["load", "verify", "strings", "save"])
def test_ctrl_c_ends_a_call_where_another_thread_imported_the_package(call, run):
    run("interrupt_after_import_elsewhere", call)


@pytest.mark.parametrize("call", ["load", "verify", "save", "rewrite"])
def test_a_handler_may_raise_what_it_likes(call, run):
    run("raise_another", call)


@pytest.mark.parametrize("call", ["load", "verify"])
def test_a_handler_may_read_and_the_call_goes_on(call, run):
    run("go_on", call)


@pytest.mark.parametrize("call", ["load", "get"])
def test_an_interrupt_goes_before_an_error_at_the_same_time(call, run):
    run("coincide", call)


@pytest.mark.parametrize("call", ["load", "verify", "save"])
def test_the_main_thread_is_interrupted_while_another_is_in_a_call(call, run):
    run("elsewhere", call)


@pytest.mark.parametrize("call", ["fsync", "no fsync"])
def test_a_handler_may_abort_the_writer_that_is_in_add(call, run):
    run("abort_in_handler", call)
