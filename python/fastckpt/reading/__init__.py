"""Checkpoints that are open, and what they are made of."""
