"""What is said of a graph to somebody who was given it and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json
from fastckpt.graph.needs import find_needs
from fastckpt.graph.schema import get_message
from small_graphs import FLOAT, add, add_variable, put

pytest.importorskip("google.protobuf")


@pytest.fixture
def graph():
    """y = x * w, with a variable that nothing needs."""
    graph = get_message("GraphDef")()
    add(graph, "x", "Placeholder", kind="dtype")
    add_variable(graph, "w")
    add_variable(graph, "spare")
    add(graph, "y", "Mul", "x", "w")
    return graph


def test_a_stranger_learns_what_to_feed_what_comes_out_and_how(graph, tmp_path, capsys):
    folder = put(tmp_path / "m", graph, serving_default=("x:0", "y:0"))
    fastckpt.save(folder / "variables" / "variables", {"w": np.ones(2, "f4")})
    out = run(capsys, "graph", folder).out
    assert "  what        a SavedModel, tags serve\n" in out
    assert "  nodes       4\n" in out
    assert "  kinds       VariableV2 2, Mul 1, Placeholder 1\n" in out
    assert f"2 variables of 16 B, stored in {folder}/variables/variables\n" in out
    assert "x      x:0     float32  (?,)\n" in out
    assert "guessed" not in out
    assert "1 variable without a tensor, which no output needs" in out
    assert "missing:" not in out
    assert f"  model = tf.saved_model.load('{folder}')\n" in out
    assert "  model.signatures['serving_default'](x=...)\n" in out


def test_what_the_outputs_need_and_is_not_there_is_said(graph, tmp_path, capsys):
    folder = put(tmp_path / "m", graph, serving_default=("x:0", "y:0"))
    out = run(capsys, "graph", folder).out
    assert "stored in no checkpoint here" in out
    assert "missing:\n  the values of 1 variable that the outputs need are not" in out
    status, found = run_json(capsys, "graph", folder)
    assert status == 0
    assert found["checkpoint"] is None
    assert found["missing"] == {"nodes": [], "variables": ["w"], "assets": []}


def test_a_node_that_is_read_and_not_there_is_said(graph, tmp_path, capsys):
    add(graph, "z", "Mul", "y", "gone")
    folder = put(tmp_path / "m", graph, serving_default=("x:0", "z:0"))
    out = run(capsys, "graph", folder).out
    assert "nodes that are read and not in the graph: gone" in out


def test_a_file_that_the_graph_reads_and_that_is_not_there_is_said(
    graph, tmp_path, capsys
):
    del graph.node[1:]
    folder = put(tmp_path / "m", graph)
    saved = get_message("SavedModel")()
    saved.ParseFromString((folder / "saved_model.pb").read_bytes())
    asset = saved.meta_graphs[0].asset_file_def.add(filename="words one.txt")
    asset.tensor_info.name = "words:0"
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    lost = str(folder / "assets" / "words one.txt")
    assert f"  {lost}: a file that the graph reads" in run(capsys, "graph", folder).out
    assert run_json(capsys, "graph", folder)[1]["missing"]["assets"] == [lost]
    (folder / "assets").mkdir()
    (folder / "assets" / "words one.txt").write_text("a")
    assert "missing" not in run(capsys, "graph", folder).out


def test_operations_of_other_libraries_are_said_to_need_them(graph, tmp_path, capsys):
    add(graph, "code", "PyFunc", "y")
    add(graph, "other", "Mine>Twist", "code")
    folder = put(tmp_path / "m", graph, serving_default=("x:0", "other:0"))
    out = run(capsys, "graph", folder).out
    assert "  PyFunc: need Python code of the program that wrote the graph" in out
    assert "  Mine>Twist: need the library of Mine\n" in out
    needs = find_needs(["SimpleMLInferenceOpWithHandle", "MatMul", "MatMul"])
    assert [need.ops for need in needs] == [["SimpleMLInferenceOpWithHandle"]]


def test_all_signatures_are_named_and_with_all_each_is_shown(graph, tmp_path, capsys):
    signatures = dict.fromkeys(("a", "serving_default", "z"), ("x:0", "y:0"))
    folder = put(tmp_path / "m", graph, **signatures, __saved_model_init_op=("", "y"))
    out = run(capsys, "graph", folder).out
    assert "  signatures  serving_default, a, z\n" in out
    assert [it for it in out.splitlines() if it.startswith("signature ")] == [
        "signature serving_default"
    ]
    out = run(capsys, "graph", folder, "--all").out
    assert [it for it in out.splitlines() if it.startswith("signature ")] == [
        "signature serving_default",
        "signature a",
        "signature z",
    ]
    _, found = run_json(capsys, "graph", folder)
    assert list(found["calls"]) == ["serving_default", "a", "z"]
    assert found["calls"]["a"]["inputs"] == {
        "x": {"name": "x:0", "dtype": "float32", "shape": [None]}
    }
    assert len(found["signatures"]) == 4


def test_other_graphs_of_a_saved_model_are_told(graph, tmp_path, capsys):
    folder = put(tmp_path / "m", graph)
    saved = get_message("SavedModel")()
    saved.ParseFromString((folder / "saved_model.pb").read_bytes())
    saved.meta_graphs.add().meta_info_def.tags.extend(["serve", "gpu"])
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    assert (
        "  also        a graph with --tags serve,gpu\n"
        in run(capsys, "graph", folder).out
    )
    meta = fastckpt.MetaGraph.read(folder)
    assert (meta.kind, meta.graph_tags) == ("SavedModel", [["serve"], ["serve", "gpu"]])


@pytest.fixture
def frozen(tmp_path):
    """A bare graph with weights as constants, one of them in a function."""
    graph = get_message("GraphDef")()
    add(graph, "x", "Placeholder", kind="dtype")
    body = graph.library.function.add()
    body.signature.name = "inner"
    body.signature.input_arg.add(name="a", type=FLOAT)
    body.signature.output_arg.add(name="b", type=FLOAT)
    for nodes, sizes in ((graph.node, {"w": 30, "v": 20}), (body.node_def, {"u": 600})):
        for name, size in sizes.items():
            value = nodes.add(name=name, op="Const").attr["value"].tensor
            value.dtype = FLOAT
            value.tensor_shape.dim.add(size=size)
    node = graph.node.add(name="call", op="PartitionedCall", input=["x", "w", "v"])
    node.attr["Tout"].list.type.extend([FLOAT, 9])
    add(graph, "out", "Softmax", "call")
    (tmp_path / "frozen.pb").write_bytes(graph.SerializeToString())
    return tmp_path / "frozen.pb"


def test_a_frozen_graph_has_its_weights_in_constants(frozen, capsys):
    out = run(capsys, "graph", frozen).out
    assert "no variables; 3 constants of 2.5 KiB in the graph itself" in out
    rows = [line.split()[0] for line in out[out.index("largest") :].splitlines()[1:4]]
    assert rows == ["inner/u", "w", "v"]
    assert "out:0   out:0   float32" in out  # the node tells it, the graph has no ops
    assert "guessed" in out
    _, found = run_json(capsys, "graph", frozen)
    assert (found["kind"], found["constants"]["count"]) == ("GraphDef", 3)
    assert found["function_kinds"] == {"Const": 1}
    meta = fastckpt.MetaGraph.read(frozen)
    call = meta.get_operation_by_name("call")
    assert [it.tf_dtype for it in call.outputs] == ["float32", "int64"]


def test_a_function_is_shown_by_its_name(frozen, capsys):
    out = run(capsys, "graph", frozen, "--function", "inner").out
    assert "a      float32\n" in out
    assert "Const" in out
    out = run(capsys, "graph", frozen, "--function", "inner", "--all").out
    assert "u     Const\n" in out
    _, found = run_json(capsys, "graph", frozen, "--function", "inner")
    assert found["nodes"] == [{"name": "u", "op": "Const", "inputs": []}]
    done = run(capsys, "graph", frozen, "--function", "iner")
    assert (done.status, done.out) == (2, "")
    assert "did you mean 'inner'?" in done.err


def test_of_many_variables_the_scopes_are_shown_and_with_all_each(tmp_path, capsys):
    meta = get_message("MetaGraphDef")()
    for i in range(30):
        for name in ("kernel", "bias"):
            add_variable(meta.graph_def, f"net/layer_{i}/{name}", i + 1)
    (tmp_path / "m.meta").write_bytes(meta.SerializeToString())
    lines = run(capsys, "graph", tmp_path / "m.meta").out.splitlines()
    at = next(i for i, it in enumerate(lines) if it.startswith("all variables"))
    shown = [line.split() for line in lines[at : at + 9]]
    assert shown[1][:3] == ["net/", "60", "variables"]
    assert shown[2][:3] == ["layer_24/", "2", "variables"]
    assert shown[8][:5] == ["and", "24", "others", "48", "variables"]
    assert len(lines) < 24
    out = run(capsys, "graph", tmp_path / "m.meta", "--all").out
    assert out.count("kernel") == 30


def test_claims_of_monstrous_sizes_break_nothing(tmp_path, capsys):
    meta = get_message("MetaGraphDef")()
    node = add_variable(meta.graph_def, "v" + "/x" * 3000)
    for _ in range(30):
        node.attr["shape"].shape.dim.add(size=(1 << 63) - 1)
    value = meta.graph_def.node.add(name="c\n\x1b", op="Const").attr["value"].tensor
    value.dtype = FLOAT
    value.tensor_shape.CopyFrom(node.attr["shape"].shape)
    (tmp_path / "m.meta").write_bytes(meta.SerializeToString())
    for options in ([], ["--all"], ["--json"]):
        done = run(capsys, "graph", tmp_path / "m.meta", *options)
        assert (done.status, done.err) == (0, "")
        assert "\x1b" not in done.out
