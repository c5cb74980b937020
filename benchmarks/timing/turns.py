"""Takes times: children asked in turn, and believed after a proof."""

from __future__ import annotations

import random
from importlib import import_module

from benchmarks.machine.needs import NotHere, lacking
from benchmarks.rows.row import Child, Context, Measured, Row, Samples
from benchmarks.timing import ways
from benchmarks.timing.process import Contender, Ended, start

__all__ = ["plan_turns", "remove_saved", "run_row"]

_TRIALS = 2
_LEAST_TRIED = 4
"""Runs of the faster half of a floor's ways, of so many at least, after their proof."""

_SECONDS = 8.0
"""How long those take turns that a floor is compared with, all together ..."""
_OTHERS_SECONDS = 3.0
"""... and how long each of the others does."""

_MOST_TURNS = 40
_LEAST_OTHERS = 3

_Started = dict[str, list[Contender]]


def _try(contenders: list[Contender]) -> dict[str, float]:
    """Proves each way of a floor, and runs the faster half some times more.

    Gives the fastest run of each.
    """
    contenders[0].prove()  # touches the memory that the others find
    tried = {each.label: each.prove() for each in contenders}
    faster = ways.keep(tried, max(_LEAST_TRIED, len(tried) // 2))
    for each in contenders:
        if each.label in faster:
            runs = [each.run()["seconds"] for _ in range(_TRIALS)]
            tried[each.label] = min(tried[each.label], *runs)
    return tried


def plan_turns(
    seconds: dict[str, float], paired: set[str], least: int
) -> dict[str, int]:
    """Gives how many turns each takes part in, from how long one lasts.

    The paired ones take part in every turn; what takes long needs few.
    """
    together = sum(seconds[label] for label in paired) or min(seconds.values())
    turns = max(least, min(_MOST_TURNS, int(_SECONDS / max(together, 1e-6))))
    return {
        label: turns
        if label in paired
        else max(_LEAST_OTHERS, min(turns, int(_OTHERS_SECONDS / max(each, 1e-6))))
        for label, each in seconds.items()
    }


def _interleave(
    contenders: list[Contender], wanted: dict[str, int]
) -> tuple[Samples, int | None]:
    """Takes turns; in each one the order is another: who follows whom matters."""
    samples: Samples = {each.label: [] for each in contenders}
    resident: list[int] = []
    order = random.Random(1)
    turns = max(wanted.values())
    for turn in range(turns):
        for each in order.sample(contenders, len(contenders)):
            count = wanted[each.label]
            if (turn + 1) * count // turns == turn * count // turns:
                continue
            answer = each.run()
            samples[each.label].append(answer["seconds"])
            resident += [answer["resident"]] if "resident" in answer else []
    for each in contenders:
        each.prove()
    return samples, max(resident, default=None)


def remove_saved(context: Context) -> None:
    """Removes what the rows about saving have left."""
    for saved in context.data.folder.glob("saved-*"):
        saved.unlink()


def _compare(started: _Started, context: Context) -> Measured:
    """Tries the ways of floors, takes turns, lets half of them pick the winners."""
    tried = {label: _try(these) for label, these in started.items() if len(these) > 1}
    kept = {label: ways.keep(of) for label, of in tried.items()}
    contenders = [
        each
        for label, these in started.items()
        for each in these
        if label not in kept or each.label in kept[label]
    ]
    seconds = {each.label: each.prove() for each in contenders}
    paired = {each.label for each in contenders if each.is_ours}
    samples, resident = _interleave(
        contenders, plan_turns(seconds, paired, context.turns)
    )
    floors = {label: ways.pick(samples, of) for label, of in kept.items()}
    for label, winner in floors.items():
        samples[label] = ways.judged(samples[winner])
    return Measured(samples, floors, tried, resident)


def _missing(row: Row) -> dict[str, str]:
    """Gives {label: reason} of those that lack something here."""
    return {
        label: reason
        for label, who in row.contenders.items()
        if isinstance(who, Child) and (reason := lacking(who.needs))
    }


def _start_all(
    row: Row, context: Context, missing: dict[str, str], started: _Started
) -> None:
    """Starts who can take part; notes the reasons of the others."""
    for label, who in row.contenders.items():
        if label in missing:
            continue
        try:
            started[label] = start(label, who, context)
        except NotHere as reason:
            missing[label] = str(reason)
        except Ended as ended:
            # Others may crash on what they are given; what is ours may not.
            if not isinstance(who, Child) or who.module != "with_peers":
                raise
            missing[label] = str(ended)


def run_row(row: Row, context: Context) -> Measured:
    """Measures all contenders of a row.

    Raises:
        WrongBytes: One of them is wrong; no time of the row counts.
    """
    if row.measure:
        module, _, function = row.measure.rpartition(".")
        found = getattr(import_module(f"benchmarks.{module}"), function)(context)
        return found if isinstance(found, Measured) else Measured(found)
    started: _Started = {}
    missing = _missing(row)
    if missing.keys() == row.contenders.keys():
        return Measured({}, missing=missing)
    try:
        _start_all(row, context, missing, started)
        if not started:
            return Measured({}, missing=missing)
        return _compare(started, context)._replace(missing=missing)
    finally:
        for contenders in started.values():
            contenders[0].process.close()
        remove_saved(context)
