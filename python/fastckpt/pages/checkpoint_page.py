"""A checkpoint on a page: all tensors, their scopes, how their values are spread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from fastckpt.base.html import quote
from fastckpt.base.text import escape, make_printable, natural_order
from fastckpt.checking.statistics import Statistics
from fastckpt.formats.lazy_tensors import name_dtype
from fastckpt.pages.columns import (
    Shared,
    digits_of,
    embed,
    embed_rows,
    pack_counts,
    pack_names,
    pack_number,
)
from fastckpt.pages.human_paths import find_paths, pack_paths
from fastckpt.pages.measured import Measured, measure_some
from fastckpt.pages.page import format_facts, format_rows, run_script, write_page

if TYPE_CHECKING:
    from fastckpt._native import TensorInfo
    from fastckpt.formats.lazy_tensors import ArrayInfo
    from fastckpt.formats.opened import Source

    _Info = TensorInfo | ArrayInfo

__all__ = ["EXACT", "About", "format_shell", "pack_moments", "write_checkpoint_page"]

EXACT = 20_000
"""Of so many tensors a page keeps the counts of histograms, of more their heights."""

_PLACES = ("min", "max", "mean")
_MOMENTS = (*_PLACES, "std", "zeros", "nan", "inf")

Table = tuple[Sequence[str], Sequence[Sequence[str]], frozenset[str]]
"""Header, rows, and the columns that are numbers."""


class About(NamedTuple):
    """What a page says of a whole checkpoint, or of two.

    Attributes:
        title: What it is about.
        facts: Labels and what they say.
        tables: Headings and tables: files, dtypes.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[tuple[str, Table]]


def write_checkpoint_page(
    path: str,
    source: Source,
    about: About,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, str]:
    """Writes a page of all tensors; looks at all values, on all threads.

    Memory holds the statistics of some thousand tensors, and values of none.

    Args:
        path: The file.
        source: An open checkpoint, or a file of another format.
        about: What is said of it as a whole.
        threads: As in ``statistics``.
        progress: Is called with bytes done and bytes in all.

    Returns:
        {name: error} of the tensors whose values could not be read; the page says so.

    Raises as ``write_page``.
    """
    page = _Page(source, threads, progress)
    write_page(path, about.title, "data", page.format(about))
    return page.errors


class _Page:
    """The parts of a page, and what could not be read meanwhile."""

    def __init__(
        self,
        source: Source,
        threads: int | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._source, self._threads, self._progress = source, threads, progress
        self._infos: dict[str, _Info] = {it.name: it for it in source.infos()}
        self._dtypes, self._shapes = Shared(), Shared()
        self._paths = find_paths(source)
        self._is_exact = len(self._infos) <= EXACT
        self.errors: dict[str, str] = {}

    def format(self, about: About) -> Iterator[str]:
        """Gives the parts in order."""
        yield from format_shell(about, "Tensors")
        order = sorted(
            self._infos, key=lambda name: natural_order(self._paths.get(name) or name)
        )
        for names, found in measure_some(
            self._source, order, self._threads, self._progress
        ):
            yield embed_rows(self._columns(names, found))
        texts = {"dtypes": self._dtypes.list(), "shapes": self._shapes.list()}
        yield embed("about", {"kind": "checkpoint", "count": len(order), **texts})
        yield run_script()

    def _columns(
        self, names: Sequence[str], found: dict[str, Measured]
    ) -> dict[str, Any]:
        infos = [self._infos[name] for name in names]
        values = [found[name] for name in names]
        for name, value in zip(names, values, strict=True):
            if isinstance(value, str) and self._infos[name].problem is None:
                self.errors[name] = value
        return {
            **pack_names(list(map(escape, names))),
            **pack_paths(self._paths, names),
            "dtype": [self._dtypes.add(name_dtype(info)) for info in infos],
            "shape": [self._shapes.add(tuple(info.shape)) for info in infos],
            "size": [pack_number(info.nbytes) for info in infos],
            "shard": [info.shard for info in infos],
            "offset": [pack_number(info.offset) for info in infos],
            "note": {
                index: note
                for index, info in enumerate(infos)
                if (note := _note(info, values[index]))
            },
            "unread": {
                index: True
                for index, info in enumerate(infos)
                if info.problem is not None or isinstance(values[index], str)
            },
            **pack_statistics(values, infos, self._is_exact),
        }


def pack_statistics(
    values: Sequence[Measured], infos: Sequence[_Info], is_exact: bool
) -> dict[str, list[Any]]:
    """Gives columns of what was found of values."""
    known = [value if isinstance(value, Statistics) else None for value in values]
    columns = pack_moments(
        known, [6 if it is None else digits_of(it) for it in known], 6
    )
    columns["spread"] = [
        # Two bars say less of booleans than their zeros do.
        None
        if it is None or info.dtype is None or info.dtype.kind == "b"
        else pack_counts(it.histogram[0], is_exact)
        for it, info in zip(known, infos, strict=True)
    ]
    return columns


def pack_moments(
    known: Sequence[Statistics | None], several: Sequence[int], digits: int
) -> dict[str, list[Any]]:
    """Gives columns of numbers.

    Args:
        known: What was found of the values of each tensor.
        several: How many digits tell where each one's values lie.
        digits: How many there are of what else is said of them.
    """
    return {
        name: [
            None if it is None else pack_number(getattr(it, name), some)
            for it, some in zip(
                known,
                several if name in _PLACES else repeat(digits, len(known)),
                strict=True,
            )
        ]
        for name in _MOMENTS
    }


def _note(info: _Info, found: Measured) -> str:
    if info.problem is not None:
        return make_printable(str(info.problem))
    if isinstance(found, str):
        return make_printable(found)
    if info.slices:
        return f"stored in {len(info.slices):,} slices"
    return ""


def format_shell(about: About, what: str) -> Iterator[str]:
    """Gives what stands on a page before its data: it is there at once, and stays.

    Args:
        about: What the page is about.
        what: The name of its table.
    """
    yield (
        f"<header><h1>{quote(about.title)}</h1>\n"
        '<div role="tablist" aria-label="Views">'
        f'<button role="tab" id="tab-table" aria-controls="view-table" '
        f'aria-selected="true">{quote(what)}</button>'
        '<button role="tab" id="tab-scopes" aria-controls="view-scopes" '
        'aria-selected="false" tabindex="-1">Scopes</button>'
        '<button role="tab" id="tab-about" aria-controls="view-about" '
        'aria-selected="false" tabindex="-1">About</button></div></header>\n'
        "<noscript><p>The table and the scopes need JavaScript; the command "
        "<code>fastckpt ls</code> lists the same.</p></noscript>\n"
        '<main><section id="view-table" role="tabpanel" aria-labelledby="tab-table">'
        "</section>\n"
        '<section id="view-scopes" role="tabpanel" aria-labelledby="tab-scopes" '
        "hidden></section>\n"
        '<section id="view-about" role="tabpanel" aria-labelledby="tab-about" '
        'tabindex="0" hidden>\n'
    )
    yield format_facts(about.facts)
    for heading, table in about.tables:
        yield f"<h2>{quote(heading)}</h2>\n"
        yield from format_rows(*table)
    yield (
        "</section>\n</main>\n"
        '<aside id="detail" aria-labelledby="detail-name" hidden></aside>\n'
    )
