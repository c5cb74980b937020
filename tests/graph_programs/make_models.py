"""Writes the models of modules into a folder: ``make_models.py FOLDER MODULE ...``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import harness

if __name__ == "__main__":
    for module in sys.argv[2:]:
        importlib.import_module(module)  # its models register themselves
    harness.build_all(Path(sys.argv[1]))
