"""What ``show`` presents, as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape as quote

from fastckpt.cli.render.shown_tensor import ShownTensor
from fastckpt.files.replace import write_beside
from fastckpt.files.replaced import check_keeps_checkpoints

__all__ = ["format_facts", "format_rows", "format_tensor", "write_page"]

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em;
  padding: 0 1em }}
h1, h2 {{ font-size: 1.3em; overflow-wrap: anywhere }}
h2 {{ border-top: 1px solid #8886; margin-top: 2em; padding-top: 1em }}
table {{ border-collapse: collapse; margin: 1em 0 }}
td, th {{ overflow-wrap: anywhere; padding: .1em 1.2em .1em 0; text-align: left;
  vertical-align: top }}
.right {{ font-variant-numeric: tabular-nums; text-align: right }}
dl {{ display: grid; gap: 0 1em; grid-template-columns: max-content 1fr }}
dd {{ margin: 0; overflow-wrap: anywhere }}
pre {{ overflow-x: auto }}
svg {{ color: #3470b8; max-width: 100% }}
svg text {{ fill: CanvasText; font-size: 12px }}
.error {{ color: #c22 }}
</style>
"""

_BAR_WIDTH, _HEIGHT = 10, 120


def write_page(path: str, title: str, parts: Iterable[str]) -> None:
    """Writes a page: complete or not there at all, and never whole in memory.

    Args:
        path: The file.
        title: What it is about, printable.
        parts: HTML, piece by piece.

    Raises:
        ValueError: It would take the place of a checkpoint's file.
        OSError: The file could not be written; an old one is as it was.
    """
    check_keeps_checkpoints(path, "a page of this name", keeps_foreign=True)
    with (
        write_beside(path, fsync=False) as beside,
        open(beside, "w", encoding="utf-8") as file,
    ):
        file.write(_HEAD.format(title=quote(title)))
        file.write(f"<h1>{quote(title)}</h1>\n")
        file.writelines(parts)


def format_facts(facts: Iterable[tuple[str, str]]) -> str:
    """Gives labels and what they say."""
    items = (f"<dt>{quote(label)}<dd>{quote(text)}\n" for label, text in facts)
    return f"<dl>\n{''.join(items)}</dl>\n"


def format_rows(
    header: Sequence[str], rows: Iterable[Sequence[str]], right: frozenset[str]
) -> Iterator[str]:
    """Gives a table; the columns named in `right` are numbers."""
    classes = [' class="right"' if label in right else "" for label in header]
    yield f"<table>\n{_format_row('th', header, classes)}"
    for row in rows:
        yield _format_row("td", row, classes)
    yield "</table>\n"


def _format_row(tag: str, row: Sequence[str], classes: Sequence[str]) -> str:
    cells = zip(row, classes, strict=True)
    return f"<tr>{''.join(f'<{tag}{kind}>{quote(text)}' for text, kind in cells)}\n"


def format_tensor(shown: ShownTensor) -> Iterator[str]:
    """Gives a tensor: facts, how its values are spread, the values."""
    yield f"<h2>{quote(shown.title)}</h2>\n"
    yield format_facts(shown.facts())
    if shown.error is not None:
        yield f'<p class="error">{quote(shown.error)}</p>\n'
    if shown.array is None:
        return
    yield _format_histogram(shown)
    yield f"<pre>{quote(shown.format_values())}</pre>\n"


def _format_histogram(shown: ShownTensor) -> str:
    """Draws how numbers are spread, which booleans and a single number are not."""
    found, array = shown.measured, shown.array
    if found is None or array is None or array.dtype.kind == "b":
        return ""
    counts, edges = found.histogram
    return _draw_histogram(counts, edges) if len(counts) > 1 else ""


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
