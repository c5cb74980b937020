"""convert names="objects": what layers are called, each once or not at all."""

import numpy as np
import pytest

import fastckpt
from command_line import run
from fastckpt.graph.schema import get_message

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
TARGETS = ["new", "new.npz", "new.safetensors"]


@pytest.fixture
def write(tmp_path):
    """Gives what writes a Keras 2 model: {place, or attribute: full name}."""

    def write_model(full_names):
        graph = get_message("TrackableObjectGraph")()
        root = graph.nodes.add()
        tensors = {}
        for number, (path, full_name) in enumerate(full_names.items()):
            layer, name = path.split("/")
            held = [it.node_id for it in root.children if it.local_name == layer]
            if not held:
                held = [len(graph.nodes)]
                root.children.add(node_id=held[0], local_name=layer)
                graph.nodes.add()
            place = len(graph.nodes)
            graph.nodes[held[0]].children.add(node_id=place, local_name=name)
            key = path + VALUE
            graph.nodes.add().attributes.add(
                name="VARIABLE_VALUE", checkpoint_key=key, full_name=full_name
            )
            tensors[key] = np.full(2, number, np.float32)
        tensors[GRAPH] = np.array(graph.SerializeToString(), object)
        fastckpt.save(tmp_path / "old", tensors)
        return tmp_path / "old"

    return write_model


def read(path):
    """Gives {name: its number}."""
    if path.suffix == ".npz":
        with np.load(path) as archive:
            return {name: int(archive[name][0]) for name in archive.files}
    if path.suffix == ".safetensors":
        from safetensors.numpy import load_file

        return {name: int(it[0]) for name, it in load_file(path).items()}
    return {name: int(it[0]) for name, it in fastckpt.load(path).items()}


def convert(old, to, **options):
    options.setdefault("drop", [GRAPH])
    fastckpt.convert(old, to, names="objects", **options)
    return read(to)


CHAIN = {
    "layer_with_weights-0/kernel": "dense_7/kernel",
    "layer_with_weights-0/bias": "dense_7/bias",
    "layer_with_weights-1/kernel": "head/kernel",
}
SAME = {
    "layer_with_weights-0/w": "w",
    "layer_with_weights-1/w": "w",
    "layer_with_weights-2/w": "w",
    "step/value": "w",
}
KEYS = [path + VALUE for path in SAME]


@pytest.mark.parametrize("target", TARGETS)
def test_layers_have_the_names_that_keras_stored(target, write, tmp_path):
    found = convert(write(CHAIN), tmp_path / target)
    assert found == {"dense_7/kernel": 0, "dense_7/bias": 1, "head/kernel": 2}


@pytest.mark.parametrize("target", TARGETS)
def test_without_full_names_layers_have_their_places(target, write, tmp_path):
    found = convert(write(dict.fromkeys(CHAIN, "")), tmp_path / target)
    assert found == {path: number for number, path in enumerate(CHAIN)}


@pytest.mark.parametrize("target", TARGETS)
def test_two_of_one_name_are_refused_with_what_to_do(target, write, tmp_path):
    old = write(SAME)
    with pytest.raises(ValueError, match=r"would all be called 'w'.*rename=\{") as told:
        convert(old, tmp_path / target)
    assert all(repr(key) in str(told.value) for key in KEYS[:3])
    assert not (tmp_path / target).exists()
    rename = {key: f"block_{i}/w" for i, key in enumerate(KEYS[:3])}
    found = convert(old, tmp_path / target, rename=rename)
    assert found == {"block_0/w": 0, "block_1/w": 1, "block_2/w": 2, "step/value": 3}


@pytest.mark.parametrize("target", TARGETS)
def test_the_one_that_is_left_has_the_name(target, write, tmp_path):
    old = write(SAME)
    found = convert(
        old, tmp_path / target, rename={KEYS[2]: "other"}, drop=[GRAPH, KEYS[0]]
    )
    assert found == {"w": 1, "other": 2, "step/value": 3}
    with pytest.raises(ValueError, match="would be named 'w'"):
        convert(old, tmp_path / "x", rename={KEYS[3]: "w"}, drop=[GRAPH, *KEYS[:2]])


def test_a_name_that_is_severals_names_none_and_a_pattern_all(write, tmp_path):
    old = write(SAME)
    two = {KEYS[0]: "a", KEYS[1]: "b"}
    for options in (
        {"drop": ["w"]},
        {"rename": {"w": "x"}},
        {"rename": two, "values": {"w": [1, 2]}},
        {"rename": two, "dtype": {"w": "float64"}},
    ):
        with pytest.raises(ValueError, match=r"'w' may be .*: say which by its key"):
            convert(old, tmp_path / "x", **options)
    assert convert(old, tmp_path / "new", drop=[GRAPH, "w*"]) == {"step/value": 3}


def test_what_objects_calls_the_second_names_it_here_too(write, tmp_path):
    old = write(SAME)
    with fastckpt.open(old) as ckpt:
        names = ckpt.objects.names()
    assert names["layer_with_weights-1/w"] == KEYS[1]
    drop = [GRAPH, "layer_with_weights-1/w", "layer_with_weights-2/w"]
    assert convert(old, tmp_path / "new", drop=drop) == {"w": 0, "step/value": 3}


def test_the_command_refuses_and_renames_by_keys(write, tmp_path, capsys):
    old, new = write(SAME), tmp_path / "new.npz"
    words = ["convert", old, new, "--names", "objects", "--drop", GRAPH]
    done = run(capsys, *words)
    assert done.status == 2
    assert "would all be called 'w'" in done.err
    assert not new.exists()
    rule = f"layer_with_weights-{{n}}/w{VALUE}->block_{{n}}/w"
    assert run(capsys, *words, "--rename", rule).status == 0
    assert [*read(new)] == ["block_0/w", "block_1/w", "block_2/w", "step/value"]


def test_thousands_of_one_name_are_told_briefly(write, tmp_path):
    old = write({f"layer_with_weights-{n}/w": "w" for n in range(2_000)})
    with pytest.raises(ValueError, match=r"and 1,995 more would all be") as told:
        convert(old, tmp_path / "new")
    assert len(str(told.value)) < 1_000
