"""Which rule fits which tensor, and what it makes of the names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from fastckpt.matching.pair import Pair
from fastckpt.matching.patterns import Reader, Values, tell_readings
from fastckpt.matching.rules import Rule, Rules

__all__ = ["Claim", "Claims", "apply_rules", "find_alone", "find_idle"]


class Claim(NamedTuple):
    """What a line makes of tensors: a parameter, or a part of one.

    Attributes:
        rule: The line.
        target: The parameter's name.
        sources: The names of the tensors, in the line's order; "" where one is missing.
    """

    rule: Rule
    target: str
    sources: tuple[str, ...]

    @property
    def pair(self) -> Pair:
        """What the line does to its sources."""
        rule = self.rule
        return Pair(self.sources, rule.before, rule.concat, rule.after)


class Claims(NamedTuple):
    """What rules make of the names of a checkpoint.

    Attributes:
        claims: In the order of the lines.
        left_out: The sources that a line leaves out.
        left_parts: The parts of sources that a line leaves out.
        rest: The sources that no line fits.
        alone: {parameter that a line leaves alone: that line's place}.
        unclear: {source of which a line makes two things: what to say of it}.
    """

    claims: list[Claim]
    left_out: list[str]
    left_parts: list[Pair]
    rest: list[str]
    alone: dict[str, int]
    unclear: dict[str, str]


class _Fit(NamedTuple):
    place: int  # of the rule
    member: int  # of its sources
    values: Values
    other: Values | None = None  # another reading of the name


class _Finder:
    """Finds the lines that fit a name, in their order."""

    def __init__(self, rules: Rules) -> None:
        self._by_name: dict[str, list[_Fit]] = {}
        self._patterns: list[tuple[int, int, Reader]] = []
        for place, rule in enumerate(rules):
            for member, pattern in enumerate(rule.sources):
                if pattern.name is not None:
                    fits = self._by_name.setdefault(pattern.name, [])
                    fits.append(_Fit(place, member, ()))
                else:
                    reader = Reader(pattern, rule.target)
                    self._patterns.append((place, member, reader))

    def find(self, name: str, only_by_name: bool) -> list[_Fit]:
        fits = list(self._by_name.get(name, ()))
        if not only_by_name:
            for place, member, reader in self._patterns:
                found = reader.read(name)
                if found is not None:
                    fits.append(_Fit(place, member, *found))
        return sorted(fits, key=lambda fit: fit[:2])


def apply_rules(
    rules: Rules,
    sources: Collection[str],
    targets: Mapping[str, object] | None,
    left_out: Collection[str],
) -> Claims:
    """Gives what the first line that fits makes of each source.

    Args:
        rules: The lines.
        sources: The names in the checkpoint.
        targets: The names of the parameters; None: nobody knows yet, so that optional
            lines count and so do those that follow.
        left_out: Sources that count as left out unless a line has their very name.
    """
    lines = list(rules)
    finder = _Finder(rules)
    groups: dict[tuple[int, tuple[str, ...]], dict[int, str]] = {}
    dropped, parts, rest = [], [], []
    unclear: dict[str, str] = {}
    for name in sources:
        counted = list(_counting(finder.find(name, name in left_out), lines, targets))
        for fit in counted:
            rule = lines[fit.place]
            if rule.target is None and rule.takes:
                parts.append(Pair((name,), rule.before))
            elif rule.target is None:
                dropped.append(name)
            elif fit.other is not None:
                told = tell_readings(name, rule.target, fit.values, fit.other)
                unclear.setdefault(name, f"{rule.said}: {told}")
            else:
                groups.setdefault((fit.place, fit.values), {})[fit.member] = name
        if not counted and name not in left_out:
            rest.append(name)
    claims = [
        _claim(lines[place], values, members)
        for (place, values), members in sorted(groups.items())
    ]
    alone = find_alone(rules, targets or ())
    return Claims(claims, dropped, parts, rest, alone, unclear)


def _counting(
    fits: list[_Fit], lines: list[Rule], targets: Mapping[str, object] | None
) -> Iterator[_Fit]:
    """Gives the first fit that counts; of one that takes a part, all that take."""
    takes = False
    for fit in fits:
        rule = lines[fit.place]
        if rule.is_optional and targets is not None and not _fills(rule, fit, targets):
            continue
        if not takes or rule.takes:
            yield fit
        if rule.is_optional and targets is None:
            continue
        takes = takes or rule.takes
        if not takes:
            return


def _fills(rule: Rule, fit: _Fit, targets: Mapping[str, object]) -> bool:
    if rule.target is None:
        return False
    readings = [it for it in (fit.values, fit.other) if it is not None]
    return any(rule.target.fill(values) in targets for values in readings)


def _claim(rule: Rule, values: tuple[str, ...], members: dict[int, str]) -> Claim:
    assert rule.target is not None
    sources = tuple(members.get(member, "") for member in range(len(rule.sources)))
    return Claim(rule, rule.target.fill(values), sources)


def find_alone(rules: Rules, targets: Collection[str]) -> dict[str, int]:
    """Gives {parameter that a line leaves alone: the first such line}."""
    alone: dict[str, int] = {}
    for rule in rules:
        if not rule.sources:
            assert rule.target is not None
            for name in targets:
                if rule.target.match(name) is not None:
                    alone.setdefault(name, rule.line)
    return alone


def find_idle(rules: Rules | None, sources: Collection[str]) -> list[str]:
    """Gives the lines whose source no tensor has, as a slip of the pen makes them."""
    idle = []
    for rule in rules or ():
        for pattern in rule.sources:
            if pattern.name is not None:
                fits = pattern.name in sources
            else:
                fits = any(pattern.match(name) is not None for name in sources)
            if not fits:
                idle.append(f"line {rule.line} fits no tensor: {rule.text}")
                break
    return idle
