"""Calls of readers on checkpoints that are stored: golden ones, and real ones."""

from __future__ import annotations

import json

from places import GOLDEN, TESTDATA, items

# Of the others TensorFlow's reader refuses tensors.
_READABLE = {"every_dtype", "merged", "odd_names", "one_tensor", "string_tensors"}


def _prefix(folder):
    expected = json.loads((folder / "expected.json").read_text())
    return str(folder / expected["prefix"])


def _everything(c, prefix):
    reader = c.train.load_checkpoint(prefix)
    return [
        reader.debug_string(),
        reader.get_variable_to_shape_map(),
        reader.get_variable_to_dtype_map(),
        {name: reader.get_tensor(name) for name, _ in c.train.list_variables(prefix)},
    ]


_FOLDERS = [
    *(folder for folder in items(GOLDEN) if folder.name in _READABLE),
    *items(TESTDATA),
]
_PREFIXES = {folder.name: _prefix(folder) for folder in _FOLDERS}

CALLS = {
    f"everything in {name}": (lambda c, p=prefix: _everything(c, p))
    for name, prefix in _PREFIXES.items()
}
