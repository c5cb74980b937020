"""Prints TensorFlow's schema of the object graph, and a graph that it wrote."""

from __future__ import annotations

import json

from tensorflow.core.protobuf import trackable_object_graph_pb2 as pb2


def describe(message) -> dict:
    return {
        field.name: [field.number, field.type] for field in message.DESCRIPTOR.fields
    }


def make() -> bytes:
    graph = pb2.TrackableObjectGraph()
    root = graph.nodes.add()
    root.children.add(node_id=1, local_name="w")
    root.slot_variables.add(
        original_variable_node_id=1, slot_name="m", slot_variable_node_id=2
    )
    root.registered_saver.name = "saver"
    root.has_checkpoint_values.value = True
    names = {"name": "VARIABLE_VALUE", "full_name": "net/w", "checkpoint_key": "w/key"}
    graph.nodes.add().attributes.add(**names)
    graph.nodes.add().has_checkpoint_values.value = False
    return graph.SerializeToString()


def main() -> None:
    node = pb2.TrackableObjectGraph.TrackableObject
    messages = [
        pb2.TrackableObjectGraph,
        node,
        node.ObjectReference,
        node.SerializedTensor,
        node.SlotVariableReference,
    ]
    found = {each.DESCRIPTOR.name: describe(each) for each in messages}
    print(json.dumps({"messages": found, "graph": make().hex()}))


if __name__ == "__main__":
    main()
