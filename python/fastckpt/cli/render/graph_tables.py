"""The tables that tell of a graph: its ends, variables, kinds of nodes, functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from fastckpt.base.text import escape, format_count, format_size
from fastckpt.cli.render.graph_node import format_shape
from fastckpt.cli.render.table import Table
from fastckpt.graph.operations import GraphFunction, GraphTensor
from fastckpt.graph.survey import Constant
from fastckpt.graph.variables import GraphVariable

__all__ = [
    "make_constant_table",
    "make_function_table",
    "make_kind_table",
    "make_tensor_table",
    "make_variable_table",
    "sum_scopes",
]


def make_tensor_table(title: str, tensors: Mapping[str, GraphTensor]) -> Table:
    """Gives the table of what goes in or comes out."""
    rows = [
        [
            escape(name),
            escape(tensor.name),
            tensor.tf_dtype or "?",
            format_shape(tensor.shape),
        ]
        for name, tensor in tensors.items()
    ]
    return [title, "tensor", "dtype", "shape"], rows, frozenset()


def make_constant_table(title: str, constants: Sequence[Constant]) -> Table:
    """Gives the table of values that the graph holds."""
    rows = [
        [escape(it.name), it.tf_dtype, format_shape(it.shape), _format_size(it.nbytes)]
        for it in constants
    ]
    return [title, "dtype", "shape", "size"], rows, frozenset({"size"})


def make_function_table(functions: Mapping[str, GraphFunction]) -> Table:
    """Gives the table of functions."""
    rows = [
        [
            escape(name),
            f"{len(it.operations):,}",
            f"{len(it.inputs):,}",
            f"{len(it.outputs):,}",
        ]
        for name, it in functions.items()
    ]
    header = ["function", "nodes", "inputs", "outputs"]
    return header, rows, frozenset(header[1:])


def make_kind_table(kinds: Mapping[str, int], in_functions: Mapping[str, int]) -> Table:
    """Gives the table of the kinds of nodes, of functions in a column of their own."""
    names = sorted(
        {**kinds, **in_functions},
        key=lambda op: (-kinds.get(op, 0) - in_functions.get(op, 0), op),
    )
    header = ["operation", "count"]
    rows = [[escape(op), f"{kinds.get(op, 0):,}"] for op in names]
    if in_functions:
        header.append("in functions")
        for op, row in zip(names, rows, strict=True):
            row.append(f"{in_functions.get(op, 0):,}")
    return header, rows, frozenset(header[1:])


# Deeper than programs nest their scopes; a damaged name could be a long chain.
_DEEPEST = 100


class _Row(NamedTuple):
    """A line of the tree: a scope, or a variable."""

    depth: int
    path: str
    variable: GraphVariable | None
    holds: int
    nbytes: int


def make_variable_table(
    variables: Mapping[str, GraphVariable], most: int | None = None
) -> Table:
    """Gives the variables as a tree of scopes, each with its size.

    Args:
        variables: All there are.
        most: How many lines there may be; the tree ends at a depth at which there are
            no more, or else has its largest scopes alone. None: any number.
    """
    rows = _arrange(variables)
    left_out: list[_Row] = []
    if most is not None:
        rows, left_out = _cut(rows, most)
    sizes = sum(it.nbytes or 0 for it in variables.values())
    count = format_count(len(variables), "variable")
    cells = [["all variables", "", count, format_size(sizes)], *map(_format, rows)]
    if left_out:
        count = format_count(sum(it.holds for it in left_out), "variable")
        size = format_size(sum(it.nbytes for it in left_out))
        cells.append([f"  and {format_count(len(left_out), 'other')}", "", count, size])
    return ["variable", "dtype", "shape", "size"], cells, frozenset({"size"})


def _arrange(variables: Mapping[str, GraphVariable]) -> list[_Row]:
    sizes, counts = sum_scopes(variables), _count_scopes(variables)
    rows, shown = [], {""}
    for name in _sort_by_scope(variables):
        scopes = _list_scopes(name)[1:]
        for depth, scope in enumerate(scopes, 1):
            if scope not in shown:
                shown.add(scope)
                rows.append(_Row(depth, scope, None, counts[scope], sizes[scope]))
        variable = variables[name]
        nbytes = variable.nbytes or 0
        rows.append(_Row(len(scopes) + 1, name, variable, 1, nbytes))
    return rows


def _cut(rows: list[_Row], most: int) -> tuple[list[_Row], list[_Row]]:
    """Gives the rows that are shown, and those of the last depth that are not."""
    if len(rows) <= most:
        return rows, []
    deepest = max(row.depth for row in rows)
    depth = 1
    while depth < deepest and sum(row.depth == depth for row in rows) == 1:
        depth += 1  # one scope around all of it
    shown = [row for row in rows if row.depth <= depth]
    if len(shown) <= most:
        while len(deeper := [row for row in rows if row.depth <= depth + 1]) <= most:
            shown, depth = deeper, depth + 1
        return shown, []
    last = [row for row in shown if row.depth == depth]
    by_size = sorted(last, key=lambda row: -row.nbytes)
    left_out = by_size[max(most - 1, 1) :]
    gone = set(map(id, left_out))
    return [row for row in shown if id(row) not in gone], left_out


def _format(row: _Row) -> list[str]:
    label = "  " * row.depth + escape(row.path.rpartition("/")[2])
    if row.variable is None:
        count = format_count(row.holds, "variable")
        return [f"{label}/", "", count, format_size(row.nbytes)]
    it = row.variable
    return [label, it.tf_dtype, format_shape(it.shape), _format_size(it.nbytes)]


def _format_size(nbytes: int | None) -> str:
    return "?" if nbytes is None else format_size(nbytes)


def _sort_by_scope(names: Iterable[str]) -> list[str]:
    """Brings the names of each scope together, where the first of them stands."""
    places = {name: [*_list_scopes(name)[1:], name] for name in names}
    first: dict[str, int] = {}
    for paths in places.values():
        for path in paths:
            first.setdefault(path, len(first))
    return sorted(places, key=lambda name: [first[path] for path in places[name]])


def _list_scopes(name: str) -> list[str]:
    parts = name.split("/", _DEEPEST)
    return ["/".join(parts[:i]) for i in range(len(parts))]


def sum_scopes(variables: Mapping[str, GraphVariable]) -> dict[str, int]:
    """Gives the bytes of the variables in each scope; "" is the whole graph."""
    sizes: dict[str, int] = {"": 0}
    for scope, variable in _list_pairs(variables):
        sizes[scope] = sizes.get(scope, 0) + (variable.nbytes or 0)
    return sizes


def _count_scopes(variables: Mapping[str, GraphVariable]) -> Mapping[str, int]:
    return Counter(scope for scope, _ in _list_pairs(variables))


def _list_pairs(
    variables: Mapping[str, GraphVariable],
) -> Iterator[tuple[str, GraphVariable]]:
    for name, variable in variables.items():
        for scope in _list_scopes(name):
            yield scope, variable
