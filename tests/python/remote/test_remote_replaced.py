"""Objects that are replaced in mid-call: never a mixture, never what nobody opened."""

from __future__ import annotations

import time

import numpy as np
import pytest

import fastckpt
from fastckpt.files.fetcher import Fetcher
from fastckpt.files.remote import Store

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

from range_server import RangeServer  # noqa: E402 (needs aiohttp)

NUMBERS = {"w": np.arange(200_000.0)}
WORDS = {"w": np.array([b"aaaa" * 100, b"b"], object)}
OTHERS = {"w": np.array([b"cccc" * 100, b"d"], object)}


def files_of(folder, tensors, **options):
    folder.mkdir()
    fastckpt.save(folder / "m", tensors, **options)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def replace_after_looks(server, files, count):
    """Replaces all once so many looks were answered, before the next range is."""

    def replace(method, name, number):
        if method != "GET":
            return
        server.before = lambda *_: None
        until = time.monotonic() + 10
        while server.count("HEAD") < count and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.05)  # the last answer is on its way
        for each, content in files.items():
            server.put(each, content)

    server.before = replace


@pytest.mark.parametrize("fault", [None, "no identity"])
@pytest.mark.parametrize(
    ("format", "before", "after"),
    [
        ("v2", WORDS, OTHERS),
        ("v1", WORDS, OTHERS),
        ("v2", NUMBERS, {"w": -NUMBERS["w"]}),
        ("v1", NUMBERS, {"w": -NUMBERS["w"]}),
    ],
    ids=["v2 words", "v1 words", "v2 numbers", "v1 numbers"],
)
def test_unchecked_read_is_never_of_another_save(
    format, before, after, fault, tmp_path
):
    old = files_of(tmp_path / "old", before, format=format)
    new = files_of(tmp_path / "new", after, format=format)
    looks = len(old) - (fault is None)  # answers say of which version they are
    with RangeServer(old) as server:
        if fault is not None:
            server.misbehave(fault, method="GET")
        with fastckpt.open(f"{server.url}/m", verify=False) as ckpt:
            server.forget()
            replace_after_looks(server, new, looks)
            with pytest.raises(fastckpt.CorruptionError):
                ckpt["w"]


def test_what_is_replaced_in_mid_call_is_not_called_damaged(tmp_path):
    old = files_of(tmp_path / "old", NUMBERS)
    new = files_of(tmp_path / "new", {"w": -NUMBERS["w"]})
    with RangeServer(old) as server:
        server.misbehave("no identity", method="GET")
        with fastckpt.open(f"{server.url}/m") as ckpt:
            server.forget()
            replace_after_looks(server, new, len(old))
            with pytest.raises(fastckpt.CorruptionError, match="was replaced"):
                ckpt["w"]


@pytest.mark.parametrize("format", ["v1", "v2"])
@pytest.mark.parametrize("tells", ["all", "looks", "nothing"])
def test_what_no_store_tells_is_not_called_damage_alone(tells, format, tmp_path):
    """Strings, whose bytes are other ones by the time they are asked for."""
    old = files_of(tmp_path / "old", WORDS, format=format)
    name = next(it for it in old if not it.endswith(".index"))
    spoilt = old[name].replace(b"aaaa", b"cccc")
    words = {
        "all": "was replaced since",
        "looks": "was replaced since",
        "nothing": "or the object was replaced since.*tells nothing",
    }[tells]
    with RangeServer(old) as server:
        if tells != "all":
            method = "GET" if tells == "looks" else "*"
            server.misbehave("no identity", method=method)
        with fastckpt.open(f"{server.url}/m") as ckpt:
            server.put(name, spoilt)
            with pytest.raises(fastckpt.CorruptionError, match=words):
                ckpt["w"]


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_opened_by_several_requests_is_of_one_version(count):
    system = fsspec.filesystem("memory")
    system.pipe_file("memory://replaced/x.index", bytes(100))
    fetcher = Fetcher(Store("memory://replaced/x"))
    assert fetcher.look_at(["memory://replaced/x.index"]) == [None]
    system.pipe_file("memory://replaced/x.index", bytes(101))
    size = 100 // count
    requests = [(0, at * size, size) for at in range(count)]
    stream = fetcher.start(requests, 100, False)
    for _ in requests:
        while stream.next() is None:
            pass
    wrong = stream.finish()
    assert (wrong is not None) == (count > 1)


@pytest.mark.parametrize(("fault", "looks"), [(None, 1), ("no identity", 2)])
def test_index_of_several_requests_opens(fault, looks, tmp_path):
    tensors = {f"{'scope' * 10}/{i:06}": np.int32(i) for i in range(60_000)}
    with RangeServer(files_of(tmp_path / "m", tensors)) as server:
        if fault is not None:  # the parts do not say of which version they are
            server.misbehave(fault, method="GET")
        with fastckpt.open(f"{server.url}/m") as ckpt:
            assert len(ckpt) == 60_000
        assert server.count("GET", "m.index") > 1
        assert server.count("HEAD", "m.index") == looks


def test_long_strings_are_fetched_once(tmp_path):
    long = np.random.default_rng(5).bytes(5 << 20)
    with RangeServer(files_of(tmp_path / "m", {"w": np.array([long])})) as server:
        with fastckpt.open(f"{server.url}/m") as ckpt:
            server.forget()
            assert ckpt["w"][0] == long
        assert server.count("GET") > 1
        assert server.sent("GET") < 6 << 20
