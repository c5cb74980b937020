"""Calls by older names, of the listing tool, and ways to import."""

from __future__ import annotations

import contextlib
import importlib
import io

from tensorflow_calls.state import _state


def _printed_by_inspect(c, *arguments, **options):

    from tensorflow.python.tools.inspect_checkpoint import (
        print_tensors_in_checkpoint_file,
    )

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        print_tensors_in_checkpoint_file(*arguments, **options)
    return printed.getvalue()


def _imported(c, module, *names):

    found = importlib.import_module(module)
    value = getattr(found, names[0])
    return [type(value).__name__ in ("function", "type", "pybind11_type"), names[0]]


def _logged(c):
    """Where the logger writes, and in which form."""
    logger = c.tf.get_logger()
    form = [(type(it).__name__, it.formatter._fmt) for it in logger.handlers]
    return [logger.name, form, logger is c.tf.get_logger()]


def _logged_by_count(c):
    told, logger = [], c.tf.get_logger()
    logger.filters.append(lambda record: told.append(record.getMessage()))
    for number in range(5):
        c.v1.logging.log_every_n(c.v1.logging.ERROR, "every %d", 2, number)
        c.v1.logging.log_if(c.v1.logging.ERROR, "if %d", number == 3, number)
    c.v1.logging.TaskLevelStatusMessage("status")
    logger.filters.pop()
    return told


_CLASSES = (
    "Dimension",
    "IndexedSlices",
    "Operation",
    "RaggedTensor",
    "RaggedTensorSpec",
    "SparseTensor",
    "SparseTensorSpec",
    "Tensor",
    "TensorArray",
    "TensorShape",
    "TensorSpec",
    "TypeSpec",
    "Variable",
)

CALLS = {
    # The older names.
    "v1.gfile": lambda c: [
        c.v1.gfile.Exists(c.at("v1")),
        c.v1.gfile.IsDirectory(c.at("v1")),
        sorted(c.v1.gfile.ListDirectory(c.at("files"))),
        c.v1.gfile.Glob(c.at("files/t*")),
        c.v1.gfile.Open(c.at("files/text")).readline(),
        c.v1.gfile.FastGFile(c.at("files/text"), "rb").readline(),
        c.v1.gfile.Stat(c.at("files/text")).length,
        c.v1.gfile.MakeDirs(c.new("made")),
        c.v1.gfile.DeleteRecursively(c.new("made")),
    ],
    "v1.gfile with the arguments' names": lambda c: [
        c.v1.gfile.MakeDirs(dirname=c.new("made")),
        c.v1.gfile.Copy(oldpath=c.at("files/text"), newpath=c.new("made/a")),
        c.v1.gfile.Rename(oldname=c.new("made/a"), newname=c.new("made/b")),
        c.v1.gfile.Exists(filename=c.new("made/b")),
        len(c.v1.gfile.Glob(filename=c.new("made/*"))),
        [found[1:] for found in c.v1.gfile.Walk(top=c.new("made"), in_order=False)],
        c.v1.gfile.Remove(filename=c.new("made/b")),
        c.v1.gfile.DeleteRecursively(dirname=c.new("made")),
    ],
    "v1.gfile.ListDirectory of nothing": lambda c: c.v1.gfile.ListDirectory("nothing"),
    "v1.train": lambda c: [
        c.v1.train.list_variables(c.at("v1"))[:2],
        c.v1.train.load_variable(c.at("v1"), "vector/int8"),
        c.v1.train.load_checkpoint(c.at("v1")).has_tensor("vector/int8"),
        c.v1.train.latest_checkpoint(c.at("state")),
        _state(c.v1.train.get_checkpoint_state(c.at("state"))),
    ],
    "v1.logging": lambda c: [
        c.v1.logging.info("quiet %s", 1),
        c.v1.logging.set_verbosity(c.v1.logging.ERROR),
        c.v1.logging.get_verbosity(),
        c.v1.logging.warning("quiet"),
        [c.v1.logging.DEBUG, c.v1.logging.INFO, c.v1.logging.WARN],
        [c.v1.logging.ERROR, c.v1.logging.FATAL],
    ],
    "graph keys": lambda c: {
        name: getattr(c.v1.GraphKeys, name)
        for name in dir(c.v1.GraphKeys)
        if name[0].isupper()
    },
    "the logger": _logged,
    "counted logging": _logged_by_count,
    "the version": lambda c: c.tf.__version__.split(".")[0],
    "disable_v2_behavior": lambda c: c.v1.disable_v2_behavior(),
    "more versions": lambda c: [
        c.v1.VERSION.split(".")[0],
        c.tf.__version__ == c.tf.version.VERSION,
        c.tf.version.GIT_VERSION == c.tf.__git_version__ == c.v1.GIT_VERSION,
        c.tf.__compiler_version__ == c.tf.version.COMPILER_VERSION,
    ],
    "what is no tensor": lambda c: [
        [isinstance(1.5, getattr(c.v1, name)) for name in _CLASSES],
        isinstance([], c.tf.data.Dataset),
        c.tf.is_tensor(1.5),
        c.tf.is_tensor(c.tf.cast(1.5, "int32")),
        c.tf.is_symbolic_tensor(1.5),
    ],
    "switches": lambda c: [
        c.v1.disable_v2_tensorshape(),
        c.v1.enable_v2_tensorshape(),
        c.v1.disable_control_flow_v2(),
        c.v1.reset_default_graph(),
        c.tf.random.set_seed(1),
        c.v1.set_random_seed(seed=1),
        c.tf.config.set_soft_device_placement(True),
        c.tf.config.run_functions_eagerly(False),
        c.tf.config.optimizer.set_jit(False),
        c.tf.config.experimental.enable_tensor_float_32_execution(True),
        c.tf.autograph.set_verbosity(0),
        c.tf.debugging.set_log_device_placement(False),
    ],
    "devices": lambda c: [
        c.tf.config.list_physical_devices("GPU"),
        c.tf.config.experimental.list_physical_devices(device_type="GPU"),
        c.tf.config.set_visible_devices([], "GPU"),
        c.tf.config.get_visible_devices("GPU"),
        c.tf.test.gpu_device_name(),
        c.tf.test.is_gpu_available(cuda_only=True),
    ],
    # The listing tool.
    **{
        f"inspect_checkpoint of {name}": (
            lambda c, n=name: _printed_by_inspect(c, c.at(n), "", all_tensors=False)
        )
        for name in ("v2", "v1", "sliced")
    },
    **{
        f"inspect_checkpoint of all of {name}": (
            lambda c, n=name: _printed_by_inspect(c, c.at(n), "", all_tensors=True)
        )
        for name in ("v2", "v1", "sliced")
    },
    "inspect_checkpoint of variants": lambda c: _printed_by_inspect(
        c, c.golden("variant/model"), "", True
    ),
    "inspect_checkpoint of all names": lambda c: _printed_by_inspect(
        c, c.at("v2"), "", False, all_tensor_names=True
    ),
    "inspect_checkpoint of one tensor": lambda c: _printed_by_inspect(
        c, c.at("v2"), "vector/bfloat16", False
    ),
    "inspect_checkpoint of no tensor": lambda c: _printed_by_inspect(
        c, c.at("v2"), "zz", False
    ),
    "inspect_checkpoint without some": lambda c: _printed_by_inspect(
        c, c.at("sliced"), "", False, count_exclude_pattern="pl.*"
    ),
    # Ways to import.
    **{
        f"from {module} import {name}": (lambda c, m=module, n=name: _imported(c, m, n))
        for module, name in (
            ("tensorflow.python.training.py_checkpoint_reader", "NewCheckpointReader"),
            ("tensorflow.python.training.py_checkpoint_reader", "CheckpointReader"),
            ("tensorflow.python.training.checkpoint_utils", "load_checkpoint"),
            ("tensorflow.python.training.checkpoint_utils", "load_variable"),
            ("tensorflow.python.training.checkpoint_utils", "list_variables"),
            ("tensorflow.python.training.checkpoint_utils", "checkpoints_iterator"),
            ("tensorflow.python.training.checkpoint_management", "latest_checkpoint"),
            ("tensorflow.python.training.checkpoint_management", "checkpoint_exists"),
            ("tensorflow.python.checkpoint.checkpoint_management", "latest_checkpoint"),
            ("tensorflow.python.framework.errors_impl", "NotFoundError"),
            ("tensorflow.python.framework.errors", "NotFoundError"),
            ("tensorflow.python.framework.dtypes", "as_dtype"),
            ("tensorflow.python.platform.gfile", "GFile"),
            ("tensorflow.python.platform.tf_logging", "info"),
            ("tensorflow.compat.v1", "disable_v2_behavior"),
            ("tensorflow.compat.v1.train", "NewCheckpointReader"),
            ("tensorflow.compat.v1.gfile", "Glob"),
            ("tensorflow.train", "load_checkpoint"),
            ("tensorflow.errors", "NotFoundError"),
            ("tensorflow.io.gfile", "exists"),
            ("tensorflow.dtypes", "cast"),
            ("tensorflow.python.training.saver", "latest_checkpoint"),
            ("tensorflow.python.training.saver", "get_checkpoint_state"),
            ("tensorflow.python.lib.io.file_io", "FileIO"),
            ("tensorflow.python.lib.io.file_io", "file_exists"),
            ("tensorflow.python.lib.io.file_io", "get_matching_files_v2"),
            ("tensorflow.python.util._pywrap_checkpoint_reader", "CheckpointReader"),
            ("tensorflow.python.util.compat", "as_str_any"),
            ("tensorflow.python.util.deprecation", "silence"),
            ("tensorflow.python.lib.io.file_io", "read_file_to_string"),
            ("tensorflow.python.lib.io.file_io", "atomic_write_string_to_file"),
            ("tensorflow.python.lib.io.tf_record", "tf_record_iterator"),
        )
    },
}
