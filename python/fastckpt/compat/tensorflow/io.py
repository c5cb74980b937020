"""``tf.io``: here only its functions on files."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

import fastckpt.compat.tensorflow.gfile as gfile
from fastckpt.compat.tensorflow._out_of_reach import out_of_reach
from fastckpt.compat.tensorflow._records import (
    TFRecordCompressionType,
    TFRecordOptions,
    tf_record_iterator,
)
from fastckpt.compat.tensorflow._tensor import Tensor
from fastckpt.compat.tensorflow.dtypes import string

__all__ = [
    "TFRecordCompressionType",
    "TFRecordOptions",
    "gfile",
    "read_file",
    "tf_record_iterator",
]


def read_file(filename: Any, name: str | None = None) -> Tensor:
    """Returns the bytes of a file, as a string tensor without dimensions.

    Args:
        filename: the path.
        name: ignored; TensorFlow's name for the operation.

    Raises:
        NotFoundError: there is no such file.
    """
    content = np.empty((), object)
    content[()] = gfile.GFile(filename, "rb").read()
    return Tensor(content, string)


def __getattr__(name: str) -> NoReturn:
    raise out_of_reach("tf.io", name)
