"""Which tensor of a checkpoint belongs to which variable of a graph."""

from types import SimpleNamespace

import numpy as np
import pytest

import fastckpt
from fastckpt import CorruptionError, MetaGraph
from fastckpt.graph.outputs import find_likely_outputs
from fastckpt.graph.saved_slices import SavedSlice, parse_shape_and_slice
from fastckpt.graph.schema import get_message
from fastckpt.graph.variables import _NameReader
from graph_models import get_prefix, get_saved, read_meta

pytestmark = pytest.mark.tensorflow


def test_plain_variables_have_their_own_names():
    variable = read_meta("reference_mlp").variables["first/kernel"]
    assert variable.checkpoint_name == "first/kernel"
    assert (variable.shape, variable.tf_dtype) == ((4, 8), "float32")
    assert (variable.dtype, variable.nbytes) == (np.float32, 128)
    assert variable.trainable
    assert not variable.is_resource


def test_optimizer_slots_are_not_trainable():
    variables = read_meta("resource_mlp").variables
    assert variables["first/kernel"].trainable
    assert variables["first/kernel"].is_resource
    assert not variables["first/kernel/Adam"].trainable


def test_renamed_variables_are_found():
    variables = read_meta("renamed").variables
    names = {name: each.checkpoint_name for name, each in variables.items()}
    assert names == {"v": "old/v", "w": "v"}


@pytest.mark.parametrize("model", ["reference_partitioned", "resource_partitioned"])
def test_partitioned_variables_are_parts_of_one_tensor(model):
    variables = read_meta(model).variables
    part = variables["emb/table/part_1"]
    assert part.checkpoint_name == "emb/table"
    assert part.slice == SavedSlice((7, 4), (3, 0), (2, 4))
    ckpt = fastckpt.open(get_prefix(model))
    whole = ckpt["emb/table"]
    assert np.array_equal(ckpt.read("emb/table", part.slice.region), whole[3:5])
    assert variables["emb/columns/part_1"].slice.begin == (0, 4)


def test_values_that_are_reshaped_on_their_way_say_so():
    assert read_meta("reshaped").variables["v"].via == ("Reshape",)


def test_variables_of_a_saved_model_have_object_keys():
    variables = MetaGraph.read(get_saved() / "module").variables
    assert variables["kernel"].checkpoint_name == "kernel/.ATTRIBUTES/VARIABLE_VALUE"
    key = "tables/a..b.Sc/.ATTRIBUTES/VARIABLE_VALUE"
    assert variables["table"].checkpoint_name == key
    assert variables["kernel"].trainable


def test_variables_of_one_name_are_trained_as_their_objects_say():
    variables = MetaGraph.read(get_saved() / "same_names").variables.values()
    trained = {v.checkpoint_name[:3]: v.trainable for v in variables}
    assert trained == {"w/0": False, "w/1": True, "k/0": True, "k/1": False}


def test_only_the_plain_read_of_a_variable_is_no_output():
    meta = get_message("MetaGraphDef")()
    for name in ("v", "w"):
        meta.graph_def.node.add(name=name, op="VariableV2")
    meta.graph_def.node.add(name="v/read", op="Identity", input=["v"])
    meta.graph_def.node.add(name="w/read", op="Add", input=["w", "w"])
    graph = MetaGraph.from_bytes(meta.SerializeToString())
    assert find_likely_outputs(graph) == ["w/read"]


def test_a_bare_graph_without_savers_uses_the_variables_names():
    graph = get_message("GraphDef")()
    graph.node.add(name="a", op="VariableV2").attr["dtype"].type = 1
    meta = get_message("MetaGraphDef")(graph_def=graph)
    variables = MetaGraph.from_bytes(meta.SerializeToString()).variables
    assert variables["a"].checkpoint_name == "a"
    assert variables["a"].shape is None
    assert variables["a"].nbytes is None


def test_a_graph_that_lost_its_saver_still_tells_by_its_restore_nodes():
    meta = get_message("MetaGraphDef").FromString(read_meta("renamed").to_bytes())
    meta.ClearField("saver_def")
    variables = MetaGraph.from_bytes(meta.SerializeToString()).variables
    assert variables["v"].checkpoint_name == "old/v"


def test_a_partitioned_variable_without_saver_is_told_by_its_collection():
    meta = get_message("MetaGraphDef")()
    meta.graph_def.node.add(name="w/part_1", op="VariableV2")
    definition = get_message("VariableDef")(variable_name="w/part_1:0")
    definition.save_slice_info_def.full_name = "w"
    definition.save_slice_info_def.full_shape.extend([4, 2])
    definition.save_slice_info_def.var_offset.extend([2, 0])
    definition.save_slice_info_def.var_shape.extend([2, 2])
    values = meta.collection_def["variables"].bytes_list.value
    values.append(definition.SerializeToString())
    (variable,) = MetaGraph.from_bytes(meta.SerializeToString()).variables.values()
    assert variable.checkpoint_name == "w"
    assert variable.slice == SavedSlice((4, 2), (2, 0), (2, 2))


def _add_constant(graph, name, *texts):
    node = graph.node.add(name=name, op="Const")
    tensor = node.attr["value"].tensor
    tensor.dtype = 7
    if len(texts) > 1:
        tensor.tensor_shape.dim.add(size=len(texts))
    tensor.string_val.extend(texts)


def _read_names(graph, **saver):
    meta = get_message("MetaGraphDef")(graph_def=graph, saver_def=saver)
    variables = MetaGraph.from_bytes(meta.SerializeToString()).variables
    return {
        name: (each.checkpoint_name, each.slice and each.slice.begin)
        for name, each in variables.items()
    }


def test_the_first_kind_of_restore_names_one_tensor_each():
    graph = get_message("GraphDef")()
    for name in ("v", "part"):
        graph.node.add(name=name, op="VariableV2")
        _add_constant(graph, f"{name}_name", f"old/{name}".encode())
    _add_constant(graph, "file", b"file")
    _add_constant(graph, "slice", b"4 2,2")
    graph.node.add(name="r", op="Restore", input=["file", "v_name"])
    graph.node.add(name="s", op="RestoreSlice", input=["file", "part_name", "slice"])
    graph.node.add(name="a", op="Assign", input=["v", "r"])
    graph.node.add(name="b", op="Assign", input=["part", "s"])
    graph.node.add(name="all", op="NoOp", input=["^a", "^b"])
    names = _read_names(graph, restore_op_name="all")
    assert names == {"v": ("old/v", None), "part": ("old/part", (2,))}


@pytest.mark.parametrize(
    ("op", "slices"), [("Save", 0), ("SaveSlices", 1), ("SaveV2", 1)]
)
def test_a_graph_that_only_saves_tells_by_what_it_saves(op, slices):
    graph = get_message("GraphDef")()
    graph.node.add(name="v", op="VariableV2")
    graph.node.add(name="r", op="VarHandleOp")
    graph.node.add(name="r/Read", op="ReadVariableOp", input=["r"])
    graph.node.add(name="other", op="VariableV2")
    _add_constant(graph, "file", b"file")
    _add_constant(graph, "names", b"one", b"two")
    _add_constant(graph, "slices", b"4 0,2", b"")
    inputs = ["file", "names", *["slices"][:slices], "v", "r/Read"]
    graph.node.add(name="save", op=op, input=inputs)
    names = _read_names(graph, save_tensor_name="save:0")
    begin = (0,) if slices else None
    assert names == {"v": ("one", begin), "r": ("two", None), "other": (None, None)}


def test_names_that_are_filled_up_without_bound_are_damage():
    graph = get_message("GraphDef")()
    graph.node.add(name="v", op="VariableV2")
    _add_constant(graph, "names", b"one", b"two")
    graph.node[1].attr["value"].tensor.tensor_shape.dim.add(size=1 << 40)
    graph.node.add(name="save", op="SaveV2", input=["names", "names", "names", "v"])
    with pytest.raises(fastckpt.CheckpointError, match="constant of shape"):
        _read_names(graph, save_tensor_name="save")


def test_nodes_with_one_shared_name_are_one_variable():
    meta = get_message("MetaGraphDef").FromString(read_meta("resource_mlp").to_bytes())
    handle = meta.graph_def.node.add(name="again", op="VarHandleOp")
    handle.attr["shared_name"].s = b"first/kernel"
    variables = MetaGraph.from_bytes(meta.SerializeToString()).variables
    assert variables["again"].checkpoint_name == "first/kernel"


def test_averages_stand_in_for_their_variables():
    meta = read_meta("averaged")
    names = meta.variables_to_restore()
    assert names == {"v": "v/ExponentialMovingAverage"}
    loaded = fastckpt.open(get_prefix("averaged")).load(names)
    assert loaded["v"] == pytest.approx(0.0999999, abs=1e-7)


def test_an_evaluation_graph_asks_for_averages_by_their_usual_names():
    names = read_meta("five_layers").variables_to_restore()
    assert names["layer1/kernel"] == "layer1/kernel/ExponentialMovingAverage"
    chosen = read_meta("five_layers").variables_to_restore(["layer1/bias"], name="EMA")
    assert chosen["layer1/bias"] == "layer1/bias/EMA"
    assert chosen["layer1/kernel"] == "layer1/kernel"


def test_what_graph_and_checkpoint_do_not_share_is_told():
    ckpt = fastckpt.open(get_prefix("five_layers"))
    unmatched = read_meta("six_layers").find_unmatched(ckpt)
    assert unmatched.tensors == []
    assert unmatched.variables == ["layer6/kernel", "layer6/bias"]
    trained = fastckpt.open(get_prefix("reference_mlp"))
    graph = get_message("MetaGraphDef")()
    graph.graph_def.node.add(name="first/kernel", op="VariableV2")
    small = MetaGraph.from_bytes(graph.SerializeToString())
    assert "first/kernel/Adam" in small.find_unmatched(trained).tensors
    assert "first/kernel" not in small.find_unmatched(trained).tensors


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("4 3 0,2:-", SavedSlice((4, 3), (0, 0), (2, 3))),
        ("4 3 -:-", None),
        ("4 0,4", None),
        ("5 2,3", SavedSlice((5,), (2,), (3,))),
    ],
)
def test_a_slice_is_parsed(text, expected):
    assert parse_shape_and_slice(text) == expected


@pytest.mark.parametrize(
    "text", ["4", "4 3 0,2", "4 x", "4 0,", "4 3,2", "4 -1,2", "9" * 30 + " -", "0,2"]
)
def test_a_slice_that_is_none_is_damage(text):
    with pytest.raises(CorruptionError):
        parse_shape_and_slice(text)


def test_a_constant_is_not_taken_for_one_that_is_gone():
    reader = _NameReader()
    for number in range(100):
        node = get_message("NodeDef")(name="c", op="Const")
        tensor = node.attr["value"].tensor
        tensor.dtype = 7
        tensor.string_val.append(b"%d" % number)
        assert reader._read_constant(SimpleNamespace(node=node)) == [str(number)]
        del node, tensor
