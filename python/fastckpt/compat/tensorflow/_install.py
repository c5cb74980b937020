"""Puts the stand-in into ``sys.modules`` in TensorFlow's place."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import fastckpt.compat.tensorflow._deprecation as _deprecation
import fastckpt.compat.tensorflow._file_io as _file_io
import fastckpt.compat.tensorflow._management as _management
import fastckpt.compat.tensorflow._records as _records
import fastckpt.compat.tensorflow._text as _text
import fastckpt.compat.tensorflow._waiting as _waiting
import fastckpt.compat.tensorflow.dtypes as dtypes
import fastckpt.compat.tensorflow.errors as errors
import fastckpt.compat.tensorflow.gfile as gfile
import fastckpt.compat.tensorflow.inspect_checkpoint as inspect_checkpoint
import fastckpt.compat.tensorflow.io as io
import fastckpt.compat.tensorflow.logging as logging
import fastckpt.compat.tensorflow.readers as readers
import fastckpt.compat.tensorflow.train as train
from fastckpt.compat.tensorflow._namespaces import missing, namespace

_CONTRIB = "tensorflow.contrib.framework.python.framework"
_UTILS = namespace(
    "checkpoint_utils",
    checkpoints_iterator=_waiting.checkpoints_iterator,
    list_variables=readers.list_variables,
    load_checkpoint=readers.load_checkpoint,
    load_variable=readers.load_variable,
    wait_for_new_checkpoint=_waiting.wait_for_new_checkpoint,
)
_SAVER = namespace(
    "saver",
    checkpoint_exists=_management.checkpoint_exists,
    generate_checkpoint_state_proto=_management.generate_checkpoint_state_proto,
    get_checkpoint_mtimes=_management.get_checkpoint_mtimes,
    get_checkpoint_state=_management.get_checkpoint_state,
    latest_checkpoint=_management.latest_checkpoint,
    remove_checkpoint=_management.remove_checkpoint,
    update_checkpoint_state=_management.update_checkpoint_state,
)
_READER = namespace("checkpoint_reader", CheckpointReader=readers.CheckpointReader)
_PUBLIC = {
    "dtypes": dtypes,
    "errors": errors,
    "gfile": gfile,
    "io": io,
    "io.gfile": gfile,
    "logging": logging,
    "train": train,
}
_INTERNAL = {
    "checkpoint.checkpoint_management": _management,
    "framework.dtypes": dtypes,
    "framework.errors": errors,
    "framework.errors_impl": errors,
    "lib.io.file_io": _file_io,
    "lib.io.tf_record": _records,
    "platform.gfile": gfile,
    "platform.tf_logging": logging,
    "tools.inspect_checkpoint": inspect_checkpoint,
    "training.checkpoint_management": _management,
    "training.checkpoint_utils": _UTILS,
    "training.py_checkpoint_reader": readers,
    "training.saver": _SAVER,
    "util._pywrap_checkpoint_reader": _READER,
    "util.compat": _text,
    "util.deprecation": _deprecation,
}

_installed: dict[str, ModuleType] = {}


def install(tensorflow: ModuleType) -> None:
    """Puts modules with the members of the stand-in under TensorFlow's names.

    Args:
        tensorflow: The stand-in's package.

    Raises:
        RuntimeError: The real TensorFlow, or a part of it, is imported already.
    """
    real = [
        name
        for name, module in sys.modules.items()
        if name.partition(".")[0] == "tensorflow" and module is not _installed.get(name)
    ]
    if real:
        raise RuntimeError(
            f"{real[0]} is imported already and stays; call "
            "fastckpt.compat.tensorflow.install() before anything imports it"
        )
    if not _installed:
        _installed.update(_make_modules(_targets(tensorflow), tensorflow.__file__))
    sys.modules.update(_installed)


def _targets(tf: ModuleType) -> dict[str, ModuleType]:
    """The modules whose members are there, by the names that they get."""
    private = {
        **_INTERNAL,
        "platform.app": tf.app,
        "platform.flags": tf.flags,
        "pywrap_tensorflow": tf.pywrap_tensorflow,
    }
    targets = {f"tensorflow.python.{name}": it for name, it in private.items()}
    targets["tensorflow.compat"] = tf.compat
    targets["tensorflow.contrib.framework"] = tf.contrib.framework
    targets["tensorflow.contrib.training"] = tf.contrib.training
    targets[f"{_CONTRIB}.checkpoint_utils"] = _UTILS
    for root in ("tensorflow", "tensorflow.compat.v1", "tensorflow.compat.v2"):
        targets[root] = tf
        targets.update({f"{root}.{name}": it for name, it in _PUBLIC.items()})
    return targets


def _make_modules(
    targets: dict[str, ModuleType], file: str | None
) -> dict[str, ModuleType]:
    """Makes a module for each name, and for the names above it."""
    above = {
        name.rsplit(".", depth)[0]
        for name in targets
        for depth in range(1, name.count(".") + 1)
    }
    for name in above - targets.keys():
        targets[name] = namespace("tf" + name.removeprefix("tensorflow"))
    made = {name: _copied(target, name, file) for name, target in targets.items()}
    for name, module in made.items():
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(made[parent], child, module)
    return made


def _copied(target: ModuleType, name: str, file: str | None) -> ModuleType:
    """Makes a module of another name with the same members and a spec of its own."""
    module = ModuleType(name, target.__doc__)
    given = vars(target)
    members = given.get("__all__") or [it for it in given if not it.startswith("__")]
    kept = (*members, "__version__", "__getattr__")
    vars(module)["__getattr__"] = missing("tf" + name.removeprefix("tensorflow"))
    vars(module).update({member: given[member] for member in kept if member in given})
    module.__file__ = file
    module.__path__ = []
    module.__package__ = name
    module.__spec__ = ModuleSpec(name, None, origin=file, is_package=True)
    return module
