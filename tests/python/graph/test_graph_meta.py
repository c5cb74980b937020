"""MetaGraph: what TensorFlow says of a graph, without TensorFlow."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from fastckpt import CorruptionError, MetaGraph, UnsupportedError
from fastckpt.graph.schema import get_message, import_protobuf
from graph_models import describe, get_models, get_prefix, get_saved, read_meta

pytestmark = pytest.mark.tensorflow

MODELS = [
    "sum_of_two",
    "reference_mlp",
    "resource_mlp",
    "resource_partitioned",
    "resource_loop_v1",
    "resource_loop_v2",
    "reference_branches_v2",
    "functions",
    "cases",
    "resource_types",
]


@pytest.mark.parametrize("model", MODELS)
def test_text_is_what_text_format_prints(model):
    expected = (get_models() / model / "meta.txt").read_text()
    assert read_meta(model).to_text() == expected


@pytest.mark.parametrize("name", ["module", "keras"])
def test_text_of_a_saved_model_is_what_text_format_prints(name):
    expected = (get_saved() / f"{name}.txt").read_text()
    assert MetaGraph.read(get_saved() / name).to_text() == expected


@pytest.mark.parametrize("model", MODELS)
def test_operations_are_those_of_tensorflow(model):
    ours = [
        {
            "name": each.name,
            "op": each.op,
            "device": each.device,
            "inputs": each.inputs,
            "control_inputs": sorted(each.control_inputs),
            "outputs": [
                [t.name, t.tf_dtype, None if t.shape is None else list(t.shape)]
                for t in each.outputs
            ],
        }
        for each in read_meta(model).operations
    ]
    assert ours == describe(model)["operations"]


def test_collections_name_the_variables():
    meta = read_meta("reference_mlp")
    for key, names in describe("reference_mlp")["collections"].items():
        assert meta.collections[key] == names
    assert meta.collections["train_op"] == ["Adam"]


def test_placeholders_and_outputs_are_operations():
    meta = read_meta("reference_branches_v2")
    assert [each.name for each in meta.placeholders][:2] == ["pred", "x"]
    assert "out" in [each.name for each in meta.outputs]


def test_the_saver_and_the_origin_are_told():
    meta = read_meta("version_one")
    assert meta.saver.version == "V1"
    assert meta.saver.restore_op_name == "save/restore_all"
    assert meta.meta_info.tensorflow_version.startswith("2.")
    assert "VariableV2" in meta.meta_info.stripped_op_list


def test_a_tensor_is_found_by_its_name():
    tensor = read_meta("reference_mlp").get_tensor_by_name("predictions:0")
    assert (tensor.name, tensor.shape) == ("predictions:0", (None, 3))
    assert tensor.dtype == np.float32


def test_a_name_that_is_not_there_brings_the_closest():
    meta = read_meta("reference_mlp")
    with pytest.raises(KeyError, match="'prediction'; did you mean 'predictions'"):
        meta.get_operation_by_name("prediction")
    with pytest.raises(KeyError, match="'predictions' has 1 outputs"):
        meta.get_tensor_by_name("predictions:1")
    with pytest.raises(ValueError, match="names an operation, not a tensor"):
        meta.get_tensor_by_name("predictions")


def test_attributes_are_python_values():
    meta = read_meta("resource_types")
    value = meta.get_operation_by_name(
        "Initializer/initial_value".join(["int32_5/", ""])
    )
    assert value.attributes["value"].tolist() == [-3, 0, 3, -1, 2]
    handle = meta.get_operation_by_name("float32_2x3")
    assert handle.attributes["dtype"] == "float32"
    assert handle.attributes["shape"] == (2, 3)
    assert handle.attributes["shared_name"] == b"float32_2x3"
    words = meta.get_operation_by_name("words/Initializer/initial_value")
    assert words.attributes["value"].tolist() == [[b"a", b""], [b"\xff\x00", b"d"]]


def _look_at_all(meta):
    bodies = [op for each in meta.functions.values() for op in each.operations]
    seen = [
        (each.attributes, each.outputs, each.inputs)
        for each in [*meta.operations, *bodies]
    ]
    return seen, meta.variables, meta.collections, meta.signatures, meta.outputs


def test_asking_for_attributes_changes_nothing():
    meta = read_meta("resource_loop_v2")
    before = meta.to_bytes()
    _look_at_all(meta)
    assert meta.to_bytes() == before


def test_functions_have_arguments_and_bodies():
    meta = read_meta("functions_of_references")
    (function,) = meta.functions.values()
    assert [each.tf_dtype for each in function.inputs] == ["float32", "float32"]
    assert [each.op for each in function.operations] == ["MatMul", "Identity"]
    assert function.operations[0].inputs == ["y", "z"]
    assert function.operations[0].outputs[0].name == "MatMul:product:0"


def test_signatures_and_assets_of_a_saved_model():
    meta = MetaGraph.read(get_saved() / "first")
    signature = meta.signatures["serving_default"]
    assert signature.inputs["in"].name == "x:0"
    assert signature.inputs["in"].shape == (None, 2)
    assert signature.outputs["out"].name == "y:0"
    assert signature.method_name == "tensorflow/serving/predict"
    assert meta.asset_files == {"words:0": "words.txt"}


def test_tags_choose_a_graph():
    path = get_saved() / "first" / "saved_model.pb"
    meta = MetaGraph.read(path, tags=["serve", "gpu"])
    assert meta.signatures["serving_default"].outputs["out"].name == "y_gpu:0"
    assert MetaGraph.read(path, tags="serve").meta_info.tags == ["serve"]
    with pytest.raises(ValueError, match=r"tags \['train'\]; it has \['serve'\]"):
        MetaGraph.read(path, tags="train")


def test_a_bare_graph_is_read(tmp_path):
    meta = read_meta("sum_of_two")
    path = tmp_path / "graph.pb"
    path.write_bytes(meta.graph_def.SerializeToString())
    bare = MetaGraph.read(path)
    assert [each.name for each in bare.operations] == [
        each.name for each in meta.operations
    ]
    print_message = import_protobuf("text_format").MessageToString
    assert bare.to_text() == print_message(meta.graph_def)
    assert MetaGraph.from_bytes(bare.to_bytes()).graph_def == bare.graph_def


def test_the_text_form_is_read(tmp_path):
    meta = read_meta("functions")
    path = tmp_path / "graph.meta.txt"
    path.write_text(meta.to_text())
    assert MetaGraph.read(path).to_bytes() == meta.to_bytes()
    bare = tmp_path / "graph.pbtxt"
    bare.write_text(str(meta.graph_def))
    assert MetaGraph.read(bare).graph_def == meta.graph_def


def test_a_checkpoint_leads_to_its_graph(tmp_path):
    folder = get_models() / "sum_of_two"
    names = [folder, f"{folder}/checkpoint", get_prefix("sum_of_two")]
    for name in [*names, f"{get_prefix('sum_of_two')}.index"]:
        assert MetaGraph.read(name).path == f"{get_prefix('sum_of_two')}.meta"
    variables = get_saved() / "module" / "variables" / "variables"
    assert MetaGraph.read(variables).path.endswith("module/saved_model.pb")
    for name in os.listdir(folder):
        if not name.endswith(".meta") and name != "checkpoint":
            shutil.copy(folder / name, tmp_path)
    with pytest.raises(
        FileNotFoundError, match=r"no graph: the checkpoint has no \.meta"
    ):
        MetaGraph.read(tmp_path)


def test_unknown_fields_survive():
    content = read_meta("sum_of_two").to_bytes()
    unknown = b"\xfa\x3e\x03new"  # field 1007
    node = get_message("NodeDef")(name="n", op="NoOp").SerializeToString() + unknown
    graph = b"\x0a" + bytes([len(node)]) + node
    whole = content + b"\x12" + bytes([len(graph)]) + graph + unknown
    written = MetaGraph.from_bytes(whole).to_bytes()
    assert written.count(unknown) == 2
    assert MetaGraph.from_bytes(written).to_bytes() == written


def test_a_cut_file_is_damaged(tmp_path):
    content = Path(get_prefix("sum_of_two") + ".meta").read_bytes()
    path = tmp_path / "model.meta"
    for size in (0, 1, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:size])
        with pytest.raises(
            CorruptionError, match=r"model\.meta: .*(bytes that|an empty file)"
        ) as caught:
            MetaGraph.read(path)
        assert caught.value.path == str(path)


def test_every_flipped_byte_of_a_graph_is_an_error_of_ours_or_a_graph(tmp_path):
    content = bytearray(Path(get_prefix("sum_of_two") + ".meta").read_bytes())
    for place in range(0, len(content), 97):
        content[place] ^= 0xFF
        try:
            meta = MetaGraph.from_bytes(bytes(content))
            _look_at_all(meta)
            meta.to_text()
        except (fastckpt.CheckpointError, KeyError):
            pass
        content[place] ^= 0xFF


def test_more_than_two_gibibytes_are_no_graph(tmp_path):
    path = tmp_path / "model.meta"
    path.touch()
    os.truncate(path, 1 << 31)
    with pytest.raises(CorruptionError, match="2147483648 bytes; a protocol buffer"):
        MetaGraph.read(path)


def test_a_chunked_saved_model_is_refused(tmp_path):
    (tmp_path / "saved_model.cpb").touch()
    with pytest.raises(UnsupportedError, match="stored in chunks"):
        MetaGraph.read(tmp_path)


def test_two_nodes_of_one_name_are_damage():
    graph = get_message("MetaGraphDef")()
    graph.graph_def.node.add(name="a", op="NoOp")
    graph.graph_def.node.add(name="a", op="NoOp")
    with pytest.raises(CorruptionError, match="several nodes"):
        _ = MetaGraph.from_bytes(graph.SerializeToString()).operations


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"dtype": 1, "dims": [2, 2], "float_val": [1, 2]}, [[1, 2], [2, 2]]),
        ({"dtype": 3, "dims": [3], "int_val": [7]}, [7, 7, 7]),
        ({"dtype": 9, "dims": [2]}, [0, 0]),
        ({"dtype": 10, "dims": [], "bool_val": [True]}, True),
        ({"dtype": 8, "dims": [1], "scomplex_val": [1, 2]}, [1 + 2j]),
        ({"dtype": 19, "dims": [1], "half_val": [0x3C00]}, [1.0]),
        ({"dtype": 14, "dims": [1], "half_val": [0x3F80]}, [1.0]),
        ({"dtype": 4, "dims": [2], "tensor_content": b"\x01\x02"}, [1, 2]),
        ({"dtype": 24, "dims": [2], "float8_val": b"\x3c\x3c"}, [1.0, 1.0]),
        ({"dtype": 7, "dims": [2], "string_val": [b"a"]}, [b"a", b"a"]),
    ],
)
def test_constants_are_decoded(fields, expected):
    from fastckpt.graph.attributes import decode_tensor

    assert decode_tensor(_make_tensor(**fields)).tolist() == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dtype": 1, "dims": [1], "float_val": [1, 2]}, "has 2 values; it holds 1"),
        (
            {"dtype": 1, "dims": [2], "tensor_content": b"abc"},
            "has 3 bytes; it needs 8",
        ),
        ({"dtype": 1, "dims": [-1], "float_val": [1]}, "not complete"),
    ],
)
def test_constants_that_do_not_fit_are_damage(fields, message):
    from fastckpt.graph.attributes import decode_tensor

    with pytest.raises(CorruptionError, match=message):
        decode_tensor(_make_tensor(**fields))


def test_a_huge_constant_of_one_value_takes_no_memory():
    from fastckpt.graph.attributes import decode_tensor

    array = decode_tensor(_make_tensor(1, [1 << 20, 1 << 20], float_val=[1]))
    assert array.shape == (1 << 20, 1 << 20)
    with pytest.raises(UnsupportedError, match="are not built"):
        decode_tensor(_make_tensor(1, [1 << 20, 1 << 20], float_val=[1, 2]))


def _make_tensor(dtype, dims, **values):
    tensor = get_message("TensorProto")(dtype=dtype, **values)
    tensor.tensor_shape.SetInParent()
    for dim in dims:
        tensor.tensor_shape.dim.add(size=dim)
    return tensor
