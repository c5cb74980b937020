"""What commands that write a checkpoint share."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fastckpt
from fastckpt.base.text import format_count, format_exact_size, make_printable
from fastckpt.cli.render.describe import sum_tensors
from fastckpt.cli.render.output import print_json, print_note, print_text
from fastckpt.files.find import find
from fastckpt.files.urls import target_path
from fastckpt.reading.checkpoint import open_found

__all__ = ["noted_warnings", "report_checkpoint", "report_written"]


@contextmanager
def noted_warnings() -> Iterator[None]:
    """Turns the warnings of a block into notes on standard error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        print_note(f"warning: {warning.message}")


def report_checkpoint(args: argparse.Namespace, target: str, **facts: Any) -> None:
    """Tells of a checkpoint that was written, as its own index has it."""
    with _open_written(target) as checkpoint:
        total = sum_tensors(checkpoint.infos())
        report_written(args, checkpoint.path, checkpoint.format, total, **facts)


def _open_written(target: str) -> fastckpt.Checkpoint:
    """Opens what has this very name: one V1 shard alone, whatever lies beside it."""
    path = target_path(target)
    found = find(path)
    if found is not None and found.files == [path]:
        return open_found(found)
    return fastckpt.open(target, verify=False)


def report_written(
    args: argparse.Namespace,
    path: str,
    format_name: str,
    total: dict[str, int],
    **facts: Any,
) -> None:
    """Tells what was written; ``facts`` go into the JSON."""
    if args.json:
        print_json({"path": path, "format": format_name, "total": total, **facts})
        return
    count = format_count(total["tensors"], "tensor")
    size = format_exact_size(total["nbytes"])
    place = make_printable(path)
    print_text(f"wrote {place} ({format_name}): {count}, {size}", 2, [place])
