"""freeze: what else people freeze, run by TensorFlow beside what it was made from."""

import functools
import re

import numpy as np
import pytest

import fastckpt
from fastckpt import MetaGraph, UnsupportedError
from fastckpt.cli import main
from graph_models import (
    get_scenarios,
    make_folder,
    make_job,
    read_graph,
    read_values,
    run_jobs,
)

pytestmark = pytest.mark.tensorflow

X = {"dtype": "float32", "value": [[1.0, -2.0], [0.5, 3.0]]}
IDS = {"dtype": "int32", "value": [[0, 4, 2, 1], [3, 3, 0, 1]]}
IMAGE = {"dtype": "float32", "value": np.arange(8.0).reshape(1, 2, 2, 2).tolist()}
WORDS = {"dtype": "S", "value": ["b", "a", "c"]}
FILLER = "key_value_init/LookupTableImportV2"
FLAT = {"outputs": ["out"]}
SAVED = {"feed": X}

# What is frozen and run: how it is frozen, and how run where that is not usual.
CASES = {
    "numbered": {**SAVED, "eager": True},
    "numbered_alike": {**SAVED, "eager": True},
    "again_resource": SAVED,
    "again_reference_first": SAVED,
    "resource_in_loop": SAVED,
    "resource_in_function": SAVED,
    "without_variables": SAVED,
    "several": SAVED,
    "network": {"feed": IDS},
    "fixed_table": {"feed": WORDS, "fill": "NoOp"},
    "doubled_v1": FLAT,
    "doubled_v2": FLAT,
    "one_part": {**FLAT, "feeds": {"x": IMAGE}},
    "averaged": {**FLAT, "feeds": {"x": X}, "averages": True},
    "averaged_parts": {**FLAT, "feeds": {"x": X}, "averages": True},
    "cast": FLAT,
    # A variable that is left can be set, and changes the output.
    "assignable": {**FLAT, "fill": "set", "blacklist": ["left"]},
    "looked_up": {**FLAT, "feeds": {"x": WORDS}, "fill": FILLER},
}


def _get_source(name):
    folder = get_scenarios() / name
    return folder / "m" if (folder / "m.meta").exists() else folder


def _freeze(name, path, *, outputs=None, fill=None, **case):
    if outputs is None:
        signature = MetaGraph.read(_get_source(name)).signatures["serving_default"]
        outputs = [each.name for each in signature.outputs.values()]
    wanted = [*outputs, fill] if fill else outputs
    chosen = {key: case[key] for key in ("averages", "blacklist") if key in case}
    return fastckpt.freeze(_get_source(name), wanted, to=path, **chosen)


def _make_job(name, path, *, outputs=None, feeds=None, feed=None, fill=None, **case):
    if outputs is None:
        signature = MetaGraph.read(_get_source(name)).signatures["serving_default"]
        outputs = [each.name for each in signature.outputs.values()]
        ((place,),) = [list(signature.inputs.values())]
        feeds = {place.name.split(":")[0]: feed}
    first = [fill] if fill else []
    eager = case.get("eager", False)
    return make_job(name, path, outputs, feeds or {}, first=first, eager=eager)


@functools.cache
def get_results():
    """Freezes all cases, and runs them in one process of TensorFlow."""
    folder = make_folder("frozen_scenarios")
    for name, case in CASES.items():
        _freeze(name, folder / f"{name}.pb", **case)
    run_jobs([_make_job(n, folder / f"{n}.pb", **case) for n, case in CASES.items()])
    return folder


@pytest.mark.parametrize("name", CASES)
def test_a_frozen_scenario_runs_with_equal_bits(name):
    error = get_results() / f"{name}.npz.error"
    assert not error.exists() or error.read_text() == ""
    expected = read_values(get_scenarios() / f"{name}.npz")
    results = read_values(get_results() / f"{name}.npz")
    made = {key.split("|", 1)[1]: value.tobytes() for key, value in results.items()}
    told = {key.split("|", 1)[1]: value.tobytes() for key, value in expected.items()}
    assert made == told


def test_functions_of_one_name_in_two_models_are_told_apart():
    graphs = [
        MetaGraph.read(get_scenarios() / name)
        for name in ("numbered", "numbered_alike")
    ]
    assert len({frozenset(graph.functions) for graph in graphs}) == 1
    frozen = [
        MetaGraph.read(get_results() / f"{name}.pb").functions
        for name in ("numbered", "numbered_alike")
    ]
    assert len(frozen[0]) == len(frozen[1]) > 3
    for name in frozen[0].keys() & frozen[1].keys():
        assert "_frozen_" in name  # of one name and so of one content
    assert frozen[0].keys() != frozen[1].keys()


def test_names_of_functions_are_the_same_each_time_and_stay(tmp_path):
    first = get_results() / "numbered.pb"
    _freeze("numbered", tmp_path / "again.pb")
    assert (tmp_path / "again.pb").read_bytes() == first.read_bytes()
    outputs = ["StatefulPartitionedCall"]
    fastckpt.freeze("nowhere", outputs, to=tmp_path / "frozen.pb", meta=first)
    assert (tmp_path / "frozen.pb").read_bytes() == first.read_bytes()


def test_functions_that_nothing_calls_are_left_out():
    names = MetaGraph.read(get_scenarios() / "numbered").functions
    assert any("_traced_save" in name for name in names)
    frozen = MetaGraph.read(get_results() / "numbered.pb").functions
    assert not any("_traced" in name for name in frozen)


@pytest.mark.parametrize(
    "name", ["again_reference", "in_branch", "in_loop", "in_function"]
)
def test_a_variable_that_a_function_makes_is_refused_by_name(name, tmp_path):
    words = r"makes the variable 'scope/v\w*' itself \(VariableV2\), whose value no"
    with pytest.raises(UnsupportedError, match=words) as caught:
        fastckpt.freeze(get_scenarios() / name, to=tmp_path / "out.pb")
    assert caught.value.tensor.startswith("scope/v")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "outputs", "message"),
    [
        ("fixed_table", None, r"'hash_table': name 'NoOp' among the outputs, too"),
        (
            "grown_table",
            "StatefulPartitionedCall,NoOp",
            "tables 'MutableHashTable': insert them before",
        ),
        (
            "looked_up",
            "out",
            f"'fixed': name '{FILLER}' among",
        ),
        ("looked_up", "other", "tables 'grown': insert them before"),
    ],
)
def test_a_table_that_nothing_fills_is_told(name, outputs, message, tmp_path):
    with pytest.warns(UserWarning, match=message) as caught:
        fastckpt.freeze(_get_source(name), outputs, to=tmp_path / "out.pb")
    assert [each.filename for each in caught] == [__file__]


def test_the_command_tells_of_tables_too(tmp_path, capsys):
    words = ["freeze", str(get_scenarios() / "fixed_table"), "--json"]
    assert main([*words, "--to", str(tmp_path / "out.pb")]) == 0
    out, err = capsys.readouterr()
    assert '"variables": 1' in out
    assert "warning: the frozen graph lacks the contents of the tables" in err


def test_values_that_the_graph_rounds_are_told(tmp_path):
    words = r"'v' is float16 in the graph, .* \(float32\) .* 3 of 5 values are rounded"
    with pytest.warns(UserWarning, match=words):
        fastckpt.freeze(_get_source("cast_rounded"), ["out"], to=tmp_path / "out.pb")
    node = MetaGraph.read(tmp_path / "out.pb").get_operation_by_name("v")
    ((_, expected),) = read_values(get_scenarios() / "cast_rounded.npz").items()
    assert node.attributes["value"].tobytes() == expected.tobytes()


def test_averages_stand_in_for_their_variables(tmp_path):
    for name in ("averaged", "averaged_parts"):
        expected = read_values(get_scenarios() / f"{name}.npz")
        raw = read_values(get_scenarios() / f"{name}.raw.npz")
        assert not np.array_equal(*(next(iter(v.values())) for v in (expected, raw)))
    path = tmp_path / "out.pb"
    fastckpt.freeze(_get_source("averaged"), ["out"], to=path, averages=True)
    node = MetaGraph.read(path).get_operation_by_name("scope/kernel")
    average = fastckpt.load(_get_source("averaged"))[
        "scope/kernel/ExponentialMovingAverage"
    ]
    assert np.array_equal(node.attributes["value"], average)


def test_averages_are_an_option_of_the_command(tmp_path, capsys):
    path = tmp_path / "out.pb"
    words = ["freeze", str(_get_source("averaged")), "--outputs", "out", "--averages"]
    assert main([*words, "--to", str(path)]) == 0
    assert path.read_bytes() == (get_results() / "averaged.pb").read_bytes()


def test_a_checkpoint_without_the_averages_is_refused(tmp_path):
    meta = MetaGraph.read(_get_source("doubled_v2"))
    words = "has no tensor 'variable_node/ExponentialMovingAverage'"
    with pytest.raises(KeyError, match=words):
        fastckpt.freeze(
            _get_source("doubled_v2"),
            ["out"],
            to=tmp_path / "out.pb",
            meta=meta,
            averages=True,
        )
    graph = get_scenarios() / "doubled_v2" / "graph.pb"
    with pytest.raises(ValueError, match=r"averages: .* does not tell which variables"):
        fastckpt.freeze(
            _get_source("doubled_v2"),
            ["out"],
            to=tmp_path / "out.pb",
            meta=graph,
            averages=True,
        )


@pytest.mark.parametrize(
    ("name", "tags", "given"),
    [
        ("examples", None, "serve"),
        ("examples", ["serve"], "serve"),
        ("examples", ["more", "serve"], "serve-more"),
        ("untagged", None, "none"),
        ("untagged", [], "none"),
    ],
)
def test_tags_choose_the_graph_of_a_saved_model_in_text(name, tags, given, tmp_path):
    path = tmp_path / "out.pb"
    report = fastckpt.freeze(_get_source(name), ["out"], to=path, tags=tags)
    assert report.variables == 1
    ops = [node.op for node in read_graph(path).node]
    assert not any("Variable" in op for op in ops)
    expected = read_values(get_scenarios() / f"{name}.{given}.npz")
    added = {"serve": 0.0, "serve-more": 1.0, "none": 0.0}[given]
    (out,) = (v.view(np.float32) for k, v in expected.items() if k.startswith("out|"))
    assert out.tolist() == [7.0 + added]
    constant = MetaGraph.read(path).get_operation_by_name("out/y").attributes["value"]
    assert constant == added


def test_tags_are_an_option_of_the_command(tmp_path, capsys):
    words = ["freeze", str(_get_source("examples")), "--to", str(tmp_path / "out.pb")]
    assert main([*words, "--outputs", "out", "--tags", "serve, more"]) == 0
    assert main([*words, "--outputs", "out", "--tags", "train"]) == 2
    assert "has no graph with the tags ['train']" in capsys.readouterr().err


def test_tags_and_a_graph_in_hand_contradict_each_other(tmp_path):
    meta = MetaGraph.read(_get_source("examples"))
    with pytest.raises(ValueError, match=re.escape("give them to MetaGraph.read")):
        fastckpt.freeze(
            _get_source("examples"), to=tmp_path / "out.pb", meta=meta, tags="serve"
        )


@pytest.mark.parametrize("graph", ["graph.pb", "graph.pbtxt", "m.meta"])
@pytest.mark.parametrize("version", ["doubled_v1", "doubled_v2"])
def test_a_variable_and_its_double_are_four_nodes(version, graph, tmp_path):
    path = tmp_path / "out.pb"
    meta = get_scenarios() / version / graph
    report = fastckpt.freeze(_get_source(version), ["out"], to=path, meta=meta)
    assert report.nodes == 4
    assert sorted(node.op for node in read_graph(path).node) == [
        "Const",
        "Const",
        "Identity",
        "Mul",
    ]


def test_what_restores_is_no_output_to_freeze(tmp_path):
    with pytest.raises(
        UnsupportedError, match="needs the variable 'part/filter/part_0'"
    ):
        fastckpt.freeze(
            _get_source("one_part"), ["save/restore_all"], to=tmp_path / "out.pb"
        )


def test_each_signature_has_its_own_variables(tmp_path):
    meta = MetaGraph.read(_get_source("several"))
    counts = {}
    for name in ("serving_default", "take"):
        (output,) = meta.signatures[name].outputs.values()
        path = tmp_path / f"{name}.pb"
        counts[name] = fastckpt.freeze(_get_source("several"), output.name, to=path)
    assert counts["serving_default"].variables == 1
    assert counts["take"].variables == 2
