"""Writing checkpoints, besides the plain ``save`` and ``Writer``."""
