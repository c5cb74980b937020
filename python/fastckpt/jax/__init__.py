"""Checkpoints as JAX arrays, on one device and on many: ``fastckpt.jax.load``.

Behind the extra ``jax``. Importing this imports no JAX and picks no backend.
"""

from fastckpt.jax.loading import load

__all__ = ["load"]
