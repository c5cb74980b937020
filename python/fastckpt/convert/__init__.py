"""Other formats, both ways: one module for each, named like the format.

write(path, tensors, fsync=True)    # a file that is complete or not there
read(path)                          # pairs of name and array, one at a time
"""

from __future__ import annotations

__all__ = ["npz", "safetensors"]
