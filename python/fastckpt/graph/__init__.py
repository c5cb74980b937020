"""Graphs without TensorFlow: MetaGraph, variables, freezing."""
