"""Two sections of counts beside each other: what grew, and what cannot be compared."""

from __future__ import annotations

from typing import Any

__all__ = ["Section", "compare"]

_MOST_GROWTH = 0.03 + 1e-9

Section = dict[str, Any]
"""{"conditions": {name: text}, "counts": {name: instructions}}, or {"missing": why}."""


def _differences(old: Section, new: Section) -> list[str]:
    """Gives the conditions that make the counts of two sections incomparable."""
    if not old:
        return ["the ledger has no such counts"]
    before, now = old["conditions"], new["conditions"]
    return [
        f"{name} is {now.get(name)!r} here and {before.get(name)!r} in the ledger"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


def _line(name: str, before: float | None, now: float | None) -> tuple[str, bool]:
    """Gives the line of a count, and whether it grew too much."""
    if now is None:
        return (
            f"{name:44} {before:11.1f} {'':>11} NOT COMPARED: not counted here",
            False,
        )
    if before is None:
        return f"{name:44} {'':>11} {now:11.1f} NOT COMPARED: not in the ledger", False
    growth = now / before - 1
    grew = growth > _MOST_GROWTH
    end = "  GREW" if grew else ""
    return f"{name:44} {before:11.1f} {now:11.1f} {growth:+8.1%}{end}", grew


def compare(title: str, old: Section, new: Section) -> tuple[list[str], bool]:
    """Gives what to print of a section, and whether a count grew too much."""
    why = [new["missing"]] if "missing" in new else _differences(old, new)
    if why:
        return [f"{title}: NOT COMPARED: {'; '.join(why)}"], False
    before, now = old["counts"], new["counts"]
    names = [*now, *(name for name in before if name not in now)]
    found = [_line(name, before.get(name), now.get(name)) for name in names]
    lines = [f"{title:44} {'ledger':>11} {'now':>11}", *(line for line, _ in found)]
    return lines, any(grew for _, grew in found)
