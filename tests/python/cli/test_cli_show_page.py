"""fastckpt show --html: one page that needs nothing else."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json
from damage import change_byte

TENSORS = {
    "kernel": np.linspace(-1, 1, 5000, dtype=np.float32).reshape(50, 100),
    "constant": np.ones(3),
    "<b>&\x1b": np.array([b"<script>"], object),
}


class Page(HTMLParser):
    """What a reader sees of a page, by element."""

    def __init__(self, path):
        super().__init__()
        self.texts: dict[str, list[str]] = {}
        self.attributes: list[tuple[str, str | None]] = []
        self._element = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self._element = tag
        self.attributes += attrs
        self.texts.setdefault(tag, []).append("")

    def handle_data(self, data):
        if self._element:
            self.texts[self._element][-1] += data

    def facts(self):
        labels = map(str.strip, self.texts["dt"])
        return dict(zip(labels, map(str.strip, self.texts["dd"]), strict=True))

    def cells(self):
        return [text.strip() for text in self.texts["td"]]


@pytest.fixture
def prefix(tmp_path):
    fastckpt.save(tmp_path / "model.ckpt", TENSORS, shards=2)
    return tmp_path / "model.ckpt"


def make_page(capsys, prefix, *arguments, status=0):
    path = prefix.parent / "page.html"
    done = run(capsys, "show", prefix, *arguments, "--html", path)
    assert done.status == status
    assert done.out == f"wrote {path}: {describe_size(path)}\n"
    return Page(path), done


def describe_size(path):
    nbytes = path.stat().st_size
    exact = f"{nbytes:,} bytes"
    return exact if nbytes < 1024 else f"{nbytes / 1024:.1f} KiB ({exact})"


def test_the_page_of_a_checkpoint_has_its_files_and_dtypes(prefix, capsys):
    page, done = make_page(capsys, prefix)
    assert done.err == ""
    assert page.texts["h1"][0].strip() == str(prefix)
    assert page.facts()["format"] == "v2"
    rows = " ".join(page.cells())
    assert "model.ckpt.data-00001-of-00002" in rows
    assert "float32 1 5,000 19.5 KiB" in rows
    assert "total 3 5,004" in rows


def test_the_page_of_a_tensor_has_facts_values_and_a_histogram(prefix, capsys):
    page, _ = make_page(capsys, prefix, "kernel")
    printed = run(capsys, "show", prefix, "kernel").out
    for label, text in page.facts().items():
        assert re.search(f"^  {label} +{re.escape(text)}$", printed, re.MULTILINE)
    assert printed.endswith(page.texts["pre"][0])
    bars = page.texts["title"][1:]
    assert len(bars) == 50
    assert sum(int(bar.split(" ")[0].replace(",", "")) for bar in bars) == 5000
    assert bars[0].split(" from ")[1].strip() == "-1 to -0.96"


def test_values_without_a_spread_have_no_histogram(prefix, capsys):
    page, _ = make_page(capsys, prefix, "constant", "<b>*")
    assert "svg" not in page.texts
    assert page.texts["pre"][0].strip() == "[1. 1. 1.]"


def test_names_and_values_cannot_become_markup(prefix, capsys):
    page, _ = make_page(capsys, prefix, "*")
    assert "script" not in page.texts
    assert page.texts["pre"][0].strip() == "[b'<script>']"
    assert page.texts["h2"][0].strip() == r"<b>&\x1b"


def test_the_page_needs_nothing_from_elsewhere(prefix, capsys):
    page, _ = make_page(capsys, prefix, "*")
    assert not {"script", "link", "img", "iframe"} & set(page.texts)
    assert not {"src", "href"} & {name for name, _ in page.attributes}


def test_a_region_is_what_the_page_shows(prefix, capsys):
    page, _ = make_page(capsys, prefix, "kernel", "--region", "0,:2")
    assert page.facts()["region"] == "[0,:2], shape (2,)"
    assert page.facts()["count"] == "2"


def test_json_comes_beside_the_page(prefix, capsys):
    path = prefix.parent / "page.html"
    for names in [], ["kernel"]:
        _, alone = run_json(capsys, "show", prefix, *names)
        _, beside = run_json(capsys, "show", prefix, *names, "--html", path)
        assert beside == alone
        assert "kernel" in path.read_text()


def test_a_tensor_that_cannot_be_read_is_on_the_page_with_its_error(prefix, capsys):
    file, offset, _ = fastckpt.open(prefix).byte_runs("kernel")[0]
    change_byte(Path(file), offset)
    page, done = make_page(capsys, prefix, "constant", "kernel", status=1)
    assert done.err.count("error:") == 1
    (error,) = page.texts["p"]
    assert "checksum" in error
    assert "kernel" in error
    assert len(page.texts["pre"]) == 1


def test_a_page_that_cannot_be_written_is_an_error_and_leaves_nothing(prefix, capsys):
    (prefix.parent / "folder").mkdir()
    before = sorted(os.listdir(prefix.parent))
    done = run(capsys, "show", prefix, "kernel", "--html", prefix.parent / "folder")
    assert (done.status, done.out) == (2, "")
    assert "folder is in the way" in done.err
    assert sorted(os.listdir(prefix.parent)) == before


def test_a_page_that_fails_half_way_leaves_the_old_one(prefix, capsys, monkeypatch):
    make_page(capsys, prefix)
    before = {path: path.read_bytes() for path in prefix.parent.iterdir()}

    def fail(*_):
        raise MemoryError("no room for the values")

    monkeypatch.setattr("fastckpt.cli.render.shown_tensor.format_values", fail)
    path = prefix.parent / "page.html"
    done = run(capsys, "show", prefix, "kernel", "--html", path)
    assert (done.status, done.out) == (2, "")
    assert {path: path.read_bytes() for path in prefix.parent.iterdir()} == before
