"""freeze: updates of variables that outputs bring along go, or are refused."""

import functools
import json
from collections import Counter

import pytest

import fastckpt
from fastckpt import MetaGraph, UnsupportedError
from fastckpt.graph.outputs import find_likely_outputs
from graph_models import get_updates, read_graph, read_values, run_models, run_program

pytestmark = pytest.mark.tensorflow

# The outputs do not depend on the updates that hang on them.
FROZEN = [
    "classifies_in_training",
    "counted_and_averaged",
    "counts_in_function",
    "counts_in_loop_v1",
    "counts_in_loop_v2",
    "counts_resource_in_loop_v1",
    "loops_after_an_update",
    "normalized_resources_v1",
    "normalized_resources_v2",
    "normalized_resources_v2_in_training",
    "normalized_v1",
    "normalized_v1_in_training",
    "normalized_v1_without_bias",
    "trained_on_the_way",
    "updates_what_it_updated",
]
# The outputs read what was updated.
REFUSED = {
    "loops_while_count_is_small": "count",
    "reads_after_function": "count",
    "reads_after_what_another_update_uses": "v",
    "reads_count_in_function": "count",
    "reads_count_in_loop_v1": "count",
    "reads_count_in_loop_v2": "count",
    "reads_in_branch_after": "v",
    "reads_reference_after": "v",
    "reads_resource_after": "v",
    "reads_what_the_last_round_counted": "count",
    "uses_snapshot_after": "v",
    "wants_the_update": "v",
}
get_runs = functools.cache(lambda: run_models(get_updates()))


@pytest.mark.parametrize("model", FROZEN)
def test_a_graph_with_updates_on_the_way_runs_with_equal_bits(model):
    run = get_runs()[model]
    assert run.error == ""
    expected = read_values(get_updates() / model / "expected.npz")
    assert run.results.keys() == expected.keys()
    for name, value in expected.items():
        assert run.results[name].tobytes() == value.tobytes(), name


@pytest.mark.parametrize("model", FROZEN)
def test_no_update_and_nothing_for_it_alone_is_left(model):
    graph = read_graph(get_runs()[model].path)
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    assert [
        node.name for node in nodes if "Assign" in node.op or "Apply" in node.op
    ] == []
    assert [node.name for node in nodes if "Var" in node.op] == []
    assert not [n.name for n in graph.node if "Adam" in n.name and n.op != "NoOp"]


@pytest.mark.parametrize("model", sorted(REFUSED))
def test_an_update_that_the_outputs_need_is_refused_by_name(model, tmp_path):
    assert model not in get_runs()
    described = json.loads((get_updates() / model / "graph.json").read_text())
    prefix = get_updates() / model / "model.ckpt-1"
    with pytest.raises(UnsupportedError, match="choose other outputs") as caught:
        fastckpt.freeze(prefix, described["outputs"], to=tmp_path / "out.pb")
    assert caught.value.tensor == REFUSED[model]
    assert list(tmp_path.iterdir()) == []


def test_every_model_is_frozen_or_refused():
    made = {each.name for each in get_updates().iterdir()}
    assert made == {*FROZEN, *REFUSED}


def test_a_variable_that_only_updates_need_is_not_asked_for(tmp_path):
    prefix = get_updates() / "trained_on_the_way" / "model.ckpt-1"
    with fastckpt.open(prefix) as ckpt:
        fastckpt.save(tmp_path / "weights", {"kernel": ckpt["kernel"].copy()})
    meta = MetaGraph.read(f"{prefix}.meta")
    report = fastckpt.freeze(
        tmp_path / "weights", ["out"], to=tmp_path / "out.pb", meta=meta
    )
    assert report.variables == 1


def test_an_update_of_a_variable_that_stays_is_kept(tmp_path):
    prefix = get_updates() / "counted_and_averaged" / "model.ckpt-1"
    path = tmp_path / "out.pb"
    fastckpt.freeze(prefix, ["out"], to=path, blacklist=["global_step"])
    assert "AssignAdd" in {node.op for node in read_graph(path).node}


LIKELY = {
    "classifies_in_training": ["out", "accuracy"],
    "trained_on_the_way": ["loss", "out"],
    "reads_resource_after": [],
    "wants_the_update": [],
}


@pytest.mark.parametrize("model", sorted({*FROZEN, *LIKELY}))
def test_the_likely_outputs_are_those_that_people_mean(model):
    meta = MetaGraph.read(get_updates() / model / "model.ckpt-1.meta")
    assert find_likely_outputs(meta) == LIKELY.get(model, ["out"])


def test_what_savers_are_fed_is_no_input():
    prefix = get_updates() / "classifies_in_training" / "model.ckpt-1"
    meta = MetaGraph.read(f"{prefix}.meta")
    assert "other/Const" in {operation.name for operation in meta.operations}
    names = [operation.name for operation in meta.placeholders]
    assert names == ["x", "labels", "keep_prob"]


def test_a_training_program_is_frozen_without_a_word_of_its_outputs(tmp_path):
    prefix = get_updates() / "classifies_in_training" / "model.ckpt-1"
    report = fastckpt.freeze(prefix, to=tmp_path / "out.pb")
    assert report.outputs == ["out", "accuracy"]
    assert report.variables == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["v1", "v2"])
def test_random_programs_are_refused_or_give_what_they_gave(kind):
    lines = run_program("random_updates.py", kind, 0, 100).splitlines()
    results = [line.split(" ", 1) for line in lines]
    assert [each for each in results if each[1] not in ("equal", "refused")] == []
    counts = Counter(result for _, result in results)
    assert counts["equal"] > 50
    assert counts["refused"] > 10
