"""Rows about checkpoints behind URLs: they prove their bytes and count requests."""

import json

import numpy as np
import pytest

pytest.importorskip("aiohttp")

from benchmarks.contenders import ours_remote, with_fsspec
from benchmarks.data import digest, models
from benchmarks.data.folder import Data
from benchmarks.measures import remote
from benchmarks.measures.remote_server import serve
from benchmarks.rows import remote as remote_rows
from benchmarks.rows.row import Context
from benchmarks.timing.judge import of_goal

import fastckpt


@pytest.fixture
def data(tmp_path) -> Data:
    generator = np.random.default_rng(0)
    manifest = {}
    for name, shapes in (("bert", models.bert(1 << 20)), ("table", models.table(1))):
        arrays = {it: generator.random(of, np.float32) for it, of in shapes.items()}
        fastckpt.save(tmp_path / name, arrays)
        places = {
            it.name: [it.offset, it.shape]
            for it in fastckpt.open(tmp_path / name).infos()
        }
        manifest[name] = {"digest": digest.of_arrays(arrays), "places": places}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return Data(tmp_path)


def is_right(case) -> bool:
    return case.prove(case.run()) == case.expected


def test_all_who_are_compared_find_the_same_bytes(data):
    with serve(data, "bert", 0.0, 1e9) as server:
        names = remote._KERNELS
        assert is_right(ours_remote.some(data, server.url, names))
        assert is_right(with_fsspec.some(data, server.url, names))
        server.forget()
        assert is_right(ours_remote.load(data, server.url))
        asked = server.asked()
        assert asked.gets == len(asked.ranges)
        assert 0 < asked.at_once <= asked.gets + asked.heads
        assert asked.sent == sum(size for _, _, size in asked.ranges)
        ranges = data.folder / "saved-ranges.json"
        ranges.write_text(json.dumps(asked.ranges))
        assert is_right(with_fsspec.same_ranges(data, server.url, 2))
        ranges.write_text(json.dumps(asked.ranges[:-1]))
        assert not is_right(with_fsspec.same_ranges(data, server.url, 2))
    with serve(data, "table", 0.0, 1e9) as server:
        for among in (0, 1_010):
            assert is_right(ours_remote.rows(data, server.url, among))
            assert is_right(with_fsspec.rows(data, server.url, among))


def test_a_row_tells_times_requests_and_bytes(data, monkeypatch):
    monkeypatch.setattr(remote, "_compare", lambda *_: remote.Measured({}))
    monkeypatch.setattr(remote, "SLOW", 1e8)
    found = remote.load_all(Context(data, "", 1, 1)).samples
    assert found["GETs"] >= [2.0]
    assert found["bytes and latency"][0] > 2 * remote.LATENCY
    assert 1.0 <= found["bytes / stored"][0] < 1.2


def test_without_fsspec_the_rows_say_why_they_are_not_measured(monkeypatch):
    monkeypatch.setattr("benchmarks.machine.needs.find_spec", lambda _: None)
    for row in remote_rows.ROWS:
        measured = getattr(remote, row.measure.rpartition(".")[2])(None)
        assert measured.missing == {"fastckpt": "fsspec is not installed"}
        assert all(of_goal(goal, measured) is None for goal in row.goals)
