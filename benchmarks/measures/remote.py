"""What is measured behind URLs: times, requests and bytes, and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from math import prod
from pathlib import Path

from benchmarks.data.folder import Data
from benchmarks.machine.children import child_environment
from benchmarks.machine.needs import lacking
from benchmarks.machine.tree import ROOT
from benchmarks.measures.remote_server import Asked, Server, serve
from benchmarks.rows.remote import AMONG, FAST, LATENCY, SLOW
from benchmarks.rows.row import Child, Context, Measured, Row, Samples
from benchmarks.timing.process import start
from benchmarks.timing.turns import run_row

__all__ = ["load_all", "memory", "random_rows", "tensors"]

_US = "fastckpt"
_NEEDS = "fsspec aiohttp"
_KERNELS = [
    "bert/encoder/layer_0/attention/self/query/kernel",
    "bert/encoder/layer_11/attention/output/dense/kernel",
    "bert/pooler/dense/kernel",
]
_VECTORS = [
    "bert/encoder/layer_0/attention/self/query/bias",
    "bert/encoder/layer_11/output/LayerNorm/gamma",
    "bert/pooler/dense/bias",
]


def _ours(function: str, **arguments: object) -> Child:
    return Child("ours_remote", function, arguments, "copies", _NEEDS)


def _theirs(function: str, **arguments: object) -> Child:
    return Child("with_fsspec", function, arguments, "copies", _NEEDS)


def _compare(context: Context, contenders: dict[str, Child]) -> Measured:
    return run_row(Row("", "", contenders), context)


def _count(who: Child, context: Context, server: Server) -> Asked:
    """Tells what one run asks for, once all that is asked once was asked."""
    contender = start(_US, who, context)[0]
    try:
        contender.prove()
        server.forget()
        contender.run()
        return server.asked()
    finally:
        contender.process.close()


def _missing() -> Measured | None:
    reason = lacking(_NEEDS)
    return Measured({}, missing={_US: reason}) if reason else None


def _with_counts(measured: Measured, counts: Mapping[str, float]) -> Measured:
    more: Samples = {label: [float(value)] for label, value in counts.items()}
    return measured._replace(samples={**measured.samples, **more})


def _nbytes(data: Data, names: list[str]) -> int:
    places = data.places("bert")
    return sum(prod(places[name][1]) * 4 for name in names)


def tensors(context: Context) -> Measured:
    """Times open + three tensors, small ones and large ones; counts what is asked."""
    if (missing := _missing()) is not None:
        return missing
    data = context.data
    samples: Samples = {}
    index = Path(f"{data.prefix('bert')}.index").stat().st_size
    with serve(data, "bert", LATENCY, FAST) as server:
        for label, names in (("vectors", _VECTORS), ("kernels", _KERNELS)):
            asks = {"url": server.url, "names": names}
            ours, theirs = _ours("some", **asks), _theirs("some", **asks)
            contenders = {
                f"{_US}, {label}": ours,
                f"index + cat_ranges, {label}": theirs,
            }
            asked = _count(ours, context, server)
            counts = {
                f"GETs, {label}": asked.gets,
                f"HEADs, {label}": asked.heads,
                f"bytes / wanted, {label}": asked.sent / (index + _nbytes(data, names)),
            }
            found = _with_counts(_compare(context, contenders), counts)
            samples |= found.samples
    return Measured(samples)


def load_all(context: Context) -> Measured:
    """Times a load of everything beside the same ranges, and what is possible."""
    if (missing := _missing()) is not None:
        return missing
    with serve(context.data, "bert", LATENCY, SLOW) as server:
        ours = _ours("load", url=server.url)
        asked = _count(ours, context, server)
        ranges = Path(context.data.prefix("saved-ranges.json"))
        ranges.write_text(json.dumps(asked.ranges))
        theirs = _theirs("same_ranges", url=server.url, at_once=asked.at_once)
        measured = _compare(context, {_US: ours, "cat_ranges": theirs})
    counts = {
        # A round trip for the index, one for the data, and every connection busy.
        "bytes and latency": 2 * LATENCY + asked.sent / (asked.at_once * SLOW),
        "GETs": asked.gets,
        "HEADs": asked.heads,
        "at once": asked.at_once,
        "bytes / stored": asked.sent / Path(context.data.file("bert")).stat().st_size,
    }
    return _with_counts(measured, counts)


def random_rows(context: Context) -> Measured:
    """Times rows by number, of the whole table and of neighbours."""
    if (missing := _missing()) is not None:
        return missing
    samples: Samples = {}
    with serve(context.data, "table", LATENCY, FAST) as server:
        for label, among in (("of all", 0), (f"of {AMONG:,}", AMONG)):
            asks = {"url": server.url, "among": among}
            ours, theirs = _ours("rows", **asks), _theirs("rows", **asks)
            asked = _count(ours, context, server)
            contenders = {f"{_US}, {label}": ours, f"single ranges, {label}": theirs}
            counts = {
                f"GETs, {label}": asked.gets,
                f"HEADs, {label}": asked.heads,
                f"bytes, {label}": asked.sent,
            }
            found = _with_counts(_compare(context, contenders), counts)
            samples |= found.samples
    return Measured(samples)


_MEMORY = """
import sys, fastckpt, fsspec.implementations.http
def of(field):
    with open("/proc/self/status") as file:
        lines = [line.split() for line in file if line.startswith(field)]
    return int(lines[0][1]) / 1024
before = of("VmRSS:")
arrays = fastckpt.open(sys.argv[1]).load()
result = sum(array.nbytes for array in arrays.values()) / 2**20
print(of("VmHWM:") - before - result)
"""


def memory(context: Context) -> Measured:
    """Takes by how much more than the result a process grows, in MiB."""
    if (missing := _missing()) is not None:
        return missing
    found = []
    with serve(context.data, "bert", LATENCY, FAST) as server:
        for _ in range(3):
            done = subprocess.run(
                [sys.executable, "-c", _MEMORY, f"{server.url}/bert"],
                check=True,
                cwd=ROOT,
                env=child_environment(),
                stdout=subprocess.PIPE,
                text=True,
            )
            found.append(float(done.stdout))
    return Measured({_US: found})
