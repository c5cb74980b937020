"""Freezing: constants in place of variables."""
