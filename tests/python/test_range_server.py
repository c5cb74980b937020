"""The tests' own web server answers as it should, and does wrong what it is told to."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

import range_server
from range_faults import FAULTS
from range_server import RangeServer

CONTENT = bytes(range(256)) * 4
BYTES_10_TO_19 = {"Range": "bytes=10-19"}


@pytest.fixture
def server():
    with RangeServer({"a/m.index": CONTENT, "b": b"xyz"}) as running:
        yield running


def connect(server, timeout: float = 10) -> closing[http.client.HTTPConnection]:
    host = ("127.0.0.1", server.server_port)
    return closing(http.client.HTTPConnection(*host, timeout=timeout))


def ask(server, path="/a/m.index", headers=BYTES_10_TO_19, method="GET"):
    """One request by a connection of its own: the answer, and its body."""
    with connect(server) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()


def test_a_range_is_answered_with_its_bytes_and_counted(server):
    answer, body = ask(server)
    assert (answer.status, body) == (206, CONTENT[10:20])
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(CONTENT)}"
    assert ask(server, headers={})[1] == CONTENT
    assert ask(server, headers={"Range": "bytes=-4"})[1] == CONTENT[-4:]
    assert ask(server, headers={"Range": "bytes=1020-"})[1] == CONTENT[-4:]
    head, body = ask(server, method="HEAD", headers={})
    assert (head.headers["Content-Length"], body) == (str(len(CONTENT)), b"")
    assert (server.count("GET"), server.count("HEAD")) == (4, 1)
    assert server.sent() == 10 + len(CONTENT) + 4 + 4
    server.forget()
    assert server.requests == []


def test_what_lies_behind_the_end_or_is_not_there_is_refused(server):
    answer, _ = ask(server, headers={"Range": "bytes=1024-"})
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert ask(server, "/a/other")[0].status == 404
    assert ask(server, "/../etc/passwd")[0].status == 404


def test_a_folder_lists_what_lies_in_it(server):
    assert b'href="m.index"' in ask(server, "/a/")[1]
    assert b'href="a/"' in ask(server, "/")[1]
    assert ask(server, "/a")[0].status == 404


def test_a_connection_is_kept(server):
    with connect(server) as connection:
        for _ in range(3):
            connection.request("GET", "/b")
            assert connection.getresponse().read() == b"xyz"
            kept = connection.sock
        assert kept is connection.sock


def test_a_folder_is_served_as_it_lies_on_the_disk(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "x").write_bytes(CONTENT)
    (tmp_path / "secret").write_text("no")
    with RangeServer(tmp_path / "inside") as server:
        assert ask(server, "/x")[1] == CONTENT[10:20]
        assert ask(server, "/../secret")[0].status == 404
        first = ask(server, "/x")[0].headers["ETag"]
        (tmp_path / "inside" / "x").write_bytes(CONTENT + b"more")
        assert ask(server, "/x")[0].headers["ETag"] != first


def test_another_process_serves_and_counts(tmp_path):
    (tmp_path / "x").write_bytes(CONTENT)
    with range_server.started(tmp_path) as url:
        host = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        with closing(host) as connection:
            connection.request("GET", "/x", headers=BYTES_10_TO_19)
            assert connection.getresponse().read() == CONTENT[10:20]
        assert range_server.counts_of(url) == {"requests": {"GET": 1}, "sent": 10}
        with urllib.request.urlopen(f"{url}/-/asked", timeout=10) as answer:
            asked = json.load(answer)
        (only,) = asked["requests"]
        assert (only["name"], only["range"], asked["at once"]) == (
            "x",
            "bytes=10-19",
            1,
        )
        urllib.request.urlopen(f"{url}/-/forget", timeout=10).close()
        assert range_server.counts_of(url) == {"requests": {}, "sent": 0}


# What it does wrong


def wrong(server, fault, **options):
    server.misbehave(fault, **options)
    return ask(server)


def test_ranges_are_ignored(server):
    answer, body = wrong(server, "ignores ranges")
    assert (answer.status, body) == (200, CONTENT)
    assert "Content-Range" not in answer.headers


def test_the_whole_is_sent_as_the_part(server):
    answer, body = wrong(server, "whole as part")
    assert (answer.status, body) == (206, CONTENT)
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(CONTENT)}"


def test_an_answer_is_short_or_long(server):
    assert wrong(server, "short", times=1)[1] == CONTENT[10:15]
    answer, body = wrong(server, "long")
    assert (answer.status, len(body)) == (206, 20)
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(CONTENT)}"


def test_other_bytes_come_than_were_asked_for(server):
    answer, body = wrong(server, "wrong range")
    assert body == CONTENT[9:19]
    assert answer.headers["Content-Range"] == f"bytes 9-18/{len(CONTENT)}"


def test_a_header_is_missing(server):
    for fault, header in {
        "no content range": "Content-Range",
        "no length": "Content-Length",
        "no etag": "ETag",
        "no identity": "Last-Modified",
        "does not say ranges": "Accept-Ranges",
    }.items():
        answer, body = wrong(server, fault, times=1)
        assert header not in answer.headers, fault
        assert body == CONTENT[10:20]


def test_the_body_comes_in_chunks_without_a_length(server):
    answer, body = wrong(server, "chunked")
    assert (answer.headers["Content-Length"], body) == (None, CONTENT[10:20])


def test_the_connection_ends_too_early(server):
    with pytest.raises(http.client.IncompleteRead, match="5 bytes read, 5 more"):
        wrong(server, "cut", times=1)
    with pytest.raises(http.client.RemoteDisconnected):
        wrong(server, "cut at once")


@pytest.mark.parametrize("fault", ["hangs", "hangs in the middle"])
def test_the_server_goes_silent_until_its_block_ends(fault):
    with RangeServer({"x": CONTENT}) as server:
        server.misbehave(fault)
        with connect(server, timeout=0.05) as connection:
            connection.request("GET", "/x")
            with pytest.raises(TimeoutError):
                connection.getresponse().read()
        begin = time.monotonic()
    assert time.monotonic() - begin < 60


@pytest.mark.parametrize("status", ["401", "403", "404", "405", "416", "500", "503"])
def test_a_status_is_given_once_after_good_answers(status, server):
    server.misbehave(status, "a/*", times=1, after=1, method="GET")
    assert ask(server, method="HEAD")[0].status == 206
    found = [ask(server)[0].status for _ in range(3)]
    assert found == [206, int(status), 206]
    assert ask(server, "/b", {})[0].status == 200


def test_nothing_is_told_of_files_but_their_bytes(server):
    server.misbehave("405", method="HEAD")
    server.misbehave("403", "*/")
    assert ask(server, method="HEAD")[0].status == 405
    assert ask(server, "/a/", {})[0].status == 403
    assert ask(server)[1] == CONTENT[10:20]


def test_what_is_packed_is_small_on_the_way_and_large_behind_it(server):
    answer, body = wrong(server, "packed")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(body) < 1 << 16 < len(gzip.decompress(body))


def test_a_redirect_leads_to_the_same_bytes(server):
    answer, _ = wrong(server, "redirects")
    assert answer.status == 302
    assert ask(server, answer.headers["Location"])[1] == CONTENT[10:20]


def test_a_file_is_replaced_between_requests(server):
    def replace(method, name, number):
        if number == 1:
            server.put("b", b"1234")

    server.before = replace
    first, second = ask(server, "/b", {}), ask(server, "/b", {})
    assert (first[1], second[1]) == (b"xyz", b"1234")
    for header in ("ETag", "Last-Modified", "Content-Length"):
        assert first[0].headers[header] != second[0].headers[header]
    server.put("b", None)
    assert ask(server, "/b")[0].status == 404
    server.behave()
    assert ask(server)[1] == CONTENT[10:20]


def test_every_fault_has_a_test_here():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [fault for fault in FAULTS if f'"{fault}"' not in source] == []


def test_latency_and_bandwidth_are_waited_for():
    with RangeServer({"x": bytes(1 << 20)}, latency=0.05, bandwidth=8e6) as server:
        begin = time.monotonic()
        ask(server, "/x", {})
        assert time.monotonic() - begin > 0.05 + 0.12
        # Of each connection, not of all.
        threads = [
            threading.Thread(target=ask, args=(server, "/x", {})) for _ in range(4)
        ]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - begin < 60
        assert server.count("GET", "x") == 5


def test_nothing_is_left_when_the_block_has_ended():
    before = threading.active_count()
    with RangeServer({"x": CONTENT}) as server:
        idle = socket.create_connection(("127.0.0.1", server.server_port))
        with connect(server) as connection:
            connection.request("GET", "/x")
            connection.getresponse().read()
    assert threading.active_count() == before
    idle.close()
