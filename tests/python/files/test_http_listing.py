"""Which files the page of a folder lists."""

import os
import sys
import urllib.parse
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

import children
import fastckpt
from fastckpt.files.http_listing import links_alone, names_listed

FOLDER = "https://host/run/"


def test_links_that_are_no_files_count_for_nothing():
    links = [
        "?C=N;O=D", "?C=M;O=A", "m.index", "./n.index", "m.data-00000-of-00001", "sub/",
        "../", "../other.index", "sub/deep.index", "#top", "", "mailto:a@b", "a:b",
        "javascript:void(0)", "p.index?raw=1", "x%20y",
    ]  # fmt: skip
    given = [FOLDER + it for it in links]
    given += ["http://host/run/q.index", "https://else/run/r.index", "https://host/up"]
    assert names_listed(given, FOLDER) == {
        "m.index", "n.index", "m.data-00000-of-00001", "sub", "a:b", "p.index", "x%20y",
        "q.index",
    }  # fmt: skip


def test_the_address_of_a_folder_may_have_a_query():
    folder = "https://host/run/?sig=a/b"
    links = [f"{folder}/m.index", "https://host/run/n.index", f"{folder}/?C=N;O=D"]
    assert names_listed(links, folder) == {"m.index", "n.index"}


PAGE = """<html><head><title>Index of /run</title></head><body><h1>Index of /run</h1>
<table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a>
</th><th><a href="?C=S;O=A">Size</a></th></tr>
<tr><td><a href="/">Parent Directory</a></td></tr>
<tr><td><a href="model">model</a></td></tr></table></body></html>"""


def test_a_folder_with_one_v1_file_is_opened_by_apaches_page(tmp_path):
    pytest.importorskip("aiohttp")
    from range_server import RangeServer

    fastckpt.save(tmp_path / "model", {"w": 1.5}, format="v1")
    content = (tmp_path / "model").read_bytes()

    class Apache(RangeServer):
        def list(self, folder):
            return ["?C=N;O=D", "?C=M;O=A", "?C=S;O=A", "../", "model"]

    with Apache({"run/model": content}) as server:
        assert fastckpt.load(f"{server.url}/run")["w"] == 1.5


NGINX = """<html>
<head><title>Index of /run/</title></head>
<body>
<h1>Index of /run/</h1><hr><pre><a href="../">../</a>
<a href="sub/">sub/</a>                    29-Nov-2026 10:00       -
<a href="m.index">m.index</a>              29-Nov-2026 10:00     123
<a href="a%20b">a b</a>                    29-Nov-2026 10:00     123
</pre><hr></body>
</html>
"""
IIS = """<pre><A HREF="/">[To Parent Directory]</A><br><br> 10:00 AM 1 <A
HREF="/run/m.index">m.index</A><br> 10:00 AM 1 <A HREF="/run/m.meta">
m.meta</A><br></pre>"""
BUCKET = """<table><tr class='row'><td><a
  class="name" data-href="no" href='https://host/run/m.index'>m.index</a></td></tr>
</table><script>var next = "https://host/run/m.meta?list-type=2&a=b;c"</script>"""
BARE = "see https://host/run/m.index, http://host/run/x;y and (http://host/run/n)"


def found_by_fsspec(page, names):
    http = pytest.importorskip("fsspec.implementations.http")
    found = [http.ex2.findall, lambda it: [match[2] for match in http.ex.findall(it)]]
    return {link for name in names for link in found[name](page)}


@pytest.mark.parametrize("page", [PAGE, NGINX, IIS, BUCKET, BARE, "", "<a", "no"])
@pytest.mark.parametrize("names", [(0, 1), (1,)])  # simple_links or not
def test_the_links_of_a_page_are_found_as_before(page, names):
    expected = found_by_fsspec(page, names)
    assert found_by_fsspec(links_alone(page), names) == expected


def test_the_links_of_pythons_own_server_are_found_as_before(tmp_path):
    for name in ("m.index", "m.data-00000-of-00001", "a b", "it's", "a&b", "ü", "<x>"):
        (tmp_path / name).touch()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Says nothing."""

    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Handler, directory=tmp_path)
    ) as server:
        Thread(target=server.serve_forever, args=(0.01,)).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        with urllib.request.urlopen(url, timeout=30) as answer:
            page = answer.read().decode()
        server.shutdown()
    expected = found_by_fsspec(page, (0, 1))
    assert len(expected) == 7
    assert found_by_fsspec(links_alone(page), (0, 1)) == expected


def test_what_links_hold_beside_an_address_is_quoted():
    spaces = "".join(it for it in map(chr, range(sys.maxunicode)) if it.isspace())
    page = links_alone(f"""<a href=" a{spaces}'b ">, <A HREF='"c'>, <a href='<d>'>""")
    assert not set(spaces) & set(page.replace("<a href=", "").replace("\n", ""))
    found = found_by_fsspec(page, (1,))
    assert found == {"a" + "".join(map(urllib.parse.quote, spaces)) + "%27b", "%22c"}


@pytest.mark.parametrize("part", ["<a ", "<a", 'href="', " href='", " ", "http://"])
def test_a_page_of_one_part_for_ever_has_one_file_at_most(part):
    page = '<a title="' + part * 200_000
    found = found_by_fsspec(links_alone(page), (0, 1))
    assert len(names_listed((FOLDER + it for it in found), FOLDER)) <= 1


OPEN_SLOW_PAGE = """
import sys, fastckpt, range_handler
from range_server import RangeServer

class Server(RangeServer):
    def list(self, folder):
        return [""] if folder.endswith("/") else None

def list_(self, make=range_handler.Handler._list):
    answer = make(self)
    if answer.status == 200:
        answer.headers["Content-Type"] = sys.argv[1]
        answer.text = sys.argv[2].encode() * int(sys.argv[3])
        answer.fit()
    return answer

range_handler.Handler._list = list_
with Server({}) as server:
    try:
        fastckpt.open(f"{server.url}/run/m")
    except FileNotFoundError:
        print("not found")
"""


@pytest.mark.parametrize(
    ("kind", "part", "count"),
    [
        ("text/html", "<a" + " " * 20_000, 1),
        ("text/html; charset=punycode", "a", 4 << 20),
        ("text/html; charset=idna", "a", 4 << 20),
    ],
)
def test_no_page_holds_the_process_up(kind, part, count):
    """In a process of its own: nothing else would run, not even what ends a test."""
    pytest.importorskip("aiohttp")
    command = [sys.executable, "-c", OPEN_SLOW_PAGE, kind, part, str(count)]
    path = {"PYTHONPATH": os.pathsep.join(it for it in sys.path if it)}
    options = {"env": os.environ | path, "capture_output": True, "text": True}
    ended = children.run(command, timeout=60, **options)
    assert ended.stdout == "not found\n", ended.stderr
