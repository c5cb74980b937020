r"""Patterns of names, and what their placeholders stand for.

``{n}`` stands for a number, any other ``{word}`` for one part of a path, ``*`` for any
text; ``\`` takes the meaning from the character that follows it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = [
    "Pattern",
    "Reader",
    "Values",
    "escape",
    "split_lines",
    "split_words",
    "tell_readings",
]

#: What the placeholders of a pattern stand for.
Values = tuple[str, ...]

_ANY = "*"
_NUMBER = "n"
_TOKEN = re.compile(r"\\(.)|\{(\w+)\}|(\*)|([^\\{*])", re.DOTALL)
_NO_DIGIT = re.compile(r"[^0-9]")
_SLASH, _SLASH_OR_DOT = re.compile("/"), re.compile(r"[/.]")
_SPECIAL = re.compile(r"[\\{}*\s]")


class Pattern(NamedTuple):
    """A name with placeholders.

    Attributes:
        literals: The text before, between and after the placeholders.
        kinds: Of each placeholder: "n", "*", or "part".
    """

    literals: tuple[str, ...]
    kinds: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Reads a pattern.

        Raises:
            ValueError: It is empty, a brace stands alone, or a ``\\`` at its end.
        """
        literals, kinds = [""], []
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                raise ValueError(
                    f"{text[at:]!r} in {text!r} is no placeholder such as {{n}}; a "
                    "\\ before a brace or a \\ makes it a part of the name"
                )
            escaped, word, star, plain = token.groups()
            if word or star:
                kinds.append(_ANY if star else _NUMBER if word == _NUMBER else "part")
                literals.append("")
            else:
                literals[-1] += escaped or plain
            at = token.end()
        if not text:
            raise ValueError("a name is missing")
        return cls(tuple(literals), tuple(kinds))

    @property
    def name(self) -> str | None:
        """The name that it is; None where it has placeholders."""
        return None if self.kinds else self.literals[0]

    def match(self, name: str, is_greedy: bool = True) -> Values | None:
        """Gives what the placeholders of a name stand for; None: it does not fit.

        Args:
            name: The name. However it is made, time grows with its length alone.
            is_greedy: Whether each takes as much as it can, the first before others.
                Else it takes as little.
        """
        if not self._may_fit(name):
            return None
        ways = _Ways(self, name)
        values, at = [], len(self.literals[0])
        for place, literal in enumerate(self.literals[1:]):
            end = ways.find_end(place, at, is_greedy)
            if end is None:
                return None
            values.append(name[at:end])
            at = end + len(literal)
        return tuple(values)

    def _may_fit(self, name: str) -> bool:
        """Tells whether all that is no placeholder is there in its order."""
        first, last = self.literals[0], self.literals[-1]
        if not self.kinds:
            return name == first
        if not (name.startswith(first) and name.endswith(last)):
            return False
        at = len(first)
        for literal in self.literals[1:]:
            at = name.find(literal, at)
            if at < 0:
                return False
            at += len(literal)
        return True

    def check_filled_by(self, source: Pattern) -> None:
        """Raises ValueError unless what a source finds stands for this one's."""
        if self.kinds != source.kinds[: len(self.kinds)]:
            raise ValueError(
                "the k-th placeholder of the new name stands for the k-th of the old "
                f"one: {_show(self.kinds)} for {_show(source.kinds)}"
            )

    def fill(self, values: Sequence[str]) -> str:
        """Gives the name in which the first values stand for the placeholders."""
        first, *others = self.literals
        pairs = zip(values, others, strict=False)
        return first + "".join(value + rest for value, rest in pairs)


class _Ways:
    """Where each placeholder may end so that the rest of a name fits what follows.

    Found from the last to the first, once: an expression that goes back tries each
    way of the first with each of the others, and of many slashes there are many.
    """

    def __init__(self, pattern: Pattern, name: str) -> None:
        self._name, self._kinds = name, pattern.kinds
        self._stops = {
            kind: [*(found.start() for found in stop.finditer(name)), len(name)]
            for kind, stop in _stops_of(pattern).items()
        }
        self._ends: dict[int, list[int]] = {}
        last = len(pattern.kinds) - 1
        for place in range(last, -1, -1):
            literal = pattern.literals[place + 1]
            if place == last:
                ends = [len(name) - len(literal)]
            else:
                ends = [
                    end
                    for end in _occurrences(literal, name)
                    if self.find_end(place + 1, end + len(literal), True) is not None
                ]
            self._ends[place] = ends

    def find_end(self, place: int, at: int, is_greedy: bool) -> int | None:
        """Gives where a placeholder ends that begins at a character."""
        ends, kind = self._ends[place], self._kinds[place]
        least, most = at, len(self._name)
        if kind != _ANY:
            stops = self._stops[kind]
            least, most = at + 1, stops[bisect_left(stops, at)]
        first, last = bisect_left(ends, least), bisect_right(ends, most) - 1
        if first > last:
            return None
        return ends[last if is_greedy else first]


def _stops_of(pattern: Pattern) -> dict[str, re.Pattern[str]]:
    """Gives what ends each kind of placeholder."""
    # Where paths have slashes, a dot is a character like others.
    part = _SLASH if "/" in "".join(pattern.literals) else _SLASH_OR_DOT
    stops = {_NUMBER: _NO_DIGIT, "part": part}
    return {kind: stops[kind] for kind in {*pattern.kinds} - {_ANY}}


def _occurrences(literal: str, name: str) -> Iterator[int]:
    at = name.find(literal)
    while at >= 0:
        yield at
        at = name.find(literal, at + 1)


class Reader:
    """Reads names by a pattern, and tells where there is a second way to.

    Args:
        source: The pattern.
        target: Of the name that is made of what it finds; None: of none.
    """

    def __init__(self, source: Pattern, target: Pattern | None) -> None:
        self._source = source
        count = 0 if target is None else len(target.kinds)
        # What stands between the same text on both sides comes out the same.
        is_same = target is not None and (
            count == len(source.kinds)
            and target.literals[1:-1] == source.literals[1:-1]
        )
        self._counted = 0 if is_same or len(source.kinds) < 2 else count

    def read(self, name: str) -> tuple[Values, Values | None] | None:
        """Gives what the placeholders stand for; None: the name does not fit.

        Beside it is another reading that makes another name, None where there is none.
        """
        values = self._source.match(name)
        if values is None or not self._counted:
            return None if values is None else (values, None)
        # Of several readings these two, the first and the last, are never the same.
        other = self._source.match(name, is_greedy=False)
        assert other is not None
        count = self._counted
        return values, other if other[:count] != values[:count] else None


def tell_readings(name: str, target: Pattern, values: Values, other: Values) -> str:
    """Says that a name has two readings, and what to do."""
    made, else_made = target.fill(values), target.fill(other)
    become = f", and would become {made!r} or {else_made!r}"
    if made == else_made:  # what is between them may make others
        become = ", which the line joins in one way or another"
    return (
        f"{name!r} has two readings{become}: "
        "a line with more of the name, or with {name} in the place of *, decides"
    )


def _show(kinds: Sequence[str]) -> str:
    forms = {_NUMBER: "{n}", "part": "{name}", _ANY: "*"}
    return " ".join(forms[kind] for kind in kinds) or "none"


def escape(name: str) -> str:
    """Gives the pattern that a name is, and nothing else."""
    text = _SPECIAL.sub(lambda special: "\\" + special[0], name)
    return "\\" + text if text in ("-", "+", "->") or text.startswith("#") else text


def split_lines(text: str) -> Iterator[tuple[int, str]]:
    """Gives the lines of a text and their numbers: a newline after a ``\\`` is text."""
    number = 1
    for line in re.findall(r"(?:\\.|[^\\\n])+\\?|\n", text, re.DOTALL):
        if line != "\n":
            yield number, line
        number += line.count("\n")


def split_words(line: str) -> list[str]:
    """Gives the words of a line, escapes and all: whitespace after a ``\\`` is text."""
    return re.findall(r"(?:\\.|[^\\\s])+\\?", line, re.DOTALL)
