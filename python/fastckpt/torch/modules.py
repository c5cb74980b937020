"""A module's parameters: of which layers, tied to which, and what is torch's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastckpt.base.deferred import importing
from fastckpt.matching.propose import Target

__all__ = ["Parameters", "list_parameters"]

_LAYERS = (
    ("linear", ("Linear", "LazyLinear", "Bilinear", "NonDynamicallyQuantizableLinear")),
    ("embedding", ("Embedding", "EmbeddingBag")),
    ("recurrent", ("RNNBase", "RNNCellBase")),
    *((f"conv{n}d", (f"Conv{n}d",)) for n in (1, 2, 3)),
    *((f"conv_transpose{n}d", (f"ConvTranspose{n}d",)) for n in (1, 2, 3)),
    ("norm", ("LayerNorm", "GroupNorm", "RMSNorm", "_NormBase")),
    ("linear", ("MultiheadAttention",)),
)
"""Kinds of layers, by the names of classes of torch.nn and those that inherit."""

_KEPT = "num_batches_tracked"


class Parameters(NamedTuple):
    """What a state dict of a module has.

    Attributes:
        tensors: {name: tensor}, of this memory.
        targets: The same, with their layers.
        kept: The names that torch keeps for itself.
        tied: {name: an earlier one of the same memory}.
    """

    tensors: dict[str, Any]
    targets: dict[str, Target]
    kept: list[str]
    tied: dict[str, str]


def list_parameters(module: Any) -> Parameters:
    """Lists what is to be loaded into a module.

    Raises:
        TypeError: It is no module, or its state dict has what is no dense tensor.
        ValueError: A tensor has no memory yet.
    """
    with importing:
        import torch

    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"it must be a torch.nn.Module, not {module!r}")
    tensors = dict(module.state_dict(keep_vars=True))
    for name, tensor in tensors.items():
        _check(name, tensor)
    layers = dict(_layers(module))
    targets = {
        name: Target(tuple(tensor.shape), layers.get(name.rpartition(".")[0]))
        for name, tensor in tensors.items()
    }
    kept = [name for name in tensors if name.rpartition(".")[2] == _KEPT]
    return Parameters(tensors, targets, kept, _find_tied(tensors))


def _check(name: str, tensor: Any) -> None:
    with importing:
        import torch

    if not isinstance(tensor, torch.Tensor) or tensor.layout != torch.strided:
        raise TypeError(f"{name!r}: {type(tensor).__name__} is no dense tensor")
    if tensor.device.type == "meta":
        raise ValueError(
            f"{name!r} has no memory: module.to_empty(device='cpu') gives it some"
        )


def _layers(module: Any) -> Iterator[tuple[str, str]]:
    for prefix, each in module.named_modules():
        bases = {base.__name__ for base in type(each).__mro__}
        for layer, classes in _LAYERS:
            if not bases.isdisjoint(classes):
                yield prefix, layer
                break
        else:
            # Of transformers: a linear layer whose weight is as TensorFlow has it.
            if type(each).__name__ == "Conv1D" and hasattr(each, "nf"):
                yield prefix, "transposed_linear"


def _find_tied(tensors: dict[str, Any]) -> dict[str, str]:
    first: dict[Any, str] = {}
    tied: dict[str, str] = {}
    for name, tensor in tensors.items():
        if tensor.numel() == 0:
            continue
        memory = (tensor.device, tensor.data_ptr(), tensor.shape, tensor.stride())
        if memory in first:
            tied[name] = first[memory]
        else:
            first[memory] = name
    return tied
