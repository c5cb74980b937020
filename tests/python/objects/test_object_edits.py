"""What an object graph says when tensors are left out or get other names."""

from __future__ import annotations

import numpy as np
import pytest

import fastckpt
import wire_maker as wire
from fastckpt import CorruptionError
from fastckpt.objects.edits import find_optimizer_state, make_fitting
from fastckpt.objects.message import parse

KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
END = "/.ATTRIBUTES/VARIABLE_VALUE"


class Program:
    """Objects that hold each other, and the graph of them."""

    def __init__(self):
        self.children, self.values, self.slots = [[]], [[]], [[]]

    def hold(self, holder, name, key=None, full_name=""):
        """Adds an object, a variable if it has a key, and gives its number."""
        self.children.append([])
        value = [("VARIABLE_VALUE", full_name, key + END)] if key else []
        self.values.append(value)
        self.slots.append([])
        number = len(self.children) - 1
        if holder is not None:
            self.share(holder, name, number)
        return number

    def share(self, holder, name, number):
        self.children[holder].append((number, name))

    def list_of(self, holder, name, numbers):
        made = self.hold(holder, name)
        for place, number in enumerate(numbers):
            self.share(made, str(place), number)
        return made

    @property
    def graph(self):
        rows = zip(self.children, self.values, self.slots, strict=True)
        return b"".join(wire.object_node(*row) for row in rows)

    @property
    def keys(self):
        return {value[2] for values in self.values for value in values}

    def state(self):
        found = find_optimizer_state(self.graph, self.keys | {KEY})
        return {key.removesuffix(END) for key in found}

    def fit(self, renamed=None, drop=()):
        names = {key: [key] for key in self.keys}
        names |= {a + END: [b + END] for a, b in (renamed or {}).items()}
        for key in drop:
            del names[key + END]
        return parse(make_fitting(self.graph, self.keys | {KEY}, names))


@pytest.fixture
def keras_3():
    """A model with a weight of its own, one that the optimizer has first, and one that
    only the optimizer leads to."""
    program = Program()
    model = program.hold(0, "model")
    optimizer = program.hold(0, "optimizer")
    program.share(model, "optimizer", optimizer)
    a = program.hold(model, "a", "model/a", "a")
    b = program.hold(model, "b", "optimizer/_trainable_variables/1", "b")
    c = program.hold(None, "", "optimizer/_trainable_variables/2", "c")
    step = program.hold(optimizer, "_iterations", "optimizer/_iterations")
    rate = program.hold(optimizer, "_learning_rate", "optimizer/_learning_rate")
    kept = [program.hold(None, "", f"optimizer/_variables/{i}") for i in (2, 3, 4)]
    program.list_of(optimizer, "_variables", [step, rate, *kept])
    program.list_of(optimizer, "_trainable_variables", [a, b, c])
    program.list_of(optimizer, "_momentums", kept)
    return program


SETTINGS = {"optimizer/_iterations", "optimizer/_learning_rate"}
SLOTS = {f"optimizer/_variables/{i}" for i in (2, 3, 4)}


def test_what_an_optimizer_trains_is_none_of_its_own(keras_3):
    assert keras_3.state() == SETTINGS | SLOTS


def test_what_the_program_shares_with_an_optimizer_stays(keras_3):
    slot = next(
        number
        for number, values in enumerate(keras_3.values)
        if values and "_variables/3" in values[0][2]
    )
    keras_3.share(0, "watched", slot)
    assert keras_3.state() == SETTINGS | SLOTS - {"optimizer/_variables/3"}


def test_what_one_optimizer_trains_stays_although_it_is_anothers(keras_3):
    """Such as a learning rate that is learned."""
    outer = keras_3.hold(0, "outer")
    step = keras_3.hold(outer, "_iterations", "outer/_iterations")
    keras_3.list_of(outer, "_variables", [step])
    rate = next(
        number for number, name in keras_3.children[2] if name == "_learning_rate"
    )
    keras_3.list_of(outer, "_trainable_variables", [rate])
    kept = {"optimizer/_learning_rate"}
    assert keras_3.state() == (SETTINGS | SLOTS | {"outer/_iterations"}) - kept


def test_a_tensor_that_another_object_has_too_stays(keras_3):
    keras_3.hold(0, "step", "optimizer/_iterations")
    assert keras_3.state() == (SETTINGS | SLOTS) - {"optimizer/_iterations"}


def test_edges_to_state_that_went_are_cut_and_the_others_stay(keras_3):
    nodes = keras_3.fit(drop=SETTINGS | SLOTS)
    assert [held.name for held in nodes[2].children] == ["_trainable_variables"]
    keys = {value.key for node in nodes for value in node.values}
    assert keys == keras_3.keys - {key + END for key in SETTINGS | SLOTS}
    assert len(nodes) == len(keras_3.children)


def test_an_edge_stays_while_something_of_it_does(keras_3):
    nodes = keras_3.fit(drop=SLOTS - {"optimizer/_variables/4"})
    names = {held.name for held in nodes[2].children}
    assert names == {
        "_iterations",
        "_learning_rate",
        "_variables",
        "_trainable_variables",
        "_momentums",
    }


def test_whatever_else_an_optimizer_holds_stays(keras_3):
    """A model, or a list of variables that it does not list as its own."""
    net = keras_3.hold(2, "net")
    keras_3.hold(net, "kernel", "optimizer/net/kernel")
    others = [keras_3.hold(None, "", f"optimizer/others/{i}") for i in (0, 1)]
    keras_3.list_of(2, "others", others)
    assert keras_3.state() == SETTINGS | SLOTS


def test_what_merely_has_an_optimizers_names_is_none():
    program = Program()
    trainer = program.hold(0, "optimizer")
    for name in ("iter", "learning_rate", "decay"):
        program.hold(trainer, name, f"optimizer/{name}")
    program.hold(trainer, "kernel", "optimizer/kernel")
    layer = program.hold(0, "layer")
    weight = program.hold(layer, "kernel", "layer/kernel")
    program.list_of(layer, "_trainable_variables", [weight])
    program.list_of(layer, "_variables", [weight])
    metric = program.hold(0, "metric")
    count = program.hold(metric, "iterations", "metric/iterations")
    program.list_of(metric, "_variables", [count])
    assert program.state() == set()


def test_an_older_optimizer_without_slots_has_nothing_but_settings():
    program = Program()
    optimizer = program.hold(0, "optimizer")
    names = ("iter", "learning_rate", "decay", "momentum")
    for name in names:
        program.hold(optimizer, name, f"optimizer/{name}")
    assert program.state() == {f"optimizer/{name}" for name in names}


def test_slots_go_wherever_their_keys_lie():
    program = Program()
    w = program.hold(0, "w", "w")
    optimizer = program.hold(0, "tool")
    power = program.hold(optimizer, "beta1_power", "tool/beta1_power")
    slot = program.hold(None, "", "w/.OPTIMIZER_SLOT/tool/m")
    program.slots[optimizer].append((w, "m", slot))
    assert program.state() == {"tool/beta1_power", "w/.OPTIMIZER_SLOT/tool/m"}
    nodes = program.fit(drop=program.state())
    assert nodes[optimizer].slots == []
    assert nodes[power].values == []
    assert nodes[w].values[0].key == f"w{END}"


def test_a_wrapper_of_an_optimizer_is_one_too():
    program = Program()
    wrapper = program.hold(0, "wrapped")
    inner = program.hold(wrapper, "inner_optimizer")
    step = program.hold(inner, "iterations", "wrapped/inner/step")
    program.list_of(inner, "_variables", [step])
    program.hold(inner, "_learning_rate", "wrapped/inner/rate")
    scale = program.hold(wrapper, "loss_scale")
    program.hold(scale, "good_steps", "wrapped/good_steps")
    own = {"wrapped/inner/step", "wrapped/inner/rate", "wrapped/good_steps"}
    assert program.state() == own
    nodes = program.fit(drop=program.state())
    assert [held.name for held in nodes[wrapper].children] == ["inner_optimizer"]


def test_objects_in_a_circle_do_no_harm(keras_3):
    keras_3.share(1, "self", 1)
    keras_3.share(2, "model", 1)
    assert keras_3.state() == SETTINGS | SLOTS


def test_renamed_tensors_have_their_new_keys(keras_3):
    nodes = keras_3.fit({"model/a": "net/a"})
    assert nodes[3].values[0].key == f"net/a{END}"
    assert nodes[4].values[0].key == f"optimizer/_trainable_variables/1{END}"


def test_of_several_new_names_the_own_one_counts_or_else_the_first():
    program = Program()
    program.hold(0, "w", "w")
    names = {f"w{END}", KEY}

    def key_for(*new):
        fitted = make_fitting(
            program.graph, names, {f"w{END}": [f"{n}{END}" for n in new]}
        )
        return parse(fitted)[1].values[0].key.removesuffix(END)

    assert key_for("x", "y") == "x"
    assert key_for("x", "w") == "w"


def test_a_name_that_tensorflow_would_not_find_is_refused(keras_3):
    names = {key: [key] for key in keras_3.keys}
    names[f"model/a{END}"] = ["a"]
    with pytest.raises(ValueError, match="only under a name that ends in"):
        make_fitting(keras_3.graph, keras_3.keys, names)


def test_a_value_of_several_tensors_keeps_their_endings():
    value = ("table", "", "t/.ATTRIBUTES/table")
    graph = wire.object_node(values=[value])
    keys, values = (f"t/.ATTRIBUTES/table-{end}" for end in ("keys", "values"))

    def fit(renamed):
        return parse(make_fitting(graph, {keys, values}, renamed))[0].values

    moved = {keys: ["x/.ATTRIBUTES/table-keys"], values: ["x/.ATTRIBUTES/table-values"]}
    assert fit(moved)[0].key == "x/.ATTRIBUTES/table"
    assert fit({}) == []
    with pytest.raises(ValueError, match="they can only be left out together"):
        fit({keys: [keys]})
    with pytest.raises(ValueError, match="ends in"):
        fit({keys: ["t/.ATTRIBUTES/table-k"], values: [values]})


# What is written


def save(folder, program, **tensors):
    rows = {key: np.arange(3, dtype=np.float32) for key in program.keys}
    graph = np.array(program.graph, object)
    fastckpt.save(folder / "old", {**rows, KEY: graph, **tensors})
    return folder / "old"


def read_keys(prefix):
    with fastckpt.open(prefix) as ckpt:
        assert ckpt.verify().ok
        nodes = parse(ckpt[KEY][()])
        return {value.key for node in nodes for value in node.values}, set(ckpt)


@pytest.mark.parametrize("options", [{}, {"format": "v1"}, {"dtype": "float16"}])
def test_a_rewritten_checkpoint_has_the_graph_of_what_is_left(
    options, keras_3, tmp_path
):
    old = save(tmp_path, keras_3)
    new = {f"model/a{END}": f"net/a{END}"}
    drop = ["optimizer/_variables/*"]
    fastckpt.rewrite(old, tmp_path / "new", drop=drop, rename=new, **options)
    keys, names = read_keys(tmp_path / "new")
    assert keys == names - {KEY}
    assert f"net/a{END}" in keys
    assert len(keys) == 5


def test_the_graph_counts_as_done_when_progress_is_told(keras_3, tmp_path):
    told = []
    fastckpt.rewrite(
        save(tmp_path, keras_3),
        tmp_path / "new",
        drop=["optimizer/_variables/*"],
        progress=lambda *counts: told.append(counts),
    )
    assert told[-1][0] == told[-1][1]


def test_a_copy_of_everything_keeps_its_graph_byte_for_byte(keras_3, tmp_path):
    old = save(tmp_path, keras_3)
    fastckpt.rewrite(old, tmp_path / "new", shards=2)
    with fastckpt.open(tmp_path / "new") as ckpt:
        assert ckpt[KEY][()] == keras_3.graph


@pytest.mark.parametrize("graph", [b"\xff", b"\x0a\x04\x0a\x02\x08\x07"])
def test_with_a_damaged_graph_nothing_is_left_out(graph, keras_3, tmp_path):
    old = save(tmp_path, keras_3, **{KEY: np.array(graph, object)})
    with pytest.raises(CorruptionError, match="no sound object graph"):
        fastckpt.rewrite(old, tmp_path / "new", drop=[f"model/a{END}"])
    with pytest.raises(CorruptionError, match="no sound object graph"):
        fastckpt.strip(old, tmp_path / "new")
    assert not list(tmp_path.glob("new*"))
    fastckpt.rewrite(old, tmp_path / "new")
    fastckpt.rewrite(old, tmp_path / "bare", drop=[KEY, f"model/a{END}"])
    with fastckpt.open(tmp_path / "bare") as ckpt:
        assert len(ckpt) == len(keras_3.keys) - 1


def test_a_graph_that_gets_another_name_is_none_any_more(keras_3, tmp_path):
    old = save(tmp_path, keras_3)
    rename = {key: f"new/{key[:7]}{i}" for i, key in enumerate(sorted(keras_3.keys))}
    fastckpt.rewrite(old, tmp_path / "new", rename={**rename, KEY: "graph"})
    with fastckpt.open(tmp_path / "new") as ckpt:
        assert ckpt["graph"][()] == keras_3.graph


def test_strip_leaves_the_weights_and_says_what_went(keras_3, tmp_path):
    dropped = fastckpt.strip(save(tmp_path, keras_3), tmp_path / "new")
    assert dropped == sorted(key + END for key in SETTINGS | SLOTS)
    keys, names = read_keys(tmp_path / "new")
    assert keys == names - {KEY} == keras_3.keys - set(dropped)
    assert fastckpt.strip(tmp_path / "new", tmp_path / "again") == []


def test_strip_takes_an_open_checkpoint_and_leaves_it_open(keras_3, tmp_path):
    with fastckpt.open(save(tmp_path, keras_3)) as ckpt:
        keep = ["*_iterations*"]
        dropped = fastckpt.strip(ckpt, tmp_path / "new", [f"model/a{END}"], keep)
        assert f"model/a{END}" in dropped
        state = (SETTINGS | SLOTS) - {"optimizer/_iterations"}
        assert set(dropped) == {key + END for key in state | {"model/a"}}
        assert len(ckpt) == len(keras_3.keys) + 1
    keys, names = read_keys(tmp_path / "new")
    assert keys == names - {KEY}


def test_strip_that_would_leave_nothing_is_refused(tmp_path):
    program = Program()
    optimizer = program.hold(0, "optimizer")
    step = program.hold(optimizer, "iterations", "optimizer/iterations")
    program.list_of(optimizer, "_variables", [step])
    program.hold(optimizer, "learning_rate", "optimizer/learning_rate")
    old = save(tmp_path, program)
    with pytest.raises(ValueError, match="nothing would be left"):
        fastckpt.strip(old, tmp_path / "new")
    assert not list(tmp_path.glob("new*"))


def test_a_mean_has_the_graph_of_what_is_left_of_its_sources(keras_3, tmp_path):
    old = save(tmp_path, keras_3)
    fastckpt.rewrite(old, tmp_path / "other")
    drop = ["optimizer/_variables/*"]
    fastckpt.average([old, tmp_path / "other"], tmp_path / "mean", drop=drop)
    keys, names = read_keys(tmp_path / "mean")
    assert keys == names - {KEY}
    assert len(keys) == len(keras_3.keys) - 3


def test_a_merged_checkpoint_has_the_graph_of_the_part_that_brings_one(
    keras_3, tmp_path
):
    old = save(tmp_path, keras_3)
    fastckpt.save(tmp_path / "more", {"more": np.ones(2)})
    fastckpt.merge([old, tmp_path / "more"], tmp_path / "merged")
    keys, names = read_keys(tmp_path / "merged")
    assert keys == names - {KEY, "more"} == keras_3.keys
    fastckpt.rewrite(old, tmp_path / "again")
    with pytest.raises(ValueError, match="_CHECKPOINTABLE_OBJECT_GRAPH"):
        fastckpt.merge([old, tmp_path / "again"], tmp_path / "twice")
