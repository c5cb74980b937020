"""Which nodes are outputs and inputs: what a caller names, and what a graph tells."""

import pytest

import fastckpt
from fastckpt import MetaGraph
from fastckpt.graph.outputs import choose_outputs, find_likely_outputs
from fastckpt.graph.schema import get_message

IDENTITY = {"name": "Identity", "output_arg": [{"name": "output", "type_attr": "T"}]}
SPLIT = {
    "name": "Split",
    "output_arg": [{"name": "output", "type_attr": "T", "number_attr": "num_split"}],
}


def _make(nodes, ops=(IDENTITY, SPLIT), **meta):
    """Makes a graph; a node is its name, its op and its inputs."""
    message = get_message("MetaGraphDef")(**meta)
    for text in nodes:
        name, op, *inputs = text.split()
        node = message.graph_def.node.add(name=name, op=op, input=inputs)
        node.attr["T"].type = 1
        node.attr["num_split"].i = 2
    for each in ops:
        message.meta_info_def.stripped_op_list.op.add(**each)
    return MetaGraph.from_bytes(message.SerializeToString())


NODES = ["x Placeholder", "y Identity x", "pair Split axis x", "axis Const", "no NoOp"]


@pytest.mark.parametrize("wanted", ["y:1", ["y:1"], "y:0, y:12"])
def test_an_output_that_its_node_does_not_have_is_an_error(wanted):
    with pytest.raises(ValueError, match=r"'y' \(Identity\) has no .* it has 'y:0'$"):
        choose_outputs(_make(NODES), wanted)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("y:0", ["y"]),
        ("pair:1", ["pair"]),
        ("pair:0,pair:1, y", ["pair", "y"]),
        (["x:3"], ["x"]),  # no definition: the graph does not tell
    ],
)
def test_outputs_that_there_are_name_their_nodes(wanted, chosen):
    assert choose_outputs(_make(NODES), wanted) == chosen


@pytest.mark.parametrize("wanted", ["^y", "y:", "y:a", "y:0:1", "", "y:-1"])
def test_what_is_no_tensors_name_is_an_error(wanted):
    with pytest.raises(
        ValueError, match=r"the graph has no node .* Likely outputs: 'y'"
    ):
        choose_outputs(_make(NODES), wanted)


def test_freezing_refuses_such_an_output_and_writes_nothing(tmp_path):
    with pytest.raises(ValueError, match="has no output 'y:1'"):
        fastckpt.freeze("none", "y:1", to=tmp_path / "out.pb", meta=_make(NODES))
    assert list(tmp_path.iterdir()) == []


def test_placeholders_of_savers_are_no_inputs():
    nodes = [
        "x Placeholder",
        "words Placeholder",
        "read Identity words",
        "save/filename PlaceholderWithDefault save/filename/input",
        "save/filename/input Const",
        "save/Const PlaceholderWithDefault save/filename",
        "save/SaveV2 SaveV2 save/Const names slices x",
        "names Const",
        "slices Const",
        "folder Placeholder",
        "second StringJoin folder names",
        "restore RestoreV2 second names slices",
    ]
    placeholders = _make(nodes).placeholders
    assert [each.name for each in placeholders] == ["x", "words"]
    assert find_likely_outputs(_make(nodes)) == ["read"]


def test_the_saver_that_the_graph_tells_of_needs_no_node():
    nodes = ["x Placeholder", "file Placeholder", "y Identity x", "z Call file x"]
    told = {"saver_def": {"filename_tensor_name": "file:0"}}
    assert [each.name for each in _make(nodes, **told).placeholders] == ["x"]
    assert find_likely_outputs(_make(nodes, **told)) == ["y"]
    assert [each.name for each in _make(nodes).placeholders] == ["x", "file"]


@pytest.mark.parametrize(
    "nodes",
    [
        ["s ScalarSummary y", "m MergeSummary s"],
        ["c IsVariableInitialized v", "u Switch c c", "v VariableV2"],
        ["p Switch x x", "t Identity p:1", "f Identity p"],
        ["w While x x", "w/Identity Identity w", "w/Identity_1 Identity w:1",
         "r Relu w/Identity_1", "n NoOp ^r"],
        ["w/Exit Exit x", "w/Exit_1 Exit x", "r Relu w/Exit_1", "n NoOp ^r"],
        ["c If x x", "c/Identity Identity c", "c/Identity_1 Identity c:1",
         "r Relu c/Identity_1", "n NoOp ^r", "c/pred_id Identity x"],
        ["v VariableV2", "u Assign v x", "d RealDiv u u"],
        ["v VarHandleOp", "u AssignAddVariableOp v x", "d ReadVariableOp v ^u",
         "e Relu d"],
        ["t HashTableV2", "i LookupTableImportV2 t x x"],
        ["q FIFOQueueV2", "e QueueEnqueueV2 q x", "c QueueCloseV2 q"],
        ["i IteratorV2", "d TensorSliceDataset x", "m MakeIterator d i"],
        ["g AssertGuard x", "Assert/AssertGuard/Merge Merge g g"],
        ["s Shape y", "n NoOp ^y", "print Print x y"],
    ],
)  # fmt: skip
def test_what_a_program_leaves_beside_its_model_is_no_output(nodes):
    meta = _make(["x Placeholder", "y Identity x", "out Relu y", *nodes])
    assert find_likely_outputs(meta) == ["out"]


@pytest.mark.parametrize(
    "nodes",
    [
        ["w While x x", "w/Identity Identity w", "out Identity w:1"],
        ["v VariableV2", "u AssignSub v x", "y Relu x ^u", "out Identity y"],
        ["v VarHandleOp", "u AssignSubVariableOp v x", "k VarHandleOp",
         "r ReadVariableOp k ^u", "out MatMul x r"],
    ],
)  # fmt: skip
def test_an_output_is_one_though_updates_hang_on_it(nodes):
    assert "out" in find_likely_outputs(_make(["x Placeholder", *nodes]))


def test_a_signature_that_initializes_names_no_outputs():
    nodes = ["x Placeholder", "out Identity x", "start NoOp"]
    made = {"outputs": {"op": {"name": "start"}}}
    meta = _make(nodes, signature_def={"__saved_model_init_op": made})
    assert find_likely_outputs(meta) == ["out"]
