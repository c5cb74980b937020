"""What to say to someone who asks for more of TensorFlow than checkpoints."""

from __future__ import annotations

_VALUES = "fastckpt.open(prefix).load() gives the values as NumPy arrays"
_SAVER = "fastckpt.Saver saves dictionaries of arrays and keeps the last few"
_FREEZE = "fastckpt.freeze writes a graph with its variables as constants"

_INSTEAD = {
    "Session": _VALUES,
    "InteractiveSession": _VALUES,
    "Variable": _VALUES,
    "get_variable": _VALUES,
    "global_variables": _VALUES,
    "keras": "fastckpt.open(prefix).objects finds the weights of a Keras model, and "
    + _VALUES,
    "saved_model": "fastckpt.open(folder) reads the variables of a SavedModel",
    "graph_util": _FREEZE,
    "train.Saver": f"{_SAVER}; {_VALUES}",
    "train.Checkpoint": "fastckpt.open(prefix).objects is its object graph, "
    "fastckpt.save writes arrays",
    "train.CheckpointManager": _SAVER,
    "train.import_meta_graph": "fastckpt.MetaGraph.read reads a .meta file",
    "train.export_meta_graph": "fastckpt.MetaGraph.read reads a .meta file",
    "train.init_from_checkpoint": _VALUES,
    "train.warm_start": _VALUES,
    "train.ExponentialMovingAverage": "fastckpt.MetaGraph.read(path)"
    ".variables_to_restore() names the averages, ready for load()",
}


def out_of_reach(namespace: str, name: str) -> AttributeError:
    """Makes the error for a name of TensorFlow that is not here.

    Args:
        namespace: Where it was looked for: ``"tf"``, ``"tf.train"``.
        name: What was looked for.

    Returns:
        An AttributeError, so that ``hasattr`` and ``getattr`` with a default
        keep working.
    """
    asked = f"{namespace}.{name}"
    message = (
        f"{asked} is out of reach: this is fastckpt's stand-in for TensorFlow, "
        "which reads checkpoints and runs no graph"
    )
    instead = _INSTEAD.get(asked.removeprefix("tf."))
    if instead is not None:
        message += "; " + instead
    return AttributeError(message, name=name)
