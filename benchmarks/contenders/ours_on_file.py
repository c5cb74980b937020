"""fastckpt on somebody's own checkpoint, and on copies that differ in one thing."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

import numpy as np

import fastckpt
from benchmarks.contenders.case import Case
from benchmarks.data import digest
from benchmarks.data.facts import in_bytes
from benchmarks.data.folder import Data
from benchmarks.data.wanted import touch
from benchmarks.machine.needs import NotHere
from benchmarks.machine.room import free_disk
from fastckpt import _native

if not _native.NDEBUG:
    raise SystemExit("fastckpt is a debug build: its times would tell nothing")

_ENTRY = "mine"
_PR_SET_THP_DISABLE = 41


def _rewritten(data: Data, how: dict[str, int]) -> str:
    """Gives the prefix of a copy in the temporary folder.

    Raises:
        NotHere: There is no space for it.
    """
    entry = data.entry(_ENTRY)
    name = "-".join(f"{key}{value}" for key, value in how.items())
    prefix = data.prefix(f"rewritten-{name}")
    if not Path(f"{prefix}.index").exists():
        needed, free = entry["stored"] * 11 // 10, free_disk(data.folder)
        if needed > free:
            raise NotHere(
                f"a copy needs {in_bytes(needed)} in {data.folder.parent}, where "
                f"{in_bytes(free)} are free"
            )
        try:
            fastckpt.rewrite(entry["path"], prefix, format="v2", fsync=False, **how)
        except OSError as error:
            raise NotHere(f"a copy cannot be written: {error.strerror}") from error
    return prefix


def _files(prefix: str) -> tuple[str, ...]:
    folder, name = os.path.split(prefix)
    return tuple(
        os.path.join(folder, file)
        for file in sorted(os.listdir(folder or "."))
        if file.startswith(f"{name}.data-") or file == f"{name}.index"
    )


def _forbid_huge_pages() -> None:
    """Makes the kernel give this process no huge pages.

    Raises:
        NotHere: The kernel refuses.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0):
        raise NotHere(f"prctl: {os.strerror(ctypes.get_errno())}")


def opened(data: Data) -> Case:
    path, expected = data.entry(_ENTRY)["path"], data.entry(_ENTRY)["listing"]

    def run() -> list[Any]:
        infos = fastckpt.open(path).infos()
        return [(info.name, info.tf_dtype, info.shape) for info in infos]

    return Case(run, digest.of_listing, expected)


def load(
    data: Data,
    io: str = "auto",
    verify: bool = True,
    copy: bool | str = False,
    cold: bool = False,
    rewritten: dict[str, int] | None = None,
    huge_pages: bool = True,
    touches: bool = True,
) -> Case:
    """Opens and loads what everybody loads, and reads every byte once more."""
    entry = data.entry(_ENTRY)
    names, path, files = entry["names"], entry["path"], tuple(entry["cold"])
    if rewritten:
        path = _rewritten(data, rewritten)
        files = _files(path)
    if not huge_pages:
        _forbid_huge_pages()

    def run() -> tuple[dict[str, np.ndarray], int]:
        # Exactly these, by name: a name may look like a pattern.
        wanted = dict(zip(names, names, strict=True))
        arrays = fastckpt.open(path, io=io, verify=verify).load(wanted, copy=copy)
        return arrays, sum(map(touch, arrays.values())) if touches else 0

    def prove(found: tuple[dict[str, np.ndarray], int]) -> str:
        return digest.of_arrays(found[0])

    return Case(run, prove, entry["digest"], cold=files if cold else ())


def verify(data: Data) -> Case:
    path = data.entry(_ENTRY)["path"]

    def prove(report: fastckpt.VerifyReport) -> str:
        return "right" if report.ok else report.problems[0].message

    return Case(lambda: fastckpt.open(path).verify(), prove, "right")
