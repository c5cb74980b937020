"""Which average is whose: followed in the graph, and compared with TensorFlow."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path

import pytest

from fastckpt import MetaGraph
from fastckpt.graph.schema import get_message
from graph_models import run_program

pytestmark = pytest.mark.tensorflow

USUAL = "ExponentialMovingAverage"


@functools.cache
def _make() -> tuple[tempfile.TemporaryDirectory[str], dict[str, dict]]:
    folder = tempfile.TemporaryDirectory(prefix="fastckpt-averages-")
    run_program("make_averages.py", folder.name)
    return folder, json.loads((Path(folder.name) / "averages.json").read_text())


def _read(program: str) -> MetaGraph:
    return MetaGraph.read(Path(_make()[0].name) / f"{program}.meta")


def _get_told(program: str, name: str = USUAL) -> dict[str, dict[str, str]]:
    return _make()[1][program][name]


def _strip(meta: MetaGraph, *, updates: bool = True, collections: bool = True) -> bytes:
    """Takes away what tells of averages."""
    message = get_message("MetaGraphDef").FromString(meta.to_bytes())
    if updates:
        nodes = [n for n in message.graph_def.node if "AssignMovingAvg" not in n.name]
        del message.graph_def.node[:]
        message.graph_def.node.extend(nodes)
    if collections:
        message.ClearField("collection_def")
    return message.SerializeToString()


def _without(meta: MetaGraph, **what: bool) -> MetaGraph:
    return MetaGraph.from_bytes(_strip(meta, **what))


PROGRAMS = [
    "plain",
    "under_a_variable_scope",
    "under_scopes_in_scopes",
    "under_a_name_scope",
    "in_a_scope_that_is_reused",
    "of_two_names",
    "with_a_count_of_updates",
    "applied_twice",
    "of_partitioned_variables",
    "beside_averages_of_tensors",
    "of_float64_and_halves",
    "made_in_a_condition",
]
KINDS = ["flow-v1/{}-reference", "flow-v1/{}-resource", "flow/{}-resource"]


def test_no_program_is_left_out():
    made = {key.split("/")[1].rpartition("-")[0] for key in _make()[1]}
    assert made == set(PROGRAMS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_each_variable_gets_the_average_that_tensorflow_keeps_for_it(name, kind):
    program = kind.format(name)
    for key, told in _make()[1][program].items():
        names = _read(program).variables_to_restore(name=key)
        averages = {v: names[v] for v in told["averages"]}
        assert averages == told["averages"]
        if name != "of_partitioned_variables":  # there TensorFlow names no tensor
            assert names == told["restored"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_graph_without_collections_is_told_by_its_updates(kind):
    program = kind.format("under_a_variable_scope")
    meta = _without(_read(program), updates=False)
    assert meta.variables_to_restore() == _get_told(program)["restored"]


def test_a_graph_that_cannot_know_says_so_instead_of_giving_raw_values():
    meta = _without(_read("flow/under_a_variable_scope-resource"))
    with pytest.raises(ValueError, match=r"no collections.*moving_avg_variables="):
        meta.variables_to_restore()


def test_a_bare_graph_says_so_as_well(tmp_path):
    meta = _without(_read("flow/under_a_variable_scope-resource"))
    (tmp_path / "graph.pb").write_bytes(meta.graph_def.SerializeToString())
    with pytest.raises(ValueError, match="the graph has no collections"):
        MetaGraph.read(tmp_path / "graph.pb").variables_to_restore()


def test_averages_that_nothing_updates_are_found_by_the_name_they_have_alone():
    program = "flow/plain-resource"
    meta = _without(_read(program), collections=False)
    assert meta.variables_to_restore() == _get_told(program)["restored"]


def test_averages_that_nothing_updates_and_no_name_tells_are_an_error():
    program = "flow/under_a_variable_scope-resource"
    meta = _without(_read(program), collections=False)
    with pytest.raises(ValueError, match=r"'train/layer/kernel/Exp.*nothing.*updates"):
        meta.variables_to_restore()


def test_a_name_that_is_no_variable_is_an_error():
    meta = _read("flow/plain-resource")
    with pytest.raises(ValueError, match=r"no variable 'layer/kernle'.*layer/kernel"):
        meta.variables_to_restore(["layer/kernle"])


@pytest.mark.parametrize("asked", ["layer/bias", ["layer/bias"], ["layer/bias:0"]])
def test_only_what_is_asked_for_is_averaged(asked):
    names = _read("flow/under_a_variable_scope-resource").variables_to_restore(asked)
    assert names["layer/bias"] == f"train/layer/bias/{USUAL}"
    assert names["layer/kernel"] == "layer/kernel"


def test_a_variable_that_is_asked_for_and_has_no_average_is_an_error():
    meta = _read("flow/with_a_count_of_updates-resource")
    with pytest.raises(ValueError, match="none of 'global_step'"):
        meta.variables_to_restore(["global_step"])


def test_a_name_that_no_average_has_is_an_error_with_the_one_it_has():
    meta = _read("flow/of_two_names-resource")
    with pytest.raises(ValueError, match=r"named 'Exp.*'slow/layer/kernel/slow'"):
        meta.variables_to_restore()


def test_several_averages_of_one_variable_and_name_are_told_apart_by_the_caller():
    program = "flow/plain-resource"
    meta = get_message("MetaGraphDef").FromString(_read(program).to_bytes())
    for node in list(meta.graph_def.node):
        if f"{USUAL}" not in node.name:
            continue
        again = meta.graph_def.node.add()
        again.CopyFrom(node)
        again.name = node.name.replace(USUAL, f"{USUAL}_1")
        again.attr["shared_name"].s = again.name.encode()
        del again.input[:]
        again.input.extend(i.replace(USUAL, f"{USUAL}_1") for i in node.input)
    graph = MetaGraph.from_bytes(meta.SerializeToString())
    with pytest.raises(ValueError, match=f"several averages of .*{USUAL}_1'"):
        graph.variables_to_restore()
    for name in (USUAL, f"{USUAL}_1"):
        names = graph.variables_to_restore(name=name)
        assert names["layer/bias"] == f"layer/bias/{name}"


def test_the_way_that_older_tensorflow_took_bias_out_is_known():
    meta = get_message("MetaGraphDef")()
    add = meta.graph_def.node.add
    for name in ("w", f"a/w/{USUAL}", "biased"):
        add(name=name, op="VariableV2")
    average = f"a/w/{USUAL}"
    add(name="d1", op="Sub", input=["biased", "w"])
    add(name="m1", op="Mul", input=["decay", "d1"])
    add(name="u1", op="AssignSub", input=["biased", "m1"])
    add(name="read", op="Identity", input=["biased", "^u1"])
    add(name="quotient", op="RealDiv", input=["read", "factor"])
    add(name="d2", op="Sub", input=[average, "quotient"])
    add(name="u2", op="AssignSub", input=[average, "d2"])
    names = MetaGraph.from_bytes(meta.SerializeToString()).variables_to_restore()
    assert names["w"] == average


def test_functions_that_run_each_other_end():
    meta = get_message("MetaGraphDef").FromString(
        _read("flow/plain-resource").to_bytes()
    )
    function = meta.graph_def.library.function.add()
    function.signature.name = "f"
    function.node_def.add(name="u", op="AssignSubVariableOp", input=["x", "y"])
    for nodes, name in ((function.node_def, "g"), (meta.graph_def.node, "h")):
        node = nodes.add(name=name, op="PartitionedCall")
        node.attr["f"].func.name = "f"
    names = MetaGraph.from_bytes(meta.SerializeToString()).variables_to_restore()
    assert names == _get_told("flow/plain-resource")["restored"]
