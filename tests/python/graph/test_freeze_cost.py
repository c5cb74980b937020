"""What freezing costs: time beside TensorFlow's, memory beside the file's size."""

import time

import pytest

from graph_models import run_program

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    place = tmp_path_factory.mktemp("cost") / "model"
    run_program("cost.py", "make", place)
    return place


def _freeze(how, prefix):
    path = prefix.parent / f"{how}.pb"
    begin = time.perf_counter()
    printed = run_program("cost.py", how, prefix, path)
    seconds = time.perf_counter() - begin
    peak, own = map(int, printed.split()[-2:])
    return seconds, peak, own, path


def test_freezing_takes_a_tenth_of_tensorflows_time_and_memory_near_the_file(prefix):
    theirs, their_peak, _, expected = _freeze("tensorflow", prefix)
    runs = [_freeze("fastckpt", prefix) for _ in range(3)]
    ours, peak, own, path = min(runs)
    assert path.read_bytes() == expected.read_bytes()
    size = path.stat().st_size
    assert peak < size + (64 << 20)
    assert own < 64 << 20
    assert peak < their_peak
    assert 10 * ours < theirs
