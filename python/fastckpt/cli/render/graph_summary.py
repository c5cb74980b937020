"""A whole graph as ``graph`` presents it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import fastckpt
from fastckpt.base.text import escape, format_count, format_size
from fastckpt.cli.render.graph_node import describe_tensor, format_shape
from fastckpt.cli.render.output import paint, print_json, print_lines, print_table
from fastckpt.cli.render.text import format_field
from fastckpt.graph.meta_graph import MetaGraph, Unmatched
from fastckpt.graph.operations import GraphTensor
from fastckpt.graph.outputs import INIT_SIGNATURES, find_likely_outputs
from fastckpt.graph.subgraph import find_needed
from fastckpt.graph.variables import GraphVariable

__all__ = ["show_summary"]

# The kinds of operations that are listed; the rest is counted.
_MOST_KINDS = 15

_Tensors = dict[str, GraphTensor]


def show_summary(meta: MetaGraph, as_json: bool) -> None:
    """Writes what a graph is made of."""
    inputs, outputs = _find_ends(meta)
    unmatched = _compare_with_checkpoint(meta)
    if as_json:
        described = _describe(meta, inputs, outputs)
        print_json({**described, "unmatched": unmatched and unmatched._asdict()})
        return
    print_lines([paint(escape(meta.path or "graph"), "bold"), *_format_head(meta)])
    _print_tensors("input", inputs)
    _print_tensors("output", outputs)
    if meta.variables:
        print_lines([""])
        _print_variables(meta.variables)
    if unmatched is not None:
        _print_unmatched(unmatched)
    print_lines([""])
    _print_kinds(_count_kinds(meta))


def _compare_with_checkpoint(meta: MetaGraph) -> Unmatched | None:
    """Compares with the checkpoint that belongs to the file, if there is one."""
    path = meta.path or ""
    is_saved_model = os.path.basename(path).startswith("saved_model.")
    try:
        with fastckpt.open(os.path.dirname(path) if is_saved_model else path) as ckpt:
            return meta.find_unmatched(ckpt)
    except (fastckpt.CheckpointError, OSError):
        return None


def _print_unmatched(unmatched: Unmatched) -> None:
    titles = "tensors that no variable reads", "variables without a tensor"
    for title, names in zip(titles, unmatched, strict=True):
        if names:
            print_lines(["", f"{title}:", *(f"  {escape(name)}" for name in names)])


def _find_ends(meta: MetaGraph) -> tuple[_Tensors, _Tensors]:
    """Gives the inputs and the outputs, by the names to call them by."""
    signatures = {n: s for n, s in meta.signatures.items() if n not in INIT_SIGNATURES}
    signature = signatures.get("serving_default") or next(
        iter(signatures.values()), None
    )
    if signature is not None:
        return signature.inputs, signature.outputs
    outputs = find_likely_outputs(meta)
    needed = find_needed(meta.graph_def, outputs)
    inputs = [each for each in meta.placeholders if not outputs or each.name in needed]
    return (
        _name_tensors([operation.outputs for operation in inputs]),
        _name_tensors([meta.get_operation_by_name(name).outputs for name in outputs]),
    )


def _name_tensors(groups: list[list[GraphTensor]]) -> _Tensors:
    return {tensor.name: tensor for group in groups for tensor in group}


def _describe(meta: MetaGraph, inputs: _Tensors, outputs: _Tensors) -> dict[str, Any]:
    info, saver = meta.meta_info, meta.saver
    return {
        "path": meta.path,
        "tensorflow_version": info.tensorflow_version,
        "tags": info.tags,
        "producer": meta.graph_def.versions.producer,
        "saver_version": None if saver is None else saver.version,
        "operations": len(meta.operations),
        "functions": list(meta.functions),
        "signatures": list(meta.signatures),
        "inputs": {name: describe_tensor(each) for name, each in inputs.items()},
        "outputs": {name: describe_tensor(each) for name, each in outputs.items()},
        "variables": [_describe_variable(each) for each in meta.variables.values()],
        "scopes": _sum_scopes(meta.variables),
        "kinds": _count_kinds(meta),
    }


def _describe_variable(variable: GraphVariable) -> dict[str, Any]:
    part = variable.slice
    return {
        "name": variable.name,
        "checkpoint_name": variable.checkpoint_name,
        "dtype": variable.tf_dtype,
        "shape": None if variable.shape is None else list(variable.shape),
        "nbytes": variable.nbytes,
        "trainable": variable.trainable,
        "slice": None if part is None else part._asdict(),
    }


def _format_head(meta: MetaGraph) -> Iterator[str]:
    info, saver = meta.meta_info, meta.saver
    if info.tensorflow_version:
        yield format_field("TensorFlow", escape(info.tensorflow_version))
    if info.tags:
        yield format_field("tags", ", ".join(map(escape, info.tags)))
    yield format_field("producer", str(meta.graph_def.versions.producer))
    if saver is not None:
        yield format_field("saver", f"{saver.version}, keeps {saver.max_to_keep}")
    yield format_field("operations", f"{len(meta.operations):,}")
    if meta.functions:
        yield format_field("functions", f"{len(meta.functions):,}")


def _print_tensors(title: str, tensors: _Tensors) -> None:
    if not tensors:
        return
    print_lines([""])
    rows = [
        [
            escape(name),
            escape(tensor.name),
            tensor.tf_dtype or "?",
            format_shape(tensor.shape),
        ]
        for name, tensor in tensors.items()
    ]
    print_table([title, "tensor", "dtype", "shape"], rows)


def _print_variables(variables: Mapping[str, GraphVariable]) -> None:
    """Writes the variables as a tree of scopes, each with its size."""
    sizes = _sum_scopes(variables)
    rows = [["all variables", "", "", format_size(sizes[""])]]
    shown = {""}
    for name in _sort_by_scope(variables):
        variable = variables[name]
        for scope in _list_scopes(name)[1:]:
            if scope not in shown:
                shown.add(scope)
                rows.append([_indent(scope) + "/", "", "", format_size(sizes[scope])])
        nbytes = variable.nbytes
        rows.append(
            [
                _indent(name),
                variable.tf_dtype,
                format_shape(variable.shape),
                "?" if nbytes is None else format_size(nbytes),
            ]
        )
    print_table(["variable", "dtype", "shape", "size"], rows, frozenset({"size"}))


def _sort_by_scope(names: Iterable[str]) -> list[str]:
    """Brings the names of each scope together, where the first of them stands."""
    places = {name: [*_list_scopes(name)[1:], name] for name in names}
    first: dict[str, int] = {}
    for paths in places.values():
        for path in paths:
            first.setdefault(path, len(first))
    return sorted(places, key=lambda name: [first[path] for path in places[name]])


def _indent(path: str) -> str:
    depth = path.count("/") + 1
    return "  " * depth + escape(path.rpartition("/")[2])


def _list_scopes(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:i]) for i in range(len(parts))]


def _sum_scopes(variables: Mapping[str, GraphVariable]) -> dict[str, int]:
    """Gives the bytes of the variables in each scope; "" is the whole graph."""
    sizes: dict[str, int] = {"": 0}
    for name, variable in variables.items():
        for scope in _list_scopes(name):
            sizes[scope] = sizes.get(scope, 0) + (variable.nbytes or 0)
    return sizes


def _count_kinds(meta: MetaGraph) -> dict[str, int]:
    counts = Counter(operation.op for operation in meta.operations)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _print_kinds(kinds: dict[str, int]) -> None:
    items = list(kinds.items())
    rows = [[escape(op), f"{count:,}"] for op, count in items[:_MOST_KINDS]]
    print_table(["operation", "count"], rows, frozenset({"count"}))
    more = len(items) - _MOST_KINDS
    if more > 0:
        print_lines([f"and {format_count(more, 'other kind')}"])
