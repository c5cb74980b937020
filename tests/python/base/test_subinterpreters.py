"""A subinterpreter is told at once that it cannot import the package."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
{before}
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
code = '''
try:
    import fastckpt
except ImportError as error:
    assert "subinterpreter" in str(error), error
else:
    raise AssertionError("imported")
'''
for attempt in range(2):
    interpreter = interpreters.create()
    failure = interpreters.run_string(interpreter, code)
    assert failure is None, failure
import fastckpt, numpy
assert fastckpt._native.crc32c_implementation()
"""


@pytest.mark.parametrize("before", ["", "import fastckpt"])
def test_import_in_a_subinterpreter_is_an_error_that_says_why(before):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT.format(before=before)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_a_second_import_gives_the_same_module(tmp_path):
    script = """
import sys, fastckpt
first = fastckpt._native
del sys.modules["fastckpt._native"]
import fastckpt._native
assert sys.modules["fastckpt._native"] is first
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
