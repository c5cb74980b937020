"""How many requests calls make, and that fewer of them see as much as many would."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import fastckpt
import range_faults

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

from range_server import RangeServer

INDEX, DATA = "m.index", "m.data-00000-of-00001"
WIDE = {f"l{i:02}/w": np.full((64, 1024), i, np.float32) for i in range(24)}
THREE = ["l03/w", "l12/w", "l20/w"]
OLD = {"a": np.arange(3000.0), "b": np.arange(500, dtype=np.int32)}
NEW = {name: -1 - value for name, value in OLD.items()}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    def save(tensors):
        folder = tmp_path_factory.mktemp("saved")
        fastckpt.save(folder / "m", tensors, fsync=False)
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    return {"wide": save(WIDE), "old": save(OLD), "new": save(NEW)}


def test_open_and_three_tensors_take_few_requests(saved):
    with RangeServer(saved["wide"]) as server:
        with fastckpt.open(f"{server.url}/m") as ckpt:
            found = ckpt.load(THREE)
            told = ckpt.explain().remote
        assert all(np.array_equal(found[name], WIDE[name]) for name in THREE)
        wanted = len(saved["wide"][INDEX]) + sum(WIDE[name].nbytes for name in THREE)
        assert server.count("GET") == told.requests == 4
        assert server.count("HEAD") == told.metadata_requests == 3
        assert server.sent("GET") == told.fetched == wanted


def test_three_large_tensors_are_one_request_each_and_very_large_ones_many(tmp_path):
    sizes = {"a": 5 << 18, "between": 300, "c": 3 << 18, "d": 2 << 18, "e": 5 << 20}
    large = {name: np.arange(size, dtype=np.float32) for name, size in sizes.items()}
    fastckpt.save(tmp_path / "m", large, fsync=False)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with RangeServer(files) as server, fastckpt.open(f"{server.url}/m") as ckpt:
        for names, count in ((["a", "c", "d"], 3), (["a"], 1), (["e"], 20)):
            server.forget()
            found = ckpt.load(names)
            assert all(np.array_equal(found[name], large[name]) for name in names)
            assert server.count("GET") == count
            assert server.sent("GET") == sum(large[name].nbytes for name in names)


def test_three_tensors_one_by_one_take_five_looks(saved):
    with RangeServer(saved["wide"]) as server:
        with fastckpt.open(f"{server.url}/m") as ckpt:
            for name in THREE:
                np.testing.assert_array_equal(ckpt[name], WIDE[name])
        assert (server.count("GET"), server.count("HEAD")) == (4, 5)


def test_answers_that_say_nothing_are_looked_at_as_before(saved):
    with RangeServer(saved["wide"]) as server:
        server.misbehave("no identity", method="GET")
        with fastckpt.open(f"{server.url}/m") as ckpt:
            server.forget()
            ckpt.load(THREE)
            assert server.count("HEAD") == 2
            ckpt.read(THREE[0], np.s_[3:5])
            assert server.count("HEAD", DATA) == 3  # beside it and behind it


def test_a_part_is_not_looked_at_again_where_its_answer_tells(saved):
    with RangeServer(saved["wide"]) as server:
        with fastckpt.open(f"{server.url}/m") as ckpt:
            server.forget()
            ckpt.read(THREE[0], np.s_[3:5])
        assert [(it.method, it.name) for it in server.requests if it.name == DATA] == [
            ("GET", DATA)
        ]


def test_an_index_that_fails_once_is_not_asked_for_again(saved):
    with RangeServer(saved["old"]) as server:
        server.misbehave("503", INDEX, method="GET", times=1)
        with pytest.raises(OSError, match="503"):
            fastckpt.open(f"{server.url}/m")
        assert server.count("GET", INDEX) == 1


@pytest.mark.parametrize("fault", ["ignores ranges", "no content range", "no etag"])
def test_an_index_that_says_too_little_is_asked_for_as_before(fault, saved):
    with RangeServer(saved["old"]) as server:
        server.misbehave(fault, INDEX, method="GET")
        with fastckpt.open(f"{server.url}/m") as ckpt:
            np.testing.assert_array_equal(ckpt["a"], OLD["a"])


@pytest.mark.parametrize("kind", ["other tag", "other size"])
def test_an_answer_of_another_version_is_no_part_of_this_one(kind, saved, monkeypatch):
    def change(answer):
        if kind == "other tag":
            answer.headers["ETag"] = '"other"'
        span = answer.headers["Content-Range"]
        if kind == "other size":
            answer.headers["Content-Range"] = f"{span}0"

    monkeypatch.setitem(range_faults.FAULTS, kind, change)
    with (
        RangeServer(saved["old"]) as server,
        fastckpt.open(f"{server.url}/m", verify=False) as ckpt,
    ):
        server.misbehave(kind, DATA, method="GET")
        for read in (lambda: ckpt["a"], lambda: ckpt.read("a", np.s_[:9]), ckpt.verify):
            with pytest.raises(fastckpt.CorruptionError, match="was replaced"):
                read()


ORDERS = {"data first": [DATA, INDEX], "index first": [INDEX, DATA]}


@pytest.mark.parametrize("fault", [None, "no identity", "no content range"])
@pytest.mark.parametrize("order", ORDERS)
def test_a_save_between_any_two_requests_is_never_mixed(order, fault, saved):
    """One file is replaced before a request is answered, the other at a later one."""
    numbers = range(7)
    for first, second in itertools.combinations_with_replacement(numbers, 2):
        with RangeServer(saved["old"]) as server:
            if fault is not None:
                server.misbehave(fault, method="GET")

            def replace(method, name, number, server=server, at=(first, second)):
                for when, file in zip(at, ORDERS[order], strict=True):
                    if number == when:
                        server.put(file, saved["new"][file])

            server.before = replace
            try:
                with fastckpt.open(f"{server.url}/m", verify=False) as ckpt:
                    found = [ckpt.read("a", np.s_[5:900]), ckpt["b"]]
            except fastckpt.CorruptionError:
                continue
            fits = [
                [np.array_equal(a, t["a"][5:900]), np.array_equal(b, t["b"])]
                for a, b in [found]
                for t in (OLD, NEW)
            ]
            assert [True, True] in fits, (first, second, fits)


def test_a_range_that_never_comes_is_given_up(saved, monkeypatch):
    monkeypatch.setattr("fastckpt.files.range_stream.PATIENCE", 0.3)
    with (
        RangeServer(saved["old"]) as server,
        fastckpt.open(f"{server.url}/m") as ckpt,
    ):
        server.misbehave("hangs", DATA, method="GET", times=1)
        with pytest.raises(TimeoutError):
            ckpt["a"]
        np.testing.assert_array_equal(ckpt["a"], OLD["a"])


def test_as_many_ranges_are_under_way_as_are_said_to_be(saved):
    with RangeServer(saved["wide"], latency=0.2) as server:
        seen, under_way = set(), []

        def note(method, name, number):
            seen.add(number)
            under_way.append(len(seen) - len(server.requests))

        with fastckpt.open(f"{server.url}/m", verify=False) as ckpt:
            server.forget()
            server.before = note
            rows = [(name, np.s_[4 * i], None) for name in WIDE for i in range(16)]
            ckpt.read_many(rows)
        assert 110 < max(under_way) <= 130
