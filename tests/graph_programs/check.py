"""Checks fastckpt's graphs without TensorFlow: ``python check.py MODELS SAVED``.

For a Python whose protobuf is another version: the folders are those that
``make_models`` and ``make_saved`` wrote. Prints protobuf's version.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import google.protobuf

import fastckpt
from fastckpt.graph.schema import get_message


def check_model(folder: Path, target: Path) -> None:
    """Compares text and frozen file of a model with TensorFlow's."""
    meta = fastckpt.MetaGraph.read(folder / "model.ckpt-1.meta")
    assert meta.to_text() == (folder / "meta.txt").read_text(), folder
    assert fastckpt.MetaGraph.from_bytes(meta.to_bytes()).to_text() == meta.to_text()
    fastckpt.freeze(folder / "model.ckpt-1", "out", to=target, meta=meta)
    # Parsed, for the order in maps is that of protobuf's implementation.
    parse = get_message("GraphDef").FromString
    expected = parse((folder / "tensorflow.pb").read_bytes())
    made = parse(target.read_bytes())
    assert made == expected or expected.library.function, folder
    assert [node.name for node in made.node] == [node.name for node in expected.node]


def check_saved(folder: Path, target: Path) -> None:
    """Reads SavedModels and object graphs."""
    for name in ("module", "keras"):
        meta = fastckpt.MetaGraph.read(folder / name)
        assert meta.to_text() == (folder / f"{name}.txt").read_text(), name
        fastckpt.freeze(folder / name, to=target)
    objects = fastckpt.open(folder / "trained-1").objects
    assert objects["model/dense/kernel"].slots["momentum"].shape == (4, 6)


if __name__ == "__main__":
    models, saved = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as made:
        for each in ("renamed", "resource_partitioned", "resource_loop_v2", "cases"):
            check_model(models / each, Path(made) / "out.pb")
        check_saved(saved, Path(made) / "out.pb")
    print(google.protobuf.__version__)
