"""What `test_changed_sources.py` runs: calls whose open, mapped source is cut.

The files are cut before the call, or just before one of the moments at which it reads,
calculates or writes: before the first, then before the second, and so on. Whenever it
is, the call fails, and leaves what was there, or it was done with the source.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import fastckpt
from changed_source_child import KEPT, OLD, Strike, cut
from changed_source_child import freeze as freeze_source
from fastckpt import _native
from fastckpt.base.cast import Losses
from fastckpt.checking import regions
from fastckpt.editing.average import average
from fastckpt.editing.convert import convert
from fastckpt.editing.strip import strip
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.writing import writer

# The largest is read chunk by chunk, and is two regions or more where it is compared.
BIG = np.arange(2_600_000, dtype=np.float32)
CHANGED = {**OLD, "b": OLD["b"] + 1, "big": BIG + 1}

Call = Callable[[Checkpoint, Path, Strike], object]


def _rewrite(**options: Any) -> Call:
    return lambda source, target, strike: fastckpt.rewrite(
        source, target, fsync=False, **options
    )


def _convert(**options: Any) -> Call:
    return lambda source, target, strike: convert(
        source, target, fsync=False, **options
    )


def _average(source: Checkpoint, target: Path, strike: Strike) -> None:
    average([Path(source.path).with_name("twin"), source], target, fsync=False)


def _merge(**options: Any) -> Call:
    def run(source: Checkpoint, target: Path, strike: Strike) -> None:
        other = Path(source.path).with_name("other")
        fastckpt.merge([source, other], target, fsync=False, **options)

    return run


def _diff(source: Checkpoint, target: Path, strike: Strike) -> None:
    twin = Path(source.path).with_name("twin")
    found = fastckpt.diff(source, twin)
    assert list(found.changed) == ["b", "big"], found


def _statistics(source: Checkpoint, target: Path, strike: Strike) -> None:
    assert fastckpt.statistics(source)["big"].max == BIG[-1]


def _examine(source: Checkpoint, target: Path, strike: Strike) -> None:
    found = fastckpt.examine(source.path, values=True)
    if not found.ok:
        raise fastckpt.CorruptionError(str(found.findings))


def _save(**options: Any) -> Call:
    return lambda source, target, strike: fastckpt.save(
        target, source, fsync=False, **options
    )


def _saver(source: Checkpoint, target: Path, strike: Strike) -> None:
    fastckpt.Saver(["a", "b", "big"], fsync=False).save(
        target, source, write_state=False
    )


CALLS: dict[str, Call] = {
    "rewrite": _rewrite(),
    "rewrite_cast": _rewrite(dtype="float64"),
    "rewrite_v1": _rewrite(format="v1"),
    "convert_npz": _convert(format="npz"),
    "convert_safetensors": _convert(format="safetensors"),
    "convert_cast": _convert(format="v2", dtype="bfloat16"),
    "average": _average,
    "strip": lambda source, target, strike: strip(source, target, fsync=False),
    "merge": _merge(),
    "merge_shards": _merge(shards=2),
    "freeze": freeze_source,
    "diff": _diff,
    "statistics": _statistics,
    "examine": _examine,
    "save": _save(),
    "save_shards": _save(shards=2),
    "save_v1": _save(format="v1"),
    "saver": _saver,
}
ENDINGS = {
    "convert_npz": ".npz",
    "convert_safetensors": ".safetensors",
    "freeze": ".pb",
}

# What the calls pass through, again and again.
PLACES = [
    (Checkpoint, "_count"),
    (regions, "compare_many"),
    (_native, "describe_tensors"),
    (fastckpt.Writer, "add"),
    (writer, "_item"),
    (Losses, "cast"),
    (np, "ascontiguousarray"),
    (np.lib.format, "write_array"),
]


@contextmanager
def moments(strike: Strike) -> Iterator[None]:
    """Lets a strike see each of these, at its beginning."""
    kept = [getattr(place, name) for place, name in PLACES]

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            strike.moment()
            return function(*arguments, **options)

        return call

    for (place, name), function in zip(PLACES, kept, strict=True):
        setattr(place, name, watched(function))
    try:
        yield
    finally:
        for (place, name), function in zip(PLACES, kept, strict=True):
            setattr(place, name, function)


def prepare(root: Path, call: str) -> tuple[Path, Path]:
    shutil.rmtree(root, ignore_errors=True)
    source = root / "in" / "old"
    target = root / "out" / f"new{ENDINGS.get(call, '')}"
    fastckpt.save(source, {**OLD, "big": BIG}, shards=2, fsync=False)
    fastckpt.save(source.with_name("twin"), CHANGED, fsync=False)
    fastckpt.save(source.with_name("other"), KEPT, fsync=False)
    target.parent.mkdir()
    if call in ENDINGS:
        target.write_bytes(b"kept")
    elif not call.endswith("v1"):
        fastckpt.save(target, KEPT, fsync=False)
    return source, target


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def strike_once(root: Path, call: str, after: int, is_seen: bool) -> bool:
    """Tells whether there was such a moment; 0 is before the call."""
    source, target = prepare(root, call)
    before = contents(target.parent)
    strike = Strike(after, lambda: cut(source.parent))
    error = None
    with fastckpt.open(source, io="mmap") as opened:
        if is_seen:
            opened.load()
        if after == 0:
            cut(source.parent)
        with moments(strike):
            try:
                CALLS[call](opened, target, strike)
            except (fastckpt.CorruptionError, OSError) as caught:
                error = caught
    if error is not None:
        assert after == 0 or strike.struck, (call, after, error)
        assert contents(target.parent) == before, (call, after, error)
    assert after or error, f"{call} did not see that its source is cut"
    return strike.struck or after == 0


def main(root: str, call: str) -> None:
    for is_seen in (False, True):
        after = 0
        while strike_once(Path(root), call, after, is_seen):
            after += 1
    print("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
