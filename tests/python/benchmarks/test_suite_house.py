"""The suite's house: which folder imports which, and names that stand in strings."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.machine.tree import OUT
from benchmarks.rows.all import ROWS
from benchmarks.rows.row import Child

ROOT = Path(__file__).parents[3]
SUITE = ROOT / "benchmarks"

# From low to high: a folder imports lower ones and itself; docs/house.md tells what
# each is for. What lies in no folder stands on top.
FLOORS = (
    "machine",
    "data",
    "contenders",
    "rows",
    "timing",
    "measures",
    "reports",
    "ledger",
    "mine",
)
MAX_LINES = 300

PROGRAM = re.compile(r"""python -m (benchmarks[\w.]*)|"-m", f?"(benchmarks[^"]*)\"""")
RUN = re.compile(r'run_program\(\s*"([\w.]+)"')


def files(*endings: str) -> Iterator[Path]:
    """Gives the suite's files, without what it made."""
    for path in SUITE.rglob("*"):
        if path.suffix in endings and not path.is_relative_to(OUT):
            yield path


def modules() -> dict[str, Path]:
    """Gives {"rows.row": its file} of every module of the suite."""
    found = {}
    for path in files(".py"):
        parts = path.relative_to(SUITE).with_suffix("").parts
        found[".".join(parts)] = path
    assert len(found) > 70
    return found


def floor_of(module: str) -> int:
    folder, _, inner = module.partition(".")
    return FLOORS.index(folder) if inner else len(FLOORS)


def imported(path: Path, known: set[str]) -> Iterator[str]:
    """Gives the modules that a file imports, at once or when a function is called."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] != "benchmarks":
                continue
            inner = name.removeprefix("benchmarks.")
            if inner not in known:
                inner = inner.rpartition(".")[0]
            assert inner in known, f"{path}: {name} is no module of the suite"
            yield inner


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    known = modules()
    return {name: set(imported(path, set(known))) for name, path in known.items()}


def test_every_folder_of_modules_has_its_floor():
    folders = {name.split(".")[0] for name in modules() if "." in name}
    assert folders == set(FLOORS)


def test_folders_import_lower_ones_only(graph):
    upward = [
        f"{module} -> {target}"
        for module, targets in graph.items()
        for target in targets
        if floor_of(target) > floor_of(module)
    ]
    assert upward == []


def test_modules_do_not_import_each_other_in_a_circle(graph):
    left = dict(graph)
    # Takes away, again and again, what imports nothing that is left.
    while done := {name for name, targets in left.items() if not targets & left.keys()}:
        left = {name: targets for name, targets in left.items() if name not in done}
    assert left == {}


def test_no_file_of_the_suite_is_too_long():
    lines = {
        path: len(path.read_text().splitlines()) for path in files(".py", ".cc", ".h")
    }
    assert [path for path, count in lines.items() if count > MAX_LINES] == []


def functions_of(module: str) -> set[str]:
    """Gives the functions of a module, which is not imported: it may need much."""
    tree = ast.parse(modules()[module].read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_contender_of_a_row_is_a_function_that_is_there():
    asked = {
        (f"contenders.{who.module}", who.function)
        for row in ROWS
        for who in row.contenders.values()
        if isinstance(who, Child)
    }
    assert len(asked) > 40
    assert [it for it in sorted(asked) if it[1] not in functions_of(it[0])] == []


def measured() -> list[str]:
    """Gives what rows name as their measure, those of `mine` too."""
    text = modules()["mine.rows"].read_text()
    of_mine = re.findall(r'measure="([\w.]+)"', text)
    assert of_mine
    return [*(row.measure for row in ROWS if row.measure), *of_mine]


@pytest.mark.parametrize("name", measured())
def test_every_measure_of_a_row_is_a_function_that_is_there(name):
    module, _, function = name.rpartition(".")
    assert function in functions_of(module)


def programs() -> set[str]:
    """Gives the modules that are started by name: in the suite, in docs and checks."""
    files = [*modules().values(), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    found = set()
    for path in [*files, ROOT / ".ci" / "run", ROOT / "CHANGELOG.md"]:
        text = path.read_text()
        found |= {"".join(names) for names in PROGRAM.findall(text)}
        found |= {f"benchmarks.{name}" for name in RUN.findall(text)}
    # What `run_program` itself starts has its name from elsewhere.
    return {name.rstrip(".") for name in found if "{" not in name}


def test_every_program_that_is_started_by_name_is_there():
    started = programs()
    assert {"benchmarks", "benchmarks.ledger", "benchmarks.timing.child"} <= started
    known = {f"benchmarks.{name}" for name in modules()} | {"benchmarks.__main__"}
    for name in started:
        path = name if name in known else f"{name}.__main__"
        assert path in known, name
        text = modules()[path.removeprefix("benchmarks.")].read_text()
        assert 'if __name__ == "__main__":' in text, name


def test_the_docs_tell_folders_in_their_order_with_every_room():
    text = (ROOT / "docs" / "house.md").read_text()
    lines = re.findall(r"^\| `benchmarks/(\w+)/` \|.*\|(.*)\|$", text, re.MULTILINE)
    assert [folder for folder, _ in lines] == list(FLOORS)
    for folder, rooms in lines:
        found = {path.stem for path in (SUITE / folder).glob("*.py")} - {"__init__"}
        assert set(re.findall(r"`(\w+)`", rooms)) == found, folder
