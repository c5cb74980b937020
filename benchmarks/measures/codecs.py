"""CRC32C and Snappy alone, beside the libraries that do nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import awscrt.checksums
import cramjam
import crc32c
import google_crc32c
import numpy as np
import snappy

from benchmarks.data.facts import in_bytes
from benchmarks.rows.codecs import CRC_SIZES
from benchmarks.rows.row import Context, Samples
from benchmarks.timing.process import WrongBytes
from fastckpt import _native

__all__ = ["crc32c_rates", "snappy_times"]

# As a writer of tables cuts them.
_BLOCK = 256 << 10
_TURNS = 15
_CRC = {
    "fastckpt": _native.crc32c,
    "google-crc32c": google_crc32c.value,
    "crc32c": crc32c.crc32c,
    "awscrt": awscrt.checksums.crc32c,
}


def _time(call: Callable[[Any], Any], argument: Any, loops: int) -> float:
    begin = perf_counter()
    for _ in range(loops):
        call(argument)
    return (perf_counter() - begin) / loops


def _in_turns(
    context: Context, calls: Mapping[str, Callable[[Any], Any]], data: Any, loops: int
) -> Samples:
    for call in calls.values():
        _time(call, data, loops)
    samples: Samples = {label: [] for label in calls}
    labels, order = list(calls), random.Random(1)
    for _ in range(max(context.turns, _TURNS)):
        for label in order.sample(labels, len(labels)):
            call = calls[label]
            samples[label].append(_time(call, data, loops))
    return samples


def crc32c_rates(context: Context) -> Samples:
    """Takes seconds per call, at sizes up to that of the data."""
    samples: Samples = {}
    generator = np.random.default_rng(1)
    for size in CRC_SIZES:
        if size > context.data.manifest["nbytes"]:
            break
        data = generator.bytes(size)
        if len({call(data) for call in _CRC.values()}) != 1:
            raise WrongBytes(f"checksums of {size} bytes differ")
        loops = max(1, min(20_000, (64 << 20) // (size + 2000)))
        found = _in_turns(context, _CRC, data, loops)
        samples |= {f"{label}, {in_bytes(size)}": of for label, of in found.items()}
    return samples


def _blocks() -> dict[str, bytes]:
    generator = np.random.default_rng(2)
    names = b"".join(
        b"model/layer_%d/attention/kernel\x08\x01\x12\x08\x12\x03" % i
        + generator.bytes(8)
        for i in range(8000)
    )
    words = [generator.bytes(4 + i % 9) for i in range(3000)]
    text = b"".join(words[int(i)] for i in generator.geometric(0.004, 60_000) % 3000)
    return {
        "names": names[:_BLOCK],
        "text": text[:_BLOCK],
        "random": generator.bytes(_BLOCK),
    }


def snappy_times(context: Context) -> Samples:
    """Takes seconds per block of 256 KiB."""
    decoders: dict[str, Callable[[bytes], Any]] = {
        "fastckpt": _native.decode_snappy,
        "cramjam": cramjam.snappy.decompress_raw,
        "python-snappy": snappy.uncompress,
    }
    samples: Samples = {}
    for kind, plain in _blocks().items():
        stored = bytes(cramjam.snappy.compress_raw(plain))
        for label, decode in decoders.items():
            if bytes(decode(stored)) != plain:
                raise WrongBytes(f"{label} decoded something else")
        found = _in_turns(context, decoders, stored, 200)
        samples |= {f"{label}, {kind}": of for label, of in found.items()}
    return samples
