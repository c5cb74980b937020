"""What people call tensors, on the command line and in errors: paths beside keys."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json
from damage import change_byte
from fastckpt.cli import select
from fastckpt.graph.schema import get_message
from places import TESTDATA, items

pytest.importorskip("google.protobuf")

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
KERNEL = f"model/layer_with_weights-0/kernel{VALUE}"
BIAS = f"model/layer_with_weights-0/bias{VALUE}"
FIRST, SECOND = f"a/v{VALUE}", f"b/v{VALUE}"


def add(nodes, parent, name, key=None, full_name=""):
    """Adds an object below another; gives its number."""
    number = len(nodes)
    node = nodes.add()
    if key is not None:
        node.attributes.add(
            name="VARIABLE_VALUE", checkpoint_key=key, full_name=full_name
        )
    nodes[parent].children.add(node_id=number, local_name=name)
    return number


@pytest.fixture
def prefix(tmp_path):
    """A Keras layer, a weight of a list by its full name, two weights of one name."""
    graph = get_message("TrackableObjectGraph")()
    nodes = graph.nodes
    nodes.add()
    model = add(nodes, 0, "model")
    layer = add(nodes, model, "layer_with_weights-0")
    add(nodes, layer, "kernel", KERNEL, "dense/kernel")
    add(nodes, layer, "bias", BIAS, "dense/bias")
    listed = add(nodes, 0, "variables")
    add(nodes, listed, "0", f"variables/0{VALUE}", "emb/table")
    for name, key in (("a", FIRST), ("b", SECOND)):
        add(nodes, add(nodes, 0, name), "v", key, "shared/name")
    values = {
        KERNEL: np.ones((2, 3), np.float32),
        BIAS: np.zeros(3, np.float32),
        f"variables/0{VALUE}": np.arange(4.0),
        FIRST: np.float32(1),
        SECOND: np.float32(2),
        GRAPH: np.array(graph.SerializeToString(), object),
    }
    fastckpt.save(tmp_path / "model", values)
    return tmp_path / "model"


def test_paths_stand_beside_the_keys(prefix, capsys):
    done = run(capsys, "ls", "--objects", prefix)
    assert done.err == ""
    header, *lines = done.out.splitlines()
    assert header.split() == ["path", "dtype", "shape", "size", "key"]
    rows = {line.split()[0]: line.split()[-1] for line in lines[:-1]}
    assert rows["model/dense/kernel"] == KERNEL
    assert rows["model/dense/bias"] == BIAS
    assert GRAPH in rows


def test_json_has_the_path_of_every_tensor_and_null_of_none(prefix, capsys):
    _, found = run_json(capsys, "ls", "--objects", prefix)
    paths = {it["name"]: it["path"] for it in found["tensors"]}
    assert paths[KERNEL] == "model/dense/kernel"
    assert paths[GRAPH] is None
    assert "path" not in run_json(capsys, "ls", prefix)[1]["tensors"][0]


def test_without_an_object_graph_names_are_said_to_be_all(tmp_path, capsys):
    fastckpt.save(tmp_path / "p", {"w": 1})
    done = run(capsys, "ls", "--objects", tmp_path / "p")
    assert done.status == 0
    assert "no object graph" in done.err
    assert done.out.splitlines()[0].startswith("name")


@pytest.mark.parametrize("command", ["ls", "show", "stats"])
@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("model/dense/kernel", KERNEL),
        (KERNEL, KERNEL),
        ("model/*/kernel", KERNEL),
        ("emb/table", f"variables/0{VALUE}"),
    ],
)
def test_keys_paths_patterns_and_full_names_mean_tensors(
    command, typed, key, prefix, capsys
):
    status, found = run_json(capsys, command, prefix, typed)
    assert status == 0
    assert [it["name"] for it in found["tensors"]] == [key]


def test_a_name_that_may_be_several_is_said_and_not_guessed(prefix, capsys):
    done = run(capsys, "show", prefix, "shared/name")
    assert (done.status, done.out) == (2, "")
    assert "may be 2 tensors: 'a/v', 'b/v'" in done.err
    with fastckpt.open(prefix) as ckpt, pytest.raises(KeyError, match="2 values"):
        ckpt.objects["shared/name"]


def test_a_key_that_exists_wins_over_a_path(tmp_path, capsys):
    graph = get_message("TrackableObjectGraph")()
    graph.nodes.add()
    add(graph.nodes, 0, "w", f"w{VALUE}")
    content = np.array(graph.SerializeToString(), object)
    values = {"w": 1, f"w{VALUE}": 2, GRAPH: content}
    fastckpt.save(tmp_path / "p", values)
    for command in ("ls", "show"):
        _, found = run_json(capsys, command, tmp_path / "p", "w")
        assert [it["name"] for it in found["tensors"]] == ["w"]


def test_show_tells_the_path(prefix, capsys):
    done = run(capsys, "show", prefix, KERNEL)
    assert "  path        model/dense/kernel\n" in done.out
    _, found = run_json(capsys, "show", prefix, "model/dense/kernel")
    assert found["tensors"][0]["path"] == "model/dense/kernel"


@pytest.mark.parametrize(
    "ask",
    [
        lambda ckpt, name: ckpt[name],
        lambda ckpt, name: ckpt.info(name),
        lambda ckpt, name: ckpt.load([name]),
        lambda ckpt, name: ckpt.load({"x": name}),
        lambda ckpt, name: fastckpt.statistics(ckpt, [name]),
    ],
)
def test_an_error_leads_from_a_path_to_its_key(ask, prefix):
    with fastckpt.open(prefix) as ckpt:
        with pytest.raises(KeyError, match="human path of the key") as caught:
            ask(ckpt, "model/dense/kernel")
        assert KERNEL in str(caught.value)
        with pytest.raises(KeyError) as caught:
            ask(ckpt, "model/dense/kernal")
        assert f"'model/dense/kernel' (its key is '{KERNEL}')" in str(caught.value)
        with pytest.raises(KeyError) as caught:
            ask(ckpt, "shared/name")
        assert "may be 2 tensors" in str(caught.value)


def test_a_damaged_object_graph_leaves_the_errors_of_names(tmp_path, capsys):
    fastckpt.save(tmp_path / "p", {"w": 1, GRAPH: np.array(b"\xff\xff", object)})
    done = run(capsys, "show", tmp_path / "p", "x")
    assert done.status == 2
    assert "no tensor 'x'" in done.err
    assert run(capsys, "show", tmp_path / "p", "w").status == 0


def test_an_error_can_be_shown_when_the_checkpoint_was_closed(prefix):
    with fastckpt.open(prefix) as ckpt, pytest.raises(KeyError) as caught:
        ckpt["model/dense/kernel"]
    assert "no tensor 'model/dense/kernel'" in str(caught.value)
    assert KERNEL in str(caught.value)


@pytest.mark.parametrize("command", ["ls", "show", "stats"])
def test_commands_lead_from_what_is_nearly_a_path_to_the_key(command, prefix, capsys):
    done = run(capsys, command, prefix, "model/dense/kernal")
    assert (done.status, done.out) == (2, "")
    assert f"'model/dense/kernel' (its key is '{KERNEL}')" in done.err


def test_of_very_many_tensors_a_key_costs_no_object_graph(prefix, capsys, monkeypatch):
    monkeypatch.setattr(select, "_FEW", 2)
    assert run_json(capsys, "show", prefix, KERNEL)[1]["tensors"][0]["path"] is None
    _, found = run_json(capsys, "show", prefix, "model/dense/kernel")
    assert found["tensors"][0]["path"] == "model/dense/kernel"


def test_a_tree_by_path_has_the_sizes_of_scopes(prefix, capsys):
    lines = run(capsys, "ls", "--tree", "--objects", prefix).out.splitlines()
    at = lines.index(next(line for line in lines if line.startswith("  model/dense/")))
    assert "2 tensors" in lines[at]
    assert "36 B" in lines[at]
    assert lines[at + 1].split() == ["bias", "float32", "(3,)", "12", "B"]


def test_a_tree_of_names_has_scopes_and_tensors_of_one_name(tmp_path, capsys):
    fastckpt.save(tmp_path / "p", {"w": 1.0, "w/Adam": [1.0, 2.0], "x\n/y": 3.0})
    lines = run(capsys, "ls", "--tree", tmp_path / "p").out.splitlines()
    names = [line.split()[0] for line in lines]
    assert names[2:6] == ["w", "w/", "Adam", r"x\n/"]
    _, found = run_json(capsys, "ls", "--tree", tmp_path / "p")
    assert found["scopes"][0] == {
        "scope": "",
        "depth": 0,
        "tensors": 3,
        "nbytes": 32,
    }
    assert [it["scope"] for it in found["scopes"][1:]] == ["w/", "x\n/"]


def test_a_tree_is_not_sorted_by_size(tmp_path, capsys):
    fastckpt.save(tmp_path / "p", {"w": 1.0})
    assert run(capsys, "ls", "--tree", "--sort", "size", tmp_path / "p").status == 2


@pytest.fixture
def without_graph(prefix, tmp_path):
    """Two weights, of which one lies in the shard of the graph, which is lost."""
    with fastckpt.open(prefix) as ckpt:
        values = dict(ckpt)
    fastckpt.save(tmp_path / "cut", values, shards=2)
    with fastckpt.open(tmp_path / "cut") as ckpt:
        lost = ckpt.info(GRAPH).shard
        left = [info.name for info in ckpt.infos() if info.shard != lost]
    (tmp_path / f"cut.data-{lost:05d}-of-00002").unlink()
    return tmp_path / "cut", left


@pytest.mark.parametrize("command", ["ls", "show", "stats"])
def test_a_lost_shard_of_the_object_graph_stops_no_other(
    command, without_graph, capsys
):
    path, left = without_graph
    assert left
    status, found = run_json(capsys, command, path, *left)
    assert (status, [it["name"] for it in found["tensors"]]) == (0, left)
    done = run(capsys, command, path, "model/dense/kernel")
    assert (done.status, done.out) == (2, "")
    assert "no tensor 'model/dense/kernel'" in done.err


def test_keys_are_listed_where_the_object_graph_is_lost(without_graph, capsys):
    path, left = without_graph
    done = run(capsys, "ls", "--objects", path)
    assert done.status == 0  # what ls reads, the index, is whole
    assert {line.split()[0] for line in done.out.splitlines()} >= {KERNEL, *left}
    assert "what people call the tensors cannot be read" in done.err
    assert ".data-" in done.err
    found = json.loads(run(capsys, "ls", "--objects", "--json", path).out)
    assert {it["path"] for it in found["tensors"]} == {None}
    assert ".data-" in found["objects_problem"]
    done = run(capsys, "ls", path, "model/dense/kernel")
    assert (done.status, done.out) == (2, "")
    assert "no tensor 'model/dense/kernel' among 6; what people call" in done.err


def test_keys_are_listed_where_the_object_graph_is_cut_and_where_it_is_damaged(
    prefix, capsys
):
    data = prefix.with_name("model.data-00000-of-00001")
    content = data.read_bytes()
    with fastckpt.open(prefix) as ckpt:
        begin = ckpt.info(GRAPH).offset
    wrong = bytearray(content)
    wrong[begin + 3] ^= 1
    for damaged, status in ((content[: begin + 3], 0), (bytes(wrong), 1)):
        data.write_bytes(damaged)
        done = run(capsys, "ls", "--objects", prefix)
        assert done.status == status
        assert {line.split()[0] for line in done.out.splitlines()} >= {KERNEL, BIAS}
        assert "what people call the tensors cannot be read" in done.err


REAL = [
    it
    for it in items(TESTDATA)
    if GRAPH.encode() in b"".join(path.read_bytes() for path in it.glob("*.index"))
]


@pytest.mark.parametrize("folder", REAL, ids=lambda it: it.name)
def test_what_is_listed_of_real_checkpoints_can_be_typed(folder, capsys):
    (index,) = folder.glob("*.index")
    path = index.with_suffix("")
    status, listed = run_json(capsys, "ls", "--objects", path)
    assert status == 0
    paths = {it["path"]: it["name"] for it in listed["tensors"] if it["path"]}
    assert paths
    assert not [it for it in paths if re.search(r"(^|/)variables/\d+$", it)]
    status, shown = run_json(capsys, "show", path, *paths)
    assert [it["name"] for it in shown["tensors"]] == list(paths.values())
    tree = run(capsys, "ls", "--tree", "--objects", path)
    assert (tree.status, tree.err) == (0, "")
    assert len(tree.out.splitlines()) > len(paths)
    for typed in list(paths)[:3]:
        done = run(capsys, "show", path, typed + "x")
        assert (done.status, done.out) == (2, "")
        assert typed in done.err


@pytest.fixture
def slotted(tmp_path):
    """A variable whose optimizer slot lies below the variable's own key."""
    graph = get_message("TrackableObjectGraph")()
    nodes = graph.nodes
    nodes.add()
    layer = add(nodes, add(nodes, 0, "model"), "layer_with_weights-0")
    kernel = add(nodes, layer, "kernel", KERNEL, "dense/kernel")
    optimizer = add(nodes, 0, "optimizer")
    add(nodes, optimizer, "iter", f"optimizer/iter{VALUE}", "iter")
    slot_key = KERNEL.replace(VALUE, f"/.OPTIMIZER_SLOT/optimizer/rms{VALUE}")
    slot = len(nodes)
    nodes.add().attributes.add(
        name="VARIABLE_VALUE", checkpoint_key=slot_key, full_name="dense/kernel/rms"
    )
    nodes[optimizer].slot_variables.add(
        original_variable_node_id=kernel, slot_name="rms", slot_variable_node_id=slot
    )
    values = {
        KERNEL: np.ones((2, 3), np.float32),
        f"optimizer/iter{VALUE}": np.int64(3),
        slot_key: np.array([[1, 2, np.nan], [4, 5, 6]], np.float32),
        GRAPH: np.array(graph.SerializeToString(), object),
    }
    fastckpt.save(tmp_path / "slotted", values)
    return tmp_path / "slotted", slot_key


def test_a_pattern_means_what_it_fits_by_key_and_by_path(slotted, capsys):
    prefix, slot_key = slotted
    _, listed = run_json(capsys, "ls", "--objects", prefix)
    paths = {it["name"]: it["path"] for it in listed["tensors"] if it["path"]}
    assert paths[slot_key].startswith("optimizer/")
    _, some = run_json(capsys, "ls", prefix, "optimizer/*")
    assert {it["name"] for it in some["tensors"]} == {
        slot_key,
        f"optimizer/iter{VALUE}",
    }
    done = run(capsys, "stats", prefix, "optimizer/*")
    assert done.status == 1
    assert slot_key in done.err
    # By its full name, too.
    _, full = run_json(capsys, "ls", prefix, "dense/*")
    assert {it["name"] for it in full["tensors"]} == {KERNEL, slot_key}
    # A key is itself alone.
    _, one = run_json(capsys, "ls", prefix, KERNEL)
    assert [it["name"] for it in one["tensors"]] == [KERNEL]


def test_what_is_kept_by_a_pattern_of_paths_is_kept_whole(slotted, tmp_path, capsys):
    prefix, slot_key = slotted
    done = run(capsys, "strip", prefix, tmp_path / "new", "--keep", "optimizer/*")
    assert done.status == 0, done.err
    assert slot_key in fastckpt.open(tmp_path / "new")


def test_what_is_dropped_by_a_pattern_goes_by_keys_alone(slotted, tmp_path, capsys):
    prefix, _ = slotted
    with fastckpt.open(prefix) as ckpt:
        kept = {*ckpt} - {GRAPH}
    # No key begins so, but full names do.
    done = run(capsys, "strip", prefix, tmp_path / "no", "--drop", "dense/*")
    assert done.status == 2
    assert not (tmp_path / "no.index").exists()
    run(capsys, "strip", prefix, tmp_path / "new", "--drop", GRAPH[:6] + "*")
    with fastckpt.open(tmp_path / "new") as ckpt:
        assert GRAPH not in ckpt
        assert {*ckpt} < kept


def test_where_a_pattern_may_mean_more_the_status_says_so(slotted, capsys):
    prefix, _ = slotted
    with fastckpt.open(prefix) as ckpt:
        offset = ckpt.info(GRAPH).offset
    change_byte(prefix.parent / "slotted.data-00000-of-00001", offset + 3)
    done = run(capsys, "stats", prefix, "optimizer/*", "*/iter/*")
    assert done.status == 1
    assert done.err.count("fits keys alone") == 1


def test_a_pattern_fits_keys_alone_where_the_graph_is_lost_and_says_so(slotted, capsys):
    prefix, _ = slotted
    with fastckpt.open(prefix) as ckpt:
        offset = ckpt.info(GRAPH).offset
    change_byte(prefix.parent / "slotted.data-00000-of-00001", offset + 3)
    done = run(capsys, "ls", prefix, "optimizer/*")
    assert f"optimizer/iter{VALUE}" in done.out
    assert "'optimizer/*' fits keys alone" in done.err
