"""`import fastckpt` brings in little beyond what NumPy itself has imported."""

import sys

import pytest

import children

# What the first dtype, call or command that needs it may load, and nothing else.
UNWANTED = (
    "concurrent.futures",
    "fsspec",
    "google.protobuf",
    "importlib.metadata",
    "logging",
    "ml_dtypes",
    "pathlib",
    "rich",
    "safetensors",
    "shutil",
    "tempfile",
)


def modules_after(statement: str) -> set[str]:
    """What a fresh interpreter has imported after running `statement`."""
    script = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    child = children.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(child.stdout.split())


@pytest.fixture(scope="module")
def added() -> set[str]:
    return modules_after("import fastckpt") - modules_after("import numpy")


@pytest.mark.parametrize("name", UNWANTED)
def test_import_does_not_bring_in(added, name):
    assert not {m for m in added if m == name or m.startswith(name + ".")}


def test_import_brings_in_no_package_but_our_own(added):
    standard = set(sys.stdlib_module_names)
    foreign = {name.split(".")[0] for name in added} - standard - {"fastckpt"}
    assert foreign == set()


def test_import_brings_in_reading_and_not_writing(added):
    ours = {name.removeprefix("fastckpt.") for name in added if "fastckpt." in name}
    wings = {name.partition(".")[0] for name in ours}
    assert "reading" in wings
    assert not wings & {"writing", "editing", "checking", "graph", "cli", "compat"}


def test_opening_and_reading_floats_loads_nothing_of_the_unwanted(tmp_path):
    prefix = str(tmp_path / "m")
    write = f"import fastckpt as f, numpy; f.save({prefix!r}, {{'w': numpy.ones(4)}})"
    children.run([sys.executable, "-c", write], check=True)
    read = f"import fastckpt; assert fastckpt.open({prefix!r})['w'][3] == 1"
    loaded = modules_after(read) - modules_after("import numpy")
    assert not loaded & set(UNWANTED)
