"""The saver's folder after each save, against TensorFlow's, the clock injected."""

import random
import time

import pytest

import saver_sequences
import tensorflow_management
from fastckpt.writing.saver import Saver

pytestmark = pytest.mark.tensorflow


def run_ours(seed):
    """Runs a random sequence with our saver, in the current folder."""

    def save(saver, prefix, **given):
        return saver.save(
            prefix, saver_sequences.TENSORS, meta_graph=b"\ngraph", **given
        )

    with pytest.MonkeyPatch.context() as patch:
        return saver_sequences.run(
            saver_sequences.random_sequence(random.Random(seed)),
            lambda **options: Saver(**options, fsync=False),
            save,
            lambda now: patch.setattr(time, "time", lambda: now),
        )


def assert_folders_equal(seeds, folder, monkeypatch):
    theirs = tensorflow_management.call_all(
        [["run_sequence", [seed]] for seed in seeds], folder
    )
    for seed, expected in zip(seeds, theirs, strict=True):
        (folder / f"ours-{seed}").mkdir()
        monkeypatch.chdir(folder / f"ours-{seed}")
        results = run_ours(seed)
        assert len(results) == len(expected)
        for number, (ours, its) in enumerate(zip(results, expected, strict=True)):
            assert ours == its, f"sequence {seed}, save {number}"


def test_forty_sequences_of_saves_leave_what_tensorflow_leaves(tmp_path, monkeypatch):
    assert_folders_equal(range(40), tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(40, 1040, 200))
def test_a_thousand_sequences_of_saves_leave_what_tensorflow_leaves(
    first, tmp_path, monkeypatch
):
    assert_folders_equal(range(first, first + 200), tmp_path, monkeypatch)
