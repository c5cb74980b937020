"""The graph messages as protobuf classes, in a descriptor pool of our own.

The pool is private, so that TensorFlow, which registers the same message names in the
default pool, can be imported before or after in the same process. The classes are made
from ``schema_table`` at run time: no generated code, so no version of protobuf is tied.
"""

from __future__ import annotations

import functools
import importlib
import re
from typing import Any

from fastckpt.base.deferred import importing
from fastckpt.graph.schema_table import ENUMS, MESSAGES

__all__ = ["get_enum", "get_message", "get_pool", "import_protobuf"]

_PACKAGE = "tensorflow"
_FILE = "fastckpt/graph.proto"
_MAP = re.compile(r"map<(\w+),([\w.]+)>")


def import_protobuf(module: str) -> Any:
    """Gives a module of protobuf, or says in one line how to get it."""
    try:
        with importing:
            return importlib.import_module(f"google.protobuf.{module}")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "graphs need protobuf, which is not installed: pip install protobuf",
            name=error.name,
        ) from None


def get_message(name: str) -> Any:
    """Gives the class of a message, by its name in the package ``tensorflow``."""
    return _get_messages()[name]


@functools.cache
def get_pool() -> Any:
    """Gives the descriptor pool that holds the graph messages and nothing else."""
    pool = import_protobuf("descriptor_pool").DescriptorPool()
    for file in _make_files():
        pool.AddSerializedFile(file.SerializeToString())
    return pool


@functools.cache
def get_enum(name: str) -> dict[int, str]:
    """Gives an enum's value names by number, e.g. of ``DataType``."""
    return {number: value for value, number in _read_enums()[name]}


@functools.cache
def _get_messages() -> dict[str, Any]:
    pool = get_pool()
    get_class = import_protobuf("message_factory").GetMessageClass
    return {
        name: get_class(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in _read_paragraphs(MESSAGES)
    }


def _make_files() -> list[Any]:
    descriptor_pb2 = import_protobuf("descriptor_pb2")
    any_file = _make_file(descriptor_pb2, "google/protobuf/any.proto")
    any_type = any_file.message_type.add(name="Any")
    _add_field(any_type, "1 type_url string")
    _add_field(any_type, "2 value bytes")
    bool_file = _make_file(descriptor_pb2, "google/protobuf/wrappers.proto")
    _add_field(bool_file.message_type.add(name="BoolValue"), "1 value bool")
    graph_file = _make_file(descriptor_pb2, _FILE)
    graph_file.package = _PACKAGE
    graph_file.dependency.extend([any_file.name, bool_file.name])
    _add_messages(graph_file)
    return [any_file, bool_file, graph_file]


def _make_file(descriptor_pb2: Any, name: str) -> Any:
    return descriptor_pb2.FileDescriptorProto(
        name=name, package="google.protobuf", syntax="proto3"
    )


def _add_messages(file: Any) -> None:
    made: dict[str, Any] = {}
    for name, fields in sorted(_read_paragraphs(MESSAGES).items()):
        outer, _, inner = name.rpartition(".")
        made[name] = (
            made[outer].nested_type.add(name=inner)
            if outer
            else file.message_type.add(name=inner)
        )
        for field in fields:
            _add_field(made[name], field)
    for name, values in _read_enums().items():
        outer, _, inner = name.rpartition(".")
        enum = (made[outer] if outer else file).enum_type.add(name=inner)
        for value, number in values:
            enum.value.add(name=value, number=number)


def _add_field(message: Any, text: str) -> None:
    number, name, kind, *oneof = text.split()
    field = message.field.add(name=name, number=int(number))
    field.label = field.LABEL_REPEATED if kind[-1] in "*>" else field.LABEL_OPTIONAL
    entry = _MAP.fullmatch(kind)
    _set_type(field, _add_entry(message, name, entry) if entry else kind.rstrip("*"))
    if oneof:
        names = [each.name for each in message.oneof_decl]
        if oneof[0] not in names:
            message.oneof_decl.add(name=oneof[0])
            names += oneof
        field.oneof_index = names.index(oneof[0])


def _add_entry(message: Any, name: str, kinds: re.Match[str]) -> str:
    """A map is a repeated message of its own, with the fields key and value."""
    entry = message.nested_type.add(name=name.title().replace("_", "") + "Entry")
    entry.options.map_entry = True
    _add_field(entry, f"1 key {kinds[1]}")
    _add_field(entry, f"2 value {kinds[2]}")
    return f"{message.name}.{entry.name}"


def _set_type(field: Any, kind: str) -> None:
    scalar = getattr(field, f"TYPE_{kind.upper()}", None)
    if scalar is not None:
        field.type = scalar
        return
    field.type = field.TYPE_ENUM if kind in _read_enums() else field.TYPE_MESSAGE
    field.type_name = f".{kind}" if kind.startswith("google.") else kind


@functools.cache
def _read_enums() -> dict[str, list[tuple[str, int]]]:
    enums = {}
    for name, texts in _read_paragraphs(ENUMS).items():
        pairs = [text.split() for text in texts]
        enums[name] = [(value, int(number)) for number, value in pairs]
    enums["DataType"] += [(f"{v}_REF", n + 100) for v, n in enums["DataType"][1:]]
    return enums


def _read_paragraphs(table: str) -> dict[str, list[str]]:
    """Splits ``Name: item, item`` paragraphs, whose later lines are indented."""
    lines = [line for line in table.splitlines() if not line.startswith("#")]
    paragraphs = "\n".join(lines).strip().replace("\n  ", " ").splitlines()
    pairs = [paragraph.split(":", 1) for paragraph in paragraphs]
    return {name: _split_items(items) for name, items in pairs}


def _split_items(items: str) -> list[str]:
    return [item.strip() for item in items.split(", ") if item.strip()]
