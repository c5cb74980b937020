"""Which files the page of a folder lists."""

import pytest

import fastckpt
from fastckpt.files.http_listing import names_listed

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
