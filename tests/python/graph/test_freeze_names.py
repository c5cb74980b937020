"""freeze: functions get names from what is in them, wherever and however often."""

import os
import re
import sys

import pytest

import children
import fastckpt
from fastckpt import CorruptionError, MetaGraph
from fastckpt.graph.schema import get_message

FREEZE = (
    "import sys, fastckpt; fastckpt.freeze('none', 'out', to=sys.argv[2], "
    "meta=fastckpt.MetaGraph.read(sys.argv[1]))"
)


def _add(graph, name, *nodes, **attributes):
    """Adds a function; a node is its op, or the function that it calls."""
    function = graph.library.function.add(signature={"name": name})
    for i, op in enumerate(nodes):
        node = function.node_def.add(name=f"n{i}", op=op)
        for key in ("zz", "a", "much_longer_than_others"):
            node.attr[key].i = i
        if op in {each.signature.name for each in graph.library.function}:
            node.op = "PartitionedCall"
            node.attr["f"].func.name = op
    for key, value in attributes.items():
        function.attr[key].s = value
    return function


def _call(graph, *functions):
    """Lets nodes of the graph call functions; the last one is ``out``."""
    for i, function in enumerate(functions):
        name = "out" if i == len(functions) - 1 else f"call{i}"
        node = graph.node.add(name=name, op="StatefulPartitionedCall")
        node.attr["f"].func.name = function
        node.input.extend(f"^call{j}" for j in range(i))


def _freeze(graph, folder):
    (folder / "graph.pb").write_bytes(graph.SerializeToString())
    path = folder / "out.pb"
    fastckpt.freeze("none", "out", to=path, meta=folder / "graph.pb")
    return MetaGraph.read(path)


def test_a_name_is_the_same_whichever_protobuf_there_is(tmp_path):
    graph = get_message("GraphDef")()
    _add(graph, "inner_3", "Relu", "Tanh", key=b"value")
    _add(graph, "outer_12", "inner_3", "Exp", other=b"", key=b"v")
    _call(graph, "outer_12")
    (tmp_path / "graph.pb").write_bytes(graph.SerializeToString())
    names = []
    for implementation in ("upb", "python"):
        path = tmp_path / f"{implementation}.pb"
        environment = os.environ | {
            "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": implementation,
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        words = [sys.executable, "-c", FREEZE, tmp_path / "graph.pb", path]
        done = children.run(words, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        names.append(sorted(MetaGraph.read(path).functions))
    assert names[0] == names[1] == ["inner_iajkckgcengcikef", "outer_djacigigmpodfdhb"]


def test_a_name_without_a_number_stays(tmp_path):
    graph = get_message("GraphDef")()
    _add(graph, "mine", "Relu")
    _add(graph, "_7", "mine")
    _call(graph, "_7")
    assert set(_freeze(graph, tmp_path).functions) == {"mine", "_7"}


@pytest.mark.parametrize("change", ["op", "callee", "attribute", "argument"])
def test_another_content_is_another_name(change, tmp_path):
    names = []
    for changed in (False, True):
        graph = get_message("GraphDef")()
        is_changed = {change} if changed else set()
        _add(graph, "inner_1", "Tanh" if "callee" in is_changed else "Relu")
        function = _add(graph, "outer_2", "inner_1", "Exp")
        if "op" in is_changed:
            function.node_def[1].op = "Log"
        if "attribute" in is_changed:
            function.node_def[1].attr["a"].i = 9
        if "argument" in is_changed:
            function.signature.input_arg.add(name="x", type=1)
        _call(graph, "outer_2")
        functions = _freeze(graph, tmp_path).functions
        names += [name for name in functions if name.startswith("outer")]
    assert len(set(names)) == 2


def test_one_content_under_two_numbers_is_one_function(tmp_path):
    graph = get_message("GraphDef")()
    _add(graph, "f_1", "Relu")
    _add(graph, "f_2", "Relu")
    _call(graph, "f_1", "f_2")
    meta = _freeze(graph, tmp_path)
    (name,) = meta.functions
    calls = [operation.attributes["f"].name for operation in meta.operations]
    assert calls == [name, name]


def test_functions_that_call_each_other_in_a_circle_are_named(tmp_path):
    graph = get_message("GraphDef")()
    _add(graph, "b_2", "Relu")
    _add(graph, "a_1", "b_2")
    graph.library.function[0].node_def[0].op = "PartitionedCall"
    graph.library.function[0].node_def[0].attr["f"].func.name = "a_1"
    _call(graph, "a_1")
    meta = _freeze(graph, tmp_path)
    assert sorted(name[:2] for name in meta.functions) == ["a_", "b_"]


def test_calls_that_are_too_deep_are_damage(tmp_path):
    graph = get_message("GraphDef")()
    for i in range(2999, 0, -1):
        function = graph.library.function.add(signature={"name": f"f_{i}"})
        function.node_def.add(name="n", op=f"f_{i - 1}")
    _add(graph, "f_0", "Relu")
    _call(graph, "f_2999")
    with pytest.raises(CorruptionError, match="call each other too deeply"):
        _freeze(graph, tmp_path)


def test_gradients_of_functions_that_are_called_stay(tmp_path):
    graph = get_message("GraphDef")()
    for name in ("f_1", "f_1_grad_2", "idle_3", "idle_grad_4", "by_type_5"):
        _add(graph, name, "Relu" if "grad" in name else "Exp")
    graph.library.gradient.add(function_name="f_1", gradient_func="f_1_grad_2")
    graph.library.gradient.add(function_name="idle_3", gradient_func="idle_grad_4")
    made = graph.library.registered_gradients
    made.add(gradient_func="by_type_5", registered_op_type="PartitionedCall-5")
    made.add(gradient_func="idle_3", registered_op_type="PartitionedCall-6")
    _call(graph, "f_1")
    graph.node[0].attr["_gradient_op_type"].s = b"PartitionedCall-5"
    meta = _freeze(graph, tmp_path)
    library = meta.graph_def.library
    assert sorted(re.sub("_[a-p]{16}$", "", name) for name in meta.functions) == [
        "by_type",
        "f",
        "f_1_grad",
    ]
    assert {each.gradient_func for each in library.gradient} <= set(meta.functions)
    assert {each.function_name for each in library.gradient} <= set(meta.functions)
    assert len(library.gradient) == len(library.registered_gradients) == 1
