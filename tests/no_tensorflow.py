"""Importing this makes TensorFlow absent from a process, installed or not."""

from __future__ import annotations

import sys
from typing import Any


class Absent:
    """Finds TensorFlow nowhere."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.split(".")[0] in ("tensorflow", "tf_keras"):
            raise ModuleNotFoundError(f"{name} is not to be there", name=name)


sys.meta_path.insert(0, Absent())  # type: ignore[arg-type]
