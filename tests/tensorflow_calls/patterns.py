"""Calls with patterns, which stand for all V1 files that fit."""

from __future__ import annotations

import os
import shutil

# Where the samples are copied to: files that are one checkpoint, and no two of them
# have a tensor in common unless they are named so.
_COPIES = {
    "m-1": "v1",
    "m-2": "v1_wide",
    "m-00000-of-00002": "v1_shards-00000-of-00002",
    "m-00001-of-00002": "v1_shards-00001-of-00002",
    "d1/m-1": "v1",
    "d2/m-2": "v1_wide",
    ".m-3": "v1_wide",
}
_PATTERNS = (
    "m-?",
    "m-[12]",
    "m-[!1]",
    "m-[^1]",
    "[m]-1",
    "m*",
    "./m-?",
    "m-0*",
    "m-*-of-00002",
    "m-0000[01]-of-00002",
    "m-00000-of-*",
    "d?/m-*",
    "*/m-1",
    "d[1]/m-?",
    "*-3",
    "m-{1,2}",
    "none-*",
    "m-\\*",
    "[",
)
_BROKEN = {
    "text": {"m-text": b"no table" * 20},
    "an empty file": {"m-empty": b""},
}


def _folder(c, files=()):
    folder = c.new("patterns")
    shutil.rmtree(folder, ignore_errors=True)
    for name, sample in _COPIES.items():
        os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
        shutil.copy(c.at(sample), f"{folder}/{name}")
    for name, content in dict(files).items():
        with open(f"{folder}/{name}", "wb") as file:
            file.write(content)
    return folder


def _read(c, pattern, files=()):
    reader = c.v1.train.NewCheckpointReader(f"{_folder(c, files)}/{pattern}")
    names = sorted(reader.get_variable_to_shape_map())
    shapes = reader.get_variable_to_shape_map()
    values = [
        reader.get_tensor(name)
        for name in ("vector/float32", "layer_0/kernel", "layer_1/kernel")
        if name in names
    ]
    return shapes, reader.get_variable_to_dtype_map(), values


def _read_here(c, pattern):
    before = os.getcwd()
    os.chdir(_folder(c))
    try:
        return sorted(c.train.load_checkpoint(pattern).get_variable_to_shape_map())
    finally:
        os.chdir(before)


def _grown(c):
    """One more file fits, and then one fewer."""
    folder = _folder(c)
    pattern = f"{folder}/m-?"
    found = []
    for name in ("", ".m-3"):
        if name:
            os.replace(f"{folder}/m-2", f"{folder}/gone")
        found.append([name for name, _ in c.train.list_variables(pattern)])
    os.replace(f"{folder}/gone", f"{folder}/m-4")
    return [*found, [name for name, _ in c.train.list_variables(pattern)]]


CALLS = {
    **{f"pattern {it}": (lambda c, p=it: _read(c, p)) for it in _PATTERNS},
    **{
        f"pattern beside {what}": (lambda c, f=files: _read(c, "m-*", f))
        for what, files in _BROKEN.items()
    },
    **{
        f"pattern {it} in this folder": (lambda c, p=it: _read_here(c, p))
        for it in ("m-?", "*/m-1")
    },
    "pattern and one more file": _grown,
}
