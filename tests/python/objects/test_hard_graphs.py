"""Object graphs made to take long: what is read of them grows with their bytes."""

from __future__ import annotations

import tracemalloc

import pytest

import fastckpt
from command_line import run
from fastckpt.objects.message import parse
from fastckpt.objects.optimizers import Optimizers
from object_graphs import VALUE, GraphMaker

pytest.importorskip("google.protobuf")


class CountedList(list):
    """A list that counts how often somebody goes through all of it."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


def test_wrappers_of_wrappers_are_found_in_one_go():
    graph = GraphMaker()
    inner = 0
    for _ in range(500):
        inner = graph.add(inner, "inner_optimizer")
    slot = graph.add(inner, "m", "k")
    graph.add_slot(inner, slot, "m", slot)
    nodes = CountedList(parse(graph.content()))
    assert len(Optimizers(nodes).nodes) == 501
    assert nodes.times < 10


def share_one_list(count):
    graph = GraphMaker()
    shared = graph.add(None, "")
    for i in range(count):
        graph.add(shared, str(i), f"k{i}")
    for i in range(count):
        graph.hold(graph.add(0, f"o{i}"), "_variables", shared)
    return graph


def test_a_list_that_all_objects_share_is_refused(tmp_path, capsys):
    assert len(share_one_list(8).read()) == 8
    graph = share_one_list(300)
    with pytest.raises(fastckpt.UnsupportedError, match="share their lists"):
        graph.read()
    # It stops nothing but paths.
    prefix = graph.save(tmp_path / "p")
    assert run(capsys, "stats", prefix, "k7").status == 0
    assert run(capsys, "show", prefix, "k7").status == 0


def test_slots_of_many_variables_of_one_name_are_not_tried_with_each():
    graph = GraphMaker()
    model, optimizer = graph.add(0, "model"), graph.add(0, "optimizer")
    own, momentums = (graph.add(optimizer, it) for it in ("_variables", "_momentums"))
    for i, name in enumerate(("_iterations", "_learning_rate")):
        graph.hold(own, str(i), graph.add(optimizer, name, f"{name}{VALUE}", name))
    for i in range(600):
        graph.add(model, f"w{i}", f"model/w{i}{VALUE}", "Variable")
        slot = graph.add(momentums, str(i), f"m{i}{VALUE}", "Adam/m/Variable")
        graph.hold(own, str(i + 2), slot)
    kernel = graph.add(model, "kernel", f"model/kernel{VALUE}", "kernel")
    kept = graph.add(momentums, "600", f"m600{VALUE}", "Adam/m/kernel")
    graph.hold(own, "602", kept)
    assert kernel
    tracemalloc.start()
    objects = graph.read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
    assert objects["model/kernel"].slots["m"].key == f"m600{VALUE}"
    assert objects["model/w7"].slots == {}


def test_a_name_of_very_many_parts_is_not_tried_from_each():
    graph = GraphMaker()
    optimizer = graph.add(0, "optimizer")
    own, momentums = (graph.add(optimizer, it) for it in ("_variables", "_momentums"))
    for i, name in enumerate(("_iterations", "_learning_rate")):
        graph.hold(own, str(i), graph.add(optimizer, name, f"{name}{VALUE}", name))
    graph.add(0, "w", f"w{VALUE}", "w")
    slot = graph.add(momentums, "0", f"m{VALUE}", f"{'/' * 300_000}m/w")
    graph.hold(own, "2", slot)
    assert graph.read()["w"].slots["m"].key == f"m{VALUE}"
