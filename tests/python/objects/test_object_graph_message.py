"""The object graph's message: read as TensorFlow wrote it, and changed."""

from __future__ import annotations

import json

import pytest

import wire_maker as wire
from fastckpt import CorruptionError, UnsupportedError, _native
from fastckpt.objects.message import parse
from graph_models import run_program

VARIABLE = [("VARIABLE_VALUE", "net/w", "w/key")]
VARINT, BYTES, MESSAGE = 5, 9, 11  # FieldDescriptor.TYPE_INT32, _STRING, _MESSAGE


@pytest.fixture(scope="module")
def theirs():
    return json.loads(run_program("dump_object_graph.py"))


@pytest.mark.tensorflow
def test_the_fields_that_are_read_have_tensorflows_numbers(theirs):
    fields = {
        name: {field: tuple(it) for field, it in rows.items()}
        for name, rows in theirs["messages"].items()
    }
    assert fields["TrackableObjectGraph"] == {"nodes": (1, MESSAGE)}
    assert fields["ObjectReference"] == {
        "node_id": (1, VARINT),
        "local_name": (2, BYTES),
    }
    assert fields["SerializedTensor"] == {
        "name": (1, BYTES),
        "full_name": (2, BYTES),
        "checkpoint_key": (3, BYTES),
    }
    assert fields["SlotVariableReference"] == {
        "original_variable_node_id": (1, VARINT),
        "slot_name": (2, BYTES),
        "slot_variable_node_id": (3, VARINT),
    }
    node = fields["TrackableObject"]
    names = ("children", "attributes", "slot_variables")
    assert [node[name] for name in names] == [(i, MESSAGE) for i in (1, 2, 3)]


@pytest.mark.tensorflow
def test_a_graph_that_tensorflow_made_is_read(theirs):
    root, variable, slot = parse(bytes.fromhex(theirs["graph"]))
    assert root.children == [(1, "w")]
    assert root.slots == [(1, "m", 2)]
    assert variable.values == VARIABLE
    assert slot == ([], [], [])


@pytest.mark.tensorflow
def test_a_graph_that_tensorflow_made_stays_byte_for_byte(theirs):
    graph = bytes.fromhex(theirs["graph"])
    assert _native.edit_object_graph(graph, {}, set()) == graph
    renamed = _native.edit_object_graph(graph, {b"w/key": b"v/key"}, set())
    assert renamed == graph.replace(b"w/key", b"v/key")


def test_names_that_are_no_utf8_survive():
    graph = wire.field(1, wire.field(2, wire.field(3, b"\xff/key")))
    assert parse(graph)[0].values[0].key == "\udcff/key"
    keys = {b"\xff/key": b"\xfe/key"}
    assert _native.edit_object_graph(graph, keys, set()) == graph.replace(
        b"\xff", b"\xfe"
    )


@pytest.mark.parametrize("size", range(1, 20))
def test_a_cut_graph_is_damage_or_smaller(size):
    graph = wire.object_node(children=[(0, "self")], values=VARIABLE)
    with pytest.raises(CorruptionError, match="no sound object graph"):
        parse(graph[:size])


def test_a_graph_of_nothing_but_objects_is_bounded():
    with pytest.raises(UnsupportedError, match="than its bytes explain"):
        parse(wire.object_node() * 500_000)


def test_a_reference_that_is_not_there_cannot_be_cut():
    graph = wire.object_node(children=[(0, "self")])
    with pytest.raises(ValueError, match="has no reference 1 of object 0"):
        _native.edit_object_graph(graph, {}, {(0, 1)})
