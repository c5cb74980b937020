"""How two checkpoints differ, on a page: what changed most comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from fastckpt.base.text import escape, natural_order
from fastckpt.checking.diff import Change, Diff
from fastckpt.checking.differences import (
    Difference,
    describe_type,
    list_differences,
)
from fastckpt.checking.statistics import Statistics
from fastckpt.pages.checkpoint_page import EXACT, About, format_shell, pack_moments
from fastckpt.pages.columns import (
    Shared,
    digits_between,
    digits_of,
    embed,
    embed_rows,
    pack_counts,
    pack_names,
    pack_number,
)
from fastckpt.pages.human_paths import find_paths_of_both, pack_paths
from fastckpt.pages.measured import Measured, measure_some
from fastckpt.pages.page import run_script, write_page

if TYPE_CHECKING:
    from fastckpt.formats.opened import Source

__all__ = ["write_diff_page"]

_KINDS = ("values", "shape", "dtype", "dropped", "added", "same")
_CHANGE = ("count", "largest", "largest_relative", "relative_norm", "not_finite")
_TOGETHER = 4096


def write_diff_page(
    path: str,
    old: Source,
    new: Source,
    found: Diff,
    about: About,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Writes a page of all tensors of both, those that are the same included.

    The values of what differs are looked at once more; memory holds the statistics of
    some thousand tensors, and values of none.

    Args:
        path: The file.
        old: The first checkpoint.
        new: The second.
        found: What ``diff`` has found between them.
        about: What is said of them as a whole.
        threads: As in ``statistics``.
        progress: Is called with bytes done and bytes in all.

    Raises as ``write_page``.
    """
    rows = [
        *list_differences(found, old, new),
        *(_make_same(name, old, new) for name in found.same),
    ]
    paths = find_paths_of_both(old, new)
    rows.sort(key=lambda row: natural_order(paths.get(row.name) or row.name))
    page = _Page(rows, paths, old, new, threads, progress)
    write_page(path, about.title, "data diff", page.format(about))


def _make_same(name: str, old: Source, new: Source) -> Difference:
    types = describe_type(old.info(name)), describe_type(new.info(name))
    return Difference(name, "same", *types, Change())


class _Page:
    """The parts of a page."""

    def __init__(
        self,
        rows: Sequence[Difference],
        paths: Mapping[str, str],
        old: Source,
        new: Source,
        threads: int | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._rows, self._paths = rows, paths
        self._sides = {"a": old, "b": new}
        self._types = Shared()
        self._threads, self._progress = threads, progress
        self._done = dict.fromkeys(self._sides, (0, 0))
        self._is_exact = sum(row.kind != "same" for row in rows) <= EXACT

    def format(self, about: About) -> Iterator[str]:
        """Gives the parts in order."""
        yield from format_shell(about, "Differences")
        found = {side: self._measure(side) for side in self._sides}
        rows = iter(self._rows)
        while some := list(islice(rows, _TOGETHER)):
            yield embed_rows(self._columns(some, found))
        yield embed(
            "about",
            {
                "kind": "diff",
                "count": len(self._rows),
                "kinds": [*_KINDS],
                "types": self._types.list(),
            },
        )
        yield run_script()

    def _measure(self, side: str) -> Iterator[tuple[str, Measured]]:
        """Gives what is found of the values of what differs, in the order of rows."""
        kind = "added" if side == "a" else "dropped"
        names = [row.name for row in self._rows if row.kind not in ("same", kind)]

        def tell(done: int, total: int) -> None:
            # Both take turns: what is told is about both.
            self._done[side] = done, total
            if self._progress is not None:
                self._progress(*map(sum, zip(*self._done.values(), strict=True)))

        for some, found in measure_some(
            self._sides[side], names, self._threads, self._progress and tell
        ):
            yield from ((name, found[name]) for name in some)

    def _columns(
        self,
        rows: Sequence[Difference],
        found: dict[str, Iterator[tuple[str, Measured]]],
    ) -> dict[str, Any]:
        columns: dict[str, Any] = {
            **pack_names([escape(row.name) for row in rows]),
            **pack_paths(self._paths, [row.name for row in rows]),
            "kind": [_KINDS.index(row.kind) for row in rows],
            "old": [self._number(row.old) for row in rows],
            "new": [self._number(row.new) for row in rows],
        }
        for name in _CHANGE:
            columns[name] = [pack_number(getattr(row.change, name)) for row in rows]
        known = {side: self._take(side, rows, it) for side, it in found.items()}
        digits = 6 if self._is_exact else 4
        several = [
            _digits_of_both(a, b, digits)
            for a, b in zip(known["a"], known["b"], strict=True)
        ]
        for side, values in known.items():
            columns.update(self._side(side, values, several, digits))
        return columns

    def _take(
        self,
        side: str,
        rows: Sequence[Difference],
        found: Iterator[tuple[str, Measured]],
    ) -> list[Statistics | None]:
        """Takes what was found of one side's values, for rows that have any."""
        without = ("same", "added" if side == "a" else "dropped")
        values = [None if row.kind in without else next(found)[1] for row in rows]
        return [value if isinstance(value, Statistics) else None for value in values]

    def _number(self, text: str | None) -> int | None:
        return None if text is None else self._types.add(text)

    def _side(
        self,
        side: str,
        known: Sequence[Statistics | None],
        several: Sequence[int],
        digits: int,
    ) -> dict[str, Any]:
        """Gives the columns of one of the two checkpoints."""
        columns: dict[str, Any] = {
            f"{side}_{name}": column
            for name, column in pack_moments(known, several, digits).items()
        }
        columns[f"{side}_spread"] = [
            None if it is None else self._pack(it.histogram[0]) for it in known
        ]
        return columns

    def _pack(self, counts: Sequence[int]) -> list[int] | str | None:
        """Gives a histogram; of very many tensors two bins become one."""
        if not self._is_exact and len(counts) % 2 == 0:
            counts = [a + b for a, b in zip(counts[::2], counts[1::2], strict=True)]
        return pack_counts(counts, self._is_exact)


def _digits_of_both(a: Statistics | None, b: Statistics | None, digits: int) -> int:
    """Gives how many digits tell the numbers of both apart, and from each other."""
    known = [it for it in (a, b) if it is not None]
    needed = [digits, *(digits_of(it, digits) for it in known)]
    for ends in zip(*((it.min, it.max) for it in known), strict=True):
        if len(ends) == 2 and None not in ends:
            needed.append(digits_between(*ends, digits))
    return max(needed)
