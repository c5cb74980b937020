"""Pictures, drawn by matplotlib where it is installed."""

import re
from xml.etree import ElementTree

import pytest
import reports
from benchmarks.__main__ import main
from benchmarks.reports.files import write_json
from benchmarks.reports.theme import THEMES

from installed import is_installed

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.skipif(
        not is_installed("matplotlib"), reason="matplotlib is not installed"
    ),
]


@pytest.fixture(scope="module")
def drawn() -> dict:
    from benchmarks.reports import pictures

    report = reports.whole()
    return {
        (name, theme): pictures.draw(report, name, theme)
        for name in pictures.PICTURES
        for theme in THEMES
    }


def test_every_picture_is_one_file_of_svg_that_asks_for_nothing(drawn):
    for text in drawn.values():
        ElementTree.fromstring(text)
        asked = re.findall(r'href="([^"]*)"', text)
        assert all(link.startswith("#") for link in asked)
        assert "<text" not in text


def test_a_picture_is_the_same_each_time_and_knows_no_date(drawn):
    from benchmarks.reports import pictures

    for (name, theme), text in drawn.items():
        if name in ("paths", "growth"):
            assert pictures.draw(reports.whole(), name, theme) == text
        assert not re.search(r"20\d\d-\d\d|dc:date|Matplotlib v", text)


def test_light_and_dark_differ_in_colours_alone(drawn):
    for name in {name for name, _ in drawn}:
        light, dark = (drawn[name, theme] for theme in ("light", "dark"))
        assert light != dark
        hidden = re.compile(r"#[0-9a-f]{6}|id=\"\w+\"|#\w+")
        assert len(hidden.sub("", light)) == len(hidden.sub("", dark))


def test_what_a_report_lacks_is_not_drawn(tmp_path, capsys):
    report = reports.whole()
    report["growth"], report["rows"] = [], report["rows"][:2]
    write_json(tmp_path / "report.json", report)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "peers-dark.svg").write_text("of another report")
    assert main(["plot", "--out", str(tmp_path)]) == 0
    made = sorted(file.name for file in (tmp_path / "pictures").iterdir())
    assert made == [
        f"{name}-{theme}.svg"
        for name in ("limits", "paths")
        for theme in sorted(THEMES)
    ]
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
