"""Weights for PyTorch and from it; needs torch, which is imported by the first call."""

from fastckpt.torch.loading import load_file
from fastckpt.torch.matching import ModulePlan, match
from fastckpt.torch.reader import CheckpointReader
from fastckpt.torch.saving import save_file

__all__ = ["CheckpointReader", "ModulePlan", "load_file", "match", "save_file"]
