"""Importing this makes TensorFlow absent from a process, installed or not."""

from __future__ import annotations

import sys
from typing import Any


class Hiding:
    """Finds what another finder finds, and TensorFlow nowhere."""

    def __init__(self, finder: Any) -> None:
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.split(".")[0] in ("tensorflow", "tf_keras"):
            return None
        return self._finder.find_spec(name, path, target)


sys.meta_path[:] = map(Hiding, sys.meta_path)  # type: ignore[arg-type]
