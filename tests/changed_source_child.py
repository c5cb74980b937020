"""What `test_changed_sources.py` runs: a command whose source changes meanwhile.

A fault strikes after a checkpoint was opened, at a call of progress, or when values
are about to be written: at the first such moment, then at the second, and so on.
Whenever it does, the command fails and leaves
what was there, or what it made is of the whole old source or of the whole new one.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import fastckpt
from fastckpt.cli.main import main as command_line
from fastckpt.editing.average import average
from fastckpt.graph.freeze.constants import Constant
from fastckpt.graph.schema import get_message
from fastckpt.reading.checkpoint import Checkpoint

Values = dict[str, Any]
KEPT: Values = {"kept": np.array(1)}
OLD: Values = {
    "a": np.arange(300_000, dtype=np.float32),
    "b": np.arange(300_000, dtype=np.float32)[::-1].copy(),
    "c": np.arange(5_000, dtype=np.int64),
    "d": np.arange(20_000, dtype=np.float32),
}
NEW: Values = {"a": OLD["a"] + 1, "e": np.arange(7, dtype=np.float32)}
OTHER: Values = {"x": np.arange(5)}
SHARDS = 2
# What is frozen; the new source lacks some of it.
FROZEN = ["a", "b", "d"]


class Strike:
    """Does something once: after so many of the moments at which it may."""

    def __init__(self, after: int, fault: Callable[[], None]) -> None:
        self.left = after
        self.fault = fault
        self.struck = False

    def moment(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            self.struck = True
            self.fault()


def data_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("old.data-*"))


def cut(folder: Path) -> None:
    for path in data_files(folder):
        os.truncate(path, 4096)


def remove(folder: Path) -> None:
    for path in data_files(folder):
        path.unlink()


def replace(folder: Path) -> None:
    beside = folder.parent / "beside"
    fastckpt.save(beside / "old", NEW, shards=SHARDS, fsync=False)
    for path in sorted(beside.iterdir()):
        path.replace(folder / path.name)
    beside.rmdir()


FAULTS = {"cut": cut, "remove": remove, "replace": replace}


def _cli(*words: str) -> Callable[[Path, Path, Strike], None]:
    def run(source: Path, target: Path, strike: Strike) -> None:
        given = [word.format(source=source, target=target) for word in words]
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(errors):
            status = command_line(given)
        if status:
            raise RuntimeError(f"{status}: {errors.getvalue()}")

    return run


def _rewrite(**options: Any) -> Callable[[Path, Path, Strike], None]:
    def run(source: Path, target: Path, strike: Strike) -> None:
        fastckpt.rewrite(source, target, progress=strike.moment, **options)

    return run


def _average(source: Path, target: Path, strike: Strike) -> None:
    average([source, source.with_name("twin")], target, progress=strike.moment)


def _merge(**options: Any) -> Callable[[Path, Path, Strike], None]:
    def run(source: Path, target: Path, strike: Strike) -> None:
        fastckpt.merge([source, source.with_name("other")], target, **options)

    return run


def graph_of(names: list[str]) -> fastckpt.MetaGraph:
    """Gives a graph that reads variables of these names."""
    meta = get_message("MetaGraphDef")()
    for name in names:
        node = meta.graph_def.node.add(name=name, op="VariableV2")
        node.attr["dtype"].type = 1
        meta.graph_def.node.add(name=f"{name}/read", op="Identity", input=[name])
    return fastckpt.MetaGraph.from_bytes(meta.SerializeToString())


def freeze(source: Path | Checkpoint, target: Path, strike: Strike) -> None:
    outputs = [f"{name}/read" for name in FROZEN]
    fastckpt.freeze(source, outputs, to=target, meta=graph_of(FROZEN))


def read_frozen(target: Path) -> Values:
    graph = get_message("GraphDef").FromString(target.read_bytes())
    tensors = {
        it.name: it.attr["value"].tensor for it in graph.node if it.op == "Const"
    }
    return {
        name: np.frombuffer(tensor.tensor_content, np.float32)
        for name, tensor in tensors.items()
    }


COMMANDS = {
    "freeze": freeze,
    "rewrite": _rewrite(),
    "rewrite_cast": _rewrite(dtype="float64"),
    "rewrite_v1": _rewrite(format="v1"),
    "merge": _merge(),
    "merge_shards": _merge(shards=3),
    "merge_delete": _merge(delete_sources=True),
    "average": _average,
    "strip": _cli("strip", "{source}", "{target}"),
    "rename": _cli("rename", "{source}", "{target}", "a->z"),
    "convert_v1": _cli("convert", "{source}", "{target}", "--format", "v1"),
    "convert_v2": _cli("convert", "{source}", "{target}", "--format", "v2"),
    "convert_npz": _cli("convert", "{source}", "{target}", "--format", "npz"),
    "convert_safetensors": _cli(
        "convert", "{source}", "{target}", "--format", "safetensors"
    ),
}


def expected(command: str, source: Values) -> Values:
    if command == "freeze":
        return {name: source[name] for name in FROZEN if name in source}
    if command == "rename":
        return {("z" if name == "a" else name): it for name, it in source.items()}
    return {**source, **(OTHER if command.startswith("merge") else {})}


def read(command: str, target: Path) -> Mapping[str, Any]:
    if command == "freeze":
        return read_frozen(target)
    if command == "convert_npz":
        return dict(np.load(target))
    if command == "convert_safetensors":
        from safetensors.numpy import load_file

        return load_file(target)
    with fastckpt.open(target) as checkpoint:
        return checkpoint.load(copy=True)


def is_same(found: Mapping[str, Any], wanted: Values) -> bool:
    return set(found) == set(wanted) and all(
        np.array_equal(found[name], wanted[name]) for name in wanted
    )


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def prepare(root: Path, command: str) -> tuple[Path, Path]:
    shutil.rmtree(root, ignore_errors=True)
    source, target = root / "in" / "old", root / "out" / "new"
    fastckpt.save(source, OLD, shards=SHARDS, fsync=False)
    fastckpt.save(source.with_name("other"), OTHER, fsync=False)
    if command == "average":
        fastckpt.save(source.with_name("twin"), OLD, shards=SHARDS, fsync=False)
    target.parent.mkdir()
    if command in ("convert_npz", "convert_safetensors", "freeze"):
        target.write_bytes(b"kept")
    elif command != "convert_v1":
        fastckpt.save(target, KEPT, fsync=False)
    return source, target


def strike_once(root: Path, command: str, name: str, after: int) -> bool:
    """Tells whether there was such a moment."""
    source, target = prepare(root, command)
    before = {path.name: path.read_bytes() for path in target.parent.iterdir()}
    strike = Strike(after, lambda: FAULTS[name](source.parent))
    opening, adding = Checkpoint.__init__, fastckpt.Writer.add
    writing, freezing = np.lib.format.write_array, Constant.iterate_parts

    def then_strike(self: Checkpoint, *arguments: Any, **options: Any) -> None:
        opening(self, *arguments, **options)
        strike.moment()

    def strike_before_adding(*arguments: Any) -> None:
        strike.moment()
        adding(*arguments)

    def strike_before_writing(*arguments: Any, **options: Any) -> None:
        strike.moment()
        writing(*arguments, **options)

    def strike_before_freezing(self: Constant) -> Any:
        strike.moment()
        return freezing(self)

    Checkpoint.__init__ = then_strike
    Constant.iterate_parts = strike_before_freezing
    fastckpt.Writer.add = strike_before_adding
    np.lib.format.write_array = strike_before_writing
    error = None
    try:
        COMMANDS[command](source, target, strike)
    except (fastckpt.CorruptionError, FileNotFoundError, RuntimeError) as caught:
        error = caught
    finally:
        Checkpoint.__init__ = opening
        fastckpt.Writer.add = adding
        np.lib.format.write_array = writing
        Constant.iterate_parts = freezing
    where = f"{command}, {name} after {after}: {error}"
    if error is None:
        found = read(command, target)
        assert any(is_same(found, expected(command, it)) for it in (OLD, NEW)), where
    else:
        assert strike.struck, where
        after_it = {path.name: path.read_bytes() for path in target.parent.iterdir()}
        assert after_it == before, where
        assert {"other.index"} <= set(names_in(source.parent)), where
        assert not isinstance(error, RuntimeError) or "Error" not in str(error), where
    return strike.struck


def main(root: str, command: str) -> None:
    for name in FAULTS:
        after = 1
        while strike_once(Path(root), command, name, after):
            after += 1
        assert after > 1, f"{command} opens nothing"
    print("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
