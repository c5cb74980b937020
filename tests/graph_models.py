"""Graphs that TensorFlow made, frozen by fastckpt and run again, for the tests.

TensorFlow runs in child processes, each once in a test run; what it leaves lies in a
folder that goes when the tests end.
"""

from __future__ import annotations

import atexit
import functools
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import children
import fastckpt
from fastckpt.graph.schema import get_message

PROGRAMS = Path(__file__).resolve().parent / "graph_programs"
PACKAGE = Path(fastckpt.__file__).resolve().parents[1]


class Run(NamedTuple):
    """A graph that fastckpt froze: the file, and what its outputs are."""

    report: fastckpt.graph.freeze.FreezeReport
    path: Path
    results: dict[str, np.ndarray] | None
    error: str


def run_program(name: str, *arguments: object) -> str:
    """Runs one of the programs in a child process and gives what it prints."""
    return children.run_with_tensorflow(PROGRAMS / name, *arguments, paths=(PACKAGE,))


@functools.cache
def _make_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="fastckpt-graphs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def make_folder(name: str) -> Path:
    """Makes a folder that goes when the tests end."""
    folder = _make_folder() / name
    folder.mkdir()
    return folder


@functools.cache
def get_models() -> Path:
    """Gives the folder with a folder for each model (see ``harness``)."""
    folder = make_folder("models")
    modules = "control_models", "plain_models", "story_models"
    run_program("make_models.py", folder, *modules)
    return folder


@functools.cache
def get_updates() -> Path:
    """Gives the folder with graphs that update variables (see ``update_models``)."""
    folder = make_folder("updates")
    run_program("make_models.py", folder, "update_models")
    return folder


@functools.cache
def get_saved() -> Path:
    """Gives the folder with SavedModels and object graphs (see ``make_saved``)."""
    folder = make_folder("saved")
    run_program("make_saved.py", folder)
    return folder


@functools.cache
def get_scenarios() -> Path:
    """Gives the folder with a folder for each scenario (see ``make_scenarios``)."""
    folder = make_folder("scenarios")
    run_program("make_scenarios.py", folder)
    return folder


def get_prefix(model: str) -> str:
    """Gives the checkpoint of a model."""
    return str(get_models() / model / "model.ckpt-1")


def read_meta(model: str) -> fastckpt.MetaGraph:
    """Gives the graph of a model."""
    return fastckpt.MetaGraph.read(f"{get_prefix(model)}.meta")


@functools.cache
def describe(model: str) -> dict[str, Any]:
    """Gives what TensorFlow says of a model's graph."""
    return json.loads((get_models() / model / "graph.json").read_text())


def read_values(path: Path) -> dict[str, np.ndarray]:
    """Gives the outputs that ``save_values`` wrote: name and type to bytes."""
    with np.load(path) as values:
        return {name: values[name] for name in values.files}


def read_graph(path: Path) -> Any:
    """Gives a GraphDef whose functions are comparable with those of another.

    TensorFlow counts functions through a whole process, fastckpt names them by their
    contents; TensorFlow keeps those that nobody calls. Loops in the graph itself lose
    ``_output_shapes``: where one carries a handle, TensorFlow leaves the handle's shape
    there, and cannot load what it made.
    """
    graph = get_message("GraphDef").FromString(path.read_bytes())
    functions = {each.signature.name: each for each in graph.library.function}
    used, waiting = set(), [*graph.node]
    while waiting:
        for name in _list_called(waiting.pop()) & functions.keys() - used:
            used.add(name)
            waiting += functions[name].node_def
    names = {name: re.sub(r"_(\d+|[a-p]{16})$", "", name) for name in used}
    order = {name: i for i, name in enumerate(n for n in functions if n in used)}
    for node in [*graph.node, *(n for name in used for n in functions[name].node_def)]:
        for call in _list_calls(node):
            call.name = f"{names.get(call.name, call.name)}#{order.get(call.name)}"
    kept = [functions[name] for name in order]
    for each in kept:
        name = each.signature.name
        each.signature.name = f"{names[name]}#{order[name]}"
    made = get_message("GraphDef").FromString(graph.SerializeToString())
    del made.library.function[:]
    made.library.function.extend(kept)
    for node in made.node:
        if node.op in ("While", "StatelessWhile"):
            node.attr.pop("_output_shapes", None)
    return made


def _list_calls(node: Any) -> list[Any]:
    return [
        call
        for value in node.attr.values()
        for call in ([value.func] if value.HasField("func") else value.list.func)
    ]


def _list_called(node: Any) -> set[str]:
    return {node.op, *(call.name for call in _list_calls(node))}


@functools.cache
def get_runs() -> dict[str, Run]:
    """Freezes all models that can be frozen, and runs what came out in TensorFlow."""
    return run_models(get_models())


def run_models(models: Path) -> dict[str, Run]:
    """Freezes those of a folder that can be frozen, and runs them in TensorFlow."""
    folder = make_folder(f"frozen_{models.name}")
    reports, jobs = {}, []
    for model in sorted(each.name for each in models.iterdir()):
        described = json.loads((models / model / "graph.json").read_text())
        blacklist = [described["blacklist"]] if described["blacklist"] else None
        path = folder / f"{model}.pb"
        prefix = models / model / "model.ckpt-1"
        try:
            reports[model] = fastckpt.freeze(
                prefix, described["outputs"], to=path, blacklist=blacklist
            )
        except fastckpt.UnsupportedError:
            continue
        jobs.append(make_job(model, path, described["runnable"], described["feeds"]))
    run_jobs(jobs)
    return {
        model: _read_run(report, folder / f"{model}.pb")
        for model, report in reports.items()
    }


def make_job(
    name: str,
    graph: Path,
    outputs: list[str],
    feeds: dict,
    added: list = (),
    *,
    first: list[str] = (),
    eager: bool = False,
) -> dict[str, Any]:
    """Makes a job for ``run_jobs``."""
    return {
        "graph": str(graph),
        "outputs": outputs,
        "feeds": feeds,
        "added": list(added),
        "first": list(first),
        "eager": eager,
        "result": str(graph.parent / f"{name}.npz"),
    }


def run_jobs(jobs: list[dict[str, Any]]) -> None:
    """Runs frozen graphs in a child process (see ``run_frozen``)."""
    file = _make_folder() / "jobs.json"
    file.write_text(json.dumps(jobs))
    run_program("run_frozen.py", file)


def _read_run(report: Any, path: Path) -> Run:
    result = path.with_suffix(".npz")
    error = Path(f"{result}.error")
    if error.exists():
        return Run(report, path, None, error.read_text())
    return Run(report, path, read_values(result), "")
