"""A pool of workers reads one checkpoint: all of them share one copy of the bytes."""

import multiprocessing
import queue

import numpy as np
import pytest

import fastckpt
import workers
from bundle_maker import BundleMaker
from process_memory import IS_MEASURABLE

SIZE = 2**26
TENSORS = 16
pytestmark = pytest.mark.skipif(
    not IS_MEASURABLE, reason="needs Linux without a sanitizer"
)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """Gives the prefix of 64 MiB of data."""
    bundle = BundleMaker()
    for number in range(TENSORS):
        value = np.arange(SIZE // TENSORS // 8, dtype=np.int64) + number
        bundle.add(f"w{number:02d}", value)
    return bundle.write(tmp_path_factory.mktemp("pool"))


def collect(results, processes: list) -> list:
    """Takes one result from every worker, or fails when one has died."""
    found = []
    while len(found) < len(processes):
        try:
            found.append(results.get(timeout=1))
        except queue.Empty:
            dead = [p.exitcode for p in processes if p.exitcode not in (None, 0)]
            assert not dead, f"workers ended with {dead}"
    return found


@pytest.mark.serial
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("touched", [True, False], ids=["read before", "not read"])
def test_four_spawned_and_four_forked_workers_share_one_copy(touched, prefix):
    ckpt = fastckpt.open(prefix, io="mmap", threads=1)
    expected = 0
    if touched:
        expected = sum(int(value.sum()) for value in ckpt.load().values())
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(8), context.Queue()
    data = f"{prefix}.data-00000-of-00001"
    processes = [
        workers.start(method, workers.measure, ckpt, data, barrier, results)
        for method in ["spawn", "fork"] * 4
    ]
    found = collect(results, processes)
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    totals, shared, own = zip(*found, strict=True)
    assert set(totals) == {expected or totals[0]}
    assert sum(shared) <= 1.1 * SIZE
    assert sum(own) <= 0.13 * SIZE * len(found)
