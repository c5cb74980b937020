"""What a call works on."""

from __future__ import annotations

import pathlib

from places import GOLDEN
from tensorflow_calls.describe import attempt


class Place:
    """What a call works on: the module, the samples, a folder to write to."""

    def __init__(self, tf, samples, scratch):
        self.tf = tf
        self.train = tf.train
        self.v1 = tf.compat.v1
        self.gfile = tf.io.gfile
        self.samples = samples
        self.scratch = scratch

    def at(self, name):
        return f"{self.samples}/{name}"

    def new(self, name):
        return f"{self.scratch}/{name}"

    def golden(self, name):
        return str(GOLDEN / name)

    def reader(self, name):
        return self.tf.train.load_checkpoint(self.at(name))

    def every_tensor(self, name):
        reader = self.reader(name)
        return {
            key: attempt(reader.get_tensor, key)
            for key in sorted(reader.get_variable_to_shape_map())
        }

    def write(self, name, content, mode="w"):
        with self.gfile.GFile(self.new(name), mode) as file:
            file.write(content)
        return self.new(name)

    def as_kind(self, kind, name="v2"):
        return {
            "bytes": self.at(name).encode(),
            "None": None,
            "a number": 3,
            "a path": pathlib.Path(self.at(name)),
            "file://": "file://" + self.at(name),
        }[kind]
