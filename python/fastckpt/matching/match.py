"""``match``: a plan of which tensor becomes which parameter."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from operator import index
from typing import Any, TypeVar

import numpy as np

from fastckpt._native import TensorInfo
from fastckpt.base.cast import check_cast, is_floating
from fastckpt.base.names import list_some
from fastckpt.editing.strip import find_training_state
from fastckpt.matching.claims import Claim, Claims, apply_rules, find_idle
from fastckpt.matching.pair import Pair
from fastckpt.matching.plan import MatchPlan, Settled
from fastckpt.matching.propose import Target, propose
from fastckpt.matching.rules import Rules
from fastckpt.matching.shares import find_wrong
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.checkpoint import Checkpoint, open
from fastckpt.reading.holding import FORMLESS

__all__ = ["make_plan", "match"]

_Plan = TypeVar("_Plan", bound=MatchPlan)

_SAVE_COUNTER = "save_counter/.ATTRIBUTES/VARIABLE_VALUE"


def match(
    source: str | bytes | os.PathLike[Any] | Checkpoint,
    targets: Mapping[str, Any],
    rules: Rules | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
) -> MatchPlan:
    """Plans which tensor of a checkpoint becomes which parameter of a model.

    Of rules the first line that fits a tensor counts. What no line fits is proposed by
    names and shapes: words of TensorFlow against those of torch and Flax. What has a
    second, equally good reading is never guessed: it is ambiguous. Optimizer state,
    the object graph and save counters count as left out.

    Args:
        source: What ``open`` accepts, or an open checkpoint.
        targets: {name of a parameter: its shape, or an array}.
        rules: What is known beforehand.
        storage_options: As in ``open``.

    Returns:
        The plan; nothing is read yet but what tells optimizer state.

    Raises:
        TypeError: ``rules`` are none, a target is no shape.
        CheckpointError, OSError: As ``open``; an object graph that is damaged.

    Threads: safe.
    """
    shapes = {name: Target(_shape_of(name, it)) for name, it in targets.items()}
    if not isinstance(source, Checkpoint):
        source = open(source, storage_options=storage_options)
    return make_plan(source, shapes, rules, MatchPlan)


def _shape_of(name: str, target: Any) -> tuple[int, ...]:
    shape = getattr(target, "shape", target)
    try:
        return tuple(index(size) for size in shape)
    except TypeError:
        raise TypeError(
            f"target {name!r}: {target!r} is neither a shape nor an array"
        ) from None


def make_plan(
    checkpoint: Checkpoint,
    targets: Mapping[str, Target],
    rules: Rules | None,
    kind: type[_Plan],
    keeps: Collection[str] = (),
    tied: Mapping[str, str] | None = None,
    dtypes: Mapping[str, np.dtype[Any]] | None = None,
) -> _Plan:
    """Plans as ``match`` does.

    Args:
        checkpoint: The sources.
        targets: The parameters.
        rules: What is known beforehand.
        kind: The plan's class.
        keeps: Targets that a framework keeps for itself, where no rule fits them.
        tied: {target: an earlier one of the same memory}: one source is enough.
        dtypes: Of the targets, where they are to keep theirs.
    """
    if rules is not None and not isinstance(rules, Rules):
        raise TypeError(f"rules must be fastckpt.Rules, not {rules!r}")
    sources = {info.name: info for info in checkpoint.infos()}
    apart = find_training_state(checkpoint) | {GRAPH_KEY, _SAVE_COUNTER}
    apart &= sources.keys()
    found = apply_rules(rules or Rules([], ""), sources, targets, apart)
    planner = _Planner(sources, targets, found, apart, tied or {}, dtypes or {})
    return kind(checkpoint, planner.settle(keeps, find_idle(rules, sources)))


class _Planner:
    """Makes a plan of what rules say, and of proposals for the rest."""

    def __init__(
        self,
        sources: Mapping[str, TensorInfo],
        targets: Mapping[str, Target],
        found: Claims,
        apart: set[str],
        tied: Mapping[str, str],
        dtypes: Mapping[str, np.dtype[Any]],
    ) -> None:
        self._sources = sources
        self._targets = targets
        self._found = found
        self._apart = apart
        self._tied = tied
        self._dtypes = dtypes
        self._pairs: dict[str, Pair] = {}
        self._ambiguous: dict[str, list[str]] = {}
        self._misfits: list[str] = []
        self._used: set[str] = set()
        self._misfits += found.unclear.values()
        self._used.update(found.unclear)
        self._used.update(pair.sources[0] for pair in found.left_parts)

    def settle(self, keeps: Collection[str], idle: list[str]) -> Settled:
        self._take_claims()
        self._check_parts()
        alone = self._found.alone.keys() - self._pairs.keys()
        ruled = {*self._pairs}
        self._propose(alone, keeps)
        kept = {*alone, *keeps, *self._find_tied()}
        settled = self._pairs.keys() | self._ambiguous.keys()
        kept -= settled
        left_out = {*self._found.left_out, *(self._apart - self._used)}
        gone = self._used | left_out
        return Settled(
            {name: self._pairs[name] for name in self._targets if name in self._pairs},
            self._ambiguous,
            [name for name in self._sources if name not in gone],
            [n for n in self._targets if n not in settled and n not in kept],
            [name for name in self._targets if name in kept],
            [name for name in self._sources if name in left_out],
            self._misfits,
            [name for name in self._pairs if name not in ruled],
            idle,
            [name for name in self._targets if name in kept and name in alone],
            self._found.left_parts,
        )

    def _take_claims(self) -> None:
        claims: dict[str, list[Claim]] = {}
        for claim in self._found.claims:
            if claim.target not in self._targets:
                continue
            if self._found.alone.get(claim.target, claim.rule.line) < claim.rule.line:
                continue
            claims.setdefault(claim.target, []).append(claim)
        for target, each in claims.items():
            names = [name for claim in each for name in claim.sources if name]
            self._used.update(names)
            if len(each) > 1:
                self._ambiguous[target] = names
            else:
                self._take(each[0])

    def _take(self, claim: Claim) -> None:
        rule = claim.rule
        said = rule.said
        if "" in claim.sources:
            lacking = rule.sources[claim.sources.index("")]
            self._misfits.append(
                f"{said}: {claim.target!r} lacks a source such as "
                f"{'*'.join(lacking.literals)!r}"
            )
            return
        pair = claim.pair
        wanted = self._targets[claim.target].shape
        try:
            made = pair.shape_of([self._sources[name].shape for name in pair.sources])
            self._check_numbers(claim.target, pair)
        except ValueError as error:
            self._misfits.append(f"{said}: {error}")
            return
        if made != wanted:
            shapes = " + ".join(str(self._sources[name].shape) for name in pair.sources)
            self._misfits.append(
                f"{said}: {shapes} becomes {made}, but {claim.target!r} is {wanted}"
            )
            return
        self._pairs[claim.target] = pair

    def _check_numbers(self, target: str, pair: Pair) -> None:
        """Raises ValueError where a target does not hold what its sources hold."""
        infos = [self._sources[name] for name in pair.sources]
        pair.check_dtypes([info.dtype for info in infos])
        for info in infos:
            if info.tf_dtype in FORMLESS or info.dtype is None:
                raise ValueError(f"{info.name!r} is {info.tf_dtype}: no numbers")
            wanted = self._dtypes.get(target)
            if wanted is None or wanted == info.dtype:
                continue
            if _is_quantized(info):
                raise ValueError(
                    f"{info.name!r} is {info.tf_dtype}, whose scale is not known"
                )
            check_cast(info.name, info.dtype, wanted)

    def _check_parts(self) -> None:
        """Checks that the parts that are taken of a tensor are all of it, once."""
        parts: dict[str, list[Pair]] = {}
        for pair in self._pairs.values():
            for name in pair.sources if pair.takes else ():
                parts.setdefault(name, []).append(pair)
        for pair in self._found.left_parts:
            parts.setdefault(pair.sources[0], []).append(pair)
        for name, pairs in parts.items():
            wrong = find_wrong(name, pairs, self._sources[name].shape)
            if wrong:
                self._misfits.append(wrong)

    def _find_tied(self) -> set[str]:
        """Gives the targets whose memory another one fills, who must be the only."""
        groups: dict[str, list[str]] = {}
        for name, first in self._tied.items():
            groups.setdefault(first, [first]).append(name)
        tied: set[str] = set()
        for group in groups.values():
            filled = [name for name in group if name in self._pairs]
            if len(filled) > 1:
                self._misfits.append(
                    f"{list_some(filled)} are one memory, of which only one can have a "
                    "source"
                )
            if filled:
                tied.update(group)
        return tied

    def _propose(self, alone: Collection[str], keeps: Collection[str]) -> None:
        """Proposes for what is left, with everything as evidence.

        That rules settle a rival makes nothing more certain.
        """
        apart = {*keeps, *self._tied}
        targets = {n: it for n, it in self._targets.items() if n not in apart}
        rest = set(self._found.rest)
        left = targets.keys() - self._pairs.keys() - self._ambiguous.keys() - {*alone}
        if not left or not rest:
            return
        sources = {
            name: info.shape
            for name, info in self._sources.items()
            if name not in self._apart
            and is_floating(info.dtype)
            and not _is_quantized(info)
        }
        proposal = propose(sources, targets)
        for target, (source, steps) in proposal.pairs.items():
            if target in left and source in rest:
                self._pairs[target] = Pair((source,), steps)
                self._used.add(source)
        lists: dict[int, list[str]] = {}  # which many targets may share
        for target, equals in proposal.ambiguous.items():
            if target not in left:
                continue
            if id(equals) not in lists:
                lists[id(equals)] = [name for name in equals if name in rest]
                self._used.update(lists[id(equals)])
            if lists[id(equals)]:
                self._ambiguous[target] = lists[id(equals)]


def _is_quantized(info: TensorInfo) -> bool:
    return (info.tf_dtype or "").startswith("q")
