"""Bytes come once, together, and never without an end."""

from __future__ import annotations

import numpy as np
import pytest

import fastckpt
import range_faults

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

from range_server import RangeServer

TABLE = np.random.default_rng(3).random((4000, 64)).astype(np.float32)
LARGE = np.random.default_rng(4).random((1100, 300))
WORDS = np.array([b"word %d" % i * 200 for i in range(3000)], object)
MANY = {f"w{i:02}": np.full((64, 1024), i + 0.5, np.float32) for i in range(40)}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    def save(tensors, **options):
        folder = tmp_path_factory.mktemp("saved")
        fastckpt.save(folder / "m", tensors, fsync=False, **options)
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    return {
        "v2": save({"large": LARGE, "table": TABLE, "words": WORDS}),
        "v1": save({**MANY, "words": WORDS}, format="v1"),
    }


@pytest.fixture
def counted(saved):
    """Gives a function that opens a checkpoint, and its server counting from then."""

    def counted(format):
        server = RangeServer(saved[format])
        server.__enter__()
        servers.append(server)
        ckpt = fastckpt.open(f"{server.url}/m")
        server.forget()
        return ckpt, server

    servers = []
    yield counted
    for server in servers:
        server.__exit__()


@pytest.fixture
def memory():
    """The file system of memory://, without what is left there."""
    import fsspec

    store = fsspec.filesystem("memory")
    yield store
    store.rm("/many", recursive=True)


def test_columns_are_joined(counted):
    ckpt, server = counted("v2")
    np.testing.assert_array_equal(ckpt.read("table", np.s_[:, 7]), TABLE[:, 7])
    assert server.count("GET") <= 2
    assert server.sent("GET") <= TABLE.nbytes


def test_parts_that_make_a_whole_are_fetched_once_and_checked(counted, saved):
    ckpt, server = counted("v2")
    halves = [np.s_[:550], np.s_[550:]]
    for cut in (halves, [np.s_[::2], np.s_[1::2]], [*halves, np.s_[1000:]]):
        server.forget()
        found = ckpt.read_many([("large", region, None) for region in cut])
        for region, part in zip(cut, found, strict=True):
            np.testing.assert_array_equal(part, LARGE[region])
        assert server.sent("GET") == LARGE.nbytes
    name = next(it for it in saved["v2"] if ".data-" in it)
    spoilt = bytearray(saved["v2"][name])
    spoilt[ckpt.layout("large").pieces[0].offset + 12345] ^= 1
    server.put(name, bytes(spoilt))
    with (
        fastckpt.open(f"{server.url}/m") as again,
        pytest.raises(fastckpt.CorruptionError, match="stored checksum"),
    ):
        again.read_many([("large", region, None) for region in halves])


@pytest.mark.parametrize("format", ["v1", "v2"])
def test_what_is_fetched_again_is_checked_again(counted, saved, format):
    """Where parts are to be right: with verify=True, and of parts that make a whole."""
    name, array = {"v1": ("w03", MANY["w03"]), "v2": ("large", LARGE)}[format]
    middle = len(array) // 2
    halves = [(name, np.s_[:middle], None), (name, np.s_[middle:], None)]
    ckpt, server = counted(format)
    ckpt.load([name])
    with fastckpt.open(f"{server.url}/m", verify=True) as strict:
        strict.read(name, np.s_[:10])
        server.misbehave("no identity")
        for file, stored in saved[format].items():
            if not file.endswith(".index"):
                spoilt = bytearray(stored)
                spoilt[stored.index(array[middle:].tobytes())] ^= 1
                server.put(file, bytes(spoilt))
        with pytest.raises(fastckpt.CorruptionError):
            strict.read(name, np.s_[:10])
        with pytest.raises(fastckpt.CorruptionError):
            strict.read_many(halves)
    with pytest.raises(fastckpt.CorruptionError):
        ckpt.read_many(halves)


@pytest.mark.parametrize("format", ["v1", "v2"])
def test_rows_by_number_are_of_the_bytes_that_were_checked(counted, saved, format):
    name, array = {"v1": ("w03", MANY["w03"]), "v2": ("table", TABLE)}[format]
    ids = [len(array) - 1, 3, 3, 0]
    _, server = counted(format)
    with fastckpt.open(f"{server.url}/m", verify=True) as ckpt:
        for _ in range(2):  # whether it was found right before or not
            server.forget()
            np.testing.assert_array_equal(ckpt.read(name, ids), array[ids])
            assert array.nbytes <= server.sent("GET") < 1.1 * array.nbytes + 1000
        server.misbehave("no identity")
        for file, stored in saved[format].items():
            if not file.endswith(".index"):
                spoilt = bytearray(stored)
                spoilt[stored.index(array[-1:].tobytes())] ^= 1
                server.put(file, bytes(spoilt))
        with pytest.raises(fastckpt.CorruptionError):
            ckpt.read(name, ids)
        with pytest.raises(fastckpt.CorruptionError):
            ckpt.read_many([(name, ids, None)])


def test_verify_of_v1_fetches_each_byte_once(counted, saved):
    ckpt, server = counted("v1")
    report = ckpt.verify()
    assert report.ok
    assert report.bytes_checked > 0.99 * len(saved["v1"]["m"])
    assert server.sent("GET") <= 1.01 * len(saved["v1"]["m"])


def test_many_strings_between_tensors_come(tmp_path, memory):
    """Their gaps are fetched, too, and never more than there is room for."""
    tensors = {}
    for i in range(26_000):
        tensors[f"{i:05}/name"] = np.array(b"of %d" % i, object)
        tensors[f"{i:05}/vector"] = np.full(1000, i, np.float32)
    fastckpt.save(tmp_path / "m", tensors, fsync=False)
    for path in tmp_path.iterdir():
        memory.pipe(f"/many/{path.name}", path.read_bytes())
    with fastckpt.open("memory://many/m") as ckpt:
        found = ckpt.load(["*/name"])
    assert len(found) == 26_000
    assert all(found[f"{i:05}/name"][()] == b"of %d" % i for i in (0, 7, 25_999))


def test_a_part_many_times_is_no_whole(counted):
    ckpt, server = counted("v2")
    found = ckpt.read_many([("large", np.s_[:110], None)] * 10)
    assert all(np.array_equal(it, LARGE[:110]) for it in found)
    assert server.sent("GET") == LARGE[:110].nbytes


def test_regions_of_v1_are_fetched_together(counted):
    ckpt, server = counted("v1")
    found = ckpt.read_many([(name, np.s_[1:3], None) for name in MANY])
    for name, part in zip(MANY, found, strict=True):
        np.testing.assert_array_equal(part, MANY[name][1:3])
    size = sum(it.nbytes for it in MANY.values())
    assert server.count("GET") <= len(MANY)
    assert server.sent("GET") < 1.1 * size
    assert server.count("HEAD") == 0  # the ranges say of which version they are


def test_v1_and_strings_come_once(counted):
    for format in ("v1", "v2"):
        ckpt, server = counted(format)
        assert ckpt["words"].tolist() == WORDS.tolist()
        stored = sum(map(len, WORDS))
        assert stored < server.sent("GET") < 1.1 * stored + (1 << 19)


@pytest.mark.parametrize("charset", ["", "; charset=nonsense"])
def test_a_listing_without_an_end_is_not_read(charset, saved, monkeypatch):
    def endless(answer):
        answer.status, answer.part = 200, None
        answer.text = b"<a href='x.index'>" * 1_200_000
        answer.headers["Content-Type"] = f"text/html{charset}"
        answer.fit(200)

    monkeypatch.setitem(range_faults.FAULTS, "endless", endless)
    with RangeServer(saved["v2"]) as server:
        server.misbehave("endless", "*/", method="GET")
        with pytest.raises(fastckpt.UnsupportedError, match="name the checkpoint"):
            fastckpt.open(f"{server.url}/run/")
        assert len(fastckpt.open(f"{server.url}/m")) == 3


def test_a_listing_in_an_unknown_encoding_is_read(saved, monkeypatch):
    def odd(answer):
        answer.headers["Content-Type"] = "text/html; charset=nonsense"

    monkeypatch.setitem(range_faults.FAULTS, "odd", odd)
    with RangeServer({f"run/{k}": v for k, v in saved["v2"].items()}) as server:
        server.misbehave("odd", "run/", method="GET")
        assert len(fastckpt.open(f"{server.url}/run/")) == 3
