"""This tree, and where in it results go."""

from __future__ import annotations

from pathlib import Path

__all__ = ["OUT", "ROOT"]

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "benchmarks" / "out"
