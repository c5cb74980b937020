"""A fork beside a thread whose first call imports something leaves a sound child."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fastckpt
import import_forks
from fastckpt.base.cached import cached_property
from places import TESTS

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "python" / "fastckpt"
BY_NAME = {"import_module", "__import__"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forks")
    import_forks.prepare(folder)
    return folder


def failures(method: str, folder: Path) -> str:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]),
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [sys.executable, TESTS / "import_forks.py", method, folder],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("method", ["main", "thread", "pool"])
def test_a_fork_in_the_middle_of_an_import_leaves_a_child_that_ends(method, folder):
    assert failures(method, folder) == ""


def test_no_call_imports_outside_the_gate(folder):
    assert failures("watch", folder) == ""


def gated(node: ast.With) -> bool:
    return any(ast.unparse(item.context_expr) == "importing" for item in node.items)


def imports_by_name(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return ast.unparse(node.func).rpartition(".")[2] in BY_NAME


def deferred_imports(path: Path) -> list[str]:
    """The imports of a module's functions that are in no block `with importing`."""
    found: list[str] = []

    def walk(node: ast.AST, deferred: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.With) and gated(child):
                continue
            is_import = isinstance(child, ast.Import | ast.ImportFrom)
            if deferred and (is_import or imports_by_name(child)):
                found.append(f"{path.name}:{child.lineno}: {ast.unparse(child)}")
            functions = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
            walk(child, deferred or isinstance(child, functions))

    walk(ast.parse(path.read_text()), False)
    return found


def test_every_import_in_a_function_is_in_the_gate():
    paths = sorted(PACKAGE.rglob("*.py"))
    assert len(paths) > 50
    assert [line for path in paths for line in deferred_imports(path)] == []


def test_the_check_of_the_sources_sees_imports_outside_the_gate(tmp_path):
    source = tmp_path / "m.py"
    source.write_text(
        "import os\n"
        "def f():\n"
        "    import re\n"
        "    import_module('x')\n"
        "    with importing:\n"
        "        import json\n"
    )
    assert len(deferred_imports(source)) == 2


def test_the_border_imports_late_in_one_place_only():
    """What it imports elsewhere was imported before any call."""
    always = {"numpy", "fastckpt.errors"}
    for path in (ROOT / "cpp" / "binding").glob("*.cc"):
        for line in path.read_text().splitlines():
            if "module_::import(" in line and path.stem != "bind_imports":
                assert line.split('"')[1] in always, f"{path.name}: {line}"
    assert "fastckpt.errors" in sys.modules, fastckpt.__name__


def test_a_cached_property_is_kept_and_computed_without_a_lock():
    computed = []

    class Holder:
        @cached_property
        def value(self) -> list[int]:
            """Its words."""
            if not computed:  # another comes while it is computed
                computed.append(1)
                computed.append(self.value)
            return [2]

    holder = Holder()
    assert holder.value is computed[1] is holder.value
    assert Holder.value.__doc__ == "Its words."


def test_no_module_takes_the_cached_property_that_locks():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        assert "functools.cached_property" not in text or path.stem == "cached", path
        assert "from functools import cached_property" not in text, path
