"""What the names of an object graph's values mean, and what they do not."""

from __future__ import annotations

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json
from object_graphs import VALUE, GraphMaker

pytest.importorskip("google.protobuf")


@pytest.fixture
def net():
    """A variable whose full name has one part, beside a layer."""
    graph = GraphMaker()
    root = graph.add(0, "net")
    layer = graph.add(root, "layer1")
    graph.add(layer, "kernel", f"net/layer1/kernel{VALUE}", "layer1/kernel")
    graph.add(root, "scale", f"net/scale{VALUE}", "scale")
    return graph


def test_a_scope_is_no_name_of_a_tensor_in_it(net):
    objects = net.read()
    assert objects.keys_of("net") == []
    for name in ("scale", "net/scale"):
        assert objects.keys_of(name) == [f"net/scale{VALUE}"]
    for name in ("layer1/kernel", "net/layer1/kernel", "net/kernel"):
        assert objects.keys_of(name) == [f"net/layer1/kernel{VALUE}"]


@pytest.mark.parametrize("command", ["stats", "show", "ls"])
def test_a_command_takes_no_scope_for_a_tensor_in_it(command, net, tmp_path, capsys):
    values = {f"net/layer1/kernel{VALUE}": np.full(4, np.nan, np.float32)}
    prefix = net.save(tmp_path / "p", values)
    done = run(capsys, command, prefix, "net")
    assert (done.status, done.out) == (2, "")
    assert "no tensor 'net'" in done.err
    _, found = run_json(capsys, command, prefix, "net/scale")
    assert [it["name"] for it in found["tensors"]] == [f"net/scale{VALUE}"]


def test_what_nothing_holds_has_no_empty_name():
    graph = GraphMaker()
    weight = graph.add(0, "w", f"w{VALUE}", "w")
    optimizer = graph.add(0, "optimizer")
    slot = graph.add(None, "", f"w/.OPTIMIZER_SLOT/optimizer/m{VALUE}", "m")
    graph.add_slot(optimizer, weight, "m", slot)
    objects = graph.read()
    assert objects.keys_of("") == []
    assert objects["optimizer/w/m"] is objects["m"]


@pytest.fixture
def listed():
    """A model by a layer, and by the list of its variables what lies deeper."""
    graph = GraphMaker()
    head = graph.add(0, "layer_with_weights-0")
    graph.add(head, "kernel", f"head{VALUE}", "head/kernel")
    listed = graph.add(0, "variables")
    names = ["block/dense/kernel", "block/dense/bias", "head/kernel", "twice", "twice"]
    for i, full_name in enumerate([*names, ""]):
        graph.add(listed, str(i), f"variables/{i}{VALUE}", full_name)
    return graph


def test_what_only_a_number_tells_has_its_full_name(listed):
    objects = listed.read()
    assert list(objects) == [
        "head/kernel",
        "block/dense/kernel",
        "block/dense/bias",
        # What several have, or none, says less than the number.
        *(f"variables/{i}" for i in range(2, 6)),
    ]
    for name in ("block/dense/kernel", "variables/0", f"variables/0{VALUE}"):
        assert objects.keys_of(name) == [f"variables/0{VALUE}"]
    assert all(len(keys) == 1 for keys in objects.called().values())


def test_a_list_that_an_object_holds_is_in_its_scope():
    graph = GraphMaker()
    model = graph.add(0, "model")
    listed = graph.add(model, "trainable_variables")
    weight = graph.add(listed, "0", "k", "dense/kernel")
    optimizer = graph.add(0, "optimizer")
    graph.add_slot(optimizer, weight, "m", graph.add(None, "", "s"))
    mine = graph.add(0, "mine")
    graph.add(mine, "0", "own", "dense/kernel")  # a program's own list keeps its own
    names = {"model/dense/kernel": "k", "optimizer/model/dense/kernel/m": "s"}
    assert graph.read().names() == names | {"mine/0": "own"}


def test_an_alias_that_a_value_has_twice_counts_once():
    graph = GraphMaker()
    for key, full_name in (("1", "x/y"), ("2", "a/x/y"), ("3", "")):
        graph.add(graph.add(0, "a"), key, f"{key}{VALUE}", full_name)
    # "a/x/y": of the first below its scope, of the second its own and without "a".
    assert graph.read().keys_of("a/x/y") == [f"1{VALUE}", f"2{VALUE}"]


def test_a_slot_that_is_its_own_variable_is_read(tmp_path, capsys):
    graph = GraphMaker()
    optimizer = graph.add(0, "opt")
    slot = graph.add(None, "", "k", "k")
    graph.add_slot(optimizer, slot, "m", slot)
    assert list(graph.read()) == ["opt/m"]
    prefix = graph.save(tmp_path / "p")
    assert run(capsys, "ls", "--objects", prefix).status == 0
    with fastckpt.open(prefix) as ckpt, pytest.raises(KeyError, match="'x'"):
        ckpt["x"]


def test_slots_of_slots_are_read_however_many():
    graph = GraphMaker()
    optimizer = graph.add(0, "opt")
    before = graph.add(None, "", "k0", "k")
    for i in range(1, 1500):
        slot = graph.add(None, "", f"k{i}")
        graph.add_slot(optimizer, before, "m", slot)
        before = slot
    assert len(graph.read()) == 1500


def test_a_copy_of_several_values_has_the_path_of_each(tmp_path):
    graph = GraphMaker()
    lists = [graph.add(0, name) for name in ("variables", "_all_variables")]
    for parent, key in zip(lists, ("first", "again"), strict=True):
        table = graph.add(parent, "0")
        for name in ("one", "two"):
            graph.add_value(table, f"{key}/{name}", name, full_name="table")
    with fastckpt.open(graph.save(tmp_path / "p")) as ckpt:
        found = {key: node.key for key, node in ckpt.objects.by_key().items()}
    assert found == {
        "first/one": "first/one",
        "first/two": "first/two",
        "again/one": "first/one",
        "again/two": "first/two",
    }
