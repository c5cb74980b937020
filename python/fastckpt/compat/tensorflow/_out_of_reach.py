"""What to say to someone who asks for more of TensorFlow than checkpoints."""

from __future__ import annotations

_READ = "fastckpt.open(prefix)[name] or fastckpt.open(prefix).load() give the values"
_INSTEAD = {
    "Session": _READ,
    "InteractiveSession": _READ,
    "Variable": "arrays are plain NumPy arrays: " + _READ,
    "get_variable": "arrays are plain NumPy arrays: " + _READ,
    "keras": "fastckpt.open(path) reads the weights of a model saved by Keras in "
    "TensorFlow's format",
    "saved_model": "fastckpt.open(folder) reads the variables of a SavedModel",
    "train.Saver": _READ,
    "train.Checkpoint": _READ,
    "train.CheckpointManager": "tf.train.latest_checkpoint finds the last one, and "
    + _READ,
    "train.import_meta_graph": _READ,
    "train.init_from_checkpoint": _READ,
}


def out_of_reach(namespace: str, name: str) -> AttributeError:
    """Makes the error for a name of TensorFlow that is not here.

    Args:
        namespace: where it was looked for: ``"tf"``, ``"tf.train"``.
        name: what was looked for.

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
