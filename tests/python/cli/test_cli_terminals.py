"""Every command on terminals of 40, 80 and 200 columns, with colour and without."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest

import fastckpt
from command_line import run_many
from fastckpt.cli.command_table import COMMANDS
from fastckpt.cli.render.text import display_width
from fastckpt.graph.schema import get_message
from object_graphs import VALUE, GraphMaker
from places import TESTDATA
from small_graphs import FLOAT, add, add_variable, put

pytest.importorskip("google.protobuf")

WIDTHS = (40, 80, 200)
CODES = re.compile(r"\x1b\[[0-9;]*m")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\([\d, ?]+\)")
NUMBER = re.compile(r"[\d.,:%()\[\]+-]+|\d[\w.]*|.*MB/s.*")
REAL = [
    "keras-bert-tiny/bert_model.ckpt",
    "keras-lso-ckpt/ckpt",
    "ranking-bert-lite/bert_lite_tf2.ckpt",
    "v1-siamese/model.ckpt",
]
NEW = "{new}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Checkpoints, sound and damaged, and graphs, in a folder with a blank."""
    folder = tmp_path_factory.mktemp("terminals") / "my models"
    folder.mkdir()
    graph = GraphMaker()
    scope = graph.add(graph.add(0, "model"), "a rather long name of a layer" * 2)
    weight = graph.add(scope, "kernel", f"model/{'long/' * 20}kernel{VALUE}")
    optimizer = graph.add(0, "optimizer")
    slot = graph.add(None, "", f"model/.OPTIMIZER_SLOT/optimizer/m{VALUE}")
    graph.add_slot(optimizer, weight, "m", slot)
    graph.save(folder / "objects")
    names = ["w", "a name with blanks and more blanks", "x/" * 60 + "y"]
    values = {name: np.arange(8, dtype=np.float32) for name in names}
    fastckpt.save(folder / "one", values | {"text": np.array(b"some words", object)})
    fastckpt.save(folder / "two", {**values, "w": np.full(8, np.nan), "new": 1})
    fastckpt.save(folder / "cut", values)
    data = folder / "cut.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:40])
    fastckpt.save(folder / "lost", values, shards=2)
    (folder / "lost.data-00001-of-00002").unlink()
    meta = get_message("MetaGraphDef")()
    add(meta.graph_def, "x", "Placeholder", kind="dtype")
    for name in ("w", "gone/" * 20 + "v"):
        add_variable(meta.graph_def, name, 8)
    add(meta.graph_def, "y", "Mul", "x", "w")
    constant = meta.graph_def.node.add(name="c" * 50, op="Const").attr["value"].tensor
    constant.dtype = FLOAT
    (folder / "one.meta").write_bytes(meta.SerializeToString())
    put(folder / "saved", meta.graph_def, serving_default=("x:0", "y:0"))
    (folder / "bare.pb").write_bytes(meta.graph_def.SerializeToString())
    (folder / "shapes.json").write_text(json.dumps({it: [8] for it in names}))
    return folder


def list_commands(folder):
    """Gives the words of many commands; NEW stands for a name that is free."""
    at = {path.name: str(path) for path in folder.iterdir()}
    one, two, cut, lost, objects = (
        str(folder / name) for name in ("one", "two", "cut", "lost", "objects")
    )
    real = [str(TESTDATA / name) for name in REAL if (TESTDATA / name).parent.is_dir()]
    for path in (one, objects, *real):
        for words in ("ls", "ls --objects", "ls --tree", "ls --sort offset", "show"):
            yield [words.split()[0], path, *words.split()[1:]]
        yield from ([it, path] for it in ("stats", "verify", "doctor"))
    yield from (["diff", one, path] for path in (one, two, *real[:2]))
    yield from (
        [it, path] for it in ("verify", "doctor", "stats") for path in (cut, lost)
    )
    yield from (["ls", "--objects", cut], ["show", cut, "w"], ["show", one, "*"])
    yield from (["doctor", str(folder)], ["doctor", cut, "--save", NEW])
    yield from (["show", one, "kernal"], ["ls", str(folder / "no such file")])
    yield from (["strip", objects, NEW, "--dry-run"], ["strip", objects, NEW])
    yield ["rename", one, NEW, "x*->" + "z" * 50 + "/*", "--dry-run"]
    yield from (["rename", one, NEW, "w->v"], ["merge", one, objects, "--to", NEW])
    yield from (["average", one, one, "--to", NEW], ["convert", one, NEW])
    yield from (["match", one, at["shapes.json"]], ["verify", at["shapes.json"]])
    yield ["match", two, at["shapes.json"]]
    yield ["freeze", one, "--outputs", "y", "--to", NEW]
    for name in ("one.meta", "saved", "bare.pb"):
        yield ["graph", at[name]]
        yield ["graph", at[name], "--all"]
    yield from (["graph", one, "--node", "y"], ["graph", one, "--node", "z"])
    yield from ([it, "--help"] for it in COMMANDS)
    yield ["--help"]


def make_jobs(folder, targets, widths=WIDTHS):
    """Gives the jobs; each that writes gets a name of its own, all of one length."""
    jobs = []
    for columns in widths:
        for words in list_commands(folder):
            new = str(targets / f"new {len(jobs):04}")
            jobs.append((columns, [new if it == NEW else it for it in words]))
    return jobs


@pytest.fixture(scope="module")
def outputs(folder, tmp_path_factory):
    """What is written in pipes and on terminals: {(columns, number): text}."""
    found = {}
    for kind, widths, environment in (
        (None, [0], {}),
        ("again", [0], {}),
        ("plain", WIDTHS, {"NO_COLOR": "1"}),
        ("coloured", [80], {}),
    ):
        targets = tmp_path_factory.mktemp("t") / "to"
        targets.mkdir()
        jobs = make_jobs(folder, targets, widths)
        runs = run_many(
            jobs, targets.parent, environment, on_terminal=kind in ("plain", "coloured")
        )
        assert len(runs) == len(jobs)
        for (columns, words), done in zip(jobs, runs, strict=True):
            text = done.out.replace(str(targets), "/to")
            text = re.sub(r"/to/new \d{4}", "/to/new 0000", text)
            found.setdefault((kind, columns), []).append((words, done.status, text))
        shutil.rmtree(targets)
    return found


def test_every_command_is_among_them(folder):
    assert {words[0] for words in list_commands(folder)} == {*COMMANDS, "--help"}


def join_names(text, folder):
    """Gives a line with blanks in names that are known, or quoted, as underscores."""
    known = ["a name with blanks and more blanks", "a rather long name of a layer" * 2]
    known.append("no such file")
    for name in (str(folder), "/to/new 0000", *known):
        text = text.replace(name, name.replace(" ", "_"))
    return QUOTED.sub(lambda match: match[0].replace(" ", "_"), text)


@pytest.mark.parametrize("columns", WIDTHS)
def test_no_line_is_wider_but_for_one_name_that_is_whole(columns, outputs, folder):
    wide = [
        (words, line)
        for words, _, text in outputs["plain", columns]
        for line in text.splitlines()
        if display_width(line) > columns
        and not ("--help" in words and "--" in line)  # argparse's, of one option
        and len(join_names(line, folder).removesuffix(" \\").split()) > 1
    ]
    assert not wide


@pytest.mark.parametrize("columns", WIDTHS)
def test_nothing_that_a_pipe_gets_is_cut_on_a_terminal(columns, outputs, folder):
    for (words, status, piped), (_, same, text) in zip(
        outputs[None, 0], outputs["plain", columns], strict=True
    ):
        assert status == same, words
        if "--help" in words:
            continue  # argparse breaks words at hyphens
        text = re.sub(r"\(\n\s*", "(", text)  # where Python goes on
        there = set(join_names(text, folder).split())
        wanted = set(join_names(piped, folder).split())
        assert not {it for it in wanted - there if not NUMBER.fullmatch(it)}, words


def test_colours_change_nothing_but_colours(outputs):
    coloured = outputs["coloured", 80]
    assert any("\x1b[" in text for _, _, text in coloured)
    for (words, _, text), (_, _, plain) in zip(
        coloured, outputs["plain", 80], strict=True
    ):
        assert "\x1b" not in plain
        if words[0] != "verify":  # which tells how long it took
            assert CODES.sub("", text) == plain, words


def test_pipes_get_the_same_each_time_and_no_colours(outputs):
    for (words, status, text), (_, same, again) in zip(
        outputs[None, 0], outputs["again", 0], strict=True
    ):
        assert "\x1b" not in text
        assert status == same
        if words[0] != "verify":
            assert text == again, words


def test_a_command_that_goes_on_is_whole_when_its_lines_are_copied(outputs, folder):
    (text,) = (
        text
        for words, _, text in outputs["plain", 40]
        if words == ["doctor", str(folder / "cut")]
    )
    command = text[text.index("fastckpt doctor") :].strip()
    assert " ".join(command.replace("\\\n", " ").split()) == (
        f"fastckpt doctor '{folder}/cut' --save '{folder}/sound/cut'"
    )


def test_the_summary_of_statistics_is_seen_however_long_the_table_is(outputs):
    for words, _, text in outputs["plain", 80]:
        lines = text.splitlines()
        if words[0] == "stats" and len(lines) > 24:
            begin = lines[0].split()[:2]
            assert begin[1] == "tensors,"
            assert begin in [line.split()[:2] for line in lines[-2:]]
            return
    pytest.skip("the real checkpoints are not here")
