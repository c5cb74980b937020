"""Checkpoints that fastckpt writes are TensorFlow's, byte for byte."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import fastckpt
import tensorflow_writes
from tensorflow_writes import many_rows
from write_cases import Row, deal_out, make_rows
from writing import assert_same_files, write

pytestmark = pytest.mark.tensorflow


def test_v2_files_are_tensorflows_byte_for_byte(tmp_path):
    seeds = range(500)
    tensorflow_writes.run("write_v2", tmp_path, seeds.start, seeds.stop)
    for seed in seeds:
        write(tmp_path / f"our-{seed}", make_rows(seed), seed, fsync=False)
        assert_same_files(tmp_path / f"our-{seed}", tmp_path / f"tf-{seed}")


def test_save_of_a_mapping_writes_the_same_as_the_writer(tmp_path):
    seeds = [seed for seed in range(60) if _is_plain(make_rows(seed))]
    assert len(seeds) > 10
    for seed in seeds:
        rows = make_rows(seed)
        write(tmp_path / f"one-{seed}", rows)
        fastckpt.save(tmp_path / f"all-{seed}", {row.name: row.value for row in rows})
        assert_same_files(tmp_path / f"one-{seed}", tmp_path / f"all-{seed}")


def _is_plain(rows: list[Row]) -> bool:
    """Tells whether NumPy alone says what the rows are."""
    return not any(row.full_shape or row.dtype.startswith(("q", "qu")) for row in rows)


def test_v1_files_are_tensorflows_byte_for_byte(tmp_path):
    seeds = range(1000, 1200)
    tensorflow_writes.run("write_v1", tmp_path, seeds.start, seeds.stop)
    for seed in seeds:
        write(tmp_path / f"our-{seed}", make_rows(seed, v1=True), seed, format="v1")
        assert_same_files(tmp_path / f"our-{seed}", tmp_path / f"tf-{seed}")


def test_shards_are_parts_that_tensorflow_merged(tmp_path):
    seeds = range(2000, 2120)
    tensorflow_writes.run("write_shards", tmp_path, seeds.start, seeds.stop)
    compared = 0
    for seed in seeds:
        rows, shards = make_rows(seed), seed % 4 + 2
        if not all(deal_out(rows, shards)):
            continue
        write(tmp_path / f"our-{seed}", rows, seed, shards=shards)
        assert_same_files(tmp_path / f"our-{seed}", tmp_path / f"tf-{seed}")
        compared += 1
    assert compared > 50


def test_aligned_checkpoints_are_read_by_tensorflow(tmp_path):
    written = []
    for seed, align in zip(range(3000, 3040), [64, 4096, 42, 8] * 10, strict=True):
        rows = make_rows(seed)
        write(tmp_path / f"our-{seed}", rows, align=align, shards=seed % 3 + 1)
        written.append((tmp_path / f"our-{seed}", rows))
    (tmp_path / "listing").write_bytes(pickle.dumps(written))
    tensorflow_writes.run("read_back", tmp_path, "listing")


def test_types_that_tensorflow_reads_but_does_not_write_into_v1(tmp_path):
    rows = [
        Row("u32", np.array([0, 1, 2**32 - 1], np.uint32), "uint32"),
        Row("u64", np.array([0, 1, 2**64 - 1], np.uint64), "uint64"),
    ]
    write(tmp_path / "our", rows, format="v1")
    (tmp_path / "listing").write_bytes(pickle.dumps([(tmp_path / "our", rows)]))
    tensorflow_writes.run("read_back", tmp_path, "listing")


@pytest.mark.slow
def test_a_hundred_thousand_tensors_are_tensorflows_byte_for_byte(tmp_path):
    count = 100_000
    tensorflow_writes.run("write_many", tmp_path, count)
    fastckpt.save(tmp_path / "our", {r.name: r.value for r in many_rows(count)})
    assert_same_files(tmp_path / "our", tmp_path / "tf")
