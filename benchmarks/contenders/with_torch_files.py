"""Tensors of torch from files, every byte of which is then summed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

import fastckpt
import fastckpt.torch
from benchmarks.contenders.case import Case
from benchmarks.data import digest
from benchmarks.data.folder import Data
from benchmarks.machine.needs import NotHere

_Tensors = Mapping[str, torch.Tensor]

# torch warns where an array may not be written; nobody writes here.
warnings.filterwarnings("ignore", "The given NumPy array is not writable")


def _ours(data: Data) -> Callable[[], _Tensors]:
    path = data.prefix("bert")
    return lambda: fastckpt.torch.load_file(path)


def _views(data: Data) -> Callable[[], _Tensors]:
    """What `load` gives to NumPy, summed by torch as well."""
    path = data.prefix("bert")

    def load() -> _Tensors:
        arrays = fastckpt.open(path).load()
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    return load


def _safetensors(data: Data) -> Callable[[], _Tensors]:
    from safetensors.torch import load_file

    path = data.safetensors("bert")
    return lambda: load_file(path)


def _torch_file(data: Data, **how: bool) -> Callable[[], _Tensors]:
    path = f"{data.prefix('bert')}.pt"
    if not os.path.exists(path):
        torch.save(dict(_ours(data)()), f"{path}.part")
        os.replace(f"{path}.part", path)
    return lambda: torch.load(path, **how)  # type: ignore[no-any-return]


def _tensorflow(data: Data) -> Callable[[], _Tensors]:
    import tensorflow as tf

    path = data.prefix("bert")

    def load() -> _Tensors:
        reader = tf.train.load_checkpoint(path)
        names = reader.get_variable_to_shape_map()
        return {name: torch.from_numpy(reader.get_tensor(name)) for name in names}

    return load


def _on_gpu(data: Data, who: str) -> Callable[[], _Tensors]:
    path, device = data.prefix("bert"), "cuda"
    if who == "load_file":
        return lambda: fastckpt.torch.load_file(path, device=device)
    if who == "safetensors":
        from safetensors.torch import load_file

        return lambda: load_file(data.safetensors("bert"), device=device)
    load = _LOADS[who](data)
    return lambda: {name: tensor.to(device) for name, tensor in load().items()}


_LOADS: dict[str, Callable[[Data], Callable[[], _Tensors]]] = {
    "load_file": _ours,
    "load": _views,
    "safetensors": _safetensors,
    "torch": _torch_file,
    "torch mmap": lambda data: _torch_file(data, mmap=True),
    "tensorflow": _tensorflow,
}


def load_on_gpu(data: Data, who: str) -> Case:
    """Until every byte has arrived.

    Raises:
        NotHere: torch sees no GPU.
    """
    if not torch.cuda.is_available():
        raise NotHere("torch sees no GPU")
    load = _on_gpu(data, who)

    def run() -> _Tensors:
        tensors = load()
        torch.cuda.synchronize()
        return tensors

    def prove(tensors: _Tensors) -> str:
        return digest.of_arrays({n: it.cpu().numpy() for n, it in tensors.items()})

    return Case(run, prove, data.entry("bert")["digest"])


def load_and_sum(data: Data, who: str) -> Case:
    load = _LOADS[who](data)

    def run() -> tuple[_Tensors, float]:
        tensors = load()
        return tensors, sum(float(tensor.sum()) for tensor in tensors.values())

    def prove(found: tuple[_Tensors, Any]) -> str:
        tensors, total = found
        if not np.isfinite(total):
            return "no sum"
        return digest.of_arrays({name: it.numpy() for name, it in tensors.items()})

    return Case(run, prove, data.entry("bert")["digest"])
