"""How much of a file the page cache holds; a cold run proves that it is nothing."""

import os

import pytest
from benchmarks.machine import residency
from benchmarks.machine.residency import drop_all, drop_from_cache, resident_bytes


def test_a_file_that_was_just_written_is_in_the_page_cache(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(100_000))
    assert resident_bytes(str(path)) >= 100_000


def test_what_is_left_of_a_dropped_file_is_told(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(1 << 20))
    # Not every file system can let go: what counts is that it is told.
    left = drop_from_cache(str(path))
    assert left == resident_bytes(str(path))
    assert path.read_bytes()
    assert resident_bytes(str(path)) >= 1 << 20


@pytest.mark.parametrize("stays", [1, 2, 9])
def test_what_stays_once_is_dropped_again(stays, tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    for name in ("kept", "let go"):
        (tmp_path / "folder" / name).write_bytes(bytes(100))
    tried = []

    def drop(path: str) -> int:
        tried.append(path)
        return 4096 if path.endswith("kept") and tried.count(path) <= stays else 0

    monkeypatch.setattr(residency, "drop_from_cache", drop)
    assert drop_all([str(tmp_path)]) == (4096 if stays == 9 else 0)
    assert tried.count(str(tmp_path / "folder" / "let go")) == 1
    assert tried.count(str(tmp_path / "folder" / "kept")) == min(stays, 3) + 1
