"""Convert between V1, V2, .npz and .safetensors, or change what is in a checkpoint.

What SOURCE is shows in its ending; so does what TARGET is to be, where --format does
not say it: .npz, .safetensors, or else a V2 checkpoint. Neither .npz nor .safetensors
hold strings, nor every type: what cannot be held is refused by name before anything is
written, and may be left out with --drop or cast with --dtype. The object graph of a
TensorFlow 2 checkpoint is left out there by itself.

--format kerchunk copies nothing. It checks every byte and writes TARGET, a .json that
says where in SOURCE's files the tensors lie: fsspec's reference:// reads it, with zarr
and xarray on top. It is of use for as long as these files stay where and as they are.

--dtype takes one DTYPE for all floating tensors, or 'PATTERN=DTYPE' for those that the
pattern fits: of them floats alone for a float, integers alone for an integer, and
whatever is given by its whole name. --rename takes the rules of the command rename.
--set gives a tensor a new VALUE of the shape and dtype it has: a number, a text, or a
list as JSON writes it.
--names objects calls tensors by the paths of the objects, as ls --objects shows them.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from typing import Any

import fastckpt
from fastckpt.base.text import escape, unescape
from fastckpt.cli.errors import UsageError
from fastckpt.cli.options import (
    add_patterns_option,
    add_source_and_target,
    noticed_missing_files,
    parse_count,
)
from fastckpt.cli.rename_rules import apply_rules
from fastckpt.cli.render.output import print_note
from fastckpt.cli.render.progress import Progress
from fastckpt.cli.select import as_meant
from fastckpt.cli.targets import check_file_target, check_target
from fastckpt.cli.written import noted_warnings, report_checkpoint, report_written
from fastckpt.editing.by_path import Names
from fastckpt.editing.file_formats import open_source
from fastckpt.editing.plan import Source
from fastckpt.formats.endings import TARGET_FORMATS, find_file_format
from fastckpt.objects.message import GRAPH_KEY

__all__ = ["add_arguments", "run"]

_ENDINGS = {"kerchunk": "json"}
"""How files of a format are called, where not by its name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_source_and_target(parser)
    formats = ("v1", "v2", *TARGET_FORMATS)
    parser.add_argument("--format", choices=formats, help="what to write")
    parser.add_argument(
        "--shards",
        type=parse_count,
        metavar="N",
        help="data files (V2; default: as many as SOURCE has)",
    )
    parser.add_argument(
        "--align",
        type=parse_count,
        metavar="N",
        help="a multiple of which each tensor's offset is to be (V2; default: 1)",
    )
    add_patterns_option(parser, "--drop", "leave these tensors out")
    _add_list(parser, "--rename", "OLD->NEW", "give tensors other names")
    _add_list(
        parser,
        "--dtype",
        "DTYPE",
        "cast all floating tensors (float32, bfloat16), or PATTERN=DTYPE",
    )
    _add_list(parser, "--set", "NAME=VALUE", "set a tensor anew")
    parser.add_argument(
        "--names",
        choices=("keys", "objects"),
        default="keys",
        help="name tensors by their keys (default) or by the objects' paths",
    )


def _add_list(
    parser: argparse.ArgumentParser, option: str, metavar: str, summary: str
) -> None:
    parser.add_argument(
        option, metavar=metavar, nargs="+", action="extend", default=[], help=summary
    )


def run(args: argparse.Namespace) -> int:
    """Converts."""
    target = args.format or find_file_format(args.target) or "v2"
    if target in TARGET_FORMATS:
        check_file_target(args.target, target, _ENDINGS.get(target, target))
    else:
        check_target(args.target)
    with (
        noted_warnings(),
        noticed_missing_files(args.source),
        open_source(args.source, args.threads) as source,
    ):
        _convert(args, target, source)
    return 0


def _convert(args: argparse.Namespace, target: str, source: Source) -> None:
    known = Names(source, args.names)
    typed = {*source, *known.keys}
    drop = as_meant(typed, args.drop or ())
    with Progress("writing") as progress:
        done = fastckpt.convert(
            source if isinstance(source, fastckpt.Checkpoint) else args.source,
            args.target,
            target,
            rename=_rename(args.rename, source, known, known.match_dropped(drop)),
            dtype=_parse_dtypes(args.dtype),
            drop=drop,
            names=args.names,
            shards=args.shards,
            align=args.align,
            values=_parse_values(source, known, args.set),
            threads=args.threads,
            progress=progress,
        )
    if done.lost_metadata:
        lost = ", ".join(map(escape, done.lost_metadata))
        print_note(f"note: {target} has no place for the source's metadata: {lost}")
    facts = {"dropped": done.dropped, "lost_metadata": done.lost_metadata}
    if target in TARGET_FORMATS:
        total = {it: getattr(done, it) for it in ("tensors", "values", "nbytes")}
        report_written(args, args.target, target, total, **facts)
    else:
        report_checkpoint(args, args.target, **facts)


def _rename(
    rules: Sequence[str], source: Source, known: Names, dropped: set[str]
) -> dict[str, str]:
    """Gives the new names of what the rules fit, by what it would be called."""
    if not rules:
        return {}
    paths = known.typed()
    is_meant = any(rule.startswith(f"{GRAPH_KEY}->") for rule in rules)
    left = [key for key in source if key not in dropped]
    left = [key for key in left if key != GRAPH_KEY or is_meant]
    return apply_rules([paths.get(key, key) for key in left], rules)


def _parse_dtypes(texts: Sequence[str]) -> str | dict[str, str] | None:
    if len(texts) == 1 and "=" not in texts[0]:
        return texts[0]
    dtypes: dict[str, str] = {}
    for text in texts:
        pattern, separator, dtype = text.rpartition("=")
        if not separator:
            raise UsageError(
                f"--dtype '{escape(text)}' is for all floating tensors and stands "
                "alone; the others are of the form PATTERN=DTYPE"
            )
        dtypes.setdefault(pattern, dtype)
    return dtypes or None


def _parse_values(source: Source, known: Names, texts: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for text in texts:
        key, value = _parse_value(source, known, text)
        if key in values:
            raise UsageError(f"--set gives '{escape(key)}' two values")
        values[key] = value
    return values


def _parse_value(source: Source, known: Names, text: str) -> tuple[str, Any]:
    """Gives the name and the value of NAME=VALUE, both of which may have more =."""
    name, separator, value = text.partition("=")
    if not separator:
        raise UsageError(f"--set '{escape(text)}' is not of the form NAME=VALUE")
    for at in (i for i, sign in enumerate(text) if sign == "="):
        for candidate in (text[:at], unescape(text[:at])):
            if candidate in source or candidate in known.keys:
                name, value = candidate, text[at + 1 :]
                break
    (key,) = known.by_key({name: None})
    info = source.info(key)
    if info.dtype == object and not info.shape:
        return key, value
    try:
        return key, json.loads(value, parse_float=_parse_float)
    except OverflowError as error:
        raise UsageError(f"--set '{escape(name)}': {error}") from None
    except (ValueError, RecursionError):
        raise UsageError(
            f"--set '{escape(name)}': '{escape(value)}' is no number, and no list of "
            "them as JSON writes it"
        ) from None


def _parse_float(text: str) -> float:
    """Gives a number that is finite, as what was typed is."""
    number = float(text)
    if math.isinf(number):
        raise OverflowError(f"{text} is beyond float64; Infinity is written so")
    return number
