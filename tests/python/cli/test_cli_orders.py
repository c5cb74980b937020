"""Names in text are ordered as people count, in JSON by their bytes."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json
from page_reader import DataPage

NATURAL = ["layer_1/w", "layer_2/w", "layer_2/w/Adam", "layer_10/w", "layer_10/w/Adam"]
BYTES = sorted(NATURAL)
TENSORS = {name: np.full(3, i, "f4") for i, name in enumerate(BYTES)}


@pytest.fixture
def prefix(tmp_path):
    fastckpt.save(tmp_path / "m", TENSORS)
    return tmp_path / "m"


def names_in(text):
    """Gives the tensors' names in the order in which they are printed."""
    return re.findall(r"layer_\d+/w(?:/Adam)?(?![\w/])", text)


def test_the_orders_differ():
    assert NATURAL != BYTES


@pytest.mark.parametrize("words", [(), ("*",), ("--sort", "size")], ids=str)
def test_ls(words, prefix, capsys):
    assert names_in(run(capsys, "ls", prefix, *words).out) == NATURAL
    _, found = run_json(capsys, "ls", prefix, *words)
    assert [tensor["name"] for tensor in found["tensors"]] == BYTES


def test_show(prefix, capsys):
    assert names_in(run(capsys, "show", prefix, "layer*").out) == NATURAL
    _, found = run_json(capsys, "show", prefix, "layer*")
    assert [tensor["name"] for tensor in found["tensors"]] == BYTES


def test_show_keeps_the_order_of_names_that_are_typed(prefix, capsys):
    typed = ["layer_10/w", "layer_2/*", "layer_1/w"]
    expected = ["layer_10/w", "layer_2/w", "layer_2/w/Adam", "layer_1/w"]
    assert names_in(run(capsys, "show", prefix, *typed).out) == expected


def test_pages(prefix, capsys, tmp_path):
    page = tmp_path / "page.html"
    run(capsys, "show", prefix, "layer*", "--html", page)
    assert names_in(page.read_text()) == NATURAL
    run(capsys, "show", prefix, "--html", page)
    assert DataPage(page).names == NATURAL


def test_diff(prefix, capsys, tmp_path):
    news = {name: value + 1 for name, value in TENSORS.items() if "10" not in name}
    fastckpt.save(tmp_path / "new", news)
    done = run(capsys, "diff", prefix, tmp_path / "new")
    assert names_in(done.out) == NATURAL
    _, found = run_json(capsys, "diff", prefix, tmp_path / "new")
    assert [it["name"] for it in found["differences"]] == BYTES


def test_strip(prefix, capsys, tmp_path):
    words = ["strip", prefix, tmp_path / "new", "--dry-run"]
    slots = ["layer_2/w/Adam", "layer_10/w/Adam"]
    assert names_in(run(capsys, *words).out) == slots
    _, found = run_json(capsys, *words)
    assert found["dropped"] == sorted(slots)


def test_rename(prefix, capsys, tmp_path):
    words = ["rename", prefix, tmp_path / "new", "layer_*->block_*", "--dry-run"]
    assert names_in(run(capsys, *words).out) == NATURAL
    _, found = run_json(capsys, *words)
    assert list(found["renamed"]) == BYTES


# Everything


def test_all_shows_what_is_otherwise_left_out(tmp_path, capsys):
    many, text = np.arange(4000), b"y" * 900
    fastckpt.save(tmp_path / "m", {"many": many, "text": text})
    words = ["show", tmp_path / "m", "many", "text"]
    short, whole = run(capsys, *words).out, run(capsys, *words, "--all").out
    for value in (" 1234 ", text.decode()):
        assert value not in short
        assert value in whole
    assert "..." not in whole
    _, found = run_json(capsys, *words)
    assert found["tensors"][0]["values"] is None
    _, found = run_json(capsys, *words, "--all")
    values = [tensor["values"] for tensor in found["tensors"]]
    assert values == [many.tolist(), text.decode()]
    run(capsys, *words, "--all", "--html", tmp_path / "page.html")
    assert " 1234 " in (tmp_path / "page.html").read_text()


def test_all_of_a_region_is_all_of_it(tmp_path, capsys):
    fastckpt.save(tmp_path / "m", {"many": np.arange(4000)})
    words = ["show", tmp_path / "m", "many", "--region", "100:2100", "--all"]
    _, found = run_json(capsys, *words)
    assert found["tensors"][0]["values"] == list(range(100, 2100))


def test_all_needs_a_name(prefix, capsys):
    done = run(capsys, "show", prefix, "--all")
    assert done.status == 2
    assert "--all needs the NAME of a tensor; '*' means all" in done.err
