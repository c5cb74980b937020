"""Prints TensorFlow's descriptors of the graph messages as JSON."""

from __future__ import annotations

import json
from typing import Any

from tensorflow.core.framework import variable_pb2
from tensorflow.core.protobuf import (
    meta_graph_pb2,
    saved_model_pb2,
    trackable_object_graph_pb2,
)

ROOTS = (
    meta_graph_pb2.MetaGraphDef,
    saved_model_pb2.SavedModel,
    trackable_object_graph_pb2.TrackableObjectGraph,
    variable_pb2.VariableDef,
)


def describe_field(field: Any) -> dict[str, Any]:
    """Gives all of a field that the wire format and the text form depend on."""
    kind = field.message_type or field.enum_type
    return {
        "name": field.name,
        "number": field.number,
        "type": field.type,
        "of": kind.full_name if kind else None,
        "repeated": field.is_repeated,
        "packed": field.is_packed if field.is_repeated else None,
        "oneof": field.containing_oneof.name if field.containing_oneof else None,
    }


def describe(roots: Any) -> dict[str, Any]:
    """Gives all messages and enums that are reached, by full name."""
    described: dict[str, Any] = {}
    waiting = list(roots)
    while waiting:
        message = waiting.pop()
        if message.full_name in described:
            continue
        fields = [describe_field(field) for field in message.fields]
        described[message.full_name] = {
            "map_entry": message.GetOptions().map_entry,
            "fields": sorted(fields, key=lambda field: field["number"]),
        }
        for field in message.fields:
            if field.message_type:
                waiting.append(field.message_type)
            if field.enum_type:
                values = [[v.name, v.number] for v in field.enum_type.values]
                described[field.enum_type.full_name] = {"values": sorted(values)}
    return described


if __name__ == "__main__":
    print(json.dumps(describe([root.DESCRIPTOR for root in ROOTS])))
