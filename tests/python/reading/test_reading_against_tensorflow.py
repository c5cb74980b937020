"""Reading beside TensorFlow: the same checkpoints give the same bits."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings

import fastckpt
import tensorflow_child
from dtype_table import NAME_OF
from hostile_checks import GOOD
from snappy_maker import literals_only, with_copies
from strategies import bundles, v1_files
from tensorflow_child import Contents

pytestmark = pytest.mark.tensorflow


def assert_agrees(prefix: str, tensors: dict) -> int:
    """Asserts that we read what TensorFlow read; gives how many tensors it read."""
    compared = 0
    for io in ("mmap", "read"):
        with fastckpt.open(prefix, io=io) as ckpt:
            names = [name.encode("utf-8", "surrogateescape") for name in ckpt]
            assert names == sorted(tensors)
            for name, expected in tensors.items():
                if expected is not None:
                    text = name.decode("utf-8", "surrogateescape")
                    assert as_read(ckpt, text) == expected
                    compared += 1
    return compared


def as_read(ckpt: fastckpt.Checkpoint, name: str) -> tuple:
    value = ckpt[name]
    flat = value.ravel().tolist() if value.dtype == object else value.tobytes()
    assert np.array_equal(value.view(np.ndarray).shape, ckpt.info(name).shape)
    return ckpt.info(name).tf_dtype, value.shape, flat


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Contents:
    """Gives what TensorFlow wrote and read back."""
    return tensorflow_child.run("write", tmp_path_factory.mktemp("written"))


def test_what_tensorflow_writes_is_read_as_tensorflow_reads_it(written):
    assert sum(assert_agrees(*item) for item in written.items()) > 16_000


def test_an_index_of_many_blocks_is_checked_whole(written):
    (prefix,) = (prefix for prefix in written if prefix.endswith("many"))
    with fastckpt.open(prefix) as ckpt:
        assert ckpt.verify().ok
        assert len(ckpt) == 8000
        assert ckpt["07999/" + "name" * 10] == 7999


TABLES = [
    {},
    {"per_block": 2},
    {"compress": literals_only},
    {"compress": with_copies, "per_block": 3},
    {"interval": 1},
]


def collected(strategy, count: int) -> list:
    """Gives examples of a strategy."""
    examples = []

    @settings(max_examples=count)
    @given(strategy)
    def collect(example):
        examples.append(example)

    collect()
    return examples


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Contents:
    """Gives what TensorFlow reads from hand-made checkpoints."""
    folder = tmp_path_factory.mktemp("made")
    prefixes = {}
    for kind, strategy in {"v2": bundles(), "v1": v1_files()}.items():
        for number, (maker, tensors) in enumerate(collected(strategy, 60)):
            table = TABLES[number % len(TABLES)]
            prefix = maker.write(folder, f"{kind}-{number}", **table)
            prefixes[str(prefix)] = {
                name.encode("utf-8", "surrogateescape"): type_of(maker, name)
                for name in tensors
            }
    (folder / "prefixes").write_bytes(pickle.dumps(prefixes))
    return tensorflow_child.run("read", folder)


def type_of(maker, name: str) -> str:
    rows = getattr(maker, "entries", None) or maker.meta
    return NAME_OF[rows[name.encode("utf-8", "surrogateescape")]["dtype"]]


def test_hand_made_checkpoints_are_read_as_tensorflow_reads_them(made):
    assert sum(assert_agrees(*item) for item in made.items()) > 300


@pytest.fixture(scope="module")
def big_endian(tmp_path_factory) -> Contents:
    """Gives what TensorFlow reads from big-endian bundles."""
    from bundle_maker import BundleMaker
    from dtype_table import FIXED, random_array

    folder = tmp_path_factory.mktemp("big_endian")
    bundle = BundleMaker(2, big_endian=True)
    types = {}
    for number, dtype in enumerate(FIXED):
        value = random_array(dtype, (3, 2), np.random.default_rng(number))
        bundle.add(dtype.name, value, dtype=dtype.number, shard=number % 2)
        types[dtype.name.encode()] = dtype.name
    bundle.add("text", GOOD["c"])
    bundle.add_sliced("sliced", GOOD["a"], [[(0, 1), None], [(1, 1), None]])
    types |= {b"text": "string", b"sliced": "float32"}
    prefix = bundle.write(folder)
    (folder / "prefixes").write_bytes(pickle.dumps({str(prefix): types}))
    return tensorflow_child.run("read", folder)


def test_big_endian_bundles_are_read_as_tensorflow_reads_them(big_endian):
    for prefix, tensors in big_endian.items():
        assert assert_agrees(prefix, tensors) >= 2 * 20
        ckpt = fastckpt.open(prefix)
        assert not any(info.is_view for info in ckpt.infos() if info.dtype.itemsize > 1)
