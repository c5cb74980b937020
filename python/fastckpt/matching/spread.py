"""What rules make of a checkpoint, whatever the model: for those who ask by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import combinations

from fastckpt._native import TensorInfo
from fastckpt.matching.claims import Claim, apply_rules, find_alone
from fastckpt.matching.pair import Pair
from fastckpt.matching.rules import Rules
from fastckpt.matching.shares import find_wrong

__all__ = ["spread"]

#: Of more optional parts of one tensor nobody tells which a model may have.
_MOST_OPTIONAL = 6


def spread(
    rules: Rules, infos: Mapping[str, TensorInfo], left_out: Collection[str]
) -> dict[str, Pair]:
    """Gives {name of a parameter: how it comes about}; what no line fits stays.

    Args:
        rules: The lines; of optional ones every one that fits.
        infos: By names in the checkpoint.
        left_out: Names that a line takes by their very name alone; else they stay.

    Raises:
        ValueError: Two tensors would become one parameter, a name has two readings, a
            line lacks a source, or its transforms do not fit.
    """
    found = apply_rules(rules, infos, None, left_out)
    for told in found.unclear.values():
        raise ValueError(told)
    claimed = {name for claim in found.claims for name in claim.sources}
    claimed.update(pair.sources[0] for pair in found.left_parts)
    stay = [*found.rest, *(name for name in left_out if name not in claimed)]
    alone = find_alone(rules, {*(claim.target for claim in found.claims), *stay})
    pairs: dict[str, Pair] = {}
    taken: dict[str, list[Pair]] = {}
    for pair in found.left_parts:
        taken.setdefault(pair.sources[0], []).append(pair)
    perhaps: dict[str, list[Pair]] = {}
    for claim in found.claims:
        rule = claim.rule
        if rule.is_optional and "" in claim.sources:
            continue
        if alone.get(claim.target, rule.line) < rule.line:
            continue
        pair = _check(claim, infos)
        if claim.target in pairs:
            first = pairs[claim.target].sources[0]
            raise ValueError(
                f"{first!r} and {pair.sources[0]!r} would both become {claim.target!r}"
            )
        pairs[claim.target] = pair
        if pair.takes and rule.is_optional:
            for name in pair.sources:
                perhaps.setdefault(name, []).append(pair)
        elif pair.takes:
            for name in pair.sources:
                taken.setdefault(name, []).append(pair)
    for name, parts in taken.items():
        _check_parts(name, parts, perhaps.get(name, []), infos[name].shape)
    for name in stay:
        if name in alone:
            continue
        if name in pairs:
            raise ValueError(
                f"{pairs[name].sources[0]!r} would become {name!r}, which is there"
            )
        pairs[name] = Pair((name,))
    return pairs


def _check_parts(
    name: str, parts: list[Pair], perhaps: list[Pair], shape: tuple[int, ...]
) -> None:
    """Raises ValueError where no model has all of a tensor, whatever optional lines
    count for it."""
    if len(perhaps) > _MOST_OPTIONAL:
        return
    sure, wrong = tuple(parts), ""
    for count in range(len(perhaps), -1, -1):
        for some in combinations(perhaps, count):
            found = find_wrong(name, sure + some, shape)
            if not found:
                return
            wrong = wrong or found  # of all of them
    raise ValueError(wrong)


def _check(claim: Claim, infos: Mapping[str, TensorInfo]) -> Pair:
    """Gives a claim's pair, whose sources are there and fit its transforms."""
    said = claim.rule.said
    if "" in claim.sources:
        raise ValueError(f"{said}: a source of {claim.target!r} is not there")
    pair = claim.pair
    try:
        pair.shape_of([infos[name].shape for name in pair.sources])
        pair.check_dtypes([infos[name].dtype for name in pair.sources])
    except ValueError as error:
        raise ValueError(f"{said}: {error}") from None
    return pair
