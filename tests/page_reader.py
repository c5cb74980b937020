"""What a page holds, as its script reads it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class DataPage(HTMLParser):
    """The elements of a page, its texts and its rows.

    Attributes:
        elements: (tag, attributes) in order.
        scripts: The texts of the scripts that a browser runs.
        names: The tensors', in order.
        paths: Those of TensorFlow 2's objects, if there are any.
        about: What the data says beside them.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.scripts: list[str] = []
        self.about: dict[str, Any] = {}
        self.names: list[str] = []
        self.paths: list[str] = []
        self._is_open = False
        self._rows: list[dict[str, Any]] = []
        self.text = path.read_text("utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")
        self._is_open = True

    def handle_endtag(self, tag: str) -> None:
        self._is_open = False

    def handle_data(self, data: str) -> None:
        if not self._is_open:
            return
        tag, attributes = self.elements[-1]
        self.texts[tag][-1] += data
        if tag != "script" or not data.strip():
            return
        if attributes.get("type") != "application/json":
            self.scripts.append(data)
        elif attributes["class"] == "about":
            self.about = json.loads(data)
        else:
            self._add(json.loads(data))

    def _add(self, piece: dict[str, Any]) -> None:
        names = _unpack(piece["keep"], piece["rest"])
        for i in range(len(names)):
            row = {
                key: _at(column, i)
                for key, column in piece.items()
                if not key.endswith("rest")
            }
            self._rows.append(row)
        self.names += names
        if "path_rest" in piece:
            self.paths += _unpack(piece["path_keep"], piece["path_rest"])

    def row(self, name: str) -> dict[str, Any]:
        """What stands in the columns of a tensor."""
        found = dict(self._rows[self.names.index(name)])
        for key, texts in ("dtype", "dtypes"), ("shape", "shapes"):
            if key in found:
                found[key] = self.about[texts][found[key]]
        for key in ("old", "new"):
            if found.get(key) is not None:
                found[key] = self.about["types"][found[key]]
        if "kind" in found:
            found["kind"] = self.about["kinds"][found["kind"]]
        return found


def _unpack(keep: Any, rest: list[str]) -> list[str]:
    name, names = "", []
    for i, end in enumerate(rest):
        name = name[: _at(keep, i)] + end
        names.append(name)
    return names


def _at(column: Any, i: int) -> Any:
    if isinstance(column, list):
        return column[i]
    return column["all"] if "all" in column else column.get(str(i))


def heights(packed: list[int] | str) -> list[int]:
    """The heights of a histogram's bars."""
    return list(map(LEVELS.index, packed)) if isinstance(packed, str) else packed
