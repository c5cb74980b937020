"""What notebooks show: short, folded, of names only as many as one reads."""

from __future__ import annotations

import pickle
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from damage import change_byte
from installed import is_installed

MANY = 20_000
HOSTILE = "</div><script>alert(1)</script>\0\udcff"


class Markup(HTMLParser):
    """The tags of a cell, which must be closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = set(), []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def prefix(tmp_path):
    tensors = {"dense/kernel": np.ones((2, 3), "f4"), HOSTILE: np.zeros(3)}
    fastckpt.save(tmp_path / "m", tensors)
    return tmp_path / "m"


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    for path, value in (("a", 0.0), ("b", 1.0)):
        names = [f"{path if i % 2 else ''}scope/{i}/kernel" for i in range(MANY)]
        fastckpt.save(folder / path, {name: np.full(1, value) for name in names})
    return folder


def cell(value):
    text = value._repr_html_()
    text.encode("utf-8")
    assert len(text) < 40_000
    assert {"script", "style"}.isdisjoint(Markup(text).tags)
    return text


def test_a_checkpoint_tells_of_its_tensors_without_its_data(prefix):
    Path(f"{prefix}.data-00000-of-00001").unlink()
    with fastckpt.open(prefix) as ckpt:
        text = cell(ckpt)
    assert "2 tensors" in text
    assert "<summary>2 tensors</summary>" in text
    assert "dense/kernel" in text
    assert "(2, 3)" in text
    assert r"&lt;script&gt;alert(1)&lt;/script&gt;\x00\xff" in text


def test_a_closed_checkpoint_has_a_cell(prefix):
    ckpt = fastckpt.open(prefix)
    ckpt.close()
    assert "closed" in cell(ckpt)


def test_names_beyond_the_first_are_counted(large):
    with fastckpt.open(large / "a") as ckpt:
        text = cell(ckpt)
    assert f"{MANY:,} tensors" in text
    assert f"and {MANY - 100:,} more" in text
    assert text.count("<tr>") == 101


def test_a_report_tells_what_to_do(prefix):
    report = fastckpt.open(prefix).verify()
    assert "<b>ok</b>" in cell(report)
    change_byte(Path(f"{prefix}.data-00000-of-00001"), 3)
    report = fastckpt.open(prefix).verify()
    text = cell(report)
    assert "<b>1 problem</b>" in text
    assert report.findings[0].advice.split(";")[0] in text
    assert cell(pickle.loads(pickle.dumps(report))) == text


def test_differences_begin_with_what_changed_most(tmp_path):
    old = {f"w{i}": np.array([1.0, 2.0]) for i in range(9)} | {"gone": np.ones(1)}
    new = {f"w{i}": np.array([1.0, 2.0 + i]) for i in range(9)} | {HOSTILE: np.ones(1)}
    fastckpt.save(tmp_path / "a", old)
    fastckpt.save(tmp_path / "b", new)
    text = cell(fastckpt.diff(tmp_path / "a", tmp_path / "b"))
    assert "they differ" in text
    assert re.findall(r">(w\d)<", text)[:3] == ["w8", "w7", "w6"]
    assert "<summary>1 only in A</summary>gone" in text
    same = cell(fastckpt.diff(tmp_path / "a", tmp_path / "a"))
    assert "<b>the same</b>" in same


def test_very_many_differences_are_a_small_cell(large):
    found = fastckpt.diff(large / "a", large / "b")
    text = cell(found)
    assert f"{MANY // 2:,} changed" in text
    assert f"<summary>{MANY // 2:,} only in A</summary>" in text


def test_a_plan_tells_what_is_open(tmp_path):
    tensors = {f"layer_{i}/kernel": np.zeros((2, 2)) for i in range(3)}
    fastckpt.save(tmp_path / "m", tensors | {HOSTILE: np.zeros(7)})
    rules = fastckpt.Rules.parse("layer_{n}/kernel -> {n}.weight transpose")
    shapes = {f"{i}.weight": (2, 2) for i in range(3)}
    with fastckpt.open(tmp_path / "m") as ckpt:
        text = cell(fastckpt.match(ckpt, shapes, rules=rules))
        more = {**shapes, "other": (9,)}
        assert "1 missing" in cell(fastckpt.match(ckpt, more, rules=rules))
    assert "3 matched" in text
    assert "layer_1/kernel transpose" in text
    assert "1 unused" in text


CELLS = """
import fastckpt
ckpt = fastckpt.open({path!r})
ckpt
---
ckpt.verify()
---
fastckpt.diff({path!r}, {other!r})
---
fastckpt.match(ckpt, {{"w": (1,)}})
---
ckpt.close()
ckpt
"""


@pytest.mark.frameworks
@pytest.mark.skipif(
    not (is_installed("nbclient") and is_installed("ipykernel")),
    reason="needs nbclient and ipykernel",
)
# What Jupyter's libraries say to themselves.
@pytest.mark.filterwarnings("default")
def test_a_notebook_shows_all_of_them(large, tmp_path):
    import nbclient
    import nbformat

    paths = {"path": str(large / "a"), "other": str(large / "b")}
    sources = CELLS.format(**paths).split("---")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source.strip()) for source in sources]
    )
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for it, expected in zip(
        notebook.cells,
        ["20,000 tensors", "ok", "they differ", "not finished", "closed"],
        strict=True,
    ):
        (output,) = it.outputs
        assert output.output_type == "execute_result", output
        assert expected in output.data["text/html"]
        assert len(output.data["text/plain"]) < 300
    nbformat.write(notebook, tmp_path / "cells.ipynb")
    assert (tmp_path / "cells.ipynb").stat().st_size < 150_000
