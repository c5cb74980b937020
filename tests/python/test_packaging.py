"""What the package says of itself, and what it tells people to install."""

import re
from importlib import metadata

import pytest

import fastckpt
from places import ROOT

PROJECT = (ROOT / "pyproject.toml").read_text()
README = (ROOT / "README.md").read_text()
# On the package index `fastckpt` is another project: nobody is to be sent there.
MISLEADING = re.compile(r"pip install +['\"]?fastckpt\b(?!-io)")
SAID = [
    path
    for folder, pattern in (
        ("python", "**/*.py"),
        ("cpp", "**/*.cc"),
        ("cpp", "**/*.h"),
        ("docs", "*.md"),
    )
    for path in sorted((ROOT / folder).glob(pattern))
]


def extras() -> dict[str, str]:
    """The extras as they are written down: name, requirements."""
    _, _, rest = PROJECT.partition("[project.optional-dependencies]\n")
    table, _, _ = rest.partition("\n[")
    return dict(re.findall(r"^(\w+) = \[(.*?)\]$", table, re.MULTILINE | re.DOTALL))


def test_no_message_and_no_page_sends_people_to_another_project():
    assert len(SAID) > 150
    found = [str(path) for path in SAID if MISLEADING.search(path.read_text())]
    assert found == []


def test_the_readme_says_what_the_name_on_the_package_index_brings():
    (warning,) = [line for line in README.split("\n\n") if MISLEADING.search(line)]
    assert "another project" in warning
    assert "fastckpt-io" in warning


def test_the_distribution_has_a_name_of_its_own():
    assert re.search(r'^name = "fastckpt-io"$', PROJECT, re.MULTILINE)


def test_every_extra_is_one_that_some_code_uses():
    assert sorted(extras()) == [
        "all",
        "bench",
        "cli",
        "dev",
        "graph",
        "jax",
        "keras",
        "remote",
        "safetensors",
        "test",
        "torch",
    ]
    uses = "\n".join(path.read_text() for path in SAID if path.suffix == ".py")
    for library in (
        "rich",
        "google.protobuf",
        "fsspec",
        "safetensors",
        "torch",
        "jax",
        "keras",
    ):
        assert re.search(rf"\b{re.escape(library)}\b", uses)


def test_the_extra_for_tests_names_no_framework():
    named = set(re.findall(r'"([\w-]+)', extras()["test"]))
    others = {"torch", "jax", "keras", "tf-keras", "flax", "transformers"}
    assert not named & (others | {"orbax-checkpoint", "dask", "xarray", "zarr"})


def test_extras_name_this_distribution_and_no_other():
    inner = re.findall(r'"([\w-]+)\[', PROJECT)
    assert set(inner) == {"fastckpt-io"}


def test_the_extra_for_benchmarks_brings_every_peer():
    named = set(re.findall(r'"([\w-]+)', extras()["bench"]))
    peers = {"tensorflow", "safetensors", "torch", "h5py", "zarr", "tensorstore"}
    assert named == peers | {"fastckpt-io", "jax", "orbax-checkpoint", "matplotlib"}


def test_nothing_is_promised_that_was_never_run():
    assert "MacOS" not in PROJECT
    assert "3.14" not in PROJECT
    assert "Free Threading" not in PROJECT


def test_an_installed_package_is_the_version_that_it_says():
    try:
        installed = metadata.version("fastckpt-io")
    except metadata.PackageNotFoundError:
        pytest.skip("fastckpt runs from the working tree")
    assert installed == fastckpt.__version__
