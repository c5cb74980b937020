"""One run of the suite: refuses, makes the data, measures, judges, writes."""

from __future__ import annotations

import argparse
import json
import sys
from time import perf_counter
from typing import Any

from benchmarks.data.facts import facts
from benchmarks.data.folder import Data, ensure
from benchmarks.machine import quiet, room
from benchmarks.machine.conditions import conditions, refuse_debug_build
from benchmarks.machine.programs import build_floor
from benchmarks.measures import flips, growth, limits
from benchmarks.reports import markdown, page, results, tables
from benchmarks.reports.files import write_text
from benchmarks.rows.row import Context, Row
from benchmarks.timing import judge
from benchmarks.timing.turns import run_row

__all__ = ["SCHEMA", "run"]

SCHEMA = "fastckpt-benchmarks/run/1"
"""What a report is; the number grows when a key changes its meaning."""

_WHOLE_GROWTH = (10**6, 8 << 30)

_PATIENCE = 20.0
"""Seconds that a row waits for others to end."""


def _log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _refuse_busy(allowed: bool) -> tuple[quiet.State, list[str]]:
    """Gives what others do; ends the program if that is much, unless allowed."""
    state = quiet.state()
    found = quiet.reasons(state)
    if found and not allowed:
        raise SystemExit(
            "the machine is busy: "
            + "; ".join(found)
            + "\nnothing was measured; wait, or let --busy mark every number"
        )
    return state, found


def _measure(
    row: Row, context: Context, titles: dict[str, str], most: dict[str, Any]
) -> dict[str, Any]:
    measured = run_row(row, context)
    found = judge.of_row(row, measured, titles)
    found["share"] = limits.share(row, measured.samples, context, most)
    return found


def _measure_rows(
    rows: list[Row], context: Context, titles: dict[str, str], options: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    most = limits.measure_limits(context)
    for name, found in most.items():
        _log(f"{name}: {found['rate'] / 1e9:.3g} GB/s by {found['threads']} threads")
    measured = []
    for row in rows:
        busy = quiet.wait_until_quiet(0 if options.busy else _PATIENCE)
        begin = perf_counter()
        found = _measure(row, context, titles, most)
        found["busy"] = busy
        measured.append(found)
        _log(f"{row.name}: {perf_counter() - begin:.1f} s{markdown.busy_mark(found)}")
        for goal in found["goals"]:
            _log(f"  {markdown.goal_line(goal)}")
        if found["resident"] is not None:
            _log(f"  in the page cache when a run began: {found['resident']} bytes")
    return most, measured


def _powers(base: int, first: int, step: int, largest: int) -> list[int]:
    """Gives powers from the first, in steps, and the largest that is wanted."""
    sizes, power = [], first
    while base**power < largest:
        sizes.append(base**power)
        power += step
    return [*sizes, largest]


def _grow(options: argparse.Namespace, without: list[int]) -> list[dict[str, Any]]:
    counts = _powers(10, 2, 1, options.max_count)
    sizes = _powers(2, 20, 2, options.max_bytes)
    sizes = [size for size in sizes if size not in without]
    return growth.measure(options.out / "growth", counts, sizes, _log)


def _too_large(options: argparse.Namespace) -> list[int]:
    """Gives the sizes of growth for which disk or memory have no room."""
    sizes = _powers(2, 20, 2, options.max_bytes) if options.growth else []
    return [size for size in sizes if size > room.largest_growth(options.out)]


def _checks(rows: list[Row]) -> dict[str, Any]:
    """Tells what the peers check, where they are measured."""
    return flips.measure(_log) if any(row.name == "peers" for row in rows) else {}


def _command(options: argparse.Namespace) -> str:
    """Gives what repeats the run elsewhere: no paths."""
    command = (
        f"python -m benchmarks --size {options.size >> 20}MiB "
        f"--tensors {options.tensors} --repeats {options.repeats}"
    )
    if options.rows:
        command += f" --rows {options.rows}"
    command += " --busy" if options.busy else ""
    if options.growth and (options.max_count, options.max_bytes) != _WHOLE_GROWTH:
        command += f" --max-count {options.max_count}"
        command += f" --max-bytes {options.max_bytes >> 20}MiB"
    return command if options.growth else command + " --no-growth"


def _sizes(data: Data) -> dict[str, int]:
    """Gives the bytes of the data, and how many tensors there are."""
    counts = {name: data.entry(name)["tensors"] for name in ("bert", "small")}
    return {"nbytes": data.manifest["nbytes"]} | counts


def _prepare(options: argparse.Namespace) -> tuple[Context, dict[str, Any]]:
    """Refuses, builds and makes what is missing; gives the conditions, too."""
    refuse_debug_build()
    state, busy = _refuse_busy(options.busy)
    build = None if options.floor else options.out / "build"
    floor = build_floor(build) if build else options.floor
    data = ensure(options.out, options.size, options.tensors)
    found = conditions(data.prefix("bert"), build) | {"data": _sizes(data)}
    found |= {"state": state._asdict(), "busy": busy}
    for name, value in found.items():
        _log(f"{name}: {value}")
    return Context(data, floor, options.repeats, found["cpus"]), found


def _markdown(whole: dict[str, Any]) -> str:
    parts = [markdown.to_markdown(whole)]
    for title, table in (
        ("Other libraries, and what they check", tables.peers_table(whole)),
        ("Threads", tables.scaling_table(whole)),
    ):
        if lines := list(table):
            parts.append("\n".join([f"\n## {title}\n", *lines]))
    return "\n".join([*parts, ""])


def _keep(options: argparse.Namespace, whole: dict[str, Any]) -> None:
    (options.out / "report.json").write_text(json.dumps(whole, indent=1))


def _write(options: argparse.Namespace, whole: dict[str, Any]) -> None:
    _keep(options, whole)
    (options.out / "report.md").write_text(_markdown(whole))
    write_text(options.out / "report.html", page.of_report(whole))
    _log(
        f"{markdown.summary(whole)}\n"
        f"wrote {options.out / 'report.json'}, report.md and report.html"
    )
    if options.write:
        results.write(whole)


def run(options: argparse.Namespace, rows: list[Row]) -> int:
    """Measures the rows; writes report.json and report.md. Gives the exit status.

    It is 1 where a floor is wrong: ours is faster than the best of its ways.
    """
    context, around = _prepare(options)
    too_large = _too_large(options)
    for size in too_large:
        _log(f"growth: {size} bytes: not measured: no room on the disk or in memory")
    titles = facts(options.size, options.tensors)
    most, measured = _measure_rows(rows, context, titles, options)
    for found in measured:
        found["busy"] = found["busy"] or around["busy"]
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "command": _command(options),
        "conditions": around,
        "limits": most,
        "rows": measured,
        "wrong floors": judge.wrong_floors(measured),
        "growth": [],
        "growth left out": too_large,
        "checks": {},
    }
    # What follows takes long, and may be interrupted.
    _keep(options, whole)
    if options.growth:
        whole["growth"] = _grow(options, too_large)
    whole["checks"] = _checks(rows)
    _write(options, whole)
    for text in whole["wrong floors"]:
        _log(text)
    return 1 if whole["wrong floors"] else 0
