"""The page with every sample: whole, alone, and safe whatever the names are."""

import re
from html.parser import HTMLParser

import reports
from benchmarks.reports import page


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.asked, self.texts, self.tags = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.asked += [v for k, v in attributes if k in ("src", "href", "srcset")]

    def handle_data(self, data):
        self.texts.append(data)


def parsed(text: str) -> _Page:
    found = _Page()
    found.feed(text)
    return found


def test_every_sample_is_there():
    report = reports.whole()
    text = page.of_report(report)
    for row in report["rows"]:
        for samples in row["samples"].values():
            assert " ".join(f"{sample:.6g}" for sample in samples) in text
    every = sum(len(s) for row in report["rows"] for s in row["samples"].values())
    assert text.count("<circle") == every


def test_the_page_asks_for_nothing_else():
    text = page.of_report(reports.whole())
    found = parsed(text)
    assert found.asked == []
    assert not {"script", "link", "img", "iframe"} & set(found.tags)
    assert not re.search(r"url\(|@import|https?:", text)


def test_there_is_a_light_page_and_a_dark_one():
    text = page.of_report(reports.whole())
    assert "prefers-color-scheme: dark" in text
    assert "color-scheme: light dark" in text


def test_names_are_text_whatever_they_are():
    report = reports.whole()
    hostile = '</pre><script>alert("1")</script>\udcff'
    report["rows"][0]["samples"][hostile] = [1.0, 2.0]
    report["rows"][0]["missing"][hostile] = hostile
    report["command"] = hostile
    report["advice"] = [{"about": "x", "verdict": "same", "text": hostile}]
    found = parsed(page.of_report(report))
    assert "script" not in found.tags
    assert any("alert" in text for text in found.texts)


def test_a_row_of_nobody_says_why():
    report = reports.whole()
    report["rows"] = [reports.row("torch-cuda")]
    report["rows"][0]["missing"] = {"fastckpt": "the machine has no GPU"}
    text = page.of_report(report)
    assert "not measured: fastckpt: the machine has no GPU" in text


def test_samples_that_are_zero_are_told_and_not_drawn():
    report = reports.whole()
    report["rows"] = [reports.row("mine-faults", now=[0.0, 0.0, 3.0])]
    assert "now: 0 0 3" in page.of_report(report)
