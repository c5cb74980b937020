"""Open checkpoints in other processes and in many threads."""

import copy
import os
import pickle
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import children
import fastckpt
import workers
from bundle_maker import BundleMaker
from fastckpt import CorruptionError
from hostile_checks import GOOD, assert_holds, assert_same, good_bundle
from places import TESTS
from v1_maker import V1Maker

SHARD = "model.data-00000-of-00001"


@pytest.fixture
def prefix(tmp_path):
    """Gives the prefix of the good bundle."""
    return good_bundle().write(tmp_path)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("how", [{"io": "mmap"}, {"io": "read"}, {"verify": False}])
def test_a_checkpoint_pickles_with_how_it_was_opened(how, protocol, prefix):
    ckpt = fastckpt.open(prefix, **how)
    again = pickle.loads(pickle.dumps(ckpt, protocol))
    assert_holds(again, GOOD)
    assert (again.io, again.format) == (ckpt.io, ckpt.format)
    assert again != ckpt


def test_a_pickle_is_small(prefix):
    assert len(pickle.dumps(fastckpt.open(prefix))) < 1000 + 2 * len(str(prefix))


def test_a_pickle_keeps_verify_off(prefix):
    data = prefix.parent / SHARD
    data.write_bytes(bytes(len(data.read_bytes())))
    ckpt = fastckpt.open(prefix, verify=False)
    assert not pickle.loads(pickle.dumps(ckpt))["a"].any()
    with pytest.raises(CorruptionError):
        pickle.loads(pickle.dumps(fastckpt.open(prefix)))["a"]


def test_a_pickle_of_a_relative_prefix_opens_elsewhere(prefix, monkeypatch):
    monkeypatch.chdir(prefix.parent)
    stored = pickle.dumps(fastckpt.open("model"))
    monkeypatch.chdir("/")
    assert_holds(pickle.loads(stored), GOOD)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_checkpoint_reads(duplicate, prefix):
    assert_holds(duplicate(fastckpt.open(prefix)), GOOD)


def replaced(prefix) -> None:
    bundle = good_bundle()
    bundle.add("more", GOOD["a"])
    bundle.write(prefix.parent, "new")
    (prefix.parent / "new.index").replace(f"{prefix}.index")


def rewritten_in_place(prefix) -> None:
    index = prefix.parent / "model.index"
    status = index.stat()
    index.write_bytes(index.read_bytes())
    os.utime(index, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


@pytest.mark.parametrize("change", [replaced, rewritten_in_place])
def test_a_pickle_of_a_file_that_changed_is_an_error(change, prefix):
    stored = pickle.dumps(fastckpt.open(prefix))
    change(prefix)
    with pytest.raises(CorruptionError, match=r"model\.index"):
        pickle.loads(stored)["a"]


def test_a_pickle_of_a_file_that_is_gone_is_not_found(prefix):
    stored = pickle.dumps(fastckpt.open(prefix))
    (prefix.parent / "model.index").unlink()
    with pytest.raises(FileNotFoundError):
        pickle.loads(stored)["a"]


@pytest.mark.parametrize("kind", ["v1", "sharded v1"])
def test_a_v1_checkpoint_pickles(kind, tmp_path):
    checkpoint = V1Maker()
    checkpoint.add("a", GOOD["a"])
    name = "model" if kind == "v1" else "model-00000-of-00001"
    checkpoint.write(tmp_path, name)
    ckpt = fastckpt.open(tmp_path / "model")
    assert_holds(pickle.loads(pickle.dumps(ckpt)), {"a": GOOD["a"]})


def test_views_and_infos_pickle_as_values(prefix):
    ckpt = fastckpt.open(prefix)
    for name in GOOD:
        assert_same(pickle.loads(pickle.dumps(ckpt[name])), GOOD[name])
        info = pickle.loads(pickle.dumps(ckpt.info(name)))
        assert (info.name, info.shape) == (name, GOOD[name].shape)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Gives the prefix of some 6 MiB in many tensors of all kinds."""
    folder = tmp_path_factory.mktemp("large")
    generator = np.random.default_rng(1)
    bundle = BundleMaker(2)
    bundle.add("big", generator.integers(0, 255, 2**22, np.uint8))
    rows = generator.standard_normal((2048, 128))
    bundle.add_sliced(
        "sliced", rows, [[(0, 1000), None], [(1000, 1048), None]], shards=[0, 1]
    )
    for number in range(200):
        bundle.add(f"small{number}", rows[number], shard=number % 2)
    bundle.add("text", GOOD["c"])
    return bundle.write(folder)


def test_a_fork_in_the_middle_of_a_check_leaves_the_child_able_to_read(large):
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]),
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, TESTS / "workers.py", "fork", large.parent]
    done = children.run(
        command, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_a_worker_of_any_kind_reads_what_its_parent_opened(method, io, large):
    ckpt = fastckpt.open(large, io=io, threads=1)
    expected = workers.digests(ckpt)
    process = workers.start(method, _expect, ckpt, expected)
    process.join(60)
    assert process.exitcode == 0


def _expect(ckpt: fastckpt.Checkpoint, expected: workers.Digests) -> None:
    assert workers.digests(ckpt) == expected


@pytest.mark.parametrize("io", ["mmap", "read"])
@pytest.mark.parametrize("threads", [1, 4])
def test_many_threads_ask_for_the_same_tensors_at_once(io, threads, large):
    expected = fastckpt.open(large).load(copy=True)
    ckpt = fastckpt.open(large, io=io, threads=threads)
    count = 16
    barrier = threading.Barrier(count)

    def read(number: int) -> None:
        names = list(ckpt)[number:] + list(ckpt)[:number]
        barrier.wait(timeout=60)
        for name in names[:40]:
            assert_same(ckpt[name], expected[name])
        assert_same(ckpt.read("sliced"), expected["sliced"])
        assert_same(ckpt.load(["big"], copy=True)["big"], expected["big"])

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(read, range(count)))


def test_many_threads_that_meet_damage_all_get_the_error(tmp_path):
    bundle = good_bundle()
    bundle.entries[b"a"]["crc32c"] ^= 1
    ckpt = fastckpt.open(bundle.write(tmp_path), io="mmap")
    barrier = threading.Barrier(8)

    def read(_: int) -> None:
        barrier.wait(timeout=60)
        with pytest.raises(CorruptionError):
            ckpt["a"]
        assert_same(ckpt["d"], GOOD["d"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(8)))


def test_closing_while_others_read_is_an_error_or_the_right_values(large):
    expected = fastckpt.open(large).load(["small*"], copy=True)
    for _ in range(20):
        ckpt = fastckpt.open(large)
        started = threading.Event()

        def read(ckpt=ckpt, started=started) -> None:
            started.set()
            try:
                for name, value in expected.items():
                    assert_same(ckpt[name], value)
            except ValueError as error:
                if "closed" not in str(error):
                    raise

        with ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(read) for _ in range(2)]
            started.wait()
            ckpt.close()
            for reader in readers:
                reader.result()


def longest_wait(work) -> tuple[float, float]:
    """Gives the seconds that `work` took, and the longest that Python stood still."""
    ticks: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(time.perf_counter())

    ticker = threading.Thread(target=tick)
    ticker.start()
    start = time.perf_counter()
    work()
    end = time.perf_counter()
    done.set()
    ticker.join()
    inside = [start, *(t for t in ticks if start < t < end), end]
    return end - start, float(np.diff(inside).max())


@pytest.fixture(scope="module")
def huge(tmp_path_factory):
    """Gives the prefix of 256 MiB in one tensor."""
    bundle = BundleMaker()
    bundle.add("w", np.arange(2**25, dtype=np.int64))
    return bundle.write(tmp_path_factory.mktemp("huge"))


WORKS = {
    "a view": lambda ckpt: ckpt["w"],
    "read": lambda ckpt: ckpt.read("w"),
    "a region": lambda ckpt: ckpt.read("w", region=np.s_[::3]),
    "load": lambda ckpt: ckpt.load(),
    "copies": lambda ckpt: ckpt.load(copy=True),
    "verify": lambda ckpt: ckpt.verify(),
}


@pytest.mark.serial
@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_python_goes_on_while_bytes_move(work, io, huge):
    ckpt = fastckpt.open(huge, io=io, threads=1)
    attempts = (longest_wait(lambda: work(ckpt)) for _ in range(3))
    assert any(wait < 0.5 * whole or whole < 0.02 for whole, wait in attempts)
