"""All tensors of a file by another library, and every byte of them read once more.

Who maps a file has read nothing yet when it gives the arrays: what is timed is opening,
loading and a sum over every byte, which all do in the same way.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.contenders import peer_readers, peer_writers
from benchmarks.contenders.case import Case
from benchmarks.contenders.peers import PEERS
from benchmarks.data import digest
from benchmarks.data.facts import in_bytes
from benchmarks.data.folder import Data
from benchmarks.data.wanted import touch, wanted_of
from benchmarks.machine.needs import NotHere
from benchmarks.machine.room import free_disk

# torch warns where an array may not be written; nobody writes here.
warnings.filterwarnings("ignore", "The given NumPy array is not writable")

_FILE_EACH = ("npy", "zarr", "orbax")
"""Formats that keep each tensor in a file or a folder of its own ..."""
_MOST_FILES = 20_000
"""... of which nobody wants more than so many."""


def path_of(data: Data, name: str, who: str) -> str:
    """Gives what a peer reads; it is written if it is not there yet.

    Raises:
        NotHere: It cannot be.
    """
    source = data.entry(name).get("path") or data.prefix(name)
    format = PEERS[who].format
    if not format:
        return source
    # Other rows have two of them, too.
    others = {"safetensors": data.safetensors(name), "torch": f"{source}.pt"}
    other = others.get(format) if name != "mine" else None
    path = Path(other or data.prefix(f"{name}.peer-{format}"))
    if not path.exists():
        _refuse_full_disk(data, name)
        _refuse_many_files(data, name, format)
        part = Path(f"{path}.part")
        peer_writers.remove(part)
        peer_writers.write(
            format, part, peer_writers.Source(source, wanted_of(data, name))
        )
        part.rename(path)
    return str(path)


def _refuse_many_files(data: Data, name: str, format: str) -> None:
    count = len(wanted_of(data, name))
    if format in _FILE_EACH and count > _MOST_FILES:
        raise NotHere(f"{count} tensors would be as many files")


def _refuse_full_disk(data: Data, name: str) -> None:
    entry = data.entry(name)
    needed = entry.get("stored", entry.get("nbytes", 0)) * 11 // 10
    if needed > (free := free_disk(data.folder)):
        raise NotHere(
            f"its file needs {in_bytes(needed)} in {data.folder.parent}, where "
            f"{in_bytes(free)} are free"
        )


def _sources(data: Data) -> set[str]:
    """Gives what is a checkpoint's prefix, and no file."""
    return {data.entry("mine")["path"]} if "mine" in data.manifest else set()


def _refuse_what_it_lacks(is_right: Callable[[], bool]) -> None:
    """Tries a file of which nobody knows whether this library has a form for it.

    Raises:
        NotHere: It has none.
    """
    try:
        right = is_right()
    except NotHere:
        raise
    except Exception as error:
        said = str(error).strip().splitlines() or [""]
        raise NotHere(f"it says {type(error).__name__}: {said[0][:200]}") from error
    if not right:
        raise NotHere("what it gives is of another dtype or value than what is stored")


def load(data: Data, who: str, name: str = "bert", cold: bool = False) -> Case:
    wanted, path = wanted_of(data, name), path_of(data, name, who)
    read = peer_readers.reader(PEERS[who].reader)

    def run() -> tuple[list[np.ndarray], int]:
        arrays = read(path, wanted)
        return arrays, sum(touch(array) for array in arrays) % 2**64

    def prove(found: tuple[list[np.ndarray], int]) -> str:
        names = [tensor.name for tensor in wanted]
        return digest.of_arrays(dict(zip(names, found[0], strict=True)))

    expected = data.entry(name)["digest"]
    if name == "mine":
        _refuse_what_it_lacks(lambda: prove(run()) == expected)
    files = tuple(data.entry(name).get("cold", [])) if path in _sources(data) else ()
    return Case(run, prove, expected, cold=(files or (path,)) if cold else ())
