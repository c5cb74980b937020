"""The rows about tensors of torch, in one process and in two."""

from __future__ import annotations

from benchmarks.rows.row import Child, Goal, Row

__all__ = ["ROWS"]

_US, _DCP, _HF = "fastckpt", "DCP's own format", "DCP's safetensors reader"


def _load(who: str, gives: str, needs: str = "torch") -> Child:
    return Child("with_torch_files", "load_and_sum", {"who": who}, gives, needs)


def _dcp(name: str, title: str, is_split: bool) -> Row:
    return Row(
        name,
        title,
        {
            label: Child(
                "with_dcp", "load", {"who": who, "is_split": is_split}, "", needs
            )
            for label, who, needs in (
                (_US, "ours", "torch"),
                ("fastckpt, verify=True", "ours, verify=True", "torch"),
                (_DCP, "own format", "torch"),
                (_HF, "safetensors", "torch safetensors"),
            )
        },
        (
            Goal(_DCP, 0.70, _US, (_DCP,)),
            Goal(_HF, 0.70, _US, (_HF,)),
        ),
    )


ROWS: tuple[Row, ...] = (
    Row(
        "torch-load",
        "{bert}: `torch.load_file`, checked, and the sum of every tensor",
        {
            _US: _load("load_file", "writable, copied when written"),
            "load() + sum": _load("load", "views"),
            "safetensors.torch": _load("safetensors", "views", "torch safetensors"),
            "torch.load(mmap=True)": _load("torch mmap", "views"),
            "torch.load": _load("torch", "copies"),
            "TensorFlow + from_numpy": _load("tensorflow", "copies"),
        },
        (
            Goal("load() + sum", 1.05, _US, ("load() + sum",)),
            Goal("safetensors.torch", 1.30, _US, ("safetensors.torch",)),
            Goal("torch.load(mmap=True)", 1.30, _US, ("torch.load(mmap=True)",)),
            Goal("torch.load", 0.35, _US, ("torch.load",)),
        ),
    ),
    _dcp("dcp-rows", "{bert}: torch DCP, two processes, rows over them", True),
    _dcp("dcp-replicated", "{bert}: torch DCP, two processes, all in each", False),
)
