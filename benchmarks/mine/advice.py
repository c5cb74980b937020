"""What would make a checkpoint faster: each word of it follows from a measurement."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from types import MappingProxyType
from typing import Any, NamedTuple

from benchmarks.machine.needs import in_words
from benchmarks.mine.folios import READ_ANEW
from benchmarks.reports.markdown import format_amount
from benchmarks.timing.intervals import Interval, quotient

__all__ = ["Advice", "advise"]

_NONE: Mapping[str, str] = MappingProxyType({})
_WORTH = 0.05
"""What differs by less is left as it is, however sure it is."""

FASTER, SLOWER, SAME, UNKNOWN = "faster", "slower", "no difference", "not measured"


class Advice(NamedTuple):
    """What was found about one thing: its verdict and the sentence for people."""

    about: str
    verdict: str
    text: str


class _Trial(NamedTuple):
    """An alternative that was measured beside what is; one of them may be "", for
    whichever the row has."""

    about: str
    row: str
    now: str
    other: str
    do: str


_TRIALS = (
    _Trial(
        "io mode, warm", "mine-io", 'io="mmap"', 'io="read"',
        'open(..., io="read")',
    ),
    _Trial(
        "io mode, cold", "mine-io-cold", 'io="mmap"', 'io="read"',
        'open(..., io="read")',
    ),
    _Trial(
        "alignment", "mine-align", "as it is", "",
        "fastckpt.rewrite(..., align=64), or fastckpt convert --align 64",
    ),
    _Trial(
        "shards, warm", "mine-shards", "as it is", "",
        "fastckpt.rewrite(..., shards=N), or fastckpt convert --shards N",
    ),
    _Trial(
        "shards, cold", "mine-shards-cold", "as it is", "",
        "fastckpt.rewrite(..., shards=N), or fastckpt convert --shards N",
    ),
    _Trial(
        "huge pages", "mine-huge-pages", "huge pages", "no huge pages",
        "turn transparent huge pages off for this process: prctl(PR_SET_THP_DISABLE)",
    ),
    _Trial(
        "folios", "mine-folios", "", READ_ANEW,
        "let it leave the page cache and read it once in order, or copy it anew",
    ),
)  # fmt: skip


def verdict_of(found: Interval) -> str:
    """Gives whether the alternative is faster, as far as the interval tells."""
    if found.high < 1 - _WORTH:
        return FASTER
    return SLOWER if found.low > 1 + _WORTH else SAME


def _sides(trial: _Trial, row: dict[str, Any], io: str) -> tuple[str, str]:
    now, other = trial.now, trial.other
    if trial.about.startswith("io mode") and io == "read":  # what "auto" chose
        return other, now
    # The row has two, of which the trial names one or both.
    names = [*row["samples"], *row["missing"]]
    now = now or next(name for name in names if name != other)
    return now, other or next(name for name in names if name != now)


def _of(trial: _Trial, row: dict[str, Any], io: str) -> Advice:
    now, other = _sides(trial, row, io)
    samples = row["samples"]
    for side in (now, other):
        if not samples.get(side):
            reason = in_words(row["missing"].get(side, "it was not tried"))
            return Advice(trial.about, UNKNOWN, f"{trial.about}: {side}: {reason}")
    found = quotient(samples[other], samples[now], one_run=not row["measure"])
    verdict = verdict_of(found)
    amounts = [format_amount(median(samples[side]), "s") for side in (now, other)]
    numbers = (
        f"{now} takes {amounts[0]}, {other} {amounts[1]}: "
        f"{found.value:.3g} of it ({found.low:.3g} to {found.high:.3g})"
    )
    end = {
        FASTER: f"faster: {_do(trial, io)}",
        SLOWER: "slower: leave it",
        SAME: "no difference that counts and can be told: leave it",
    }[verdict]
    if row["busy"]:
        end += " (the machine was busy)"
    return Advice(trial.about, verdict, f"{trial.about}: {numbers}; {end}")


def _do(trial: _Trial, io: str) -> str:
    if trial.about.startswith("io mode") and io == "read":
        return trial.do.replace("read", "mmap")
    return trial.do + (", which makes copies" if "io=" in trial.do else "")


def _faults(rows: dict[str, Any]) -> str:
    row = rows.get("mine-faults")
    found = row["samples"] if row else {}
    words = [f"{median(found[label]):,.0f} {label}" for label in found]
    return f" Page faults of a load: {', '.join(words)}." if words else ""


def advise(
    rows: list[dict[str, Any]], io: str = "mmap", needless: Mapping[str, str] = _NONE
) -> list[Advice]:
    """Gives what the rows tell, in a fixed order.

    Args:
        rows: What was measured.
        io: The mode that is used.
        needless: {row: why this file has nothing to try there}.
    """
    named = {row["name"]: row for row in rows}
    found = []
    for trial in _TRIALS:
        row = named.get(trial.row)
        if row is None:
            if text := needless.get(trial.row):
                words = f"{trial.about}: {text}"
                found.append(Advice(trial.about, UNKNOWN, words))
            continue
        advice = _of(trial, row, io)
        if trial.row == "mine-folios":
            advice = advice._replace(text=advice.text + "." + _faults(named))
        found.append(advice)
    return found
