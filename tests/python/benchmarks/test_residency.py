"""How much of a file the page cache holds; a cold run proves that it is nothing."""

import os

from benchmarks.machine.residency import drop_from_cache, resident_bytes


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
