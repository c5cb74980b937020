"""Rules such as ``old->new`` and what they make of the names of a checkpoint."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from fastckpt.base.text import escape, unescape
from fastckpt.cli.errors import UsageError
from fastckpt.matching.patterns import Pattern, Reader, tell_readings

__all__ = ["apply_rules"]

_ARROW = "->"

Rule = Callable[[str], str | None]


def apply_rules(
    names: Collection[str], rules: Sequence[str], is_regex: bool = False
) -> dict[str, str]:
    """Gives the new names, of those tensors whose name changes.

    Each name is changed by the first rule that fits it, and only by that one; so
    ``a->b`` and ``b->a`` swap. In a rule OLD is a name, or a pattern as those of
    ``fastckpt.Rules``: ``*`` stands for any text, ``{n}`` for a number, ``{name}`` for
    a part of a path; the k-th of NEW then stands for what the k-th of OLD found.
    As a regular expression, each place in a name where OLD is found becomes NEW
    (``re.sub``).

    Raises:
        UsageError: A rule is malformed or fits no name, or two tensors would have one
            name.
    """
    renamed: dict[str, str] = {}
    used = set()
    compiled = [_compile(rule, names, is_regex) for rule in rules]
    for name in names:
        for number, rule in enumerate(compiled):
            new = rule(name)
            if new is not None:
                used.add(number)
                renamed[name] = new
                break
    for number, text in enumerate(rules):
        if number not in used:
            raise UsageError(f"the rule '{escape(text)}' fits no tensor that is left")
    _check_distinct(names, renamed)
    return {old: new for old, new in renamed.items() if old != new}


def _compile(text: str, names: Collection[str], is_regex: bool) -> Rule:
    old, new = _split(text)
    if is_regex:
        return _compile_regex(text, old, new)
    for name in (old, unescape(old)):
        if name in names:
            return lambda candidate: unescape(new) if candidate == name else None
    try:
        return _compile_pattern(text, unescape(old), unescape(new))
    except ValueError as error:
        raise UsageError(f"the rule '{escape(text)}': {error}") from None


def _split(text: str) -> tuple[str, str]:
    if text.count(_ARROW) != 1:
        raise UsageError(f"the rule '{escape(text)}' is not of the form OLD->NEW")
    old, new = text.split(_ARROW)
    if not old or not new:
        raise UsageError(f"the rule '{escape(text)}' lacks a name on one side")
    return old, new


def _compile_regex(text: str, old: str, new: str) -> Rule:
    try:
        pattern = re.compile(old)
        pattern.sub(new, "")  # what is wrong with NEW shows only here
    except (re.error, IndexError) as error:
        raise UsageError(f"the rule '{escape(text)}': {error}") from None
    return lambda name: pattern.sub(new, name) if pattern.search(name) else None


def _compile_pattern(text: str, old: str, new: str) -> Rule:
    source, target = Pattern.parse(old), Pattern.parse(new)
    target.check_filled_by(source)
    reader = Reader(source, target)

    def rename(name: str) -> str | None:
        found = reader.read(name)
        if found is None:
            return None
        values, other = found
        if other is not None:
            told = tell_readings(name, target, values, other)
            raise UsageError(f"the rule '{escape(text)}': {escape(told)}")
        return target.fill(values)

    return rename


def _check_distinct(names: Collection[str], renamed: dict[str, str]) -> None:
    origin: dict[str, str] = {}
    for old in names:
        new = renamed.get(old, old)
        if not new:
            raise UsageError(f"the tensor '{escape(old)}' would lose its name")
        if new in origin:
            raise UsageError(
                f"both '{escape(origin[new])}' and '{escape(old)}' would be named "
                f"'{escape(new)}'"
            )
        origin[new] = old
