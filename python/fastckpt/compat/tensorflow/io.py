"""``tf.io``: here only its file functions."""

from __future__ import annotations

from typing import NoReturn

import fastckpt.compat.tensorflow.gfile as gfile
from fastckpt.compat.tensorflow._out_of_reach import out_of_reach

__all__ = ["gfile"]


def __getattr__(name: str) -> NoReturn:
    raise out_of_reach("tf.io", name)
