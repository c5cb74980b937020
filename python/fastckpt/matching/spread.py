"""What rules make of a checkpoint, whatever the model: for those who ask by name."""

from __future__ import annotations

from collections.abc import Mapping

from fastckpt._native import TensorInfo
from fastckpt.matching.claims import Claim, apply_rules
from fastckpt.matching.plan import Pair
from fastckpt.matching.rules import Rules

__all__ = ["spread"]


def spread(rules: Rules, infos: Mapping[str, TensorInfo]) -> dict[str, Pair]:
    """Gives {name of a parameter: how it comes about}; what no line fits stays.

    Args:
        rules: The lines; of optional ones every one that fits.
        infos: By names in the checkpoint.

    Raises:
        ValueError: Two tensors would become one parameter, a line lacks a source, or
            its transforms do not fit.
    """
    found = apply_rules(rules, infos, None, ())
    pairs: dict[str, Pair] = {}
    for claim in found.claims:
        pair = _make(claim, infos)
        if claim.target in pairs:
            first = pairs[claim.target].sources[0]
            raise ValueError(
                f"{first!r} and {pair.sources[0]!r} would both become {claim.target!r}"
            )
        pairs[claim.target] = pair
    for name in found.rest:
        if name in pairs:
            raise ValueError(
                f"{pairs[name].sources[0]!r} would become {name!r}, which is there"
            )
        pairs[name] = Pair((name,))
    return pairs


def _make(claim: Claim, infos: Mapping[str, TensorInfo]) -> Pair:
    rule = claim.rule
    said = f"line {rule.line}, {rule.text!r}"
    if "" in claim.sources:
        raise ValueError(f"{said}: a source of {claim.target!r} is not there")
    pair = Pair(claim.sources, rule.before, rule.concat, rule.after)
    try:
        pair.shape_of([infos[name].shape for name in pair.sources])
        pair.check_dtypes([infos[name].dtype for name in pair.sources])
    except ValueError as error:
        raise ValueError(f"{said}: {error}") from None
    return pair
