"""A page: one HTML file that needs nothing else, and that nothing in it can leave.

Its policy lets no script and no style run but those that it was written with, and
loads nothing; texts are quoted, and data is JSON that no browser runs.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from fastckpt.base.deferred import importing
from fastckpt.base.html import quote
from fastckpt.files.replace import write_beside
from fastckpt.files.replaced import check_keeps_checkpoints

__all__ = ["format_facts", "format_rows", "run_script", "write_page"]

_SCRIPTS = (
    *("text", "data", "spread", "table", "scopes", "detail"),
    *("tensors", "differences", "main"),
)
"""What the script is made of, in this order: see the folder `script`."""

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body class="{kind}">
"""


def write_page(path: str, title: str, kind: str, parts: Iterable[str]) -> None:
    """Writes a page: complete or not there at all, and never whole in memory.

    Args:
        path: The file.
        title: What it is about.
        kind: "text", or "data" of a page whose script lays it out.
        parts: HTML, piece by piece.

    Raises:
        ValueError: It would take the place of a checkpoint's file.
        OSError: The file could not be written; an old one is as it was.
    """
    check_keeps_checkpoints(path, "a page of this name", keeps_foreign=True)
    with (
        write_beside(path, fsync=False) as beside,
        open(beside, "w", encoding="utf-8", newline="\n") as file,
    ):
        file.write(_format_head(title, kind))
        file.writelines(parts)
        file.write("</body></html>")


def _format_head(title: str, kind: str) -> str:
    style = _read("page.css")
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src {_hash(style)}; script-src {_hash(_script())}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return _HEAD.format(policy=policy, title=quote(title), style=style, kind=kind)


def run_script() -> str:
    """Gives the element that lays a page's data out."""
    return f"<script>{_script()}</script>\n"


@cache
def _script() -> str:
    parts = "".join(_read(f"script/{name}.js") for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


@cache
def _read(name: str) -> str:
    with importing:
        from importlib.resources import files

    return files("fastckpt.pages").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


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
