"""``tf.compat``: the stand-in has the names of TensorFlow 1 and 2 in one place."""

from __future__ import annotations

import sys
from typing import NoReturn

from fastckpt.compat.tensorflow._out_of_reach import out_of_reach

__all__ = ["v1", "v2"]

assert __package__ is not None
v1 = v2 = sys.modules[__package__]


def __getattr__(name: str) -> NoReturn:
    raise out_of_reach("tf.compat", name)
