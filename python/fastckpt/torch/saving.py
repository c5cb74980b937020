"""``save_file``: tensors of torch become a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fastckpt.base.deferred import importing
from fastckpt.base.progress import ProgressArgument
from fastckpt.errors import UnsupportedError
from fastckpt.torch.dtypes import array_of
from fastckpt.writing.writer import save_shared

if TYPE_CHECKING:
    from fastckpt.writing.writer import StrPath

__all__ = ["save_file"]


def save_file(
    tensors: Mapping[str, Any],
    path: StrPath,
    *,
    format: str = "v2",
    shards: int = 1,
    align: int = 1,
    fsync: bool = True,
    threads: int | None = None,
    progress: ProgressArgument = None,
) -> None:
    """Saves tensors of torch, Parameters and state dicts, as ``fastckpt.save`` does.

    Tied weights (one memory, shape and strides under several names) are stored once,
    and every name is in the index; V1 files, which cannot do that, have them several
    times. Tensors of other devices come to the CPU one by one.

    Args:
        tensors: {name: tensor}, as ``module.state_dict()`` gives it; what else
            ``fastckpt.save`` takes, too. Names are flat.
        path: Where the checkpoint goes: ``out/model.ckpt``.
        format, shards, align, fsync, threads, progress: As in ``fastckpt.save``.

    Raises:
        TypeError: A tensor is sparse, quantised, nested or distributed; a value is a
            dict, or no array; a name is no str.
        ValueError: A tensor is on the device meta and has no values.
        UnsupportedError: A checkpoint has no such type.
        ImportError: torch is not installed.
        As ``fastckpt.save``. All tensors are looked at before anything is written.
    """
    if not isinstance(tensors, Mapping):
        hint = "; give module.state_dict()" if hasattr(tensors, "state_dict") else ""
        kind = type(tensors).__name__
        raise TypeError(f"tensors are a mapping of names to values, not a {kind}{hint}")
    # Kept: what is gone might leave its memory to the next, as if the two were tied.
    values = dict(tensors.items())
    for name, value in values.items():
        _check(name, value)
    same_as = _find_tied(values) if format == "v2" else {}
    once = {name: value for name, value in values.items() if name not in same_as}
    save_shared(
        path,
        _Arrays(once),
        same_as,
        format=format,
        shards=shards,
        align=align,
        fsync=fsync,
        threads=threads,
        progress=progress,
    )


class _Arrays(Mapping[str, Any]):
    """Tensors as arrays, each made when it is asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        value = self._values[name]
        return _array(name, value) if _is_tensor(value) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _is_tensor(value: Any) -> bool:
    with importing:
        import torch

    return isinstance(value, torch.Tensor)


def _array(name: str, tensor: Any) -> Any:
    found = array_of(tensor.detach().cpu().resolve_conj().resolve_neg())
    if found is None:
        raise UnsupportedError(
            f"tensor {name!r}: values of {tensor.dtype} have no form in a checkpoint",
            tensor=name,
        )
    return found


def _check(name: Any, value: Any) -> None:
    with importing:
        import torch

    if not isinstance(name, str):
        raise TypeError(f"a tensor's name is a str, not {type(name).__name__}")
    if isinstance(value, Mapping):
        raise TypeError(
            f"{name!r} is a {type(value).__name__}; names are flat here: save its "
            f"tensors as {name + '.NAME'!r}"
        )
    if not isinstance(value, torch.Tensor):
        return
    if kind := _kind_of(value):
        raise TypeError(f"tensor {name!r}: {kind}")
    if value.is_meta:
        raise ValueError(f"tensor {name!r}: it is on the device meta, without values")
    _array(name, torch.empty(0, dtype=value.dtype))


def _kind_of(tensor: Any) -> str | None:
    """Tells why a tensor is no array of numbers; None: it is."""
    if hasattr(tensor, "full_tensor"):
        return "it is distributed; give tensor.full_tensor()"
    if tensor.is_nested:
        return "it is nested; give its parts (tensor.unbind()) as tensors"
    if str(tensor.layout) != "torch.strided":
        return f"its layout is {tensor.layout}; give tensor.to_dense()"
    if tensor.is_quantized:
        return "it is quantised; give tensor.int_repr(), or tensor.dequantize()"
    return None


def _find_tied(values: dict[str, Any]) -> dict[str, str]:
    """Gives {name: the first name of the same elements in memory}."""
    first: dict[Any, str] = {}
    tied = {}
    for name, value in values.items():
        if not _is_tensor(value) or not value.numel():
            continue
        shape, strides = tuple(value.shape), value.stride()
        place = (str(value.device), value.data_ptr(), value.dtype, shape, strides)
        key = (*place, value.is_conj(), value.is_neg())
        if first.setdefault(key, name) != name:
            tied[name] = first[key]
    return tied
