"""What a load of weights did."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LoadReport"]


@dataclass(frozen=True)
class LoadReport:
    """What came from a checkpoint into a model.

    Attributes:
        root: The path of the model in the checkpoint; "" is its root.
        loaded: {path of a weight in the model: name of its tensor}. A path that
            several weights have is numbered: ``dense/kernel#2``.
        left: The paths of the weights that are as they were, in the model's order.
        unused: The tensors of the model in the checkpoint that went nowhere.
    """

    root: str
    loaded: dict[str, str]
    left: list[str]
    unused: list[str]

    def __str__(self) -> str:
        where = repr(self.root) if self.root else "the checkpoint's root"
        lines = [f"{len(self.loaded):,} weights loaded from {where}"]
        lines += [f"left as it was: {path}" for path in self.left]
        lines += [f"unused: {key}" for key in self.unused]
        return "\n".join(lines)
