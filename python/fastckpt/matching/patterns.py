r"""Patterns of names, and what their placeholders stand for.

``{n}`` stands for a number, any other ``{word}`` for one part of a path, ``*`` for any
text; ``\`` takes the meaning from the character that follows it.
"""

from __future__ import annotations

import re
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

    def compile(self, is_greedy: bool = True) -> re.Pattern[str]:
        """Gives the expression whose groups are what the placeholders stand for.

        Args:
            is_greedy: Whether each takes as much as it can, the first before others.
                Else it takes as little.
        """
        # Where paths have slashes, a dot is a character like others.
        part = "[^/]+" if "/" in "".join(self.literals) else "[^/.]+"
        forms = {_NUMBER: "[0-9]+", _ANY: ".*", "part": part}
        first, *others = map(re.escape, self.literals)
        pairs = zip(self.kinds, others, strict=True)
        few = "" if is_greedy else "?"
        text = first + "".join(f"({forms[kind]}{few}){rest}" for kind, rest in pairs)
        return re.compile(text, re.DOTALL)

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


class Reader:
    """Reads names by a pattern, and tells where there is a second way to.

    Args:
        source: The pattern.
        target: Of the name that is made of what it finds; None: of none.
    """

    def __init__(self, source: Pattern, target: Pattern | None) -> None:
        self._most = source.compile()
        count = 0 if target is None else len(target.kinds)
        # What stands between the same text on both sides comes out the same.
        is_same = target is not None and (
            count == len(source.kinds)
            and target.literals[1:-1] == source.literals[1:-1]
        )
        self._counted = 0 if is_same or len(source.kinds) < 2 else count
        self._least = source.compile(False) if self._counted else None

    def read(self, name: str) -> tuple[Values, Values | None] | None:
        """Gives what the placeholders stand for; None: the name does not fit.

        Beside it is another reading that makes another name, None where there is none.
        """
        found = self._most.fullmatch(name)
        if found is None:
            return None
        values = found.groups()
        if self._least is None:
            return values, None
        # Of several readings these two, the first and the last, are never the same.
        other = self._least.fullmatch(name)
        assert other is not None
        count = self._counted
        is_other = other.groups()[:count] != values[:count]
        return values, other.groups() if is_other else None


def tell_readings(name: str, target: Pattern, values: Values, other: Values) -> str:
    """Says that a name has two readings, and what to do."""
    made, else_made = target.fill(values), target.fill(other)
    return (
        f"{name!r} has two readings, and would become {made!r} or {else_made!r}: "
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
