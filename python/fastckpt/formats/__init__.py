"""Other formats, both ways: one module for each, named like the format.

check(dtypes)               # refuses, by name, what the format cannot hold
write(path, tensors)        # a file that is complete or not there
read(path)                  # for a with block: a mapping of names to arrays

References (``kerchunk``) hold no values, and are written alone.
"""

from __future__ import annotations

from fastckpt.formats.lazy_tensors import LazyTensors

__all__ = ["LazyTensors", "kerchunk", "npz", "safetensors"]
