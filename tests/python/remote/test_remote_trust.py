"""What servers do wrong is an error of ours: never wrong bytes, never a hang."""

from __future__ import annotations

import errno

import numpy as np
import pytest

import fastckpt
import range_faults
from bundle_maker import BundleMaker
from wire_maker import shape

pytest.importorskip("fsspec")
aiohttp = pytest.importorskip("aiohttp")

from range_server import RangeServer  # noqa: E402 (needs aiohttp)

# All of it is one request.
ROWS = np.random.default_rng(1).integers(0, 255, (4000, 60)).astype(np.float32)
DATA = "m.data-00000-of-00001"
# Seconds of silence; a machine with much to do is silent for less.
QUICK = {"client_kwargs": {"timeout": aiohttp.ClientTimeout(sock_read=1.5)}}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    fastckpt.save(folder / "m", {"a": np.arange(5.0), "rows": ROWS})
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def server(files):
    with RangeServer(files) as running:
        yield running


@pytest.fixture
def opened(server):
    with fastckpt.open(f"{server.url}/m") as ckpt:
        server.forget()
        yield ckpt


def part(ckpt):
    return ckpt.read("rows", np.s_[100:110])


def whole(ckpt):
    return ckpt.load()["rows"]


def test_all_is_right_where_the_server_is(opened, server):
    np.testing.assert_array_equal(part(opened), ROWS[100:110])
    np.testing.assert_array_equal(whole(opened), ROWS)
    assert opened.verify().ok


@pytest.mark.parametrize("read", [part, whole])
@pytest.mark.parametrize("fault", ["ignores ranges", "whole as part", "long"])
def test_more_than_was_asked_for_is_refused(fault, read, opened, server):
    server.misbehave(fault, DATA, method="GET")
    if read is whole:
        # All of an object is what it is, whatever is said of it.
        np.testing.assert_array_equal(read(opened), ROWS)
        return
    with pytest.raises(fastckpt.UnsupportedError, match="range") as e:
        read(opened)
    assert e.value.path == f"{server.url}/{DATA}"


def test_whole_object_is_not_taken_where_a_range_was_asked(opened, server):
    server.misbehave("whole as part", DATA, method="GET")
    with pytest.raises(fastckpt.UnsupportedError):
        part(opened)
    assert opened.explain().remote.fetched < 10_000


@pytest.mark.parametrize("read", [part, whole])
def test_short_answer_is_damage(read, opened, server):
    server.misbehave("short", DATA, method="GET")
    with pytest.raises(fastckpt.CorruptionError, match="came"):
        read(opened)


@pytest.mark.parametrize("read", [part, whole])
def test_packed_answer_is_refused_before_it_is_unpacked(read, opened, server):
    server.misbehave("packed", DATA, method="GET")
    with pytest.raises(fastckpt.UnsupportedError, match="packs"):
        read(opened)


def test_other_range_is_refused(opened, server):
    server.misbehave("wrong range", DATA, method="GET")
    with pytest.raises(fastckpt.UnsupportedError, match="other bytes"):
        part(opened)


@pytest.mark.parametrize(
    "fault",
    ["no content range", "chunked", "no length", "redirects", "does not say ranges"],
)
def test_what_is_only_odd_is_read(fault, opened, server):
    server.misbehave(fault, DATA, method="GET")
    np.testing.assert_array_equal(part(opened), ROWS[100:110])
    np.testing.assert_array_equal(whole(opened), ROWS)


@pytest.mark.parametrize("read", [part, whole])
@pytest.mark.parametrize("fault", ["cut", "cut at once"])
def test_lost_connection_is_an_error_of_the_system(fault, read, opened, server):
    server.misbehave(fault, DATA, method="GET")
    with pytest.raises(OSError, match=r"server failed|error") as e:
        read(opened)
    assert not isinstance(e.value, FileNotFoundError)


@pytest.mark.parametrize("fault", ["hangs", "hangs in the middle"])
def test_silence_is_a_time_out(fault, server):
    with fastckpt.open(f"{server.url}/m", storage_options=QUICK) as ckpt:
        server.misbehave(fault, DATA, method="GET")
        with pytest.raises(TimeoutError):
            part(ckpt)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401", PermissionError),
        ("403", PermissionError),
        ("404", FileNotFoundError),
        ("500", OSError),
        ("503", OSError),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_status_is_the_error_that_people_know(status, kind, method, opened, server):
    server.misbehave(status, DATA, method="*" if method == "HEAD" else "GET")
    with pytest.raises(kind, match=rf"\(status {status}\)") as e:
        whole(opened)
    assert e.value.filename == f"{server.url}/{DATA}"
    if kind is OSError:
        assert e.value.errno == errno.EIO


def test_failure_in_the_middle_is_one_too(opened, server):
    rows = [5, 1500, 2500, 3500]
    server.misbehave("503", DATA, method="GET", after=2, times=1)
    with pytest.raises(OSError, match="503"):
        opened.read("rows", rows)
    np.testing.assert_array_equal(opened.read("rows", rows), ROWS[rows])


@pytest.mark.parametrize("read", [part, whole])
@pytest.mark.parametrize("name", [DATA, "m.index"])
def test_object_that_was_replaced_is_found(name, read, opened, server, files):
    changed = bytearray(files[name])
    changed[-1 if name == DATA else 10] ^= 1
    server.put(name, bytes(changed))
    found = "was replaced" if read is part else "was replaced|stored checksum"
    with pytest.raises(fastckpt.CorruptionError, match=found) as e:
        read(opened)
    assert e.value.path == f"{server.url}/{name}"


@pytest.mark.parametrize("read", [part, whole])
def test_object_that_is_replaced_between_look_and_range_is_found(
    read, opened, server, files
):
    changed = bytearray(files[DATA])
    changed[5000:6000] = bytes(1000)

    def replace(method, name, number):
        if method == "GET":
            server.before = lambda *_: None
            server.put(DATA, bytes(changed))

    server.before = replace
    with pytest.raises(fastckpt.CorruptionError):
        read(opened)


def test_object_that_is_cut_is_damage(opened, server, files):
    server.put(DATA, files[DATA][:5000])
    with pytest.raises(fastckpt.CorruptionError):
        whole(opened)
    assert not opened.explain().files[1:]


def test_missing_data_object_is_named_when_it_is_read(server):
    server.put(DATA, None)
    with fastckpt.open(f"{server.url}/m") as ckpt:
        assert list(ckpt) == ["a", "rows"]
        with pytest.raises(FileNotFoundError, match="'rows'") as e:
            ckpt["rows"]
        assert e.value.filename == f"{server.url}/{DATA}"
        report = ckpt.verify()
        assert not report.ok
        assert report.findings[0].cause == "missing file"


def test_damage_is_found_and_named(server, files):
    changed = bytearray(files[DATA])
    changed[5000] ^= 1
    server.put(DATA, bytes(changed))
    with fastckpt.open(f"{server.url}/m") as ckpt:
        with pytest.raises(fastckpt.CorruptionError, match="stored checksum") as e:
            ckpt["rows"]
        assert (e.value.tensor, e.value.path) == ("rows", f"{server.url}/{DATA}")
        report = ckpt.verify()
        assert [it.tensor for it in report.problems] == ["rows"]
        assert report.findings[0].cause == "checksum"


def test_damage_is_not_looked_at_by_many_requests(server, files):
    changed = bytearray(files[DATA])
    changed[5000] ^= 1
    server.put(DATA, bytes(changed))
    with fastckpt.open(f"{server.url}/m") as ckpt:
        server.forget()
        assert not ckpt.verify().ok
        assert server.count("GET") < 10


def test_size_that_is_only_claimed_takes_no_memory(tmp_path, monkeypatch):
    size = 1 << 44
    maker = BundleMaker()
    maker.add("w", np.zeros(4, np.uint8), size=size, shape=shape((size,)))
    maker.write(tmp_path / "m")
    files = {it.name: it.read_bytes() for it in tmp_path.rglob("*") if it.is_file()}
    prefix = next(it for it in files if it.endswith(".index")).removesuffix(".index")

    def claim(answer):
        answer.headers["Content-Length"] = str(size)

    monkeypatch.setitem(range_faults.FAULTS, "claims", claim)
    with RangeServer(files) as server:
        server.misbehave("claims", "*.data-*", method="HEAD")
        with (
            fastckpt.open(f"{server.url}/{prefix}") as ckpt,
            pytest.raises(fastckpt.UnsupportedError, match="fewer tensors at once"),
        ):
            ckpt.verify()


@pytest.mark.parametrize("status", ["401", "403", "500"])
def test_index_that_is_refused_is_no_missing_one(status, server):
    server.misbehave(status, "m.index")
    kind = OSError if status == "500" else PermissionError
    with pytest.raises(kind, match=status):
        fastckpt.open(f"{server.url}/m")


def test_listing_that_is_refused_leaves_exact_names(server):
    server.misbehave("403", "")
    assert len(fastckpt.open(f"{server.url}/m")) == 2
    with pytest.raises(FileNotFoundError):
        fastckpt.open(f"{server.url}/other")


def test_server_that_does_not_know_head_is_read(server):
    server.misbehave("405", method="HEAD")
    with fastckpt.open(f"{server.url}/m") as ckpt:
        np.testing.assert_array_equal(ckpt["rows"], ROWS)


@pytest.mark.parametrize("fault", ["no etag", "no identity"])
def test_object_without_a_tag_is_read(fault, server, files):
    server.misbehave(fault)
    with fastckpt.open(f"{server.url}/m") as ckpt:
        np.testing.assert_array_equal(ckpt["rows"], ROWS)
        if fault == "no etag":
            server.put(DATA, files[DATA])
            with pytest.raises(fastckpt.CorruptionError, match="was replaced"):
                ckpt["rows"]


def test_secrets_of_a_url_are_never_told(server, caplog, capfd):
    host = server.url.removeprefix("http://")
    url = f"http://user:pass-word@{host}/m"
    caplog.set_level("DEBUG", "fastckpt")
    with fastckpt.open(url) as ckpt:
        texts = [repr(ckpt), ckpt.path, str(ckpt.explain()), str(ckpt.files)]
        texts += [str(ckpt.layout("a")), str(ckpt.byte_runs("a"))]
        whole(ckpt)
        for fault in ("401", "500", "short", "ignores ranges"):
            server.behave()
            server.misbehave(fault, DATA)
            with pytest.raises((OSError, fastckpt.CheckpointError)) as e:
                part(ckpt)
            texts += [str(e.value), repr(e.value.__cause__), repr(e.value.__context__)]
    server.behave()
    for wrong in (
        f"{url}/nothing?X-Signature=pass-word",
        f"http://user:pass-word@{host}/none/",
    ):
        with pytest.raises((OSError, fastckpt.CheckpointError)) as e:
            fastckpt.open(wrong)
        texts += [str(e.value), repr(e.value.__cause__), repr(e.value.__context__)]
    own = [it for it in caplog.records if it.name.startswith("fastckpt")]
    texts += [it.getMessage() for it in own]
    texts += capfd.readouterr()
    assert any("bytes" in text for text in texts)
    assert [text for text in texts if "pass-word" in text] == []
