"""Object graphs made by hand, and checkpoints that hold them."""

from __future__ import annotations

import numpy as np

import fastckpt
from fastckpt.graph.schema import get_message
from fastckpt.objects.mapping import ObjectGraph

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


class GraphMaker:
    """Makes an object graph, the root first."""

    def __init__(self):
        self.message = get_message("TrackableObjectGraph")()
        self.nodes = self.message.nodes
        self.keys = []
        self.nodes.add()

    def add(self, parent, name, key=None, full_name=""):
        """Adds an object below another, or below none; gives its number."""
        number = len(self.nodes)
        self.nodes.add()
        if key is not None:
            self.add_value(number, key, full_name=full_name)
        if parent is not None:
            self.hold(parent, name, number)
        return number

    def add_value(self, node, key, name="VARIABLE_VALUE", full_name=""):
        self.keys.append(key)
        self.nodes[node].attributes.add(
            name=name, checkpoint_key=key, full_name=full_name
        )

    def hold(self, parent, name, child):
        self.nodes[parent].children.add(node_id=child, local_name=name)

    def add_slot(self, optimizer, variable, name, slot):
        self.nodes[optimizer].slot_variables.add(
            original_variable_node_id=variable,
            slot_name=name,
            slot_variable_node_id=slot,
        )

    def content(self):
        return self.message.SerializeToString()

    def read(self):
        """Gives the objects, of values that nothing is known of."""
        return ObjectGraph(self.content(), _Keys.fromkeys(self.keys))

    def save(self, path, values=None, **options):
        """Saves a checkpoint of ones, or of the values that are given by key."""
        ones = {key: np.ones(2, np.float32) for key in self.keys}
        content = {GRAPH: np.array(self.content(), object)}
        fastckpt.save(path, {**ones, **(values or {}), **content}, **options)
        return path


class _Keys(dict):
    def info(self, key):
        raise KeyError(key)
