"""Weights for PyTorch and from it; needs torch, which is imported by the first call."""

from fastckpt.torch.loading import load_file
from fastckpt.torch.reader import CheckpointReader
from fastckpt.torch.saving import save_file

__all__ = ["CheckpointReader", "load_file", "save_file"]
