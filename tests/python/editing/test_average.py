"""average(): the mean of checkpoints."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import fastckpt
from fastckpt import average


def tensors(seed):
    random = np.random.default_rng(seed)
    return {
        "w": random.normal(size=(20, 3)).astype(np.float32),
        "half": random.normal(size=5).astype(np.float16),
        "bf": random.normal(size=5).astype(ml_dtypes.bfloat16),
        "wide": random.normal(size=()),
        "complex": random.normal(size=3) + 1j * random.normal(size=3),
        "step": np.array(seed, np.int64),
        "words": np.array([b"seed %d" % seed], object),
        "empty": np.empty((0, 2), np.float32),
    }


@pytest.fixture
def sources(tmp_path):
    for seed in range(3):
        fastckpt.save(tmp_path / f"m-{seed}", tensors(seed))
    return [tmp_path / f"m-{seed}" for seed in range(3)]


def load(prefix):
    with fastckpt.open(prefix) as checkpoint:
        return checkpoint.load(copy=True)


def test_floats_are_averaged_in_float64_and_rounded_once(sources, tmp_path):
    average(sources, tmp_path / "mean")
    found = load(tmp_path / "mean")
    every = [tensors(seed) for seed in range(3)]
    for name in ("w", "half", "bf", "wide", "complex"):
        wide = np.complex128 if name == "complex" else np.float64
        mean = sum(each[name].astype(wide) for each in every) / 3
        assert found[name].dtype == every[0][name].dtype
        np.testing.assert_array_equal(found[name], mean.astype(found[name].dtype), name)


def test_what_is_no_float_comes_from_the_last(sources, tmp_path):
    average([sources[2], sources[0], sources[1]], tmp_path / "mean")
    found = load(tmp_path / "mean")
    assert found["step"] == 1
    assert found["words"] == [b"seed 1"]
    assert found["empty"].shape == (0, 2)


def test_the_sum_of_large_numbers_does_not_overflow_their_type(tmp_path):
    sources = [tmp_path / f"m-{number}" for number in range(4)]
    for source in sources:
        fastckpt.save(source, {"w": np.float32(3e38), "h": np.float16(6e4)})
    average(sources, tmp_path / "mean")
    assert load(tmp_path / "mean") == {"w": np.float32(3e38), "h": np.float16(6e4)}


def test_numbers_that_are_not_finite_stay_so_without_a_warning(tmp_path):
    values = np.array([np.inf, np.nan, -np.inf], np.float32)
    fastckpt.save(tmp_path / "a", {"w": values})
    fastckpt.save(tmp_path / "b", {"w": -values})
    average([tmp_path / "a", tmp_path / "b"], tmp_path / "mean")
    assert np.isnan(load(tmp_path / "mean")["w"]).all()


def test_the_mean_of_one_is_that_one(sources, tmp_path):
    average(sources[:1], tmp_path / "mean")
    for end in (".index", ".data-00000-of-00001"):
        assert (tmp_path / f"mean{end}").read_bytes() == (
            tmp_path / f"m-0{end}"
        ).read_bytes()


def test_slices_are_those_of_the_last_whatever_the_others_have(tmp_path):
    whole = np.arange(8, dtype=np.float32).reshape(4, 2)
    fastckpt.save(tmp_path / "whole", {"e": whole})
    with fastckpt.Writer(tmp_path / "parts") as writer:
        writer.add_slice("e", whole[:1], (4, 2), (0, 0))
        writer.add_slice("e", whole[1:] + 2, (4, 2), (1, 0))
    average([tmp_path / "whole", tmp_path / "parts"], tmp_path / "mean")
    with fastckpt.open(tmp_path / "mean") as checkpoint:
        assert len(checkpoint.info("e").slices) == 2
        expected = whole + np.array([[0], [1], [1], [1]])
        np.testing.assert_array_equal(checkpoint["e"], expected)


def test_v1_and_v2_mix_and_the_last_decides(sources, tmp_path):
    fastckpt.save(tmp_path / "v1", load(sources[0]) | {"bf": 0.0}, format="v1")
    fastckpt.save(tmp_path / "v2", load(sources[0]) | {"bf": 1.0})
    average([tmp_path / "v2", tmp_path / "v1"], tmp_path / "mean")
    with fastckpt.open(tmp_path / "mean") as checkpoint:
        assert checkpoint.format == "v1"
        assert checkpoint["bf"] == 0.5


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"a": np.float32(1)}, "has 'b', .* has not"),
        ({"a": np.float32(1), "b": 1, "c": 1}, "has 'c', .* has not"),
        ({"a": np.float64(1), "b": 1}, "'a' is float64 .* and float32"),
        ({"a": np.ones(2, np.float32), "b": 1}, r"'a' is float32 \(2,\)"),
    ],
)
def test_checkpoints_that_are_not_alike_are_refused(other, message, tmp_path):
    fastckpt.save(tmp_path / "one", other)
    fastckpt.save(tmp_path / "two", {"a": np.float32(1), "b": 1})
    with pytest.raises(ValueError, match=message):
        average([tmp_path / "one", tmp_path / "two"], tmp_path / "mean")
    assert not (tmp_path / "mean.index").exists()


def test_no_checkpoint_has_no_mean(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        average([], tmp_path / "mean")


def test_a_single_path_is_no_list_of_sources(sources, tmp_path):
    with pytest.raises(TypeError, match="a list of prefixes, not the prefix"):
        average(str(sources[0]), tmp_path / "mean")


# Which checkpoints


def save_steps(folder, *steps):
    for step in steps:
        fastckpt.save(folder / f"m-{step}", {"w": np.float64(step), "step": step})


def test_a_checkpoint_counts_once_however_many_of_its_files_are_named(tmp_path):
    save_steps(tmp_path, 1, 2)
    (tmp_path / "m-1.meta").write_bytes(b"graph")
    fastckpt.update_checkpoint_state(tmp_path, tmp_path / "m-2")
    done = average(sorted(tmp_path.iterdir()), tmp_path / "mean")
    assert sorted(done.checkpoints) == [str(tmp_path / "m-1"), str(tmp_path / "m-2")]
    assert load(tmp_path / "mean")["w"] == 1.5


def test_a_folder_alone_is_not_copied_but_refused_with_what_to_say(tmp_path):
    save_steps(tmp_path, 1, 2)
    fastckpt.update_checkpoint_state(tmp_path, tmp_path / "m-2")
    for source in (tmp_path, tmp_path / "checkpoint"):
        with pytest.raises(ValueError, match=r"its latest checkpoint alone.*--last N"):
            average([source], tmp_path / "new")
    assert not list(tmp_path.glob("new*"))


def test_a_folder_of_one_checkpoint_is_that_one_and_said(tmp_path):
    save_steps(tmp_path / "run", 3)
    done = average([tmp_path / "run", tmp_path / "run"], tmp_path / "new")
    assert done.checkpoints == [str(tmp_path / "run" / "m-3")]
    assert load(tmp_path / "new")["w"] == 3


def test_folders_of_several_runs_are_their_latest(tmp_path):
    for run, steps in (("a", (1, 2)), ("b", (3, 6))):
        save_steps(tmp_path / run, *steps)
        fastckpt.update_checkpoint_state(
            tmp_path / run, tmp_path / run / f"m-{steps[1]}"
        )
    average([tmp_path / "a", tmp_path / "b"], tmp_path / "mean")
    assert load(tmp_path / "mean")["w"] == 4


def test_last_takes_the_newest_of_a_folder(tmp_path):
    save_steps(tmp_path, 1, 2, 4, 10)
    done = average([tmp_path], tmp_path / "mean", last=2)
    assert done.checkpoints == [str(tmp_path / "m-4"), str(tmp_path / "m-10")]
    assert load(tmp_path / "mean")["w"] == 7
    with pytest.raises(ValueError, match=r"last=2 is of one folder, and 2 sources"):
        average([tmp_path, tmp_path], tmp_path / "mean", last=2)
    with pytest.raises(ValueError, match="must be at least 1"):
        average([tmp_path], tmp_path / "mean", last=0)


def test_open_checkpoints_are_sources_and_stay_open(sources, tmp_path):
    with fastckpt.open(sources[0]) as first:
        average([first, sources[1]], tmp_path / "mean")
        assert first["step"] == 0


def test_an_earlier_mean_is_no_source_of_the_new_one(sources, tmp_path):
    average(sources, tmp_path / "m-mean")
    before = load(tmp_path / "m-mean")["w"]
    for last in (None, 4):
        given = [tmp_path] if last else sorted(tmp_path.glob("m-*"))
        with pytest.raises(ValueError, match="maybe an earlier mean"):
            average(given, tmp_path / "." / "m-mean", last=last)
    np.testing.assert_array_equal(load(tmp_path / "m-mean")["w"], before)


# What is left out, and what has no mean


def test_what_is_dropped_need_not_be_alike(tmp_path):
    fastckpt.save(tmp_path / "a", {"w": 1.0, "w/Adam": 1.0})
    fastckpt.save(tmp_path / "b", {"w": 3.0, "w/Adam": [1.0, 2.0], "w/Adam_1": 0.0})
    average([tmp_path / "a", tmp_path / "b"], tmp_path / "mean", drop=["*/Adam*"])
    assert load(tmp_path / "mean") == {"w": 2.0}
    with pytest.raises(KeyError, match="nothing"):
        average([tmp_path / "a", tmp_path / "b"], tmp_path / "mean", drop=["nothing"])


def test_what_would_leave_nothing_replaces_nothing(sources, tmp_path):
    fastckpt.save(tmp_path / "mean", {"w": 1.0})
    with pytest.raises(ValueError, match="nothing would be left"):
        average(sources, tmp_path / "mean", drop=["*"])
    assert load(tmp_path / "mean") == {"w": 1.0}


def test_what_differs_and_has_no_mean_is_told(tmp_path):
    for seed, name in enumerate("ab"):
        same = {"ids": np.arange(3), "flag": True, "s": [b"x"]}
        other = {"q": np.full(3, seed, np.int8), "word": str(seed), "w": float(seed)}
        fastckpt.save(tmp_path / name, same | other)
    done = average([tmp_path / "a", tmp_path / "b"], tmp_path / "mean")
    assert sorted(done.copied) == ["q", "word"]
    assert done.spoiled == []


def test_a_mean_that_one_checkpoint_spoils_is_told(tmp_path):
    mask = np.array([-np.inf, 0], np.float32)
    fastckpt.save(tmp_path / "a", {"mask": mask, "w": [1.0, 2.0], "c": 1j})
    fastckpt.save(tmp_path / "b", {"mask": mask, "w": [1.0, np.nan], "c": 1j})
    done = average([tmp_path / "a", tmp_path / "b"], tmp_path / "mean")
    assert done.spoiled == ["w"]
