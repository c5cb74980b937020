"""The command that makes pictures and pages, and the pictures that README shows."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import reports
from benchmarks.__main__ import main
from benchmarks.reports import plot
from benchmarks.reports.files import write_json
from benchmarks.reports.theme import THEMES

ROOT = Path(__file__).parents[3]


def test_readme_shows_its_pictures_light_and_dark():
    readme = (ROOT / "README.md").read_text()
    shown = re.findall(r'(?:srcset|src)="(docs/pictures/[^"]+)"', readme)
    expected = [
        f"docs/pictures/{name}-{theme}.svg" for name in plot.SHOWN for theme in THEMES
    ]
    assert sorted(shown) == sorted(expected)
    for name in shown:
        text = (ROOT / name).read_text()
        ElementTree.fromstring(text)
        assert not re.search(r"dc:date|Matplotlib v", text)
    pictures = (ROOT / "docs" / "pictures").iterdir()
    assert sorted(f"docs/pictures/{file.name}" for file in pictures) == sorted(shown)


def test_the_page_is_written_where_nothing_can_be_drawn(tmp_path, monkeypatch, capsys):
    why = "matplotlib is not installed"
    monkeypatch.setattr(plot, "lacking", lambda _: why)
    write_json(tmp_path / "report.json", reports.whole())
    assert main(["plot", "--out", str(tmp_path)]) == 1
    assert f"no pictures: {why} (pip install matplotlib)" in capsys.readouterr().out
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize("command", ["plot", "results"])
def test_without_a_report_there_is_one_line(command, tmp_path, capsys):
    assert main([command, "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"{tmp_path / 'report.json'}: No such file or directory; ")
    assert error.count("\n") == 1
