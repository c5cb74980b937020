"""ckpt.objects: the values of TensorFlow 2's objects by the paths people know."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from fastckpt import CorruptionError
from fastckpt.graph.schema import get_message
from fastckpt.objects.mapping import ObjectGraph
from fastckpt.objects.names import escape, split_key, unescape
from graph_models import PACKAGE, get_prefix, get_saved

TESTDATA = Path(__file__).resolve().parents[4] / "shared" / "testdata"
KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"

with_tensorflow = pytest.mark.tensorflow
with_testdata = pytest.mark.skipif(not TESTDATA.is_dir(), reason="no shared testdata")


def _read(name):
    return ObjectGraph.read(fastckpt.open(get_saved() / name))


def _read_values(name):
    return json.loads((get_saved() / f"{name}.json").read_text())


@with_tensorflow
def test_modules_have_their_attributes_as_paths():
    objects = _read("slots-1")
    assert objects["net/tables/a.b/c"].key == f"net/tables/a..b.Sc{VALUE}"
    assert objects["net/kernel"].shape == (4, 3)
    assert objects["net/kernel"].dtype == np.float32
    assert objects["net/kernel"].value().tolist() == _read_values("slots")["kernel"]


@with_tensorflow
def test_slots_are_joined_to_their_variables():
    kernel = _read("slots-1")["net/kernel"]
    assert sorted(kernel.slots) == ["m", "v"]
    assert kernel.slots["m"].key == f"net/kernel/.OPTIMIZER_SLOT/optimizer/m{VALUE}"
    assert kernel.slots["m"].value().tolist() == _read_values("slots")["kernel/Adam"]
    assert kernel.slots["m"].path == "optimizer/net/kernel/m"


@with_tensorflow
def test_the_save_counter_is_told():
    assert _read("slots-1").save_counter == 1
    assert _read("sequential").save_counter is None


@with_tensorflow
def test_keras_paths_have_the_names_of_layers():
    objects = _read("trained-1")
    values = _read_values("trained")
    for name in (
        "dense/kernel",
        "norm/moving_mean",
        "lstm/lstm_cell/bias",
        "head/bias",
    ):
        assert objects[f"model/{name}"].value().tolist() == values[name]
    assert objects["optimizer/iteration"].value() == values["adam/iteration"]


@with_tensorflow
def test_keras_slots_are_joined_to_their_variables():
    slots = _read("trained-1")["model/dense/kernel"].slots
    values = _read_values("trained")
    assert sorted(slots) == ["momentum", "velocity"]
    assert slots["momentum"].value().tolist() == values["adam/dense_kernel_momentum"]


@with_tensorflow
def test_a_sequential_models_own_name_is_left_out():
    objects = _read("sequential")
    expected = ["model/first/kernel", "model/first/bias", "model/dense/kernel"]
    assert list(objects)[:3] == expected
    assert objects["model/first/kernel"].full_name == "stack/first/kernel"


@with_tensorflow
@pytest.mark.parametrize(
    "name",
    [
        "model/first/kernel",
        f"model/_functional/_operations/1/_kernel{VALUE}",
        "model/_functional/_operations/1/_kernel",
        "stack/first/kernel",
        "model/stack/first/kernel",
    ],
)
def test_a_value_is_found_under_all_its_names(name):
    assert _read("sequential")[name].path == "model/first/kernel"


@with_tensorflow
def test_a_path_that_is_not_there_brings_the_closest():
    with pytest.raises(KeyError, match="'model/first/kernal'; did you mean"):
        _read("sequential")["model/first/kernal"]
    assert None not in _read("sequential")


@with_tensorflow
def test_nested_arrays_are_views_under_unescaped_names():
    nested = _read("slots-1").nested()
    kernel = nested["net"]["kernel"]
    assert not kernel.flags.writeable
    assert nested["net"]["tables"]["a.b/c"].shape == (3, 4)
    assert nested["net"]["tables"]["n"]["0"] == 2
    assert nested["optimizer"]["net"]["kernel"]["m"].shape == kernel.shape
    assert nested["step"] == 7
    assert nested["table"] == {"table-values": [5]}
    assert "data" not in nested


@with_tensorflow
def test_the_tree_has_the_nodes_where_nested_has_arrays():
    objects = _read("trained-1")
    node = objects.tree()["model"]["dense"]["kernel"]
    assert node is objects["model/dense/kernel"]


@with_tensorflow
def test_every_value_of_a_checkpoint_is_in_its_object_graph():
    for name in ("slots-1", "trained-1", "sequential"):
        ckpt = fastckpt.open(get_saved() / name)
        keys = {node.key for node in ObjectGraph.read(ckpt).values()}
        assert keys == set(ckpt) - {KEY}


@with_tensorflow
def test_the_property_of_the_checkpoint_is_this():
    ckpt = fastckpt.open(get_saved() / "sequential")
    assert ckpt.objects["model/dense/bias"].value().shape == (2,)


@with_tensorflow
def test_names_are_ready_for_load():
    ckpt = fastckpt.open(get_saved() / "trained-1")
    arrays = ckpt.load(ckpt.objects.names())
    assert list(arrays) == list(ckpt.objects)
    expected = ckpt.objects["model/dense/kernel"].value()
    assert arrays["model/dense/kernel"].tobytes() == expected.tobytes()


@with_tensorflow
def test_nested_below_a_path_is_that_branch_of_all():
    objects = _read("trained-1")
    branch = objects.nested("model/dense")
    assert sorted(branch) == ["bias", "kernel"]
    for name, array in objects.nested()["model"]["dense"].items():
        assert branch[name].tobytes() == array.tobytes()


@with_tensorflow
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("modl", "has no object 'modl'"),
        ("mod", "has no object 'mod'"),
        ("model/dense/kernel", "is a value and has none below it"),
    ],
)
def test_nested_below_what_holds_nothing_is_a_key_error(path, message):
    with pytest.raises(KeyError, match=message):
        _read("trained-1").nested(path)


@with_tensorflow
def test_no_protobuf_is_needed():
    program = (
        "import sys; sys.modules['google'] = None\n"
        "import fastckpt\n"
        f"print(len(fastckpt.open({str(get_saved() / 'sequential')!r}).objects))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == (f"{len(_read('sequential'))}\n", "")


@with_tensorflow
def test_a_checkpoint_without_objects_says_so():
    with pytest.raises(KeyError, match="has no object graph"):
        ObjectGraph.read(fastckpt.open(get_prefix("line")))


@with_testdata
@pytest.mark.parametrize(
    ("prefix", "path", "slot"),
    [
        ("keras-lso-ckpt/ckpt", "dense/kernel", "momentum"),
        ("tract-keras-lstm/variables", "dense_1/bias", "rms"),
        (
            "deepreg-epoch10/weights-epoch10.ckpt",
            "layer_with_weights-0/_conv3d_block/_conv3d/_conv3d/kernel",
            "m",
        ),
    ],
)
def test_slots_of_older_keras_are_joined(prefix, path, slot):
    objects = ObjectGraph.read(fastckpt.open(TESTDATA / prefix))
    node = objects[path]
    assert node.slots[slot].shape == node.shape
    assert ".OPTIMIZER_SLOT/optimizer" in node.slots[slot].key


@with_testdata
def test_layers_of_older_keras_have_their_names():
    ckpt = fastckpt.open(TESTDATA / "ranking-bert-lite" / "bert_lite_tf2.ckpt")
    objects = ObjectGraph.read(ckpt)
    path = "model/transformer/layer_0/self_attention/attention_output/kernel"
    key = f"model/layer_with_weights-4/_attention_output_dense/kernel{VALUE}"
    assert objects[path].key == key
    assert "model/pooler_transform/bias" in objects


@with_testdata
@pytest.mark.parametrize(
    "prefix", ["deepreg-epoch10/weights-epoch10.ckpt", "keras-lso-ckpt/ckpt"]
)
def test_nested_holds_every_number_of_real_checkpoints(prefix):
    ckpt = fastckpt.open(TESTDATA / prefix)
    nested = ObjectGraph.read(ckpt).nested()
    count, waiting = 0, [nested]
    while waiting:
        for value in waiting.pop().values():
            if isinstance(value, dict):
                waiting.append(value)
            else:
                count += 1
    assert count == len([i for i in ckpt.infos() if i.tf_dtype != "string"])


@pytest.mark.parametrize(
    ("name", "escaped"), [("a.b/c", "a..b.Sc"), ("..", "...."), (".S", "..S"), ("", "")]
)
def test_names_are_escaped_and_back(name, escaped):
    assert escape(name) == escaped
    assert unescape(escaped) == name
    assert split_key(f"x/{escaped}{VALUE}") == ("x", name)


def _save(folder, graph, **tensors):
    content = np.array(graph.SerializeToString(), object)
    fastckpt.save(folder / "model", {**tensors, KEY: content})
    return fastckpt.open(folder / "model")


def _add_value(graph, key, name="VARIABLE_VALUE"):
    node = graph.nodes.add()
    node.attributes.add(name=name, checkpoint_key=key)
    return node


def test_a_value_above_others_keeps_a_place_of_its_own(tmp_path):
    graph = get_message("TrackableObjectGraph")()
    graph.nodes.add().children.add(node_id=1, local_name="a")
    _add_value(graph, "one").children.add(node_id=2, local_name="b")
    _add_value(graph, "two")
    ckpt = _save(tmp_path, graph, one=np.ones(1), two=np.ones(2))
    nested = ObjectGraph.read(ckpt).nested()
    assert nested["a"]["VARIABLE_VALUE"].shape == (1,)
    assert nested["a"]["b"].shape == (2,)


def test_nested_reads_and_checks_what_was_asked_for_and_no_more(tmp_path):
    graph = get_message("TrackableObjectGraph")()
    root = graph.nodes.add()
    root.children.add(node_id=1, local_name="a")
    root.children.add(node_id=2, local_name="b")
    graph.nodes.add().children.add(node_id=3, local_name="w")
    graph.nodes.add().children.add(node_id=4, local_name="w")
    _add_value(graph, "one")
    _add_value(graph, "two")
    ckpt = _save(tmp_path, graph, one=np.ones(1), two=np.ones(2))
    offset = ckpt.info("two").offset
    data = tmp_path / "model.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[offset] ^= 1
    data.write_bytes(content)
    with fastckpt.open(tmp_path / "model") as damaged:
        assert damaged.objects.nested("a")["w"].shape == (1,)
        with pytest.raises(CorruptionError, match="two"):
            damaged.objects.nested("b")


def test_a_value_at_the_path_itself_stands_beside_those_below(tmp_path):
    graph = get_message("TrackableObjectGraph")()
    graph.nodes.add().children.add(node_id=1, local_name="a")
    _add_value(graph, "one").children.add(node_id=2, local_name="b")
    _add_value(graph, "two")
    ckpt = _save(tmp_path, graph, one=np.ones(1), two=np.ones(2))
    nested = ObjectGraph.read(ckpt).nested("a")
    assert {name: array.shape for name, array in nested.items()} == {
        "VARIABLE_VALUE": (1,),
        "b": (2,),
    }


def test_a_tensor_that_two_objects_have_is_there_once(tmp_path):
    graph = get_message("TrackableObjectGraph")()
    root = graph.nodes.add()
    root.children.add(node_id=1, local_name="a")
    root.children.add(node_id=2, local_name="b")
    _add_value(graph, "one")
    _add_value(graph, "one")
    objects = ObjectGraph.read(_save(tmp_path, graph, one=np.ones(1)))
    assert objects.names() == {"a": "one"}
    assert list(objects.nested()) == ["a"]


def _make_export(graph, again):
    root = graph.nodes.add()
    for number, name in ((1, "variables"), (2, "_all_variables")):
        root.children.add(node_id=number, local_name=name)
    lists = [graph.nodes.add(), graph.nodes.add()]
    for place, (key, full_name) in enumerate(again):
        lists[place > 1].children.add(node_id=3 + place, local_name=str(place % 2))
        attribute = _add_value(graph, key).attributes[0]
        attribute.full_name = full_name


def test_the_second_list_of_an_export_is_no_second_set_of_variables(tmp_path):
    graph = get_message("TrackableObjectGraph")()
    _make_export(graph, [("v0", "a"), ("v1", "b"), ("all0", "b"), ("all1", "a")])
    a, b = np.ones(1), np.ones(2)
    objects = ObjectGraph.read(_save(tmp_path, graph, v0=a, v1=b, all0=b, all1=a))
    assert objects.names() == {"a": "v0", "b": "v1"}
    assert objects["all0"].key == "v1"


def test_a_second_list_with_other_values_is_one_of_its_own(tmp_path):
    graph = get_message("TrackableObjectGraph")()
    _make_export(graph, [("v0", "a"), ("v1", "b"), ("all0", "b"), ("all1", "a")])
    a, b = np.ones(1), np.ones(2)
    objects = ObjectGraph.read(_save(tmp_path, graph, v0=a, v1=b, all0=b, all1=-a))
    assert len(objects) == 4


def test_paths_that_read_the_same_are_told_apart(tmp_path):
    graph = get_message("TrackableObjectGraph")()
    root = graph.nodes.add()
    root.children.add(node_id=1, local_name="a/b")
    root.children.add(node_id=2, local_name="a")
    _add_value(graph, "a.Sb")
    graph.nodes.add().children.add(node_id=3, local_name="b")
    _add_value(graph, "a/b")
    ckpt = _save(tmp_path, graph, **{"a.Sb": np.ones(1), "a/b": np.ones(2)})
    objects = ObjectGraph.read(ckpt)
    assert len(objects) == 2
    assert {node.key for node in objects.values()} == {"a.Sb", "a/b"}


def test_values_that_the_checkpoint_lacks_are_listed(tmp_path):
    graph = get_message("TrackableObjectGraph")()
    graph.nodes.add().children.add(node_id=1, local_name="a")
    _add_value(graph, "gone")
    objects = ObjectGraph.read(_save(tmp_path, graph))
    assert objects.missing == ["gone"]
    assert dict(objects) == {}


def test_strings_are_values_but_no_arrays(tmp_path):
    graph = get_message("TrackableObjectGraph")()
    graph.nodes.add().children.add(node_id=1, local_name="layer")
    _add_value(graph, "config", "OBJECT_CONFIG_JSON")
    ckpt = _save(tmp_path, graph, config=np.array(b"{}", object))
    objects = ObjectGraph.read(ckpt)
    assert objects["layer/OBJECT_CONFIG_JSON"].value() == b"{}"
    assert objects.nested() == {}


@pytest.mark.parametrize("node_id", [-1, 2, 1 << 30])
def test_objects_that_are_not_there_are_damage(node_id, tmp_path):
    graph = get_message("TrackableObjectGraph")()
    graph.nodes.add().children.add(node_id=node_id, local_name="a")
    graph.nodes.add()
    with pytest.raises(CorruptionError, match="refers to object"):
        ObjectGraph.read(_save(tmp_path, graph))


def test_objects_that_hold_each_other_in_a_circle_are_read(tmp_path):
    graph = get_message("TrackableObjectGraph")()
    graph.nodes.add().children.add(node_id=1, local_name="a")
    _add_value(graph, "a").children.add(node_id=0, local_name="back")
    assert list(ObjectGraph.read(_save(tmp_path, graph, a=np.ones(1)))) == ["a"]


def test_a_chain_without_end_is_damage(tmp_path):
    graph = get_message("TrackableObjectGraph")()
    for i in range(200):
        graph.nodes.add().children.add(node_id=i + 1, local_name="a")
    graph.nodes.add()
    with pytest.raises(CorruptionError, match="too deeply"):
        ObjectGraph.read(_save(tmp_path, graph))


def test_a_damaged_object_graph_is_damage(tmp_path):
    fastckpt.save(tmp_path / "model", {KEY: np.array(b"\xff", object)})
    with pytest.raises(CorruptionError, match=f"{KEY}: 1 bytes that are no sound"):
        ObjectGraph.read(fastckpt.open(tmp_path / "model"))
    fastckpt.save(tmp_path / "other", {KEY: np.zeros(2)})
    with pytest.raises(CorruptionError, match="is no single string"):
        ObjectGraph.read(fastckpt.open(tmp_path / "other"))
