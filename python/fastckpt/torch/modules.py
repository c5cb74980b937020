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
        TypeError: It is no module, or its state dict has what is no plain tensor.
        ValueError: A tensor has no memory, or some of another one's, or is a copy.
    """
    with importing:
        import torch

    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"it must be a torch.nn.Module, not {module!r}")
    tensors = dict(module.state_dict(keep_vars=True))
    for name, tensor in tensors.items():
        _check(name, tensor)
    _check_own(module, tensors)
    layers = dict(_layers(module))
    targets = {
        name: Target(tuple(tensor.shape), layers.get(name.rpartition(".")[0]))
        for name, tensor in tensors.items()
    }
    kept = [name for name in tensors if name.rpartition(".")[2] == _KEPT]
    tied = _find_tied(tensors)
    _check_apart({name: it for name, it in tensors.items() if name not in tied})
    return Parameters(tensors, targets, kept, tied)


def _check(name: str, tensor: Any) -> None:
    with importing:
        import torch

    plain = (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer)
    if type(tensor) not in plain or tensor.layout != torch.strided:
        raise TypeError(
            f"{name!r} is a {type(tensor).__name__}, no plain dense tensor; sharded "
            "modules load by torch.distributed.checkpoint and CheckpointReader"
        )
    if tensor.device.type == "meta":
        raise ValueError(
            f"{name!r} has no memory: module.to_empty(device='cpu') gives it some"
        )
    if tensor.is_inference():
        raise ValueError(
            f"{name!r} was made in inference mode: nothing may write to it"
        )
    if tensor.numel() and any(
        stride == 0 and size > 1
        for size, stride in zip(tensor.shape, tensor.stride(), strict=True)
    ):
        raise ValueError(f"{name!r} has several elements in one place (expand)")
    needed = tensor.storage_offset() * tensor.element_size() + _reach(tensor)
    if tensor.numel() and tensor.untyped_storage().nbytes() < needed:
        raise ValueError(f"{name!r} has lost its memory (its storage was freed)")


def _check_own(module: Any, tensors: dict[str, Any]) -> None:
    """Checks that what a state dict gives is the module's memory, and no copy."""
    own = [it for _, it in module.named_parameters(remove_duplicate=False)]
    own += [it for _, it in module.named_buffers(remove_duplicate=False)]
    known = {(it.device, it.untyped_storage().data_ptr()) for it in own}
    for name, tensor in tensors.items():
        place = (tensor.device, tensor.untyped_storage().data_ptr())
        if tensor.numel() and place not in known:
            raise ValueError(
                f"{name!r}: state_dict() gives a copy of it, into which nothing can be "
                "loaded; load plan.load() of fastckpt.match by load_state_dict"
            )


def _check_apart(tensors: dict[str, Any]) -> None:
    """Checks that no tensor has a part of another one's memory."""
    spans = []
    for name, tensor in tensors.items():
        if tensor.numel():
            low = tensor.data_ptr()
            spans.append((str(tensor.device), low, low + _reach(tensor), name))
    reached: dict[str, tuple[int, str]] = {}
    for device, low, high, name in sorted(spans):
        before = reached.get(device)
        if before is not None and low < before[0] and _share(tensors, before[1], name):
            raise ValueError(
                f"{before[1]!r} and {name!r} share a part of their memory: what one is "
                "loaded with, the other would get"
            )
        if before is None or high > before[0]:
            reached[device] = (high, name)


def _reach(tensor: Any) -> int:
    """Gives the bytes from the first element of a tensor to the last one's end."""
    pairs = zip(tensor.shape, tensor.stride(), strict=True)
    steps = sum((size - 1) * stride for size, stride in pairs)
    return int((steps + 1) * tensor.element_size())


def _share(tensors: dict[str, Any], one: str, other: str) -> bool:
    """Tells whether two share a byte; True where that is not easily told."""
    with importing:
        import numpy as np

    if tensors[one].device.type != "cpu":
        return True
    first, second = (np.asarray(_Bytes(tensors[name])) for name in (one, other))
    try:
        # NumPy's stub knows two limits of those that are possible.
        return np.shares_memory(first, second, max_work=100_000)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


class _Bytes:
    """A tensor's memory, of whatever dtype, as NumPy takes it."""

    def __init__(self, tensor: Any) -> None:
        size = tensor.element_size()
        self.__array_interface__ = {
            "version": 3,
            "typestr": f"|V{size}",
            "data": (tensor.data_ptr(), True),
            "shape": tuple(tensor.shape),
            "strides": tuple(size * stride for stride in tensor.stride()),
        }


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
        form = (tensor.dtype, tensor.shape, tensor.stride())
        memory = (tensor.device, tensor.data_ptr(), *form)
        if memory in first:
            tied[name] = first[memory]
        else:
            first[memory] = name
    return tied
