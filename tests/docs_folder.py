"""The folder that the pages in docs/ talk about, made without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import fastckpt
from fastckpt.graph.schema import get_message, get_pool, import_protobuf

_VALUE = ".ATTRIBUTES/VARIABLE_VALUE"
_FLOAT = "attr { key: 'dtype' value { type: DT_FLOAT } }"
_TYPE = "attr { key: 'T' value { type: DT_FLOAT } }"
_AVERAGE = "ExponentialMovingAverage"
_OPEN_SHAPE = "shape { dim { size: -1 } dim { size: 4 } }"

_LAYER = f"""
versions {{ producer: 1087 }}
node {{ name: 'x' op: 'Placeholder' {_FLOAT}
  attr {{ key: 'shape' value {{ {_OPEN_SHAPE} }} }} }}
node {{ name: 'MatMul' op: 'MatMul' input: 'x' input: 'dense/kernel/read' {_TYPE} }}
node {{ name: 'add' op: 'AddV2' input: 'MatMul' input: 'dense/bias/read' {_TYPE} }}
node {{ name: 'predictions' op: 'Softmax' input: 'add' {_TYPE}
  attr {{ key: '_output_shapes' value {{ list {{ shape {{
    dim {{ size: -1 }} dim {{ size: 3 }} }} }} }} }} }}
"""
_SERVING = f"""
node {{ name: 'serving_default_x' op: 'Placeholder' {_FLOAT} }}
node {{ name: 'w' op: 'VarHandleOp' {_FLOAT}
  attr {{ key: 'shape' value {{ shape {{ dim {{ size: 4 }} dim {{ size: 3 }} }} }} }} }}
node {{ name: 'w/Read' op: 'ReadVariableOp' input: 'w' {_FLOAT} }}
node {{ name: 'y' op: 'MatMul' input: 'serving_default_x' input: 'w/Read' {_TYPE} }}
node {{ name: 'names' op: 'Const'
  attr {{ key: 'dtype' value {{ type: DT_STRING }} }}
  attr {{ key: 'value' value {{ tensor {{ dtype: DT_STRING tensor_shape {{
    dim {{ size: 1 }} }} string_val: 'w/{_VALUE}' }} }} }} }}
node {{ name: 'RestoreV2' op: 'RestoreV2' input: 'file' input: 'names' }}
node {{ name: 'Assign' op: 'AssignVariableOp' input: 'w' input: 'RestoreV2' }}
"""
_SIGNATURE = f"""
meta_info_def {{ tags: 'serve' }}
signature_def {{ key: 'serving_default' value {{
  inputs {{ key: 'x' value {{ name: 'serving_default_x:0' dtype: DT_FLOAT
    tensor_{_OPEN_SHAPE} }} }}
  outputs {{ key: 'y' value {{ name: 'y:0' dtype: DT_FLOAT }} }} }} }}
"""
_OBJECTS = """
nodes { children { node_id: 1 local_name: 'model' }
  children { node_id: 2 local_name: 'optimizer' }
  children { node_id: 3 local_name: 'save_counter' } }
nodes { children { node_id: 4 local_name: 'dense' } }
nodes {
  slot_variables { original_variable_node_id: 5
    slot_name: 'm' slot_variable_node_id: 6 }
  slot_variables { original_variable_node_id: 5
    slot_name: 'v' slot_variable_node_id: 7 }
}
nodes { ATTRIBUTE(save_counter) }
nodes { children { node_id: 5 local_name: 'kernel' }
  children { node_id: 8 local_name: 'bias' } }
nodes { ATTRIBUTE(model/dense/kernel) }
nodes { ATTRIBUTE(model/dense/kernel/.OPTIMIZER_SLOT/optimizer/m) }
nodes { ATTRIBUTE(model/dense/kernel/.OPTIMIZER_SLOT/optimizer/v) }
nodes { ATTRIBUTE(model/dense/bias) }
"""


def make_folder(folder: Path) -> None:
    """Puts there ``models``, ``exported`` and ``tf2``."""
    for name in ("models", "exported/variables", "tf2"):
        (folder / name).mkdir(parents=True)
    _make_model(folder / "models")
    _make_saved_model(folder / "exported")
    _make_objects(folder / "tf2")


def _parse(name: str, text: str) -> Any:
    message = get_message(name)()
    text_format = import_protobuf("text_format")
    return text_format.Parse(text, message, descriptor_pool=get_pool())


def _kernel() -> np.ndarray:
    return np.arange(12, dtype=np.float32).reshape(4, 3)


def _make_model(folder: Path) -> None:
    """A checkpoint of TensorFlow 1 with its graph, averages and a state file."""
    weights = {"dense/kernel": _kernel(), "dense/bias": np.ones(3, np.float32)}
    averages = {f"{name}/{_AVERAGE}": value / 2 for name, value in weights.items()}
    variables = weights | averages | {"global_step": np.array(200)}
    nodes = [_make_variable(name, value) for name, value in variables.items()]
    meta = get_message("MetaGraphDef")()
    meta.graph_def.CopyFrom(_parse("GraphDef", "".join([*nodes, _LAYER])))
    trained = meta.collection_def["trainable_variables"].bytes_list.value
    for name in weights:
        definition = get_message("VariableDef")(variable_name=f"{name}:0")
        trained.append(definition.SerializeToString())
    saver = fastckpt.Saver(save_relative_paths=True)
    graph = meta.SerializeToString()
    saver.save(folder / "model.ckpt", variables, global_step=200, meta_graph=graph)


def _make_variable(name: str, value: np.ndarray) -> str:
    kind = "DT_INT64" if value.dtype == np.int64 else "DT_FLOAT"
    dims = "".join(f"dim {{ size: {size} }}" for size in value.shape)
    return f"""
        node {{ name: '{name}' op: 'VariableV2'
          attr {{ key: 'dtype' value {{ type: {kind} }} }}
          attr {{ key: 'shape' value {{ shape {{ {dims} }} }} }} }}
        node {{ name: '{name}/read' op: 'Identity' input: '{name}'
          attr {{ key: 'T' value {{ type: {kind} }} }} }}
    """


def _make_saved_model(folder: Path) -> None:
    """A SavedModel whose signature multiplies with its only variable."""
    graph = f"meta_graphs {{ {_SIGNATURE} graph_def {{ {_SERVING} }} }}"
    model = _parse("SavedModel", graph).SerializeToString()
    (folder / "saved_model.pb").write_bytes(model)
    objects = "nodes { children { node_id: 1 local_name: 'w' } } nodes { ATTRIBUTE(w) }"
    _save_objects(folder / "variables" / "variables", objects, {"w": _kernel()})


def _make_objects(folder: Path) -> None:
    """What ``tf.train.Checkpoint(model=..., optimizer=...)`` saves."""
    slot = "model/dense/kernel/.OPTIMIZER_SLOT/optimizer"
    values = {
        "model/dense/bias": np.ones(3, np.float32),
        "model/dense/kernel": _kernel(),
        f"{slot}/m": _kernel() / 4,
        f"{slot}/v": _kernel() / 8,
        "save_counter": np.array(1),
    }
    _save_objects(folder / "ckpt-1", _OBJECTS, values)
    fastckpt.update_checkpoint_state(
        folder, folder / "ckpt-1", save_relative_paths=True
    )


def _save_objects(prefix: Path, graph: str, values: dict[str, np.ndarray]) -> None:
    tensors: dict[str, Any] = {}
    for name, value in values.items():
        key = f"{name}/{_VALUE}"
        attribute = f"name: 'VARIABLE_VALUE' checkpoint_key: '{key}'"
        graph = graph.replace(f"ATTRIBUTE({name})", f"attributes {{ {attribute} }}")
        tensors[key] = value
    objects = _parse("TrackableObjectGraph", graph).SerializeToString()
    tensors["_CHECKPOINTABLE_OBJECT_GRAPH"] = np.array(objects, object)
    fastckpt.save(prefix, tensors)
