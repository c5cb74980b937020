"""Every verb and command takes a URL where a checkpoint's path stands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from command_line import run

pytest.importorskip("fsspec")

from remote_stores import (
    TENSORS,
    assert_same,
    in_memory,
    save_partitioned,
)

NUMBERS = {name: it for name, it in TENSORS.items() if it.dtype != object}


@pytest.fixture(params=["v2", "v1"])
def url(request, tmp_path, monkeypatch):
    """A checkpoint behind a URL, beside which `here` is the same; in a free folder."""
    monkeypatch.chdir(tmp_path)
    fastckpt.save("store/m", TENSORS, format=request.param)
    fastckpt.save("here", TENSORS)
    return in_memory(tmp_path / "store") + "/m"


def test_commands_that_look(url, capsys):
    Path("shapes.json").write_text(json.dumps({"a.weight": [4, 3]}))
    for words, status in {
        ("ls", url): 0,
        ("show", url): 0,
        ("show", url, "a/kernel", "--region", "0:2,:"): 0,
        ("verify", url): 0,
        ("diff", url, "here"): 0,
        ("diff", "here", url): 0,
        ("doctor", url): 0,
        ("match", url, "shapes.json"): 1,
        ("ls", url, "--json"): 0,
        ("ls", url + "x"): 2,
    }.items():
        done = run(capsys, *words)
        assert done.status == status, (words, done)
        assert "Traceback" not in done.err


def test_page_and_overview_tell_the_sizes_of_objects(url, capsys):
    done = run(capsys, "show", url, "--json")
    assert all(file["nbytes"] > 0 for file in json.loads(done.out)["files"])
    assert run(capsys, "show", url, "--html", "page.html").status == 0


def test_graphs_and_targets_refuse_a_url_in_one_line(url, capsys):
    for words in (
        ("graph", url),
        ("freeze", url, "--outputs", "x", "--to", "f.pb"),
        ("convert", "here", url),
        ("convert", "here", url + ".npz", "--drop", "d/words"),
    ):
        done = run(capsys, *words)
        assert (done.status, done.err.count("\n")) == (2, 1), done.err
        assert "local files alone" in done.err


@pytest.mark.parametrize("format", ["v2", "v1"])
def test_convert_copies_what_is_there(format, url):
    fastckpt.convert(url, "new", format=format)
    assert_same(fastckpt.load("new"), TENSORS)


def test_convert_to_other_formats_and_dtypes(url):
    fastckpt.convert(url, "new.npz", drop=["d/words"])
    with np.load("new.npz") as found:
        assert_same(dict(sorted(found.items())), NUMBERS)
    fastckpt.convert(url, "cast", dtype="float32")
    cast = fastckpt.load("cast")["e/large"]
    np.testing.assert_array_equal(cast, TENSORS["e/large"].astype(np.float32))


def test_editing_reads_it(url):
    fastckpt.rewrite(url, "renamed", rename={"a/kernel": "k"}, select=["a/*", "c/*"])
    assert list(fastckpt.load("renamed")) == ["c/scalar", "k"]
    fastckpt.strip(url, "stripped", drop=["e/*"])
    assert "e/large" not in fastckpt.open("stripped")
    fastckpt.merge([url], "merged")
    assert_same(fastckpt.load("merged"), TENSORS)
    fastckpt.average([url, "here"], "mean", drop=["d/words"])
    assert_same(fastckpt.load("mean"), NUMBERS)
    with pytest.raises((fastckpt.UnsupportedError, ValueError)):
        fastckpt.merge([url], "deleted", delete_sources=True)


def test_looking_reads_it(url):
    assert fastckpt.diff(url, "here").same == sorted(TENSORS)
    assert fastckpt.examine(url, values=True).ok
    with fastckpt.open(url) as ckpt:
        found = fastckpt.statistics(ckpt, ["e/large"])["e/large"]
        assert found.max == TENSORS["e/large"].max()


def test_newest_of_a_folder_are_averaged(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for step in range(1, 4):
        tensors = {"w": np.full(3, float(step))}
        fastckpt.Saver().save("run/m", tensors, global_step=step)
    (tmp_path / "run" / "checkpoint").write_text(
        "".join(
            ['model_checkpoint_path: "m-3"\n']
            + [f'all_model_checkpoint_paths: "m-{n}"\n' for n in (1, 2, 3)]
        )
    )
    url = in_memory(tmp_path / "run")
    fastckpt.average([url], "mean", last=2)
    assert fastckpt.load("mean")["w"].tolist() == [2.5] * 3
    with pytest.raises(ValueError, match="last=N"):
        fastckpt.average([url], "other")


def test_partitioned_tensor_stays_partitioned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = save_partitioned(str(tmp_path / "p"))
    fastckpt.convert(in_memory(tmp_path) + "/p", "new")
    with fastckpt.open("new") as ckpt:
        np.testing.assert_array_equal(ckpt["emb"], whole)
        assert len(ckpt.info("emb").slices) == 3


def test_damage_is_not_written_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fastckpt.save("store/m", TENSORS)
    data = tmp_path / "store" / "m.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[200] ^= 1
    data.write_bytes(content)
    url = in_memory(tmp_path / "store") + "/m"
    for write in (fastckpt.convert, fastckpt.rewrite):
        with pytest.raises(fastckpt.CorruptionError, match="checksum"):
            write(url, "new")
    assert not fastckpt.checkpoint_exists("new")
    assert not fastckpt.examine(url).ok


@pytest.mark.parametrize("damaged", ["m.data-00000-of-00001", "m.index"])
def test_no_command_is_printed_that_saves_from_a_url(
    damaged, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    fastckpt.save("store/m", TENSORS)
    path = tmp_path / "store" / damaged
    content = bytearray(path.read_bytes())
    content[9] ^= 1
    path.write_bytes(content)
    done = run(capsys, "doctor", in_memory(tmp_path / "store") + "/m")
    assert done.status == 1
    assert "--save" not in done.out
    assert "copy its files here first" in done.out
