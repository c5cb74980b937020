"""fastckpt match: which tensor becomes which parameter."""

import json

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json

W = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def files(tmp_path):
    """A checkpoint, shapes that it fits, and the rules for it."""
    fastckpt.save(tmp_path / "m", {"dense/kernel": W, "dense/kernel/Adam": W})
    (tmp_path / "shapes.json").write_text(json.dumps({"fc.weight": [3, 2]}))
    (tmp_path / "rules.txt").write_text("dense/kernel -> fc.weight transpose\n")
    return tmp_path


def call(files, *more):
    rules = ["--rules", files / "rules.txt"]
    return ["match", files / "m", files / "shapes.json", *rules, *more]


def test_a_finished_plan_is_printed_and_status_0(files, capsys):
    done = run(capsys, *call(files))
    assert done.status == 0
    assert done.out.splitlines() == [
        "fc.weight <- dense/kernel transpose",
        "dense/kernel/Adam is left out",
        "finished: 1 matched, 1 left out",
    ]


def test_a_plan_that_is_not_finished_is_status_1(files, capsys):
    (files / "shapes.json").write_text('{"fc.weight": [3, 2], "fc.bias": [3]}')
    done = run(capsys, *call(files))
    assert done.status == 1
    assert "fc.bias <- nothing" in done.out
    status, found = run_json(capsys, *call(files))
    assert (status, found["finished"], found["missing"]) == (1, False, ["fc.bias"])


def test_what_is_printed_as_rules_gives_the_plan_again(files, capsys):
    before = run(capsys, *call(files)).out
    rules = run(capsys, *call(files, "--to-rules")).out
    (files / "rules.txt").write_text(rules)
    assert run(capsys, *call(files)).out == before


def test_json_has_all_of_it(files, capsys):
    status, found = run_json(capsys, *call(files))
    assert status == 0
    assert found["pairs"] == {
        "fc.weight": {"sources": ["dense/kernel"], "steps": ["transpose"]}
    }
    assert found["left_out"] == ["dense/kernel/Adam"]


def test_shapes_come_from_the_header_of_a_safetensors_file(files, capsys):
    fastckpt.convert(files / "m", files / "s.safetensors", drop=["*/Adam"])
    (files / "rules.txt").write_text("dense/kernel -> dense/kernel\n")
    rules = ["--rules", files / "rules.txt"]
    done = run(capsys, "match", files / "m", files / "s.safetensors", *rules)
    assert done.status == 0, done


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("rules.txt", "a b\n", "line 1"),
        ("shapes.json", "[1]", "not of the form"),
        ("shapes.json", '{"a": 3}', "not of the form"),
        ("shapes.json", '{"a": [true]}', "not of the form"),
        ("shapes.json", "{", "no JSON"),
        ("shapes.json", None, "shapes.json"),
        ("rules.txt", None, "rules.txt"),
        ("m.index", None, "m"),
    ],
)
def test_what_cannot_be_read_is_status_2(name, content, text, files, capsys):
    path = files / name
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    done = run(capsys, *call(files))
    assert done.status == 2
    assert text in done.err
