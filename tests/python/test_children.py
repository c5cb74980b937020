"""Whatever a test starts ends: by itself, or because its time is up."""

import ast
import subprocess
import sys

import pytest

import children
from places import TESTS

WAITING = {"run", "call", "check_call", "check_output", "getoutput", "Popen"}
FILES = sorted(path for path in TESTS.rglob("*.py") if path.name != "children.py")


def endless_children(source: str) -> list[int]:
    """The lines that call subprocess and set no limit."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "subprocess"
        and node.func.attr in WAITING
        and "timeout" not in {keyword.arg for keyword in node.keywords}
    ]


def hidden_children(source: str) -> list[int]:
    """The lines that import from subprocess what the other rule would not see."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        and node.module == "subprocess"
        and WAITING & {name.name for name in node.names}
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_every_child_has_a_time_limit(path):
    source = path.read_text()
    assert not endless_children(source) + hidden_children(source), (
        f"{path}: start children by children.run or children.started"
    )


def test_the_rule_sees_what_it_forbids():
    assert endless_children("subprocess.run(x)\nsubprocess.run(x, timeout=1)") == [1]
    assert hidden_children("from subprocess import PIPE, run") == [1]


SLEEP = [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(600)"]


def test_a_child_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(children, "SECONDS", 0.2)
    with pytest.raises(subprocess.TimeoutExpired):
        children.run(SLEEP, stdout=subprocess.DEVNULL)


def test_reading_from_a_child_that_hangs_ends(monkeypatch):
    monkeypatch.setattr(children, "SECONDS", 0.2)
    with children.started(SLEEP, stdout=subprocess.PIPE) as child:
        child.stdout.read()
    assert child.returncode == -9


def test_a_child_is_gone_when_its_test_is_done():
    with children.started(SLEEP, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"1\n"
    assert child.returncode == -9
