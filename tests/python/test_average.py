"""average(): the mean of checkpoints."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import fastckpt
from fastckpt.average import average


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
    fastckpt.save(tmp_path / "m", {"w": np.float32(3e38), "h": np.float16(6e4)})
    average([tmp_path / "m"] * 4, tmp_path / "mean")
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
