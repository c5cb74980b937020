"""``Rules``: lines of text that say which tensor becomes which parameter, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fastckpt.base.deferred import importing
from fastckpt.matching.patterns import Pattern, split_lines, split_words
from fastckpt.matching.transforms import Step, parse_step

__all__ = ["Rule", "Rules"]

_ARROW, _PLUS, _NONE = "->", "+", "-"
_OPTIONAL = "optional"
_FORM = "SOURCE [+ SOURCE ...] -> TARGET [transforms], SOURCE -> - or - -> TARGET"


class Rule(NamedTuple):
    """One line.

    Attributes:
        line: Its number in the text, from 1.
        text: It, with single spaces between its words.
        sources: Patterns of names in the checkpoint; none: the target is left alone.
        target: Of names of parameters; None: the source is left out.
        before: What becomes of each source.
        concat: How they are joined; None: there is one.
        after: What becomes of that.
        is_optional: Whether it counts only where its target is there.
    """

    line: int
    text: str
    sources: tuple[Pattern, ...]
    target: Pattern | None
    before: tuple[Step, ...] = ()
    concat: Step | None = None
    after: tuple[Step, ...] = ()
    is_optional: bool = False

    @property
    def said(self) -> str:
        """How messages name it."""
        return f"line {self.line}, {self.text!r}"

    @property
    def takes(self) -> bool:
        """Whether a part of a source is taken, so that others may take the rest."""
        return any(step.word == "take" for step in self.before)


class Rules:
    """Which tensor becomes which parameter: of its lines the first that fits counts.

    Made by ``parse``, or ``bert``. ``str()`` gives the text.

    Threads: safe; nothing changes it.
    """

    def __init__(self, rules: Sequence[Rule], text: str) -> None:
        self._rules = tuple(rules)
        self._text = text

    @classmethod
    def parse(cls, text: str) -> Rules:
        r"""Reads rules, one a line.

        ``SOURCE -> TARGET``, then transforms, done from left to right: ``transpose``
        (all axes the other way round), ``permute 3,2,0,1``, ``squeeze`` (drops axes of
        size 1), ``reshape 12,64,-1``, ``take AXIS a:b`` (other lines take the rest
        of the source, or leave it out: ``SOURCE -> - take AXIS a:b``). ``SOURCE +
        SOURCE -> TARGET concat AXIS`` joins; what stands before ``concat`` is done to
        each. ``SOURCE -> -`` leaves a tensor out, ``- -> TARGET`` leaves a parameter
        alone. ``optional`` at the end: the line counts only where its target is there.

        In names ``{n}`` stands for a number, any other ``{word}`` for a part of a path
        (up to the next ``/``; in a name without one up to the next ``.``), ``*`` for
        any text; the k-th of these in TARGET for the k-th in each SOURCE. ``\`` makes
        the next character a part of a name. Empty lines and such as begin with ``#``
        are nothing.

        Raises:
            ValueError: A line is no rule; says which, and why.
        """
        return cls(list(_parse_lines(text)), text)

    @classmethod
    def bert(cls) -> Rules:
        """Gives google-research/bert's names as Hugging Face's models have them.

        For a bare model and for one with heads, whose parameters begin with ``bert.``;
        the heads of the checkpoint that the model lacks are left out.
        Source: transformers' convert_bert_original_tf_checkpoint_to_pytorch (facts).
        """
        with importing:
            from fastckpt.matching.bert import TEXT

        return cls.parse(TEXT)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<fastckpt.Rules: {len(self)} lines>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rules):
            return NotImplemented
        return [rule.text for rule in self] == [rule.text for rule in other]

    def __hash__(self) -> int:
        return hash(tuple(rule.text for rule in self))


def _parse_lines(text: str) -> Iterator[Rule]:
    for number, line in split_lines(text):
        words = split_words(line)
        if not words or words[0].startswith("#"):
            continue
        try:
            yield _parse(number, words)
        except ValueError as error:
            said = " ".join(words)
            raise ValueError(f"line {number}, {said!r}: {error}") from None


def _parse(number: int, words: list[str]) -> Rule:
    if words.count(_ARROW) != 1:
        raise ValueError(f"it is not of the form {_FORM}")
    at = words.index(_ARROW)
    left, right = words[:at], words[at + 1 :]
    if not right or not left or len(left) % 2 == 0 or set(left[1::2]) - {_PLUS}:
        raise ValueError(f"it is not of the form {_FORM}")
    target, *rest = right
    sources = () if left == [_NONE] else tuple(map(Pattern.parse, left[::2]))
    is_optional = rest[-1:] == [_OPTIONAL]
    before, concat, after = _parse_steps(rest[: len(rest) - is_optional])
    rule = Rule(
        number,
        " ".join(words),
        sources,
        None if target == _NONE else Pattern.parse(target),
        before,
        concat,
        after,
        is_optional,
    )
    return _checked(rule)


def _parse_steps(
    words: list[str],
) -> tuple[tuple[Step, ...], Step | None, tuple[Step, ...]]:
    steps = []
    rest = list(words)
    while rest:
        steps.append(parse_step(rest))
    places = [i for i, step in enumerate(steps) if step.word == "concat"]
    if not places:
        return tuple(steps), None, ()
    if len(places) > 1:
        raise ValueError("concat stands there twice")
    at = places[0]
    return tuple(steps[:at]), steps[at], tuple(steps[at + 1 :])


def _checked(rule: Rule) -> Rule:
    if rule.target is None:
        if not rule.sources or len(rule.sources) > 1:
            raise ValueError("what is left out is one source")
        if rule.concat or rule.is_optional or (rule.before and not rule.takes):
            raise ValueError("what is left out has no transforms but take")
        if rule.takes and rule.before[-1].word != "take":
            raise ValueError("what is left out is a part: take stands last")
        _check_takes(rule)
        return rule
    if not rule.sources:
        if rule.before or rule.concat or rule.is_optional:
            raise ValueError("what is left alone has no transforms")
        return rule
    if len(rule.sources) > 1 and rule.concat is None:
        if rule.before:
            raise ValueError("with transforms, concat says when sources are joined")
        rule = rule._replace(concat=Step("concat", (0,)))
    if len(rule.sources) == 1 and rule.concat is not None:
        raise ValueError("concat joins several sources: A + B -> TARGET concat 0")
    _check_takes(rule)
    assert rule.target is not None
    rule.target.check_filled_by(rule.sources[0])
    for other in rule.sources[1:]:
        if other.kinds != rule.sources[0].kinds:
            raise ValueError("the sources have other placeholders than the first")
    return rule


def _check_takes(rule: Rule) -> None:
    takes = [step for step in (*rule.before, *rule.after) if step.word == "take"]
    if len(takes) > 1 or (takes and takes[0] in rule.after):
        raise ValueError("take stands there once, before concat: a part of a source")
