"""The house: what may include or import what, and how large a room may be."""

import ast
import builtins
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import children
import fastckpt
from fastckpt import _native

ROOT = Path(__file__).parents[2]
CPP = ROOT / "cpp"
INCLUDE_ROOT = CPP / "include" / "fastckpt"
PYTHON = ROOT / "python" / "fastckpt"

# From low to high: a floor includes lower ones and itself, never in a circle.
CPP_FLOORS = (
    {"base", "public/error", "public/dtype", "public/version"},
    {"codec", "platform", "tensor"},
    {"table", "proto"},
    {"v1", "v2"},
    {"files", "read", "write"},
    {"edit"},
    {"api", "public/checkpoint", "public/writer"},
    {"binding"},
)
# Rooms that another one's test tests.
BESIDE = {
    "read/bundle_parts": "read/bundle_source",
    "read/fetch_ahead": "read/range_run",
    "read/piece_check": "read/region_copy",
    "read/task_parts": "read/copy_check",
    "codec/crc32c_portable": "codec/crc32c",
    "codec/crc32c_sse42": "codec/crc32c",
    "codec/crc32c_avx2": "codec/crc32c",
    "codec/crc32c_avx512": "codec/crc32c",
    "codec/crc32c_arm64": "codec/crc32c",
    "codec/float_cast_portable": "codec/float_cast",
    "codec/float_cast_avx2": "codec/float_cast",
    "codec/float_cast_avx512": "codec/float_cast",
    "codec/float_cast_arm64": "codec/float_cast",
    "codec/lanes_portable": "codec/lanes",
    "codec/lanes_avx2": "codec/lanes",
    "codec/lanes_avx512": "codec/lanes",
}
PYTHON_HEADERS = re.compile(r"#include <(pybind11/|Python\.h|numpy/)")
# What only `platform/` asks, and what only the kernels of `codec/` may know of the
# processor that they are compiled for.
SYSTEM_HEADER = re.compile(r"^#\s*include <([\w/]+\.h|cerrno|csignal)>", re.MULTILINE)
SYSTEM_WORD = re.compile(
    r"\b(errno|E[A-Z]{3,}|pid_t|getpid|fork|pthread_\w+|mmap|ioctl|getauxval"
    r"|__builtin_cpu_\w+)\b"
)
KERNEL_HEADERS = {
    "immintrin.h",
    "nmmintrin.h",
    "wmmintrin.h",
    "arm_acle.h",
    "arm_neon.h",
}
PYTHON_HEADER = re.compile(r"Python\.h|(pybind11|numpy)/.*")
CONDITION = re.compile(r"^#\s*(?:if|ifdef|ifndef|elif)\b(.*)", re.MULTILINE)
CONDITIONS = {
    "codec": {"__x86_64__", "__aarch64__", "__GNUC__", "__clang__"},
    "binding": {"NDEBUG"},
}
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)

PYTHON_FLOORS = (
    {"_native", "base", "errors"},
    {"files"},
    {"objects"},
    {"reading"},
    {"writing"},
    {"formats", "graph"},
    {"checking", "editing"},
    {"matching", "pages"},
    {"jax", "keras", "torch"},
    {"__init__", "__main__", "cli", "compat"},
)

# Functions that the package has or is to have, beside those in `__all__`.
VERBS = {"open", "salvage"}

IMPORT_ALL = """
import importlib, sys
import fastckpt
for name in sys.argv[1:]:
    importlib.import_module(name)
for name in [*fastckpt.__all__, "open"]:
    value = getattr(fastckpt, name)
    home = fastckpt._LAZY.get(name)
    if home is not None:
        assert value is getattr(sys.modules[f"fastckpt.{home}"], name), name
    assert callable(value) or name == "__version__", name
"""

MAX_LINES = 300


def cpp_files() -> list[Path]:
    files = [path for path in CPP.rglob("*") if path.suffix in {".h", ".cc"}]
    assert len(files) > 50
    return files


def cpp_room(path: Path) -> str:
    """The name of a file's room: "base/error", "checkpoint", "binding/reader"."""
    if INCLUDE_ROOT in path.parents:
        return f"public/{path.stem}"
    parts = path.relative_to(CPP).with_suffix("").parts
    return "/".join(parts[1:] if parts[0] == "fastckpt" else parts)


def cpp_includes(path: Path) -> list[str]:
    """The rooms that a file includes, its own left out."""
    rooms = []
    for name in INCLUDE.findall(path.read_text()):
        is_core = name.startswith("fastckpt/")
        roots = (INCLUDE_ROOT.parent, CPP) if is_core else (path.parent,)
        target = next((it for root in roots if (it := root / name).is_file()), CPP)
        assert target.is_file(), f"{path}: {name} is not there"
        rooms.append(cpp_room(target))
    return [room for room in rooms if room != cpp_room(path)]


def cpp_graph() -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for path in cpp_files():
        graph.setdefault(cpp_room(path), set()).update(cpp_includes(path))
    return graph


def floor_of(room: str, floors: tuple[set[str], ...], separator: str) -> int:
    name = room.split(separator)[0]
    for number, names in enumerate(floors):
        if name in names or room in names:
            return number
    raise AssertionError(f"{room} is on no floor: put {name} on one")


def upward_edges(graph, floors, separator: str) -> list[str]:
    return [
        f"{room} -> {target}"
        for room, targets in graph.items()
        for target in targets
        if floor_of(target, floors, separator) > floor_of(room, floors, separator)
    ]


def find_circle(graph: dict[str, set[str]]) -> list[str]:
    """The rooms of some circle, or none."""
    done: set[str] = set()

    def visit(room: str, path: list[str]) -> list[str]:
        if room in path:
            return [*path[path.index(room) :], room]
        if room in done:
            return []
        for target in sorted(graph.get(room, ())):
            if circle := visit(target, [*path, room]):
                return circle
        done.add(room)
        return []

    for room in sorted(graph):
        if circle := visit(room, []):
            return circle
    return []


def python_modules() -> dict[str, Path]:
    modules = {}
    for path in PYTHON.rglob("*.py"):
        parts = path.relative_to(PYTHON).with_suffix("").parts
        if parts[-1] == "__init__" and len(parts) > 1:
            parts = parts[:-1]
        modules[".".join(parts)] = path
    assert len(modules) > 100
    return modules


def imported(node: ast.Import | ast.ImportFrom, known: set[str]) -> Iterator[str]:
    """The modules of the package that one statement imports."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        assert node.level == 0, f"relative import: {ast.unparse(node)}"
        module = node.module or ""
        names = [f"{module}.{alias.name}" for alias in node.names]
    for name in names:
        if name.split(".")[0] != "fastckpt":
            continue
        inner = name.removeprefix("fastckpt").removeprefix(".")
        # A name that is no module is one in the module that is left of it.
        while inner and inner not in known:
            inner = inner.rpartition(".")[0]
        yield inner or "__init__"


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports_of(path: Path, known: set[str]) -> tuple[set[str], set[str]]:
    """What a module imports at once, and what only inside of functions."""
    at_once: set[str] = set()
    deferred: set[str] = set()

    def walk(node: ast.AST, into: set[str]) -> None:
        for child in ast.iter_child_nodes(node):
            if is_type_checking(child):
                continue
            if isinstance(child, ast.Import | ast.ImportFrom):
                into.update(imported(child, known))
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            walk(child, deferred if is_function else into)

    walk(ast.parse(path.read_text()), at_once)
    return at_once, deferred


@pytest.fixture(scope="module")
def python_graphs() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    modules = python_modules()
    known = {*modules, "_native"}
    at_once, deferred = {}, {}
    for name, path in modules.items():
        at_once[name], deferred[name] = imports_of(path, known)
        at_once[name] -= {name}
    # The face of the package gives its names out when they are asked for.
    deferred["__init__"].clear()
    return at_once, deferred


def test_cpp_rooms_include_their_own_floor_and_lower_ones():
    assert upward_edges(cpp_graph(), CPP_FLOORS, "/") == []


def test_cpp_rooms_do_not_include_each_other_in_a_circle():
    assert find_circle(cpp_graph()) == []


def test_only_the_binding_knows_python():
    reaching = [
        str(path.relative_to(ROOT))
        for path in cpp_files()
        if PYTHON_HEADERS.search(path.read_text())
        and CPP / "binding" not in path.parents
    ]
    assert reaching == []


def cpp_code(path: Path) -> str:
    """A file without its comments, which may speak of anything."""
    return re.sub(r"//.*", "", path.read_text())


def outside_platform() -> dict[Path, str]:
    """The folders, below `cpp/`, of the files whose code knows no system."""
    rooms = {path: cpp_room(path).split("/")[0] for path in cpp_files()}
    return {path: folder for path, folder in rooms.items() if folder != "platform"}


def is_system_header(name: str, folder: str) -> bool:
    if folder == "binding" and PYTHON_HEADER.fullmatch(name):
        return False
    return not (folder == "codec" and name in KERNEL_HEADERS)


def test_only_platform_includes_headers_of_the_system():
    including = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, folder in outside_platform().items()
        for name in SYSTEM_HEADER.findall(cpp_code(path))
        if is_system_header(name, folder)
    ]
    assert including == []


def test_only_platform_asks_the_system_and_the_processor():
    asking = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in outside_platform()
        for word in SYSTEM_WORD.findall(cpp_code(path))
    ]
    assert asking == []


def test_conditions_on_systems_are_in_platform():
    found = [
        f"{path.relative_to(ROOT)}: {condition.strip()}"
        for path, folder in outside_platform().items()
        for condition in CONDITION.findall(cpp_code(path))
        if set(re.findall(r"\b(?!defined\b)[A-Za-z_]\w*", condition))
        - CONDITIONS.get(folder, set())
    ]
    assert found == []


def test_no_room_asks_what_an_object_is():
    asking = [
        str(path.relative_to(ROOT))
        for path in cpp_files()
        if "dynamic_cast" in cpp_code(path) and cpp_room(path).split("/")[0] != "base"
    ]
    assert asking == []


def test_every_core_room_with_a_source_has_a_test():
    sources = [path for path in cpp_files() if path.suffix == ".cc"]
    rooms = {cpp_room(path) for path in sources}
    core = {room for room in rooms if not room.startswith("binding/")}
    tests = ROOT / "tests" / "cpp"
    missing = [
        room
        for room in sorted(core)
        if not (tests / f"{BESIDE.get(room, room)}_test.cc").is_file()
    ]
    assert missing == []


def test_every_cpp_test_has_a_namespace_of_its_own_name():
    # Files of a folder are compiled as one, and name their helpers as they like.
    missing = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests" / "cpp").rglob("*_test.cc"))
        if f"::{path.stem} {{" not in path.read_text()
    ]
    assert missing == []


def test_every_floor_has_its_rooms():
    rooms = set(cpp_graph())
    found = {it if it.startswith("public/") else it.split("/")[0] for it in rooms}
    assert set().union(*CPP_FLOORS) == found
    packages = {name.split(".")[0] for name in python_modules()}
    assert set().union(*PYTHON_FLOORS) == packages | {"_native"}


def test_python_modules_import_their_own_floor_and_lower_ones(python_graphs):
    at_once, deferred = python_graphs
    assert upward_edges(at_once, PYTHON_FLOORS, ".") == []
    assert upward_edges(deferred, PYTHON_FLOORS, ".") == []


def test_python_modules_do_not_import_each_other_in_a_circle(python_graphs):
    at_once, deferred = ({**graph} for graph in python_graphs)
    for name, targets in deferred.items():
        at_once[name] = at_once[name] | targets
    assert find_circle(at_once) == []


def test_the_package_itself_holds_names_only():
    tree = ast.parse((PYTHON / "__init__.py").read_text())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert functions <= {"__getattr__", "__dir__"}
    assert not any(isinstance(node, ast.ClassDef) for node in tree.body)


def count_code(path: Path) -> int:
    """The lines of a file, without docstrings."""
    text = path.read_text()
    lines = len(text.splitlines())
    if path.suffix != ".py":
        return lines
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            lines -= node.body[0].end_lineno - node.body[0].lineno + 1
    return lines


def test_no_source_file_is_too_long():
    files = [*cpp_files(), *python_modules().values()]
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if (lines := count_code(path)) > MAX_LINES
    }
    assert long == {}


def test_the_version_comes_from_one_place():
    project = (ROOT / "pyproject.toml").read_text()
    assert re.search(rf'^version = "{re.escape(_native.__version__)}"$', project, re.M)


@pytest.mark.parametrize("seed", [1, 2])
def test_no_module_takes_the_place_of_a_public_name(seed):
    names = [f"fastckpt.{name}" for name in python_modules() if name != "__init__"]
    names.remove("fastckpt.__main__")
    random.Random(seed).shuffle(names)
    child = children.run(
        [sys.executable, "-c", IMPORT_ALL, *names], capture_output=True, text=True
    )
    assert child.returncode == 0, child.stderr


def test_nothing_at_the_top_bears_the_name_of_a_function():
    tops = {name.split(".")[0] for name in python_modules()}
    functions = {name for name in fastckpt.__all__ if name.islower()} | VERBS
    assert tops & functions - {"__init__", "__version__"} == set()


def test_what_is_imported_by_a_star_hides_no_builtin():
    space: dict[str, object] = {}
    exec("from fastckpt import *", space)
    assert space["save"] is fastckpt.save
    assert not set(fastckpt.__all__) & set(dir(builtins))


def rooms_told() -> dict[str, set[str]]:
    """The rooms in each table of docs/house.md, by the folder of its heading."""
    told: dict[str, set[str]] = {}
    folder = ""
    for line in (ROOT / "docs" / "house.md").read_text().splitlines():
        if match := re.match(r"### `(.*?)/?`", line):
            folder = match[1]
        elif match := re.match(r"\| `(\w+)` \|", line):
            told.setdefault(folder, set()).add(match[1])
    return told


def test_the_house_tells_of_every_room():
    headers = [path for path in cpp_files() if path.suffix == ".h"]
    rooms = {path.with_suffix("") for path in [*headers, *python_modules().values()]}
    found: dict[str, set[str]] = {}
    for room in rooms:
        if room.name != "__init__":
            folder = str(room.parent.relative_to(ROOT))
            found.setdefault(folder, set()).add(room.name)
    assert rooms_told() == found
