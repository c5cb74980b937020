"""A save that fails or is killed loses nothing; what it leaves is tidied up."""

from __future__ import annotations

import errno
import os
import resource
import sys
from pathlib import Path

import numpy as np
import pytest

import children
import fastckpt
import preloaded

SCENARIOS = [
    "fresh",
    "same_count",
    "more_shards",
    "fewer_shards",
    "no_fsync",
    "v1",
    "v1_over_v2",
    "merge",
]


def run(shim: Path, *arguments: object) -> str:
    return preloaded.run(shim, "fault_child.py", *arguments)


@pytest.mark.parametrize("kind", ["WRITE", "FSYNC", "RENAME", "CREATE"])
@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s != "no_fsync"])
def test_a_call_that_fails_leaves_the_old_checkpoint(shim, tmp_path, scenario, kind):
    run(shim, "fail_each", tmp_path, scenario, kind)


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [("no_fsync", "RENAME"), ("fewer_shards", "UNLINK"), ("merge", "LINK")],
)
def test_what_can_be_done_without_may_fail(shim, tmp_path, scenario, kind):
    run(shim, "fail_each", tmp_path, scenario, kind)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_disk_that_stays_full_loses_nothing(shim, tmp_path, scenario):
    run(shim, "fail_from_each", tmp_path, scenario)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_kill_at_any_call_loses_nothing(shim, tmp_path, scenario):
    run(shim, "die_at_each", tmp_path, scenario)


@pytest.mark.parametrize("scenario", ["more_shards", "v1_over_v2"])
def test_two_kills_in_a_row_lose_nothing(shim, tmp_path, scenario):
    run(shim, "die_twice", tmp_path, scenario, 5)


def test_kills_at_random_moments_lose_nothing(shim, tmp_path):
    run(shim, "die_at_random", tmp_path, 250)


@pytest.mark.parametrize("scenario", ["same_count", "v1"])
def test_a_short_write_is_continued(shim, tmp_path, scenario):
    run(shim, "write_short", tmp_path, scenario)


def calls(shim: Path, folder: Path, scenario: str) -> list[tuple[str, str]]:
    """Gives what a save calls, of temporary names only what they are for."""
    lines = run(shim, "log", folder, scenario).splitlines()
    pairs = [line.split(" ", 1) for line in lines]
    return [(call, _without_token(name)) for call, name in pairs]


def _without_token(name: str) -> str:
    head, mark, tail = name.partition(".fastckpt-")
    return head + "*" + tail[8:] if mark else name


def test_names_appear_only_after_what_they_stand_for_is_on_the_disk(shim, tmp_path):
    folder = tmp_path / "place"
    data, index = "m.data-00000-of-00001", "m.index"
    found = [c for c in calls(shim, folder, "same_count") if c[0] != "write"]
    # The lock: made before the first renaming, gone before the data are swept.
    assert found.pop(4) == ("create", "m*")
    assert found.pop(-2) == ("unlink", "m*")
    assert sorted(found[:4]) == [
        ("create", f"{data}*.tmp"),
        ("create", f"{index}*.tmp"),
        ("fsync", f"{data}*.tmp"),
        ("fsync", f"{index}*.tmp"),
    ]
    assert found[4:12] == [
        ("rename", f"{index}*.old"),
        ("rename", f"{data}*.old"),
        ("fsync", "place"),
        ("rename", data),
        ("fsync", "place"),
        ("rename", index),
        ("fsync", "place"),
        found[11],
    ]
    assert sorted(found[11:]) == [
        ("unlink", f"{data}*.old"),
        ("unlink", f"{index}*.old"),
    ]


def test_without_fsync_nothing_is_flushed(shim, tmp_path):
    found = calls(shim, tmp_path / "place", "no_fsync")
    assert not [call for call in found if call[0] == "fsync"]


# --- what the system says no to


@pytest.fixture
def old(tmp_path) -> Path:
    """A checkpoint that must stay."""
    fastckpt.save(tmp_path / "m", {"w": np.arange(5)})
    return tmp_path / "m"


def assert_is_old(prefix: Path) -> None:
    with fastckpt.open(prefix) as ckpt:
        np.testing.assert_array_equal(ckpt["w"], np.arange(5))


@pytest.mark.serial
def test_a_file_that_may_not_grow_is_the_oserror_it_is(tmp_path, old):
    script = f"""
import resource, signal, numpy as np, fastckpt
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    fastckpt.save({str(old)!r}, {{"w": np.zeros(1 << 20)}})
except OSError as error:
    print(error.errno, error.filename)
"""
    done = children.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == [str(errno.EFBIG), f"{old}.data-00000-of-00001"]
    assert_is_old(old)
    assert len(os.listdir(tmp_path)) == 2


def test_a_read_only_folder_is_a_permission_error(tmp_path, old):
    tmp_path.chmod(0o555)
    script = f"""
import os, fastckpt, numpy as np
fastckpt.Writer  # all of it is imported while root may still read it
if os.geteuid() == 0:
    os.chdir({str(tmp_path)!r})
    os.seteuid(65534)
try:
    fastckpt.save("m" if os.getuid() == 0 else {str(old)!r}, {{"w": 1}})
except PermissionError as error:
    print(error.filename)
"""
    try:
        done = children.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True
        )
    finally:
        tmp_path.chmod(0o755)
    assert os.path.basename(done.stdout.strip()) == "m.data-00000-of-00001"
    assert_is_old(old)


def test_a_folder_in_the_way_of_the_index_is_named(tmp_path):
    (tmp_path / "m.index").mkdir()
    with pytest.raises(IsADirectoryError) as caught:
        fastckpt.save(tmp_path / "m", {"w": 1})
    assert caught.value.filename == str(tmp_path / "m.index")
    assert os.listdir(tmp_path) == ["m.index"]


def test_a_folder_in_the_way_of_the_data_leaves_the_old_checkpoint(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.arange(5)}, shards=2)
    (tmp_path / "m.data-00000-of-00001").mkdir()
    with pytest.raises(IsADirectoryError):
        fastckpt.save(tmp_path / "m", {"w": 1})
    assert_is_old(tmp_path / "m")


def test_a_folder_in_the_way_of_a_v1_file_is_named(tmp_path):
    (tmp_path / "m").mkdir()
    with pytest.raises(IsADirectoryError):
        fastckpt.save(tmp_path / "m", {"w": 1}, format="v1")


def test_a_file_where_the_folder_should_be_is_named(tmp_path, old):
    with pytest.raises(NotADirectoryError):
        fastckpt.save(Path(f"{old}.index") / "m", {"w": 1})
    assert_is_old(old)


def test_a_name_that_is_too_long_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(OSError, match="too long") as caught:
        fastckpt.Writer(tmp_path / ("n" * 250))
    assert caught.value.errno == errno.ENAMETOOLONG
    assert os.listdir(tmp_path) == []


@pytest.mark.serial
def test_too_many_open_files_is_the_oserror_it_is(tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(100, limit[0]), limit[1]))
    try:
        with pytest.raises(OSError, match="open files"):
            fastckpt.save(tmp_path / "m", {"w": 1}, shards=200)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert os.listdir(tmp_path) == []
