"""fastckpt."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

import fastckpt
from benchmarks import digest
from benchmarks.case import Case
from benchmarks.data import Data
from benchmarks.models import MATRIX, ONE_TENSOR
from fastckpt import _native

if not _native.NDEBUG:
    raise SystemExit("fastckpt is a debug build: its times would tell nothing")

ROWS = np.s_[1000:1128]


def _arrays(data: Data, name: str, run: Callable[[], Any]) -> Case:
    return Case(run, digest.of_arrays, data.entry(name)["digest"])


def load(data: Data, name: str = "bert", threads: int | None = None) -> Case:
    path = data.prefix(name)
    return _arrays(data, name, lambda: fastckpt.open(path).load(threads=threads))


def load_copy(data: Data, name: str = "bert") -> Case:
    path = data.prefix(name)
    return _arrays(data, name, lambda: fastckpt.open(path).load(copy=True))


def load_into(data: Data, name: str = "bert") -> Case:
    """Into arrays that are there, and stay for the next run."""
    path = data.prefix(name)
    out = fastckpt.open(path, verify=False).load(copy=True)
    return _arrays(data, name, lambda: fastckpt.open(path).load(out=out))


def load_cold(data: Data, io: str = "auto") -> Case:
    path = data.prefix("bert")
    return _arrays(data, "bert", lambda: fastckpt.open(path, io=io).load())._replace(
        cold=data.file("bert")
    )


def load_strings(data: Data) -> Case:
    path = data.prefix("strings")
    expected = data.entry("strings")["digest"]
    return Case(lambda: fastckpt.open(path).load(), digest.of_strings, expected)


def views(data: Data, name: str) -> Case:
    path = data.prefix(name)

    def run() -> dict[str, np.ndarray]:
        checkpoint = fastckpt.open(path, verify=False)
        return {tensor: checkpoint[tensor] for tensor in checkpoint}

    return _arrays(data, name, run)


def views_by_load(data: Data, name: str) -> Case:
    path = data.prefix(name)
    return _arrays(data, name, lambda: fastckpt.open(path, verify=False).load())


def open_only(data: Data, name: str = "small") -> Case:
    path = data.prefix(name)
    return Case(lambda: fastckpt.open(path), _listing, data.entry(name)["listing"])


def list_all(data: Data, name: str = "small") -> Case:
    path = data.prefix(name)

    def run() -> list[Any]:
        infos = fastckpt.open(path).infos()
        return [(info.name, info.dtype, info.shape) for info in infos]

    return Case(run, digest.of_listing, data.entry(name)["listing"])


def _listing(checkpoint: fastckpt.Checkpoint) -> str:
    infos = checkpoint.infos()
    return digest.of_listing((info.name, info.dtype, info.shape) for info in infos)


def one(data: Data) -> Case:
    path = data.prefix("embedding")

    def run() -> dict[str, np.ndarray]:
        return {ONE_TENSOR: fastckpt.open(path)[ONE_TENSOR]}

    return Case(run, digest.of_arrays, data.entry("embedding")["one"])


def rows(
    data: Data, name: str = "embedding", verify: bool = True, loops: int = 1
) -> Case:
    checkpoint = fastckpt.open(data.prefix(name), verify=verify)
    return Case(
        lambda: {MATRIX: checkpoint.read(MATRIX, ROWS)},
        digest.of_arrays,
        data.entry("embedding")["rows"],
        loops=loops,
    )


def verify(data: Data) -> Case:
    path = data.prefix("bert")

    def run() -> tuple[fastckpt.Checkpoint, fastckpt.VerifyReport]:
        checkpoint = fastckpt.open(path)
        return checkpoint, checkpoint.verify()

    def prove(result: tuple[fastckpt.Checkpoint, fastckpt.VerifyReport]) -> str:
        report = result[1]
        return "right" if report.ok else str(report.problems[:3])

    return Case(run, prove, "right")


def save(data: Data) -> Case:
    arrays = fastckpt.open(data.prefix("bert"), verify=False).load(copy=True)
    out = data.prefix(f"saved-{os.getpid()}")

    def prove(_: object) -> str:
        return digest.of_arrays(fastckpt.open(out).load())

    return Case(lambda: fastckpt.save(out, arrays), prove, data.entry("bert")["digest"])
