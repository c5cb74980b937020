"""`merge`: as TensorFlow merges, and its opposite, with tensors dealt out anew."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

import fastckpt
import tensorflow_writes
from aside_states import set_aside
from bundle_maker import BundleMaker
from fastckpt import _native
from write_cases import make_rows, parts_of
from writing import assert_same_files, write


@pytest.fixture
def parts(tmp_path):
    """Two checkpoints of one file each, a tensor spread over both."""
    folder = tmp_path / "parts"
    for number, begin in ((0, 2), (1, 0)):
        with fastckpt.Writer(folder / f"part{number}") as writer:
            writer.add(f"own{number}", np.full(3, number, np.int32))
            rows = np.arange(begin, begin + 2, dtype=np.float32)
            writer.add_slice("spread", rows, full_shape=(4,), begin=(begin,))
    return [folder / "part0", folder / "part1"]


def names_in(folder):
    return sorted(os.listdir(folder))


def assert_is_merged(prefix):
    with fastckpt.open(prefix) as ckpt:
        assert list(ckpt) == ["own0", "own1", "spread"]
        np.testing.assert_array_equal(ckpt["own1"], [1, 1, 1])
        np.testing.assert_array_equal(ckpt["spread"], [0, 1, 2, 3])


@pytest.mark.tensorflow
def test_merged_files_are_tensorflows_byte_for_byte(tmp_path):
    seeds = range(100)
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()
    tensorflow_writes.run("write_parts", theirs, seeds.start, seeds.stop)
    shutil.copytree(theirs, ours)
    tensorflow_writes.run("merge_parts", theirs, seeds.start, seeds.stop)
    for seed in seeds:
        sources = [ours / f"part-{seed}-{i}" for i in range(len(parts_of(seed)))]
        fastckpt.merge(sources, ours / f"tf-{seed}")
        assert_same_files(ours / f"tf-{seed}", theirs / f"tf-{seed}")


def test_resharding_is_writing_the_same_tensors_to_other_shards(tmp_path):
    for seed in range(60):
        rows = make_rows(seed)
        write(tmp_path / f"one-{seed}", rows)
        write(tmp_path / f"three-{seed}", rows, shards=3)
        fastckpt.merge([tmp_path / f"one-{seed}"], tmp_path / f"re-{seed}", shards=3)
        if rows[0].full_shape is None:
            assert_same_files(tmp_path / f"re-{seed}", tmp_path / f"three-{seed}")


def test_resharding_back_to_one_file_keeps_every_value(tmp_path, parts):
    fastckpt.merge(parts, tmp_path / "one", shards=1)
    assert_is_merged(tmp_path / "one")
    assert names_in(tmp_path) == ["one.data-00000-of-00001", "one.index", "parts"]


@pytest.mark.parametrize("shards", [None, 3])
def test_sources_stay(tmp_path, parts, shards):
    before = names_in(tmp_path / "parts")
    fastckpt.merge(parts, tmp_path / "merged", shards=shards)
    assert_is_merged(tmp_path / "merged")
    assert names_in(tmp_path / "parts") == before


def test_sources_go_when_asked(tmp_path, parts):
    fastckpt.merge(parts, tmp_path / "merged", delete_sources=True)
    assert_is_merged(tmp_path / "merged")
    assert names_in(tmp_path / "parts") == []


def test_a_destination_among_the_deleted_sources_stays(parts):
    folder = parts[0].parent
    fastckpt.merge(parts, folder / "." / "part0", delete_sources=True)
    assert_is_merged(parts[0])
    assert names_in(folder) == [
        "part0.data-00000-of-00002",
        "part0.data-00001-of-00002",
        "part0.index",
    ]


def test_a_merge_that_fails_deletes_no_source(tmp_path, parts):
    other = tmp_path / "parts" / "other"
    fastckpt.rewrite(parts[0], other)
    before = names_in(tmp_path / "parts")
    with pytest.raises(ValueError, match="the same name or slice") as caught:
        fastckpt.merge([*parts, other], tmp_path / "merged", delete_sources=True)
    for prefix in (parts[0], other):
        assert f"'{prefix}.index'" in str(caught.value)
    assert names_in(tmp_path / "parts") == before
    assert not (tmp_path / "merged.index").exists()


def test_a_source_that_is_missing_is_named(tmp_path, parts):
    with pytest.raises(FileNotFoundError) as caught:
        fastckpt.merge([*parts, tmp_path / "none"], tmp_path / "merged")
    assert caught.value.filename == str(tmp_path / "none")


def test_slices_of_unlike_tensors_are_refused(tmp_path, parts):
    with fastckpt.Writer(tmp_path / "other") as writer:
        writer.add_slice("spread", np.zeros(1), full_shape=(5,), begin=(4,))
    with pytest.raises(ValueError, match=r"other\.index: tensor 'spread'"):
        fastckpt.merge([*parts, tmp_path / "other"], tmp_path / "merged")


def test_slices_that_overlap_are_refused(tmp_path, parts):
    with fastckpt.Writer(tmp_path / "other") as writer:
        part = np.zeros(2, np.float32)
        writer.add_slice("spread", part, full_shape=(4,), begin=(1,))
    with pytest.raises(ValueError, match="overlap"):
        fastckpt.merge([*parts, tmp_path / "other"], tmp_path / "merged")


def test_a_single_prefix_is_no_list_of_sources(tmp_path, parts):
    for prefix in (parts[0], str(parts[0]), os.fsencode(parts[0])):
        with pytest.raises(TypeError, match="a list of prefixes, not the prefix"):
            fastckpt.merge(prefix, tmp_path / "merged")


def test_nothing_to_merge_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no source"):
        fastckpt.merge([], tmp_path / "merged")


def test_a_big_endian_bundle_is_dealt_out_as_it_is(tmp_path):
    bundle = BundleMaker(1, big_endian=True)
    bundle.add("w", np.array([1, 2, 3], np.int32))
    bundle.add("s", np.array([b"ab", b""], object))
    source = bundle.write(tmp_path, "big")
    fastckpt.merge([source], tmp_path / "dealt", shards=2)
    with fastckpt.open(tmp_path / "dealt") as ckpt:
        np.testing.assert_array_equal(ckpt["w"], [1, 2, 3])
        assert ckpt["s"].tolist() == [b"ab", b""]


def test_a_checkpoint_counts_once_however_it_is_named(tmp_path, parts):
    folder = tmp_path / "parts"
    fastckpt.update_checkpoint_state(folder, str(parts[1]))
    (folder / "part0.meta").write_bytes(b"")
    everything = [folder / name for name in names_in(folder)]
    (tmp_path / "link").symlink_to(folder)
    for end in (".index", ".data-00000-of-00001"):
        os.link(f"{parts[0]}{end}", f"{tmp_path / 'hard'}{end}")
    aliases = [tmp_path / "link" / "part1", tmp_path / "hard", folder]
    fastckpt.merge([*everything, *aliases], tmp_path / "merged")
    assert_is_merged(tmp_path / "merged")
    assert len([it for it in names_in(tmp_path) if it.startswith("merged.data")]) == 2


def test_open_checkpoints_are_sources(tmp_path, parts):
    with fastckpt.open(parts[0]) as one:
        fastckpt.merge([one, parts[1]], tmp_path / "merged")
        assert one["own0"].shape == (3,)
    assert_is_merged(tmp_path / "merged")


def test_every_name_of_the_sources_goes_when_asked(tmp_path, parts):
    for end in (".index", ".data-00000-of-00001"):
        os.link(f"{parts[0]}{end}", f"{tmp_path / 'hard'}{end}")
    sources = [tmp_path / "hard", *parts]
    fastckpt.merge(sources, tmp_path / "merged", delete_sources=True)
    assert_is_merged(tmp_path / "merged")
    assert names_in(tmp_path / "parts") == []
    assert not (tmp_path / "hard.index").exists()


def test_the_result_stays_where_a_source_is_the_destination_by_a_link(tmp_path, parts):
    (tmp_path / "link").symlink_to(tmp_path / "parts")
    fastckpt.merge(parts, tmp_path / "link" / "part1", delete_sources=True)
    assert_is_merged(parts[1])
    assert names_in(tmp_path / "parts") == [
        "part1.data-00000-of-00002",
        "part1.data-00001-of-00002",
        "part1.index",
    ]


def test_sources_are_flushed_before_they_go_whatever_fsync_says(tmp_path, parts):
    options = {"fsync": False, "delete_sources": True}
    calls = []

    def note(**arguments):
        calls.append(arguments["fsync"])
        return merge(**arguments)

    merge = _native.merge
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_native, "merge", note)
        fastckpt.merge(parts, tmp_path / "merged", **options)
    assert calls == [True]


def test_a_source_that_was_saved_anew_meanwhile_is_not_deleted(tmp_path, parts):
    merge = _native.merge

    def then_save(**arguments):
        merge(**arguments)
        fastckpt.save(parts[0], {"newer": 1})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_native, "merge", then_save)
        fastckpt.merge(parts, tmp_path / "merged", delete_sources=True)
    assert_is_merged(tmp_path / "merged")
    with fastckpt.open(parts[0]) as kept:
        assert list(kept) == ["newer"]
    assert not parts[1].with_suffix(".index").exists()


def test_a_damaged_source_is_not_deleted(tmp_path):
    for name in "ab":
        fastckpt.save(tmp_path / name, {name: np.ones(8)})
    data = tmp_path / "b.data-00000-of-00001"
    data.write_bytes(b"\1" + data.read_bytes()[1:])
    names = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(fastckpt.CorruptionError, match="no source deleted"):
        fastckpt.merge(
            [tmp_path / "a", tmp_path / "b"], tmp_path / "m", delete_sources=True
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == names


@pytest.mark.filterwarnings("ignore:.*set these files aside:RuntimeWarning")
def test_a_source_that_lies_aside_is_merged_and_not_deleted(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.ones(2)})
    for file in (tmp_path / "m.data-00000-of-00001", tmp_path / "m.index"):
        set_aside(tmp_path, file.name)
    before = sorted(it.name for it in tmp_path.iterdir())
    with pytest.raises(ValueError, match=r"'.*m' lies where .* aside .*'fastckpt doc"):
        fastckpt.merge([tmp_path / "m"], tmp_path / "new", delete_sources=True)
    assert sorted(it.name for it in tmp_path.iterdir()) == before
    fastckpt.merge([tmp_path / "m"], tmp_path / "new")
    assert list(fastckpt.open(tmp_path / "new")) == ["w"]
