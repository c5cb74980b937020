"""URLs: file:// is a local path; what writes refuses others and makes no folder.

What reads others is in `tests/python/remote`.
"""

from __future__ import annotations

import os
import pickle
from urllib.parse import quote

import numpy as np
import pytest

import fastckpt
from command_line import run
from fastckpt import MetaGraph
from fastckpt.files.replace import replace_file, write_beside
from fastckpt.files.urls import source_path, target_path
from fastckpt.formats import npz, safetensors

URLS = ["gs://bucket/m", "s3://b/m", "memory://m", "hdfs+x://h:80/m", "HTTP://h/m"]
TENSORS = {"w": np.arange(3.0)}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with the checkpoint `old`, in which nothing else is made."""
    monkeypatch.chdir(tmp_path)
    fastckpt.save("old", TENSORS)
    before = sorted(os.listdir())
    yield tmp_path
    assert sorted(os.listdir()) == before


def write_page_beside(path):
    with write_beside(path, fsync=False):
        raise AssertionError("it is too late to refuse")


WRITERS = {
    "save": lambda url: fastckpt.save(url, TENSORS),
    "save_bytes": lambda url: fastckpt.save(url.encode(), TENSORS),
    "Writer": fastckpt.Writer,
    "Writer_v1": lambda url: fastckpt.Writer(url, format="v1"),
    "Saver": lambda url: fastckpt.Saver().save(url, TENSORS, global_step=3),
    "merge": lambda url: fastckpt.merge(["old"], url),
    "rewrite": lambda url: fastckpt.rewrite("old", url),
    "rewrite_cast": lambda url: fastckpt.rewrite("old", url, dtype="float16"),
    "average": lambda url: fastckpt.average(["old"], url),
    "state": lambda url: fastckpt.update_checkpoint_state(url, "old"),
    "state_path": lambda url: fastckpt.update_checkpoint_state(".", url),
    "remove": fastckpt.remove_checkpoint,
    "recover": lambda url: fastckpt.Saver().recover_last_checkpoints([url]),
    "npz": lambda url: npz.write(url, TENSORS),
    "safetensors": lambda url: safetensors.write(url, TENSORS),
    "file": lambda url: replace_file(url, b""),
    "page": write_page_beside,
}


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("writer", WRITERS)
def test_what_writes_refuses_a_url_and_makes_no_folder(writer, url, here):
    with pytest.raises(
        fastckpt.UnsupportedError, match="writes local files alone"
    ) as e:
        WRITERS[writer](url)
    assert str(e.value).startswith(f"{url}: ")
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("url", URLS)
def test_freeze_refuses_a_url(url, here):
    pytest.importorskip("google.protobuf")
    meta = fastckpt.MetaGraph.read(_graph(here.parent))
    with pytest.raises(fastckpt.UnsupportedError, match="writes local files alone"):
        fastckpt.freeze("old", ["c"], to=url, meta=meta)


def _graph(folder):
    """A graph of one constant."""
    path = folder / "graph.pbtxt"
    path.write_text(
        'node { name: "c" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } '
        'attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape {} '
        "float_val: 1 } } } }"
    )
    return path


READERS = {
    "open": fastckpt.open,
    "latest": fastckpt.latest_checkpoint,
    "state": fastckpt.get_checkpoint_state,
    "exists": fastckpt.checkpoint_exists,
    "rewrite": lambda url: fastckpt.rewrite(url, "new"),
    "merge": lambda url: fastckpt.merge([url], "new"),
    "average": lambda url: fastckpt.average([url], "new"),
    "last": lambda url: fastckpt.average([url], "new", last=1),
    "restore": lambda url: fastckpt.Saver().restore(url, dict(TENSORS)),
}


@pytest.mark.parametrize("reader", READERS)
def test_what_reads_says_that_nothing_knows_such_urls(reader, here):
    pytest.importorskip("fsspec")
    with pytest.raises(fastckpt.UnsupportedError, match="knows no file system") as e:
        READERS[reader]("nosuch://user:secret@bucket/m")
    assert "secret" not in str(e.value)


@pytest.mark.parametrize("url", URLS)
def test_files_of_other_formats_and_graphs_are_local(url, here):
    pytest.importorskip("google.protobuf")
    for read in (lambda: npz.read(url).__enter__(), lambda: MetaGraph.read(url)):
        with pytest.raises(fastckpt.UnsupportedError, match="reads local files alone"):
            read()


COMMANDS = [
    ["convert", "old", "URL"],
    ["convert", "old", "URL", "--format", "npz"],
    ["convert", "old", "URL.safetensors"],
    ["strip", "old", "URL"],
    ["rename", "old", "URL", "w->v"],
    ["average", "old", "--to", "URL"],
    ["merge", "old", "--to", "URL"],
    ["show", "old", "--html", "URL"],
]
READING_COMMANDS = [
    ["ls", "URL"],
    ["show", "URL"],
    ["doctor", "URL"],
    ["verify", "URL"],
    ["diff", "old", "URL"],
    ["convert", "URL.npz", "new"],
    ["graph", "URL"],
    ["freeze", "URL", "--outputs", "x", "--to", "f.pb"],
]


@pytest.mark.parametrize("words", COMMANDS + READING_COMMANDS, ids=" ".join)
def test_a_command_says_it_in_one_line(words, here, capsys):
    pytest.importorskip("fsspec")
    done = run(capsys, *(word.replace("URL", "nosuch://bucket/m") for word in words))
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("fastckpt: error: nosuch://bucket/m")
    assert done.err.count("\n") == 1


def test_file_urls_are_local_paths_for_writing_and_reading(tmp_path):
    path = tmp_path / "a ä%#?" / "m"
    for host in ("", "localhost"):
        url = f"file://{host}{quote(str(path))}"
        fastckpt.save(url, TENSORS)
        assert fastckpt.open(url).path == str(path)
        assert fastckpt.open(f"{url}.index")["w"].tolist() == [0, 1, 2]
        assert fastckpt.checkpoint_exists(url)
        saved = fastckpt.Saver().save(url, TENSORS, global_step=7)
        assert saved == f"{path}-7"
        folder = url.rpartition("/")[0]
        assert fastckpt.latest_checkpoint(folder) == saved
        fastckpt.remove_checkpoint(f"{url}-7")
        assert not fastckpt.checkpoint_exists(saved)


def test_bytes_that_are_no_utf8_survive_a_file_url():
    assert os.fsencode(target_path("FILE:///tmp/%FF%00".removesuffix("%00"))) == (
        b"/tmp/\xff"
    )
    assert source_path(b"file:///tmp/\xff") == os.fsdecode(b"/tmp/\xff")


@pytest.mark.parametrize("url", ["file://host/m", "file://m", "file://"])
def test_a_file_url_of_another_host_says_how_one_is_written(url):
    for path_of in (source_path, target_path):
        with pytest.raises(fastckpt.UnsupportedError, match="file:///folder/name"):
            path_of(url)


def test_the_error_pickles_and_is_of_both_kinds():
    with pytest.raises(ValueError, match="not to gs://") as caught:
        target_path("gs://bucket/m")
    again = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(again, fastckpt.UnsupportedError)
    assert (str(again), again.path) == (str(caught.value), "gs://bucket/m")


@pytest.mark.parametrize("name", ["a:b/c", "gs:/m", "x:", "a//b", "1a://m", "://m"])
def test_other_colons_are_signs_like_any(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert target_path(name) == source_path(name) == name


def test_a_literal_path_that_is_there_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fastckpt.save("nosuch:/bucket/m", TENSORS, shards=2)
    for name in ("m", "m.index", "m.data-00001-of-00002"):
        assert fastckpt.open(f"nosuch://bucket/{name}")["w"].tolist() == [0, 1, 2]
    with pytest.raises((fastckpt.UnsupportedError, ImportError)):
        fastckpt.open("nosuch://bucket/other")
    with pytest.raises(fastckpt.UnsupportedError):
        fastckpt.save("nosuch://bucket/m", TENSORS)
