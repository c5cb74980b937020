"""A stand-in for TensorFlow where code only touches checkpoints.

``import fastckpt.compat.tensorflow as tf``, then ``tf.train.load_checkpoint`` and
its kin; or `install()` before somebody else's ``import tensorflow as tf``. Results
and error classes are TensorFlow's. What needs a graph is not here: asking for it is
an AttributeError that says what fastckpt has instead.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from fastckpt.compat.tensorflow import (
    _install,
    _waiting,
    compat,
    dtypes,
    errors,
    gfile,
    io,
    logging,
    train,
)
from fastckpt.compat.tensorflow._dtype import DType, as_dtype
from fastckpt.compat.tensorflow._flags import app, flags
from fastckpt.compat.tensorflow._graph_keys import GraphKeys
from fastckpt.compat.tensorflow._graph_types import (
    Dimension,
    IndexedSlices,
    Operation,
    RaggedTensor,
    RaggedTensorSpec,
    SparseTensor,
    SparseTensorSpec,
    TensorArray,
    TensorShape,
    TensorSpec,
    TypeSpec,
    Variable,
    data,
    is_symbolic_tensor,
    is_tensor,
)
from fastckpt.compat.tensorflow._graph_types import internal as __internal__
from fastckpt.compat.tensorflow._namespaces import namespace
from fastckpt.compat.tensorflow._out_of_reach import out_of_reach
from fastckpt.compat.tensorflow._switches import (
    autograph,
    config,
    debugging,
    do_nothing,
    executing_eagerly,
    random,
    test,
)
from fastckpt.compat.tensorflow._tensor import Tensor, cast
from fastckpt.compat.tensorflow.dtypes import (
    bfloat16,
    bool,
    complex64,
    complex128,
    double,
    float16,
    float32,
    float64,
    half,
    int8,
    int16,
    int32,
    int64,
    qint8,
    qint16,
    qint32,
    quint8,
    quint16,
    resource,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
    variant,
)
from fastckpt.compat.tensorflow.errors import OpError
from fastckpt.compat.tensorflow.io import read_file
from fastckpt.compat.tensorflow.logging import get_logger
from fastckpt.compat.tensorflow.readers import (
    CheckpointReader,
    NewCheckpointReader,
    list_variables,
    load_checkpoint,
    load_variable,
)

__all__ = [
    "COMPILER_VERSION",
    "GIT_VERSION",
    "VERSION",
    "DType",
    "Dimension",
    "GraphKeys",
    "IndexedSlices",
    "OpError",
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
    "__compiler_version__",
    "__git_version__",
    "__internal__",
    "app",
    "as_dtype",
    "autograph",
    "bfloat16",
    "bool",
    "cast",
    "compat",
    "complex64",
    "complex128",
    "config",
    "contrib",
    "data",
    "debugging",
    "disable_control_flow_v2",
    "disable_eager_execution",
    "disable_resource_variables",
    "disable_tensor_equality",
    "disable_v2_behavior",
    "disable_v2_tensorshape",
    "double",
    "dtypes",
    "enable_control_flow_v2",
    "enable_eager_execution",
    "enable_resource_variables",
    "enable_tensor_equality",
    "enable_v2_behavior",
    "enable_v2_tensorshape",
    "errors",
    "executing_eagerly",
    "flags",
    "float16",
    "float32",
    "float64",
    "get_logger",
    "gfile",
    "half",
    "install",
    "int8",
    "int16",
    "int32",
    "int64",
    "io",
    "is_symbolic_tensor",
    "is_tensor",
    "logging",
    "python_io",
    "pywrap_tensorflow",
    "qint8",
    "qint16",
    "qint32",
    "quint8",
    "quint16",
    "random",
    "read_file",
    "reset_default_graph",
    "resource",
    "set_random_seed",
    "string",
    "test",
    "train",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "variant",
    "version",
]

# The TensorFlow whose answers these are.
__version__ = VERSION = "2.21.0"

__git_version__ = GIT_VERSION = "unknown"
__compiler_version__ = COMPILER_VERSION = "unknown"

version = namespace(
    "tf.version",
    VERSION=VERSION,
    GIT_VERSION=GIT_VERSION,
    COMPILER_VERSION=COMPILER_VERSION,
)

python_io = namespace(
    "tf.python_io",
    TFRecordCompressionType=io.TFRecordCompressionType,
    TFRecordOptions=io.TFRecordOptions,
    tf_record_iterator=io.tf_record_iterator,
)
pywrap_tensorflow = namespace(
    "tf.pywrap_tensorflow",
    CheckpointReader=CheckpointReader,
    NewCheckpointReader=NewCheckpointReader,
)
contrib = namespace(
    "tf.contrib",
    framework=namespace(
        "tf.contrib.framework",
        list_variables=list_variables,
        load_checkpoint=load_checkpoint,
        load_variable=load_variable,
    ),
    training=namespace(
        "tf.contrib.training",
        checkpoints_iterator=train.checkpoints_iterator,
        wait_for_new_checkpoint=_waiting.wait_for_new_checkpoint,
    ),
)


disable_control_flow_v2 = enable_control_flow_v2 = do_nothing
disable_eager_execution = enable_eager_execution = do_nothing
disable_resource_variables = enable_resource_variables = do_nothing
disable_tensor_equality = enable_tensor_equality = do_nothing
disable_v2_behavior = enable_v2_behavior = do_nothing
disable_v2_tensorshape = enable_v2_tensorshape = do_nothing
reset_default_graph = set_random_seed = do_nothing


def install() -> None:
    """Puts the stand-in under ``tensorflow`` and the names of its sub-modules.

    ``import tensorflow`` then finds it, in this process and whatever is installed.
    No distribution of that name appears: who asks ``importlib.metadata`` whether
    TensorFlow is installed is told the truth. A second call does nothing.

    Raises:
        RuntimeError: The real TensorFlow, or a part of it, is imported already.

    Threads: call it before others import TensorFlow.
    """
    _install.install(sys.modules[__name__])


def __getattr__(name: str) -> NoReturn:
    raise out_of_reach("tf", name)
