"""All families of bad input once more, under a limit of memory and of time."""

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import children
import fastckpt
from bundle_maker import BundleMaker
from dtype_table import STRING
from fastckpt import CheckpointError, UnsupportedError
from hostile_checks import good_bundle
from process_memory import IS_MEASURABLE, peak_of
from snappy_maker import literal, literals_only
from table_maker import (
    SNAPPY,
    TableMaker,
    block,
    entry,
    make_table,
    restart_array,
    varint,
)
from v1_maker import V1Maker
from wire_maker import bundle_entry, bundle_header, field, shape, slice_spec, version

HERE = Path(__file__).resolve()
ADDRESS_SPACE = 2 * 2**30
SECONDS_PER_CASE = 5
# By a shell: no fork of this process, in which JAX may have threads by now.
LIMIT = f'ulimit -v {ADDRESS_SPACE // 1024} && ulimit -c 0 && exec "$@"'
LIMITED = ["sh", "-c", LIMIT, "sh"]
PYTEST = ["-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-m", "not slow"]


@pytest.mark.slow
@pytest.mark.skipif(not IS_MEASURABLE, reason="needs Linux without a sanitizer")
@pytest.mark.skipif("FASTCKPT_CASE_SECONDS" in os.environ, reason="is running already")
def test_no_bad_input_needs_much_memory_or_time():
    families = [path for path in HERE.parent.glob("test_hostile_*.py") if path != HERE]
    environment = os.environ | {
        "FASTCKPT_CASE_SECONDS": str(SECONDS_PER_CASE),
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = children.run(
        [*LIMITED, sys.executable, *PYTEST, *map(str, families)],
        cwd=HERE.parents[3],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert len(families) >= 11


def one_block(contents: bytes, *, kind: int = 0) -> dict[str, bytes]:
    """Gives the good bundle with another data block."""
    maker = TableMaker()
    place = maker.put_block(contents, kind=kind)
    index = maker.finish(index_block=block([(b"z", place)], interval=1))
    return good_bundle().files() | {"model.index": index}


def growing_names(count: int) -> dict[str, bytes]:
    parts = [entry(b"", bundle_header())]
    parts += [entry(b"k", b"", shared=number) for number in range(count)]
    return one_block(b"".join(parts) + restart_array([0]))


def changed(**fields) -> dict[str, bytes]:
    bundle = good_bundle()
    bundle.entries[b"a"] |= fields
    return bundle.files()


def many_shards() -> dict[str, bytes]:
    bundle = good_bundle()
    bundle.header = bundle_header(2**31 - 1)
    return bundle.files()


ROWS = [slice_spec([(0, 2**40), None])]
CLAIMS = {
    "names that grow by one byte each": growing_names(60_000),
    "a Snappy block of 4 GiB": one_block(
        varint(2**32 - 1) + literal(b"x" * 1000), kind=SNAPPY
    ),
    "2**30 restarts": one_block(entry(b"", b"") + restart_array([0], 2**30)),
    "2**31 - 1 shards": many_shards(),
    "a tensor of 4 TiB": changed(shape=shape([2**40]), size=2**42),
    "a partitioned tensor of 12 TiB": changed(shape=shape([2**40, 3]), slices=ROWS),
    "2**40 strings": changed(dtype=STRING, shape=shape([2**40]), size=2**41),
    "2**40 strings in 24 bytes": changed(dtype=STRING, shape=shape([2**40])),
}


@pytest.mark.skipif(not IS_MEASURABLE, reason="needs Linux without a sanitizer")
@pytest.mark.parametrize("files", CLAIMS.values(), ids=CLAIMS)
@pytest.mark.parametrize("how", [{"io": "mmap"}, {"io": "read"}, {"verify": False}])
def test_nothing_is_allocated_for_a_mere_claim(files, how, tmp_path):
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)

    def read() -> None:
        with pytest.raises((CheckpointError, FileNotFoundError)):
            fastckpt.open(tmp_path / "model", **how)["a"]

    read()
    assert peak_of(read) < 64 * 2**20 + 4 * len(files["model.index"])


@pytest.mark.serial
@pytest.mark.skipif(not IS_MEASURABLE, reason="needs Linux without a sanitizer")
def test_reading_needs_the_result_and_little_more(tmp_path):
    bundle = BundleMaker()
    bundle.add("w", np.ones((2**13, 2**10), np.float64))
    ckpt = fastckpt.open(bundle.write(tmp_path), io="read", verify=False)
    rows = np.s_[:: 2**10]
    assert peak_of(lambda: ckpt.read("w", region=rows)) < 16 * 2**20
    assert peak_of(lambda: ckpt.read("w")) < (64 + 24) * 2**20


@pytest.mark.serial
def test_twenty_thousand_slices_of_v1_take_seconds(tmp_path):
    values = np.arange(20_000, dtype=np.float32)
    checkpoint = V1Maker()
    checkpoint.add("a", values, slices=[[(i, 1)] for i in range(len(values))])
    path = checkpoint.write(tmp_path)
    begin = time.monotonic()
    for io in ("mmap", "read"):
        with fastckpt.open(path, io=io) as ckpt:
            np.testing.assert_array_equal(ckpt["a"], values)
            assert len(ckpt.layout("a").pieces) == len(values)
            assert ckpt.verify().ok
    assert time.monotonic() - begin < 20


@pytest.mark.serial
@pytest.mark.skipif(not IS_MEASURABLE, reason="needs Linux without a sanitizer")
@pytest.mark.parametrize("compress", [None, literals_only])
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_small_tensors_of_v1_do_not_keep_their_block_each(io, compress, tmp_path):
    checkpoint = V1Maker()
    for number in range(2000):
        checkpoint.add(f"layer{number}/b", np.full(16, number, np.float32))
    ckpt = fastckpt.open(checkpoint.write(tmp_path, compress=compress), io=io)
    kept: list[object] = []
    assert peak_of(lambda: kept.append(ckpt.load())) < 16 * 2**20


LISTS = {
    "slices of a tensor": lambda: one_block(
        entry(b"", bundle_header())
        + entry(b"a", bundle_entry(dtype=1, shape=shape([4])) + b"\x3a\0" * 2_000_000)
        + restart_array([0])
    )["model.index"],
    "tensors of V1": lambda: make_table(
        [(b"", field(1, b"\x0a\0" * 1_500_000 + field(2, version())))]
    ),
}


@pytest.mark.serial
@pytest.mark.skipif(not IS_MEASURABLE, reason="needs Linux without a sanitizer")
@pytest.mark.parametrize("make", LISTS.values(), ids=LISTS)
def test_a_list_of_empty_messages_takes_no_more_memory_than_allowed(make, tmp_path):
    data = make()
    is_v1 = make is LISTS["tensors of V1"]
    (tmp_path / ("model" if is_v1 else "model.index")).write_bytes(data)

    def read() -> None:
        with pytest.raises(CheckpointError):
            fastckpt.open(tmp_path / "model")["a"]

    assert peak_of(read) < 64 * 2**20 + 4 * len(data)


def tiny_entries(count: int) -> bytes:
    """Gives an index of entries without a message, of four bytes each."""
    parts = [entry(b"", bundle_header())]
    last = b""
    for number in range(count):
        key = number.to_bytes(3, "big")
        shared = 2 if key[:2] == last[:2] and last else 0
        parts.append(entry(key[shared:], b"", shared=shared))
        last = key
    return one_block(b"".join(parts) + restart_array([0]))["model.index"]


@pytest.mark.serial
@pytest.mark.skipif(not IS_MEASURABLE, reason="needs Linux without a sanitizer")
def test_entries_too_small_to_be_tensors_are_refused_in_time(tmp_path):
    data = tiny_entries(1_500_000)
    (tmp_path / "model.index").write_bytes(data)

    def read() -> None:
        with pytest.raises(UnsupportedError, match="more entries than tensors fit"):
            fastckpt.open(tmp_path / "model")

    read()
    assert peak_of(read) < 16 * 2**20 + 8 * len(data)
