"""A whole graph as ``graph`` presents it: what a stranger asks first stands first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fastckpt.base.text import escape, format_count, format_size, make_printable
from fastckpt.cli.render.graph_facts import GraphFacts
from fastckpt.cli.render.graph_tables import (
    make_constant_table,
    make_function_table,
    make_kind_table,
    make_tensor_table,
    make_variable_table,
)
from fastckpt.cli.render.output import (
    paint,
    print_fields,
    print_json,
    print_lines,
    print_sentences,
    print_table,
    print_text,
    terminal_width,
)
from fastckpt.cli.render.text import display_width
from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.operations import GraphTensor

__all__ = ["show_summary"]

# What a summary lists; the rest is counted.
_MOST_ENDS = 6
_MOST_SCOPES = 7
_MOST_CONSTANTS = 4
_MOST_KINDS = 6
_MOST_NAMES = 5

_WHAT = {
    "SavedModel": "a SavedModel",
    "MetaGraphDef": "a graph with a saver (MetaGraphDef)",
    "GraphDef": "a bare graph (GraphDef)",
}
# Every checkpoint of TensorFlow 2 has it, and no variable reads it.
_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"


def show_summary(meta: MetaGraph, as_json: bool, is_whole: bool = False) -> None:
    """Writes what a graph is made of.

    Args:
        meta: The graph.
        as_json: Whether as one JSON document.
        is_whole: Whether everything is listed, and nothing only counted.
    """
    facts = GraphFacts(meta)
    if as_json:
        print_json(facts.describe())
        return
    path = make_printable(meta.path or "graph")
    print_lines([paint(path, "bold")])
    prefix = make_printable(facts.beside.prefix or "")
    kinds = _list_kinds(facts)
    print_fields(_list_head(facts, kinds, is_whole), [prefix, *kinds])
    _print_ends(facts, is_whole)
    _print_weights(facts, is_whole)
    _print_unmatched(facts, is_whole)
    if is_whole:
        print_lines([""])
        print_table(*make_kind_table(facts.kinds, facts.function_kinds))
        if meta.functions:
            print_lines([""])
            print_table(*make_function_table(meta.functions))
    _print_lacks(facts, is_whole)
    _print_recipe(facts.recipe)


def _list_head(
    facts: GraphFacts, kinds: list[str], is_whole: bool
) -> Iterator[tuple[str, str]]:
    meta, info = facts.meta, facts.meta.meta_info
    what = _WHAT[meta.kind]
    if info.tensorflow_version:
        what += f", written by TensorFlow {escape(info.tensorflow_version)}"
    if info.tags:
        what += f", tags {', '.join(map(escape, info.tags))}"
    yield "what", what
    for tags in meta.graph_tags if len(meta.graph_tags) > 1 else []:
        if set(tags) != set(info.tags):
            yield "also", f"a graph with --tags {','.join(map(escape, tags))}"
    yield "nodes", _format_nodes(facts)
    yield "kinds", ", ".join(kinds)
    if is_whole:
        yield "producer", str(meta.graph_def.versions.producer)
        if (saver := meta.saver) is not None:
            yield "saver", f"{saver.version}, keeps {saver.max_to_keep}"
    yield "weights", _format_weights(facts)
    if facts.calls:
        yield "signatures", _list_names(facts.calls, is_whole)


def _format_nodes(facts: GraphFacts) -> str:
    text = f"{sum(facts.kinds.values()):,}"
    functions = len(facts.meta.functions)
    if functions:
        inner = sum(facts.function_kinds.values())
        text += f", and {inner:,} in {format_count(functions, 'function')}"
    return text


def _list_kinds(facts: GraphFacts) -> list[str]:
    """Gives the kinds of nodes that there are most of, and how many others."""
    counts = Counter(facts.kinds) + Counter(facts.function_kinds)
    kinds = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{escape(op)} {count:,}" for op, count in kinds[:_MOST_KINDS]]
    more = len(kinds) - _MOST_KINDS
    return [*shown, format_count(more, "other kind")] if more > 0 else shown


def _format_weights(facts: GraphFacts) -> str:
    variables = facts.meta.variables.values()
    constants = sum(it.nbytes or 0 for it in facts.constants)
    count = format_count(len(facts.constants), "constant")
    held = f"{count} of {format_size(constants)}"
    if not variables:
        return f"no variables; {held} in the graph itself"
    size = format_size(sum(it.nbytes or 0 for it in variables))
    text = f"{format_count(len(variables), 'variable')} of {size}"
    if facts.beside.prefix is None:
        return f"{text}, stored in no checkpoint here; {held}"
    return f"{text}, stored in {make_printable(facts.beside.prefix)}"


def _print_ends(facts: GraphFacts, is_whole: bool) -> None:
    for name in facts.calls if is_whole and len(facts.calls) > 1 else []:
        signature = facts.meta.signatures[name]
        print_lines(["", paint(f"signature {escape(name)}", "bold")])
        _print_tensors("input", signature.inputs, is_whole)
        _print_tensors("output", signature.outputs, is_whole)
    if is_whole and len(facts.calls) > 1:
        return
    ends = facts.ends
    if ends.signature is not None and len(facts.calls) > 1:
        print_lines(["", paint(f"signature {escape(ends.signature)}", "bold")])
    _print_tensors("input", ends.inputs, is_whole)
    _print_tensors("output", ends.outputs, is_whole)
    if ends.signature is not None:
        return
    if ends.outputs:
        print_text("(guessed: no signature names inputs and outputs)")
    else:
        print_lines([""])
        print_text("no signature names inputs and outputs, and no node looks like one")


def _print_tensors(title: str, tensors: dict[str, GraphTensor], is_whole: bool) -> None:
    if not tensors:
        return
    most = len(tensors) if is_whole else _MOST_ENDS
    print_lines([""])
    print_table(*make_tensor_table(title, dict(list(tensors.items())[:most])))
    if len(tensors) > most:
        _print_more(len(tensors) - most, title)


def _print_more(count: int, what: str) -> None:
    print_text(f"and {format_count(count, f'other {what}')}; --all lists them")


def _print_weights(facts: GraphFacts, is_whole: bool) -> None:
    variables = facts.meta.variables
    if variables:
        print_lines([""])
        most = None if is_whole else _MOST_SCOPES
        print_table(*make_variable_table(variables, most))
    if not facts.constants or (variables and not is_whole):
        return
    shown = facts.constants[:_MOST_CONSTANTS]
    if is_whole:
        shown = [it for it in facts.constants if not it.is_small]
    if shown:
        print_lines([""])
        print_table(*make_constant_table("largest constants", shown))
    more = len(facts.constants) - len(shown)
    if more > 0:
        told = "" if is_whole else "; --all lists more"
        print_text(f"and {format_count(more, 'smaller constant')}{told}")


def _print_unmatched(facts: GraphFacts, is_whole: bool) -> None:
    unmatched = facts.beside.unmatched
    if unmatched is None:
        return
    tensors = [name for name in unmatched.tensors if name != _OBJECTS]
    needed = set(facts.missing.variables)
    variables = [name for name in unmatched.variables if name in needed]
    spare = [name for name in unmatched.variables if name not in needed]
    if spare and not is_whole:
        count = format_count(len(spare), "variable")
        print_lines([""])
        print_text(f"{count} without a tensor, which no output needs")
        spare = []
    for title, names in (
        ("tensors that no variable reads:", tensors),
        ("variables without a tensor:", variables),
        ("variables without a tensor, which no output needs:", spare),
    ):
        if names:
            print_lines([""])
            print_text(title)
            most = len(names) if is_whole else _MOST_NAMES
            print_lines(f"  {escape(name)}" for name in names[:most])
            if len(names) > most:
                print_text(f"  and {len(names) - most:,} more; --all lists them", 2)


def _print_lacks(facts: GraphFacts, is_whole: bool) -> None:
    lines = list(_list_lacks(facts, is_whole))
    if lines:
        print_lines(["", paint("missing:", "bad")])
        files = [*facts.beside.lost, *facts.missing.assets]
        print_sentences(lines, map(make_printable, files))


def _list_lacks(facts: GraphFacts, is_whole: bool) -> Iterator[str]:
    missing = facts.missing
    if missing.nodes:
        names = _list_names(missing.nodes, is_whole)
        yield f"  nodes that are read and not in the graph: {names}"
    if missing.variables:
        count = format_count(len(missing.variables), "variable")
        where = "in the checkpoint" if facts.beside.prefix else "here"
        yield f"  the values of {count} that the outputs need are not {where}"
    for path in facts.beside.lost:
        yield f"  {make_printable(path)}: a data file that is not there, or cut"
    for path in missing.assets:
        yield f"  {make_printable(path)}: a file that the graph reads"
    for need in facts.needs:
        yield f"  {_list_names(need.ops, is_whole)}: need {need.what}"


def _list_names(names: Sequence[str], is_whole: bool) -> str:
    shown = list(names) if is_whole else list(names[:_MOST_NAMES])
    more = len(names) - len(shown)
    text = ", ".join(map(escape, shown))
    return f"{text} and {more:,} more" if more else text


def _print_recipe(lines: Sequence[str]) -> None:
    if not lines:
        return
    print_lines(["", "to run it with TensorFlow:"])
    width = terminal_width()
    for line in map(make_printable, lines):
        begin, bracket, rest = f"  {line}".partition("(")
        if width is None or display_width(f"  {line}") <= width:
            print_lines([f"  {line}"])
        else:  # Python goes on between brackets alone
            print_lines([begin + bracket])
            print_text(f"      {rest}", 0)
