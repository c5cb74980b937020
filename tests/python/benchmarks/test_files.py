"""Results on the disk."""

import os

import pytest
from benchmarks.reports.files import (
    Refusal,
    printable,
    refuse_unwritable,
    write_json,
    write_text,
)


def test_a_file_is_whole_or_as_it_was(tmp_path, monkeypatch):
    file = tmp_path / "new" / "a.txt"
    write_text(file, "before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(file))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(Refusal, match=r"a\.txt: No space left on device; --out"):
        write_text(file, "after")
    assert [each.name for each in file.parent.iterdir()] == ["a.txt"]
    assert file.read_text() == "before"


def test_names_that_are_no_text_can_be_written(tmp_path):
    write_text(tmp_path / "a", "x\udcffy")
    assert (tmp_path / "a").read_text() == "x\\udcffy"
    write_json(tmp_path / "b", {"x\udcff": 1})


def test_a_terminal_is_told_nothing_that_it_obeys():
    assert printable("a \x1b[31m\udcff\u202eé\nb") == ("a \\x1b[31m\\udcff\\u202eé\nb")


def test_a_folder_is_tried_before_it_is_needed(tmp_path):
    refuse_unwritable(tmp_path / "a" / "b", "--out")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(Refusal, match="--scratch names another folder"):
        refuse_unwritable(tmp_path / "file" / "c", "--scratch")
