"""Tensors on a page: what is known of each, how its values are spread, the values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from fastckpt.base.html import quote
from fastckpt.pages.page import format_facts, write_page

__all__ = ["TensorPart", "write_tensor_page"]

_BAR_WIDTH, _HEIGHT = 10, 120


class TensorPart(NamedTuple):
    """What a page says of one tensor.

    Attributes:
        title: Its name.
        facts: Labels and what they say.
        error: Why its values cannot be shown, or None.
        histogram: Counts and edges, or None.
        values: As text, or None.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    error: str | None
    histogram: tuple[Sequence[int], Sequence[float]] | None
    values: str | None


def write_tensor_page(path: str, title: str, tensors: Iterable[TensorPart]) -> None:
    """Writes a page of tensors, one after the other; raises as ``write_page``."""
    write_page(path, title, "text", _format_parts(title, tensors))


def _format_parts(title: str, tensors: Iterable[TensorPart]) -> Iterator[str]:
    yield f"<h1>{quote(title)}</h1>\n"
    for tensor in tensors:
        yield f"<h2>{quote(tensor.title)}</h2>\n"
        yield format_facts(tensor.facts)
        if tensor.error is not None:
            yield f'<p class="error">{quote(tensor.error)}</p>\n'
        if tensor.histogram is not None and len(tensor.histogram[0]) > 1:
            yield _draw_histogram(*tensor.histogram)
        if tensor.values is not None:
            lines = map(quote, tensor.values.split("\n"))
            yield '<pre tabindex="0">' + "\n".join(lines) + "</pre>\n"


def _draw_histogram(counts: Sequence[int], edges: Sequence[float]) -> str:
    low, high = edges[0], edges[-1]
    most, width = max(counts), _BAR_WIDTH * len(counts)
    bars = "".join(
        f'<rect x="{i * _BAR_WIDTH}" y="{_HEIGHT - height:.1f}" '
        f'width="{_BAR_WIDTH - 1}" height="{height:.1f}"><title>{count:,} from '
        f"{edges[i]:.6g} to {edges[i + 1]:.6g}</title></rect>\n"
        for i, count in enumerate(counts)
        if (height := max(count / most * _HEIGHT, 1.0 if count else 0.0))
    )
    return (
        f'<svg viewBox="0 -16 {width} {_HEIGHT + 36}" width="{width}" role="img" '
        f'aria-label="histogram of the finite values" fill="currentColor">\n{bars}'
        f'<text x="0" y="-4">at most {most:,}</text>\n'
        f'<text x="0" y="{_HEIGHT + 16}">{low:.6g}</text>\n'
        f'<text x="{width}" y="{_HEIGHT + 16}" text-anchor="end">{high:.6g}</text>\n'
        "</svg>\n"
    )
