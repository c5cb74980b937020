"""unique_sources() and newest_sources(): which checkpoints a call means."""

from __future__ import annotations

import glob
import os
import shutil

import pytest

import fastckpt
from fastckpt.files.sources import newest_sources, unique_sources
from small_checkpoints import write_shards, write_v1, write_v2


def write_state(folder, latest, *others):
    lines = [f'model_checkpoint_path: "{latest}"\n']
    lines += [f'all_model_checkpoint_paths: "{name}"\n' for name in (*others, latest)]
    (folder / "checkpoint").write_text("".join(lines))


def expand(folder, pattern="*"):
    """As a shell does."""
    return sorted(glob.glob(os.path.join(glob.escape(str(folder)), pattern)))


def names_of(sources):
    return [os.path.basename(source.prefix) for source in sources]


def test_a_shell_pattern_names_each_checkpoint_once(tmp_path):
    for step, shards in ((10, 2), (20, 1), (30, 1)):
        write_v2(tmp_path, f"m-{step}", shards=shards)
        (tmp_path / f"m-{step}.meta").write_bytes(b"graph")
    given = expand(tmp_path, "m-*")
    assert len(given) == 10
    assert names_of(unique_sources(given)) == ["m-10", "m-20", "m-30"]


def test_a_state_file_and_a_folder_are_their_latest_which_counts_once(tmp_path):
    for step in (1, 2):
        write_v2(tmp_path, f"m-{step}")
    write_state(tmp_path, "m-2", "m-1")
    for extra in ([], [tmp_path], [tmp_path / "checkpoint"]):
        found = unique_sources([*extra, *expand(tmp_path)])
        assert sorted(names_of(found)) == ["m-1", "m-2"]
        assert not any(source.is_latest for source in found)
    for source in (tmp_path, tmp_path / "checkpoint"):
        (found,) = unique_sources([source])
        assert os.path.basename(found.prefix) == "m-2"
        assert found.is_latest


def test_the_order_is_that_in_which_they_are_named_first(tmp_path):
    for name in "abc":
        write_v2(tmp_path, name)
    given = [tmp_path / name for name in ("c", "a.index", "c.index", "b", "a")]
    assert names_of(unique_sources(given)) == ["c", "a", "b"]


def test_links_and_other_spellings_are_the_same_checkpoint(tmp_path, monkeypatch):
    prefix = write_v2(tmp_path / "real")
    os.symlink(tmp_path / "real", tmp_path / "link")
    for end in ("index", "data-00000-of-00001"):
        os.symlink(f"{prefix}.{end}", tmp_path / f"other.{end}")
        os.link(f"{prefix}.{end}", tmp_path / f"hard.{end}")
    monkeypatch.chdir(tmp_path)
    given = [prefix, "link/model", "real/../real/model", "other", "hard", b"real/model"]
    assert len(unique_sources(given)) == 1


def test_a_copy_is_a_checkpoint_of_its_own(tmp_path):
    write_v2(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    given = [tmp_path / "a" / "model", tmp_path / "b" / "model"]
    assert len(unique_sources(given)) == 2


def test_v1_files_and_shards_count_once_too(tmp_path):
    write_v1(tmp_path, "one.ckpt")
    (tmp_path / "one.meta").write_bytes(b"graph")
    write_shards(tmp_path, "many")
    found = unique_sources(expand(tmp_path))
    assert {source.format for source in found} == {"v1"}
    one = [source for source in found if source.prefix.endswith("one.ckpt")]
    assert len(one) == 1


def test_an_open_checkpoint_is_the_one_at_its_path(tmp_path):
    prefix = write_v2(tmp_path)
    with fastckpt.open(prefix) as checkpoint:
        (found,) = unique_sources([checkpoint, prefix])
        assert found.given is checkpoint


@pytest.mark.parametrize(
    "name",
    ["m-3.fastckpt-0123abcd.old", "m-3.fastckpt-0123abcd.tmp", "m-3.tempstate123456"],
)
def test_what_a_save_left_that_did_not_end_is_no_source(name, tmp_path):
    write_v1(tmp_path, "m-3")
    shutil.copy(tmp_path / "m-3", tmp_path / name)
    with pytest.raises(ValueError, match=r"a save left that did not end.*leave it out"):
        unique_sources(expand(tmp_path, "m-*"))
    assert names_of(newest_sources(tmp_path, 1)) == ["m-3"]


def test_a_file_that_is_no_checkpoint_is_an_error_that_names_it(tmp_path):
    write_v2(tmp_path)
    (tmp_path / "events.out.tfevents.1.host").write_bytes(b"events" * 20)
    with pytest.raises(fastckpt.CorruptionError, match=r"tfevents\.1\.host"):
        unique_sources(expand(tmp_path))


# newest_sources


def test_the_newest_are_those_of_the_highest_numbers(tmp_path):
    for step in (5, 40, 9, 300):
        write_v2(tmp_path, f"m-{step}.ckpt")
    found = newest_sources(tmp_path, 3)
    assert names_of(found) == ["m-9.ckpt", "m-40.ckpt", "m-300.ckpt"]


def test_where_names_differ_in_more_the_times_tell(tmp_path):
    for time, name in enumerate(("z-9", "a-1", "best")):
        prefix = write_v2(tmp_path, name)
        os.utime(f"{prefix}.index", (1000 + time, 1000 + time))
    assert names_of(newest_sources(tmp_path, 2)) == ["a-1", "best"]


def test_the_state_file_decides_on_order_and_on_the_latest(tmp_path):
    for step in (10, 20, 30, 40, 50):
        write_v2(tmp_path, f"m-{step}")
    write_state(tmp_path, "m-30", "m-40", "m-20")  # training began anew at 20
    for source in (tmp_path, tmp_path / "checkpoint"):
        found = newest_sources(source, 4)
        assert names_of(found) == ["m-10", "m-40", "m-20", "m-30"]


def test_a_state_file_that_lists_the_latest_alone_hides_no_older_ones(tmp_path):
    for step in (1, 2, 3):
        write_v2(tmp_path, f"ckpt-{step}")
    write_state(tmp_path, "ckpt-3")  # as tf.train.Checkpoint.save leaves it
    assert names_of(newest_sources(tmp_path, 2)) == ["ckpt-2", "ckpt-3"]


def test_those_of_a_run_that_was_begun_anew_do_not_mix_with_the_old(tmp_path):
    for step in (1, 2, 800, 900):
        write_v2(tmp_path, f"m-{step}")
    write_state(tmp_path, "m-2", "m-1")
    with pytest.raises(ValueError, match=r"it has 2 .*m-1', .*m-2'"):
        newest_sources(tmp_path, 3)


def test_what_the_list_has_after_the_latest_does_not_count(tmp_path):
    for step in (1, 2, 3):
        write_v2(tmp_path, f"m-{step}")
    text = 'model_checkpoint_path: "m-2"\n'
    text += "".join(f'all_model_checkpoint_paths: "m-{step}"\n' for step in (1, 2, 3))
    (tmp_path / "checkpoint").write_text(text)
    assert names_of(newest_sources(tmp_path, 2)) == ["m-1", "m-2"]


def test_fewer_than_wanted_is_an_error_that_names_them(tmp_path):
    write_v2(tmp_path, "m-1")
    with pytest.raises(ValueError, match=r"newest 2 .* it has 1 .*m-1'"):
        newest_sources(tmp_path, 2)


def test_a_latest_that_is_gone_is_an_error(tmp_path):
    write_v2(tmp_path, "m-1")
    write_state(tmp_path, "m-2", "m-1")
    with pytest.raises(FileNotFoundError, match="m-2"):
        newest_sources(tmp_path, 1)


def test_the_newest_of_a_checkpoint_is_no_question(tmp_path):
    prefix = write_v2(tmp_path)
    for source in (prefix, f"{prefix}.index"):
        with pytest.raises(ValueError, match="those of a folder, not of"):
            newest_sources(source, 1)
