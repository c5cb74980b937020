"""Graphs that make no sense: an error of ours, or a graph; never anything else."""

import random

import numpy as np
import pytest

import fastckpt
from fastckpt import MetaGraph
from fastckpt.graph.schema import get_message
from graph_damage import damage
from graph_models import describe, get_models, get_prefix, read_meta

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize("seed", range(40))
def test_damaged_graphs_are_refused_or_frozen(seed, tmp_path):
    choose = random.Random(seed)
    models = sorted(each.name for each in get_models().iterdir())
    for _ in range(10):
        model = choose.choice(models)
        message = get_message("MetaGraphDef").FromString(read_meta(model).to_bytes())
        damage(message, choose)
        outputs = choose.choice([describe(model)["outputs"], None])
        try:
            meta = MetaGraph.from_bytes(message.SerializeToString())
            seen = [(each.outputs, each.attributes) for each in meta.operations]
            assert len(seen) == len(message.graph_def.node)
            meta.variables_to_restore()
            fastckpt.freeze(
                get_prefix(model), outputs, to=tmp_path / "out.pb", meta=meta
            )
        except (fastckpt.CheckpointError, ValueError, KeyError):
            continue


def test_a_chain_of_calls_deeper_than_the_stack_is_damage(tmp_path):
    meta = get_message("MetaGraphDef")()
    handle = meta.graph_def.node.add(name="v", op="VarHandleOp")
    handle.attr["dtype"].type = 1
    count = 3000
    _add_call(meta.graph_def.node, "f0", "v")
    for i in range(count):
        function = meta.graph_def.library.function.add()
        function.signature.name = f"f{i}"
        function.signature.input_arg.add(name="v", type=20)
        if i + 1 < count:
            _add_call(function.node_def, f"f{i + 1}", "v")
    graph = MetaGraph.from_bytes(meta.SerializeToString())
    fastckpt.save(tmp_path / "model", {"v": np.ones(1, np.float32)})
    with pytest.raises(fastckpt.CorruptionError, match="call each other too deeply"):
        fastckpt.freeze(tmp_path / "model", "call", to=tmp_path / "out.pb", meta=graph)


def _add_call(nodes, function, argument):
    node = nodes.add(name="call", op="PartitionedCall", input=[argument])
    node.attr["f"].func.name = function
    node.attr["Tin"].list.type.append(20)
