"""The object graph stays, and fits what is left, unless it is named itself."""

from __future__ import annotations

import os
import sys
import warnings

import numpy as np
import pytest

import children
import fastckpt
import wire_maker as wire
from command_line import run
from fastckpt.objects.message import parse

KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
END = "/.ATTRIBUTES/VARIABLE_VALUE"
NAMES = [f"model/a{END}", f"model/b{END}", f"other/c{END}"]


def make_graph():
    rows = [
        ([(1, "model"), (2, "other")], [], []),
        ([(3, "a"), (4, "b")], [], []),
        ([(5, "c")], [], []),
        *(([], [("VARIABLE_VALUE", "", name)], []) for name in NAMES),
    ]
    return b"".join(wire.object_node(*row) for row in rows)


@pytest.fixture
def source(tmp_path):
    tensors = {name: np.arange(3, dtype=np.float32) for name in NAMES}
    graph = np.array(make_graph(), object)
    fastckpt.save(tmp_path / "old", {**tensors, KEY: graph})
    return tmp_path / "old"


def read_names(prefix):
    """What is there beside the graph, which leads to just that."""
    with fastckpt.open(prefix) as ckpt:
        assert ckpt.verify().ok
        nodes = parse(ckpt[KEY][()])
        names = set(ckpt) - {KEY}
        assert {value.key for node in nodes for value in node.values} == names
        return names


def average(source, target, **options):
    fastckpt.average([source], target, **options)


CALLS = {
    "select": lambda old, new: fastckpt.rewrite(old, new, select=["model/*"]),
    "select to V1": lambda old, new: fastckpt.rewrite(
        old, new, select=["model/*"], format="v1"
    ),
    "select and cast": lambda old, new: fastckpt.rewrite(
        old, new, select=["model/*"], dtype="float64"
    ),
    "select a name": lambda old, new: fastckpt.rewrite(old, new, select=NAMES[:2]),
    "select by a mapping": lambda old, new: fastckpt.rewrite(
        old, new, select={name: name for name in NAMES[:2]}
    ),
    "drop": lambda old, new: fastckpt.rewrite(old, new, drop=["other/*"]),
    "drop what begins not with m": lambda old, new: fastckpt.rewrite(
        old, new, drop=["[!m]*"]
    ),
    "convert": lambda old, new: fastckpt.convert(old, new, drop=["[!m]*"]),
    "convert by paths": lambda old, new: fastckpt.convert(old, new, drop=["other/*"]),
    "average": lambda old, new: average(old, new, drop=["[!m]*"]),
    "strip and keep": lambda old, new: fastckpt.strip(
        old, new, drop=["*"], keep=["model/*"]
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_does_not_name_the_graph_keeps_it(call, source, tmp_path):
    CALLS[call](source, tmp_path / "new")
    assert read_names(tmp_path / "new") == set(NAMES[:2])


@pytest.mark.parametrize("command", ["convert", "strip"])
def test_commands_keep_it_too(command, source, tmp_path, capsys):
    done = run(capsys, command, source, tmp_path / "new", "--drop", "[!m]*")
    assert done.status == 0, done.err
    assert read_names(tmp_path / "new") == set(NAMES[:2])


def test_new_names_are_in_the_graph_that_comes_along(source, tmp_path):
    fastckpt.rewrite(source, tmp_path / "new", select={f"net/a{END}": NAMES[0]})
    assert read_names(tmp_path / "new") == {f"net/a{END}"}


def test_a_new_name_that_the_graph_cannot_say_is_refused_with_the_way_out(
    source, tmp_path
):
    with pytest.raises(ValueError, match=f"leave {KEY} out"):
        fastckpt.rewrite(source, tmp_path / "new", select={"a": NAMES[0]})
    fastckpt.rewrite(source, tmp_path / "new", select={"a": NAMES[0]}, drop=[KEY])
    assert list(fastckpt.open(tmp_path / "new")) == ["a"]


@pytest.mark.parametrize(
    "options",
    [
        {"drop": [KEY]},
        {"drop": ["_CHECK*"]},
        {"drop": KEY},
        {"select": ["model/*"], "drop": [KEY]},
    ],
)
def test_it_goes_where_it_alone_is_meant(options, source, tmp_path):
    fastckpt.rewrite(source, tmp_path / "new", **options)
    assert KEY not in fastckpt.open(tmp_path / "new")


@pytest.mark.parametrize(
    "call",
    [
        lambda old, new: fastckpt.rewrite(old, new, drop=["*"]),
        lambda old, new: fastckpt.rewrite(old, new, drop=NAMES),
        lambda old, new: fastckpt.rewrite(old, new, select=[]),
        lambda old, new: fastckpt.rewrite(old, new, select=NAMES, drop=NAMES),
        lambda old, new: fastckpt.convert(old, new, drop=["*"]),
        lambda old, new: fastckpt.convert(old, new, "npz", drop=["*"]),
        lambda old, new: fastckpt.strip(old, new, drop=["*"]),
        lambda old, new: average(old, new, drop=["*"]),
    ],
)
def test_a_graph_of_nothing_is_not_written(call, source, tmp_path):
    with pytest.raises(ValueError, match="nothing would be left"):
        call(source, tmp_path / "new")
    assert not list(tmp_path.glob("new*"))


def test_a_graph_that_is_all_one_wants_is_given(source, tmp_path):
    fastckpt.rewrite(source, tmp_path / "new", select=[KEY])
    assert read_names(tmp_path / "new") == set()


@pytest.mark.parametrize("names", [NAMES[:2], {NAMES[0]: NAMES[0]}])
def test_a_saver_of_names_without_the_graph_says_so(names, source, tmp_path):
    with (
        fastckpt.open(source) as ckpt,
        pytest.warns(UserWarning, match=KEY) as told,
    ):
        fastckpt.Saver(names).save(tmp_path / "new", ckpt)
    assert [warning.filename for warning in told] == [__file__]
    assert KEY not in fastckpt.open(tmp_path / "new")


def test_a_saver_of_names_with_the_graph_fits_it(source, tmp_path):
    with warnings.catch_warnings(), fastckpt.open(source) as ckpt:
        warnings.simplefilter("error")
        fastckpt.Saver([*NAMES[:2], KEY]).save(tmp_path / "new", ckpt)
        fastckpt.Saver().save(tmp_path / "all", ckpt)
    assert read_names(tmp_path / "new") == set(NAMES[:2])
    assert read_names(tmp_path / "all") == set(NAMES)


PROGRAM = """
import sys
import tensorflow as tf

class Model(tf.Module):
    def __init__(self, value):
        super().__init__()
        self.w = tf.Variable([value, value])

command, prefix = sys.argv[1:]
if command == "save":
    made = tf.train.Checkpoint(model=Model(1.0), optimizer=Model(5.0))
    made.write(prefix)
else:
    model = Model(-1.0)
    tf.train.Checkpoint(model=model).restore(prefix).expect_partial()
    print(model.w.numpy().tolist())
"""


@pytest.mark.tensorflow
def test_tensorflow_restores_what_was_selected(tmp_path):
    pytest.importorskip("tensorflow")

    def tensorflow(command, name):
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1"}
        done = children.run(
            [sys.executable, "-c", PROGRAM, command, tmp_path / name],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    tensorflow("save", "old")
    fastckpt.rewrite(tmp_path / "old", tmp_path / "new", select=["model/*"])
    assert len(fastckpt.open(tmp_path / "new")) == 2
    assert tensorflow("restore", "new") == "[1.0, 1.0]\n"
