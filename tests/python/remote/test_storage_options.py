"""Every public function that reads what a URL names takes what opens its store."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fsspec")

import fsspec

import fastckpt
from installed import is_installed
from locked_store import KEY, locked_store

ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)
URL = "locked://place/run/m-2"
FOLDER = "locked://place/run"
SHAPES = {"w": (3, 4)}
RULES = fastckpt.Rules.parse("w -> w\nb -> -")


def _mean(to: Path, **options):
    return fastckpt.average([FOLDER], to / "mean", last=2, **options)


def _restore(_: Path, **options):
    into = {"w": np.zeros((3, 4), np.float32), "b": np.zeros(4, np.float32)}
    fastckpt.Saver().restore(URL, into, **options)
    np.testing.assert_array_equal(into["w"], ARRAY)


def _merge(to: Path, **options):
    return fastckpt.merge([URL], to / "merged", **options)


# Each is called with a folder to write to and with ``storage_options``, or without.
READERS = {
    "average": _mean,
    "checkpoint_exists": lambda _, **it: fastckpt.checkpoint_exists(URL, **it),
    "convert": lambda to, **it: fastckpt.convert(URL, to / "c.npz", **it),
    "diff": lambda _, **it: fastckpt.diff(URL, "locked://place/run/m-1", **it),
    "examine": lambda _, **it: fastckpt.examine(URL, **it),
    "get_checkpoint_state": lambda _, **it: fastckpt.get_checkpoint_state(FOLDER, **it),
    "latest_checkpoint": lambda _, **it: fastckpt.latest_checkpoint(FOLDER, **it),
    "load": lambda _, **it: fastckpt.load(URL, **it),
    "match": lambda _, **it: fastckpt.match(URL, SHAPES, RULES, **it).load(),
    "merge": _merge,
    "open": lambda _, **it: fastckpt.open(FOLDER, **it),
    "Saver.restore": _restore,
    "rewrite": lambda to, **it: fastckpt.rewrite(URL, to / "again", **it),
    "statistics": lambda _, **it: fastckpt.statistics(URL, **it),
    "strip": lambda to, **it: fastckpt.strip(URL, to / "stripped", **it),
}

# Public functions that read no checkpoint which a URL may name.
OTHERS = {
    "freeze", "remove_checkpoint", "salvage", "save", "update_checkpoint_state",
}  # fmt: skip

FRAMEWORKS = {
    "torch": ("load_file", "match", "CheckpointReader"),
    "jax": ("load",),
    "keras": ("load_weights",),
}


@pytest.fixture(scope="module", autouse=True)
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    saver = fastckpt.Saver()
    for step in (1, 2):
        saver.save(folder / "m", {"w": ARRAY, "b": ARRAY[0] * step}, global_step=step)
    with locked_store():
        system = fsspec.filesystem("locked", key=KEY)
        for path in folder.iterdir():
            system.pipe_file(f"{FOLDER}/{path.name}", path.read_bytes())
        yield


def test_the_table_has_every_public_function():
    functions = {
        name
        for name in [*fastckpt.__all__, "open"]
        if inspect.isfunction(getattr(fastckpt, name))
    }
    assert functions == READERS.keys() - {"Saver.restore"} | OTHERS


@pytest.mark.parametrize("name", READERS)
def test_a_function_opens_a_store_with_what_it_was_given(name, tmp_path):
    READERS[name](tmp_path, storage_options={"key": KEY})


@pytest.mark.parametrize("name", READERS)
def test_without_that_it_says_that_it_may_not_and_nothing_else(name, tmp_path):
    for options in ({}, {"storage_options": {"key": "wrong-8d1"}}):
        with pytest.raises(PermissionError) as caught:
            READERS[name](tmp_path, **options)
        assert "wrong-8d1" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", READERS)
def test_what_opens_a_store_means_nothing_to_local_files(name, tmp_path, monkeypatch):
    saver = fastckpt.Saver()
    for step in (1, 2):
        tensors = {"w": ARRAY, "b": ARRAY[0] * step}
        saver.save(tmp_path / "run" / "m", tensors, global_step=step)
    monkeypatch.chdir(tmp_path)
    here = {"URL": "run/m-2", "FOLDER": "run"}
    for constant, value in here.items():
        monkeypatch.setitem(globals(), constant, value)
    if name == "diff":
        fastckpt.diff(URL, "run/m-1", storage_options={"key": KEY})
    else:
        READERS[name](tmp_path, storage_options={"key": KEY})


def test_what_a_state_file_behind_a_url_tells_is_opened_too():
    options = {"storage_options": {"key": KEY}}
    assert fastckpt.latest_checkpoint(FOLDER, **options) == URL
    state = fastckpt.get_checkpoint_state(FOLDER, **options)
    assert state.all_model_checkpoint_paths == [f"{FOLDER}/m-1", URL]
    assert fastckpt.checkpoint_exists(URL, **options)
    assert not fastckpt.checkpoint_exists(f"{URL}0", **options)


def test_the_mean_of_a_url_with_a_password_is_made_of_it(tmp_path):
    """Prefixes are told without credentials; what opens them has these."""
    done = _mean(tmp_path, storage_options={"key": KEY})
    assert done.checkpoints == [f"{FOLDER}/m-1", URL]
    mean = fastckpt.load(tmp_path / "mean")
    np.testing.assert_array_equal(mean["b"], ARRAY[0] * 1.5)
    with pytest.raises(ValueError, match="stands for its latest"):
        fastckpt.average([FOLDER], tmp_path / "other", storage_options={"key": KEY})


@pytest.mark.frameworks
@pytest.mark.parametrize("module", FRAMEWORKS)
def test_the_frameworks_take_it_too(module):
    if not is_installed(module):
        pytest.skip(f"{module} is not installed")
    found = import_module(f"fastckpt.{module}")
    for name in FRAMEWORKS[module]:
        parameters = inspect.signature(getattr(found, name)).parameters
        kinds = {it.kind for it in parameters.values()}
        assert "storage_options" in parameters or inspect.Parameter.VAR_KEYWORD in kinds
    options = {"storage_options": {"key": KEY}}
    if module == "torch":
        np.testing.assert_array_equal(found.load_file(URL, **options)["w"], ARRAY)
        found.CheckpointReader(URL, **options)
        torch = import_module("torch")
        linear = torch.nn.Linear(3, 4)
        rules = fastckpt.Rules.parse("w -> weight transpose\nb -> bias")
        plan = found.match(URL, linear, rules, **options)
        assert plan.pairs.keys() == {"weight", "bias"}
    if module == "jax":
        np.testing.assert_array_equal(found.load(URL, **options)["w"], ARRAY)
