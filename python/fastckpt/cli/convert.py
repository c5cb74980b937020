"""Convert between V1, V2, .npz and .safetensors, or to another number of shards.

What SOURCE is shows in its ending; so does what TARGET is to be, where --format does
not say it: .npz, .safetensors, or else a V2 checkpoint. Neither .npz nor .safetensors
hold strings, nor every type: what cannot be held is refused by name before anything is
written, and may be left out with --drop or cast with --dtype.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastckpt import Checkpoint, Writer, rewrite
from fastckpt.casting import Losses, check_cast, is_floating, to_dtype
from fastckpt.cli._errors import UsageError
from fastckpt.cli._options import (
    add_patterns_option,
    add_source_and_target,
    open_checkpoint,
    parse_count,
)
from fastckpt.cli._progress import Progress
from fastckpt.cli._select import select_names
from fastckpt.cli._targets import check_file_target, check_target
from fastckpt.cli._written import noted_warnings, report_checkpoint, report_written
from fastckpt.formats import LazyTensors, npz, safetensors

__all__ = ["add_arguments", "run"]

_FILES: dict[str, ModuleType] = {"npz": npz, "safetensors": safetensors}
"""The formats of one file, by the ending of their names."""

Tensors = Mapping[str, NDArray[Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_source_and_target(parser)
    parser.add_argument("--format", choices=("v1", "v2", *_FILES), help="what to write")
    parser.add_argument(
        "--shards", type=parse_count, metavar="N", help="data files (V2; default: 1)"
    )
    parser.add_argument(
        "--align",
        type=parse_count,
        metavar="N",
        help="a multiple of which each tensor's offset is to be (V2; default: 1)",
    )
    parser.add_argument(
        "--dtype", metavar="DTYPE", help="cast all floating tensors: float32, bfloat16"
    )
    add_patterns_option(parser, "--drop", "leave these tensors out")


def run(args: argparse.Namespace) -> int:
    """Converts."""
    target = args.format or _format_of(args.target) or "v2"
    if target in _FILES:
        check_file_target(args.target, target, target)
    else:
        check_target(args.target)
    if target != "v2" and (args.shards or args.align):
        raise UsageError(f"--shards and --align are for V2 alone, not for {target}")
    with noted_warnings(), _open_source(args) as tensors:
        dropped = set(select_names(tensors, args.drop) if args.drop else [])
        names = [name for name in tensors if name not in dropped]
        if target in _FILES:
            _write_file(args, target, tensors, names)
        elif isinstance(tensors, Checkpoint):
            _rewrite(args, target, dropped)
        else:
            _write_checkpoint(args, target, tensors, names)
    return 0


def _format_of(path: str) -> str | None:
    """Tells by its ending which file format a path is of, if any."""
    endings = [name for name in _FILES if path.lower().endswith(f".{name}")]
    return endings[0] if endings else None


@contextmanager
def _open_source(args: argparse.Namespace) -> Iterator[Tensors]:
    kind = _format_of(args.source)
    if kind is None or os.path.exists(f"{args.source}.index"):
        with open_checkpoint(args.source, args, io="read") as checkpoint:
            yield checkpoint
    else:
        with _FILES[kind].read(args.source) as tensors:
            yield tensors


def _rewrite(args: argparse.Namespace, target: str, dropped: set[str]) -> None:
    """From checkpoint to checkpoint: tensors keep their order and their slices."""
    with Progress("writing") as progress:
        rewrite(
            args.source,
            args.target,
            drop=dropped,
            dtype=args.dtype,
            format=target,
            shards=args.shards or 1,
            align=args.align or 1,
            threads=args.threads,
            progress=progress,
        )
    report_checkpoint(args, args.target, dropped=sorted(dropped))


def _write_checkpoint(
    args: argparse.Namespace, target: str, tensors: Tensors, names: Sequence[str]
) -> None:
    writer = Writer(
        args.target,
        format=target,
        shards=args.shards or 1,
        align=args.align or 1,
        threads=args.threads,
    )
    losses = Losses()
    with writer:
        for name in names:
            dtype = _new_dtype(name, tensors[name].dtype, args.dtype)
            writer.add(name, losses.cast(name, tensors[name], dtype))
    losses.warn()
    report_checkpoint(args, args.target)


def _write_file(
    args: argparse.Namespace, target: str, tensors: Tensors, names: Sequence[str]
) -> None:
    """To one file; nothing is written before all of it is known to be possible."""
    old = {name: _dtype_of(tensors, name) for name in names}
    new = {name: _new_dtype(name, old[name], args.dtype) for name in names}
    _FILES[target].check({name: new[name] or old[name] for name in names})
    nbytes = _size_of(tensors, names)
    total = {"tensors": len(names), "values": 0, "nbytes": 0}
    losses = Losses()

    def make(name: str) -> NDArray[Any]:
        array = losses.cast(name, tensors[name], new[name])
        total["values"] += array.size
        total["nbytes"] += array.nbytes
        progress(total["nbytes"], nbytes)
        return array

    with Progress("writing") as progress:
        _FILES[target].write(args.target, LazyTensors(names, make))
    losses.warn()
    report_written(args, args.target, target, total)


def _size_of(tensors: Tensors, names: Sequence[str]) -> int:
    if isinstance(tensors, Checkpoint):
        return sum(tensors.info(name).nbytes or 0 for name in names)
    return sum(tensors[name].nbytes for name in names)


def _dtype_of(tensors: Tensors, name: str) -> np.dtype[Any] | None:
    if isinstance(tensors, Checkpoint):
        return tensors.info(name).dtype
    return tensors[name].dtype


def _new_dtype(
    name: str, dtype: np.dtype[Any] | None, wanted: str | None
) -> np.dtype[Any] | None:
    """Gives the dtype that a floating tensor is to get, None for the others."""
    if wanted is None or not is_floating(dtype):
        return None
    target = to_dtype(wanted)
    check_cast(name, dtype, target)
    return target
