"""Writes all models into a folder: ``python make_models.py FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import control_models  # noqa: F401 (its models register themselves)
import harness
import plain_models  # noqa: F401
import story_models  # noqa: F401

if __name__ == "__main__":
    harness.build_all(Path(sys.argv[1]))
