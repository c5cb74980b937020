"""Weights for PyTorch and from it; needs torch, which is imported by the first call."""

from fastckpt.torch.loading import load_file
from fastckpt.torch.saving import save_file

__all__ = ["load_file", "save_file"]
