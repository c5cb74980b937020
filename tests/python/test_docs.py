"""The pages in docs/: their blocks run, their links lead somewhere."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import children
import fastckpt
import fastckpt.compat.tensorflow as tf
from docs_folder import make_folder
from fastckpt.compat.tensorflow import _out_of_reach
from installed import is_installed

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PACKAGE = Path(fastckpt.__file__).parents[1]
NEEDS_TENSORFLOW = "# needs TensorFlow\n"
# What a block's first line asks for, and what that needs beside it: a backend.
LIBRARIES = {
    "torch": ["torch"],
    "jax": ["jax"],
    "keras": ["keras", "torch"],
    "flax": ["flax", "jax"],
    "dask": ["dask"],
    "distributed": ["distributed", "xarray", "zarr"],
}
NEEDS = {name: f"# needs {name}\n" for name in LIBRARIES}

# A block that begins with the name of a file is that file.
FILE = re.compile(r"# (\w+\.py)\n")
# A line of output is told behind the print() that makes it.
TOLD = re.compile(r"^ *print\(.*\)  # (.*)$", re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def program(page: str) -> str:
    """The blocks of a page that are one program, one after the other."""
    found = blocks(page, "python")
    left_out = [each for each in found if FILE.match(each)]
    left_out += [
        each for each in found if each.startswith((NEEDS_TENSORFLOW, *NEEDS.values()))
    ]
    return "\n".join(each for each in found if each not in left_out)


PAGES = sorted(page.name for page in DOCS.glob("*.md"))
PROGRAMS = [page for page in PAGES if program(page)]
LINKS = [
    (page, target)
    for page in PAGES
    for target in re.findall(r"\]\(([^)#:]+)\)", (DOCS / page).read_text())
]


@pytest.fixture
def folder(tmp_path):
    """A working folder with the checkpoints that the pages name."""
    pytest.importorskip("google.protobuf")
    make_folder(tmp_path)
    return tmp_path


def run(*command, cwd, **environment) -> str:
    added = {"PYTHONPATH": str(PACKAGE), "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    done = children.run(
        command, cwd=cwd, env=os.environ | added, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PROGRAMS)
def test_the_blocks_of_a_page_print_what_it_says(page, folder):
    text = program(page)
    printed = run(sys.executable, "-c", text, cwd=folder)
    assert TOLD.findall(text)
    assert printed.splitlines() == TOLD.findall(text)


@pytest.mark.tensorflow
def test_tensorflow_runs_what_was_frozen(folder):
    (text,) = [b for b in blocks("graphs.md", "python") if NEEDS_TENSORFLOW in b]
    fastckpt.freeze(folder / "models", "predictions", to=folder / "frozen.pb")
    printed = run(sys.executable, "-c", text, cwd=folder, CUDA_VISIBLE_DEVICES="-1")
    assert printed.splitlines() == TOLD.findall(text)


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("library", "page", "text"),
    [
        (library, page, text)
        for library, beginning in NEEDS.items()
        for page in PAGES
        for text in blocks(page, "python")
        if text.startswith(beginning)
    ],
)
def test_blocks_for_frameworks_print_what_they_say(library, page, text, folder):
    for needed in LIBRARIES[library]:
        if not is_installed(needed):
            pytest.skip(f"{needed} is not installed")
    run(sys.executable, "-c", program(page), cwd=folder)
    # Spawned workers import the file of their parent.
    (folder / "block.py").write_text(text)
    printed = run(sys.executable, "block.py", cwd=folder)
    assert printed.splitlines() == TOLD.findall(text)


def run_commands(page: str, folder: Path) -> str:
    """Runs a page's shell blocks beside its files, with this interpreter."""
    for block in blocks(page, "python"):
        if name := FILE.match(block):
            (folder / name[1]).write_text(block)
    (folder / "bin").mkdir()
    for name, module in {"python": "", "fastckpt": " -m fastckpt"}.items():
        file = folder / "bin" / name
        file.write_text(
            f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{PACKAGE}"\nexport PYTHONPATH\n'
            f'exec "{sys.executable}"{module} "$@"\n'
        )
        file.chmod(0o755)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    script = "\n".join(blocks(page, "sh"))
    return run("sh", "-e", "-c", script, cwd=folder, PATH=path)


def test_the_commands_for_graphs_show_and_freeze(folder):
    printed = run_commands("graphs.md", folder)
    assert "output      predictions:0  float32  (?, 3)" in printed
    assert "frozen.pb: 8 nodes, 2 variables as constants" in printed
    assert "serving.pb: 4 nodes, 1 variable as constants" in printed


def test_the_commands_around_a_converter_write_every_tensor(folder):
    run_commands("tensorflow_names.md", folder)
    with np.load(folder / "weights.npz") as written:
        assert set(written.files) == set(fastckpt.open(folder / "models"))


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_every_link_of_a_page_leads_somewhere(page, target):
    assert (DOCS / target).exists()


def test_the_readme_names_every_page():
    readme = (ROOT / "README.md").read_text()
    assert [page for page in PAGES if f"](docs/{page})" not in readme] == []


def test_what_is_there_and_what_is_not_is_on_the_page():
    text = (DOCS / "tensorflow_names.md").read_text()
    out_of_reach = [f"tf.{name}" for name in _out_of_reach._INSTEAD]
    names = [*tf.train.__all__, *out_of_reach]
    assert [name for name in names if f"`{name}`" not in text] == []
