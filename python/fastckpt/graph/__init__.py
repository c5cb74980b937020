"""Graphs without TensorFlow: MetaGraph, freezing, and the objects of checkpoints."""
