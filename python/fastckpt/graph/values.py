"""What a MetaGraphDef says beside its nodes: its origin, saver, signatures, files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastckpt.errors import CorruptionError
from fastckpt.graph.attributes import decode_shape, decode_tensor
from fastckpt.graph.datatypes import get_type_name
from fastckpt.graph.files import parse
from fastckpt.graph.operations import GraphTensor
from fastckpt.graph.schema import get_enum

__all__ = [
    "MetaInfo",
    "SaverInfo",
    "Signature",
    "decode_asset_files",
    "decode_collection",
    "decode_info",
    "decode_saver",
    "decode_signature",
]

# The collections whose bytes are VariableDef messages.
# Source: tensorflow/python/framework/ops.py (GraphKeys).
VARIABLE_COLLECTIONS = frozenset(
    [
        "concat_variables",
        "global_step",
        "local_variables",
        "metric_variables",
        "model_variables",
        "moving_average_variables",
        "trainable_resource_variables",
        "trainable_variables",
        "variables",
    ]
)


_ASSETS = "saved_model_assets"


@dataclass(frozen=True, slots=True)
class MetaInfo:
    """Where a graph comes from.

    Attributes:
        version: The user's own version of the graph, "" if none.
        tags: By which a SavedModel's graphs are told apart.
        tensorflow_version: The TensorFlow that wrote the graph.
        tensorflow_git_version: The same, by its commit.
        stripped_default_attrs: Whether attributes with default values were left out.
        stripped_op_list: The ops whose definitions the graph brings along.
        function_aliases: Names of functions as the program knew them.
    """

    version: str
    tags: list[str]
    tensorflow_version: str
    tensorflow_git_version: str
    stripped_default_attrs: bool
    stripped_op_list: list[str]
    function_aliases: dict[str, str]


@dataclass(frozen=True, slots=True)
class SaverInfo:
    """The saver that wrote the checkpoint; the fields are those of SaverDef."""

    filename_tensor_name: str
    save_tensor_name: str
    restore_op_name: str
    max_to_keep: int
    sharded: bool
    keep_checkpoint_every_n_hours: float
    version: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A way to call the graph.

    Attributes:
        inputs: What to feed, by the signature's own names. A sparse or composite
            tensor has its parts as ``name/part``.
        outputs: What to fetch.
        method_name: What kind of call it is.
        defaults: Values for inputs that may be left out.
    """

    inputs: dict[str, GraphTensor]
    outputs: dict[str, GraphTensor]
    method_name: str
    defaults: dict[str, Any]


def decode_info(info: Any) -> MetaInfo:
    """Gives a MetaInfoDef."""
    return MetaInfo(
        version=info.meta_graph_version,
        tags=list(info.tags),
        tensorflow_version=info.tensorflow_version,
        tensorflow_git_version=info.tensorflow_git_version,
        stripped_default_attrs=info.stripped_default_attrs,
        stripped_op_list=[op.name for op in info.stripped_op_list.op],
        function_aliases=dict(sorted(info.function_aliases.items())),
    )


def decode_saver(saver: Any) -> SaverInfo:
    """Gives a SaverDef."""
    versions = get_enum("SaverDef.CheckpointFormatVersion")
    return SaverInfo(
        filename_tensor_name=saver.filename_tensor_name,
        save_tensor_name=saver.save_tensor_name,
        restore_op_name=saver.restore_op_name,
        max_to_keep=saver.max_to_keep,
        sharded=saver.sharded,
        keep_checkpoint_every_n_hours=saver.keep_checkpoint_every_n_hours,
        version=versions.get(saver.version, str(saver.version)),
    )


def decode_signature(signature: Any) -> Signature:
    """Gives a SignatureDef."""
    defaults = sorted(signature.defaults.items())
    return Signature(
        inputs=_decode_tensors(signature.inputs),
        outputs=_decode_tensors(signature.outputs),
        method_name=signature.method_name,
        defaults={name: decode_tensor(value) for name, value in defaults},
    )


def decode_asset_files(meta: Any) -> dict[str, str]:
    """Gives a MetaGraphDef's asset files by the tensors that hold their names."""
    assets = list(meta.asset_file_def)
    if _ASSETS in meta.collection_def:  # where TensorFlow 1 puts them
        values = meta.collection_def[_ASSETS].any_list.value
        assets += [parse("AssetFileDef", each.value, "an asset") for each in values]
    return {asset.tensor_info.name: asset.filename for asset in assets}


def decode_collection(name: str, collection: Any) -> list[Any]:
    """Gives a collection's values: numbers, names, bytes, or pairs of type and bytes.

    A collection of variables gives their names, ``"w1:0"``.
    """
    kind = collection.WhichOneof("kind")
    if kind is None:
        return []
    values = list(getattr(collection, kind).value)
    if kind == "any_list":
        return [(value.type_url, value.value) for value in values]
    if kind == "bytes_list" and name in VARIABLE_COLLECTIONS:
        return [_decode_variable_name(name, value) for value in values]
    return values


def _decode_variable_name(collection: str, value: bytes) -> str:
    what = f"a variable of collection {collection!r}"
    name = parse("VariableDef", value, what).variable_name
    if not name:
        raise CorruptionError(f"{what} has no name")
    return str(name)


def _decode_tensors(infos: Any) -> dict[str, GraphTensor]:
    tensors: dict[str, GraphTensor] = {}
    for name in sorted(infos):
        tensors.update(_decode_tensor_info(name, infos[name]))
    return tensors


def _decode_tensor_info(name: str, info: Any) -> dict[str, GraphTensor]:
    kind = get_type_name(info.dtype) if info.dtype else None
    encoding = info.WhichOneof("encoding")
    if encoding == "coo_sparse":
        return {
            f"{name}/{field.name.removesuffix('_tensor_name')}": GraphTensor(
                part, kind if field.name.startswith("values") else "int64", None
            )
            for field, part in info.coo_sparse.ListFields()
        }
    if encoding == "composite_tensor":
        parts: dict[str, GraphTensor] = {}
        for i, part in enumerate(info.composite_tensor.components):
            parts.update(_decode_tensor_info(f"{name}/{i}", part))
        return parts
    return {name: GraphTensor(info.name, kind, decode_shape(info.tensor_shape))}
