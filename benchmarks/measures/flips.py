"""What each library checks: a byte of its file is flipped, and it loads again.

`python -m benchmarks.measures.flips WHO FOLDER` does it for one, in a process of its
own: it may crash. The flipped byte lies in the middle of a tensor's values.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders.peers import PEERS
from benchmarks.data.wanted import Wanted
from benchmarks.machine.children import child_environment
from benchmarks.machine.needs import lacking
from benchmarks.machine.tree import ROOT

__all__ = ["OURS", "flip_byte", "in_words", "measure"]

OURS = ("fastckpt", "fastckpt, verify=False")
_SECONDS = 180
_COUNT, _SIZE = 3, 1 << 16
_LOOKED_FOR = 24
_Load = Callable[[], Iterable[np.ndarray]]


def _arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(21)
    return {f"tensor{i}": generator.random(_SIZE, np.float32) for i in range(_COUNT)}


def _files(path: Path) -> Iterator[Path]:
    """Gives the files of a file, a folder, or a checkpoint's prefix."""
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from (file for file in sorted(path.rglob("*")) if file.is_file())
    else:
        yield from sorted(path.parent.glob(f"{path.name}.data-*"))


def flip_byte(path: Path, raw: bytes) -> str:
    """Flips a byte of values; gives where: in what `raw` was found to be, or, where no
    file holds these bytes as they are, in the middle of the largest file."""
    files = list(_files(path))
    for file in files:
        content = bytearray(file.read_bytes())
        if (place := content.find(raw)) >= 0:
            content[place] ^= 1
            file.write_bytes(content)
            return "a value"
    largest = max(files, key=lambda file: file.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    return "the middle of the file"


def _try(load: _Load, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Loads, and tells what comes: an error, or arrays that are right or not."""
    try:
        found = list(load())
        right = all(
            np.array_equal(array.view(np.uint8), wanted.view(np.uint8))
            for array, wanted in zip(found, arrays.values(), strict=True)
        )
    except Exception as error:  # whatever a library raises
        return {"outcome": "error", "error": type(error).__name__}
    return {"outcome": "right" if right else "wrong"}


def _loader(who: str, folder: Path) -> tuple[Path, _Load, dict[str, np.ndarray]]:
    """Writes the tensors as a peer has them; gives the path and what loads them."""
    import fastckpt
    from benchmarks.contenders import peer_readers, peer_writers

    arrays, prefix = _arrays(), folder / "model"
    fastckpt.save(prefix, arrays)
    if who in OURS:
        verify = who == OURS[0]
        return (
            prefix,
            lambda: fastckpt.open(prefix, verify=verify).load().values(),
            arrays,
        )
    infos = fastckpt.open(prefix).infos()
    data = f"{prefix}.data-00000-of-00001"
    wanted = [Wanted(i.name, i.dtype, i.shape, data, i.offset) for i in infos]
    peer, path = PEERS[who], prefix
    if peer.format:
        path = folder / peer.format
        source = peer_writers.Source(str(prefix), wanted)
        peer_writers.write(peer.format, path, source)
    read = peer_readers.reader(peer.reader)
    return path, lambda: read(str(path), wanted), arrays


def _prove(who: str, folder: Path) -> dict[str, Any]:
    path, load, arrays = _loader(who, folder)
    if (before := _try(load, arrays))["outcome"] != "right":
        return {"outcome": "not measured", "error": str(before)}
    middle = arrays[f"tensor{_COUNT // 2}"].tobytes()
    begin = len(middle) // 2
    where = flip_byte(path, middle[begin : begin + _LOOKED_FOR])
    return _try(load, arrays) | {"where": where}


def _of(who: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.measures.flips", who, folder]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=child_environment(),
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"outcome": "hangs"}
    if done.returncode < 0:
        return {"outcome": "crash", "error": f"signal {-done.returncode}"}
    if done.returncode != 0:
        return {"outcome": "not measured", "error": done.stderr.strip()[-200:]}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def measure(log: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Gives {who: what came of the flipped byte} of all that are here."""
    found = {}
    for who in (*OURS, *PEERS):
        if who in PEERS and lacking(PEERS[who].needs):
            continue
        found[who] = _of(who)
        log(f"a flipped byte: {who}: {in_words(found[who])}")
    return found


def in_words(found: dict[str, Any] | None) -> str:
    """Says what a library checks, as the flipped byte proved."""
    outcome = (found or {"outcome": ""})["outcome"]
    error = (found or {}).get("error", "")
    # Who refuses what is packed may have failed to unpack it.
    is_value = (found or {}).get("where") == "a value"
    return {
        "error": f"{'checksums' if is_value else 'refused'} ({error})",
        "wrong": "nothing: a wrong value",
        "right": "not reached: the right values",
        "crash": f"nothing: it crashes ({error})",
        "hangs": "nothing: it hangs",
        "not measured": "not measured",
    }.get(outcome, "")


if __name__ == "__main__":
    print(json.dumps(_prove(sys.argv[1], Path(sys.argv[2]))))
