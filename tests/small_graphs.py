"""Small graphs made by hand, and SavedModels that hold them."""

from __future__ import annotations

from fastckpt.graph.schema import get_message

FLOAT = 1


def add_variable(graph, name, size=2):
    node = graph.node.add(name=name, op="VariableV2")
    node.attr["dtype"].type = FLOAT
    node.attr["shape"].shape.dim.add(size=size)
    return node


def add(graph, name, op, *inputs, kind="T"):
    node = graph.node.add(name=name, op=op, input=inputs)
    node.attr[kind].type = FLOAT
    return node


def put(folder, graph=None, tags=("serve",), **signatures):
    """Writes a SavedModel of one graph; signatures are {name: (input, output)}."""
    saved = get_message("SavedModel")()
    meta = saved.meta_graphs.add()
    meta.meta_info_def.tags.extend(tags)
    if graph is not None:
        meta.graph_def.CopyFrom(graph)
    for name, (fed, fetched) in signatures.items():
        ends = meta.signature_def[name]
        for ends_of, tensor in ((ends.inputs["x"], fed), (ends.outputs["y"], fetched)):
            ends_of.name, ends_of.dtype = tensor, FLOAT
            ends_of.tensor_shape.dim.add(size=-1)
    folder.mkdir(exist_ok=True)
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    return folder
