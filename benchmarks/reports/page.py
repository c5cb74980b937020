"""A report as one HTML page with every sample: one file that asks for nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from html import escape
from statistics import median
from typing import Any

from benchmarks.machine.needs import in_words
from benchmarks.reports.markdown import (
    format_amount,
    growth_table,
    label_of,
    limits_table,
    summary,
    title_of,
)
from benchmarks.reports.picture_data import family_of
from benchmarks.reports.tables import peers_table, scaling_table
from benchmarks.reports.theme import THEMES
from benchmarks.timing.intervals import deciding, quotient

__all__ = ["of_report"]

_WIDTH, _HEIGHT = 460, 16

_STYLE = """
:root { color-scheme: light dark; LIGHT }
@media (prefers-color-scheme: dark) { :root { DARK } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); max-width: 72rem;
  margin: 2rem auto; padding: 0 1rem; background: Canvas; }
h2 { margin-top: 2.2rem; } h3 { margin: 1.6rem 0 .3rem; font-size: 1rem; }
table { border-collapse: collapse; } .wide { overflow-x: auto; }
td, th { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top;
  border-bottom: 1px solid var(--grid); }
td.number { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.faint, th { color: var(--faint); font-weight: normal; }
.missed { font-weight: bold; } svg { display: block; }
details { color: var(--faint); font-size: .85rem; } pre { white-space: pre-wrap; }
"""


def _variables(theme: str) -> str:
    colours = THEMES[theme]
    named = {"ink": colours.ink, "faint": colours.faint, "grid": colours.grid}
    named |= {name.lower(): colour for name, colour in colours.families.items()}
    return " ".join(f"--{name}: {colour};" for name, colour in named.items())


def _cell(value: Any, kind: str = "") -> str:
    return f"<td{kind and f' class={kind}'}>{escape(str(value))}</td>"


def _table(head: Iterable[str], rows: Iterable[str]) -> Iterator[str]:
    yield "<div class=wide><table><tr>"
    yield from (f"<th>{escape(cell)}</th>" for cell in head)
    yield "</tr>"
    yield from (f"<tr>{row}</tr>" for row in rows)
    yield "</table></div>"


def _markdown_table(lines: Iterable[str]) -> Iterator[str]:
    """Turns one of the tables for RESULTS.md into one of the page."""
    given = list(lines)
    cells = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in given
        if line.startswith("|")
    ]
    if cells:
        rows = ["".join(map(_cell, row)) for row in cells[2:]]
        yield from _table(cells[0], rows)
    yield from (f"<p>{escape(line)}</p>" for line in given if not line.startswith("|"))


def _strip(samples: list[float], low: float, high: float, family: str) -> str:
    """Draws every sample as a dot between two values, on a logarithmic scale."""
    scale = (_WIDTH - 10) / (math.log(high / low) or 1.0)
    places = [5 + math.log(sample / low) * scale for sample in samples]
    middle = 5 + math.log(median(samples) / low) * scale
    dots = "".join(f'<circle cx="{x:.1f}" cy="8" r="3"/>' for x in places)
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" fill="var(--{family.lower()})">'
        f'<g fill-opacity=".45">{dots}</g>'
        f'<rect x="{middle - 1:.1f}" y="1" width="2" height="14"/></svg>'
    )


def _contender(row: dict[str, Any], label: str, ends: tuple[float, float]) -> str:
    samples, unit = row["samples"][label], row["unit"]
    found = quotient(samples)
    drawn = _strip(samples, *ends, family_of(label)) if ends[0] > 0 else ""
    interval = " to ".join(format_amount(end, unit) for end in found[1:3])
    return "".join(
        [
            _cell(label_of(row, label)),
            f"<td>{drawn}</td>",
            _cell(format_amount(found.value, unit), "number"),
            _cell(interval, "number"),
            _cell(len(samples), "number"),
        ]
    )


def _goal(goal: dict[str, Any]) -> str:
    sign = "at least" if goal["at_least"] else "at most"
    low, high = (deciding(goal[end], goal["limit"]) for end in ("low", "high"))
    kind = " class=missed" if goal["verdict"] == "missed" else ""
    value = deciding(goal["value"], goal["limit"])
    text = f"{value} ({low} to {high}), {sign} {goal['limit']:g}: {goal['text']}"
    return f"<li>{escape(text)}: <span{kind}>{escape(goal['verdict'])}</span></li>"


def _row(row: dict[str, Any]) -> Iterator[str]:
    yield f"<h3 id={escape(row['name'], quote=True)}>{escape(row['name'])}: "
    yield f"{escape(title_of(row))}</h3>"
    if row["busy"]:
        yield f"<p class=faint>busy: {escape('; '.join(row['busy']))}</p>"
    labels = [label for label, samples in row["samples"].items() if samples]
    every = [sample for label in labels for sample in row["samples"][label]]
    if every:
        ends = (min(every), max(every))
        names = " ... ".join(format_amount(end, row["unit"]) for end in ends)
        head = ("", names, "median", "95 of 100", "samples")
        yield from _table(head, (_contender(row, label, ends) for label in labels))
    yield "<ul>"
    yield from map(_goal, row["goals"])
    if row["resident"] is not None:
        yield f"<li>in the page cache when a run began: {row['resident']} bytes</li>"
    for label, reason in row["missing"].items():
        yield f"<li>not measured: {escape(f'{label}: {in_words(reason)}')}</li>"
    yield "</ul>"
    if labels:
        yield "<details><summary>every sample, in the order of the turns</summary><pre>"
        for label in labels:
            numbers = " ".join(f"{sample:.6g}" for sample in row["samples"][label])
            yield f"{escape(label)}: {numbers}"
        yield "</pre></details>"


def _conditions(conditions: dict[str, Any]) -> Iterator[str]:
    def words(value: Any) -> str:
        if isinstance(value, dict):
            return ", ".join(f"{key} {words(item)}" for key, item in value.items())
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    rows = [_cell(name) + _cell(words(value)) for name, value in conditions.items()]
    yield from _table(("", ""), rows)


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"<h2>{escape(title)}</h2>"
        yield from found


def _advice(report: dict[str, Any]) -> Iterator[str]:
    for advice in report.get("advice", []):
        yield f"<p>{escape(advice['text'])}</p>"


def _parts(report: dict[str, Any]) -> Iterator[str]:
    yield f"<p><code>{escape(report['command'])}</code></p>"
    if any(row["goals"] for row in report["rows"]):
        yield f"<p>{escape(summary(report))}</p>"
    yield from _section("What would make it faster", _advice(report))
    peers = _markdown_table(peers_table(report))
    yield from _section("Other libraries, and what they check", peers)
    if report.get("limits"):
        limits = _markdown_table(limits_table(report))
        yield from _section("Limits of the machine", limits)
    threads = _markdown_table(scaling_table(report))
    yield from _section("Threads", threads)
    if report.get("growth"):
        growth = _markdown_table(growth_table(report))
        yield from _section("How cost grows", growth)
    rows = (line for row in report["rows"] for line in _row(row))
    yield from _section("Every row", rows)
    yield from _section("Conditions", _conditions(report["conditions"]))


def of_report(report: dict[str, Any], title: str = "Benchmarks of fastckpt") -> str:
    """Gives the page."""
    style = _STYLE.replace("LIGHT", _variables("light"))
    style = style.replace("DARK", _variables("dark"))
    head = (
        "<!doctype html>\n<html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width">'
        f"<title>{escape(title)}</title><style>{style}</style><h1>{escape(title)}</h1>"
    )
    return "\n".join([head, *_parts(report), "</html>\n"])
