"""``tf.compat``: names of TensorFlow 1 and 2, which are one here, and of text."""

from __future__ import annotations

import sys
from typing import NoReturn

from fastckpt.compat.tensorflow._out_of_reach import out_of_reach
from fastckpt.compat.tensorflow._text import (
    as_bytes,
    as_str,
    as_str_any,
    as_text,
    bytes_or_text_types,
    complex_types,
    integral_types,
    path_to_str,
    real_types,
)

__all__ = [
    "as_bytes",
    "as_str",
    "as_str_any",
    "as_text",
    "bytes_or_text_types",
    "complex_types",
    "integral_types",
    "path_to_str",
    "real_types",
    "v1",
    "v2",
]

assert __package__ is not None
v1 = v2 = sys.modules[__package__]


def __getattr__(name: str) -> NoReturn:
    raise out_of_reach("tf.compat", name)
