"""freeze: one file of a graph and its checkpoint, as TensorFlow makes it."""

import os

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from fastckpt import MetaGraph, UnsupportedError
from fastckpt.graph.schema import get_message
from graph_models import (
    get_models,
    get_prefix,
    get_runs,
    get_saved,
    make_job,
    read_graph,
    read_meta,
    read_values,
    run_jobs,
)
from wire_maker import shape

pytestmark = pytest.mark.tensorflow

PLAIN = ["reference_mlp", "resource_mlp", "inner_outputs", "left_variable"]
TYPES = ["reference_types", "resource_types"]
SAVED = ["renamed", "reshaped", "version_one", "colocated"]
PARTITIONED = ["reference_partitioned", "resource_partitioned"]
LAYERS = ["reference_batch_norm", "resource_batch_norm", "gathers"]
LOOPS = [f"{kind}_loop_{v}" for kind in ("reference", "resource") for v in ("v1", "v2")]
BRANCHES = ["resource_branches_v1", "reference_branches_v2", "resource_branches_v2"]
CALLS = ["cases", "functions", "functions_of_references", "nested_loops"]
AS_TENSORFLOW = [*PLAIN, *TYPES, *SAVED, *PARTITIONED, *LAYERS]
WITH_FUNCTIONS = [*LOOPS, *BRANCHES, *CALLS]

# What TensorFlow leaves unfrozen, or freezes into graphs that it cannot load.
BEYOND_TENSORFLOW = [
    "asks_of_references",
    "asks_of_variables",
    "function_that_gives_a_handle",
    "gather_in_function",
    "gathers_in_batches",
    "legacy_variable",
    "merged_handles",
    "one_function_for_two_variables",
    "one_word",
    "reference_branches_v1",
]


@pytest.mark.parametrize("model", AS_TENSORFLOW)
def test_the_file_is_byte_for_byte_that_of_freeze_graph(model):
    expected = (get_models() / model / "tensorflow.pb").read_bytes()
    assert get_runs()[model].path.read_bytes() == expected


@pytest.mark.parametrize("model", WITH_FUNCTIONS)
def test_the_graph_is_node_for_node_that_of_freeze_graph(model):
    expected = read_graph(get_models() / model / "tensorflow.pb")
    assert read_graph(get_runs()[model].path) == expected


@pytest.mark.parametrize("model", [*AS_TENSORFLOW, *WITH_FUNCTIONS, *BEYOND_TENSORFLOW])
def test_tensorflow_runs_the_frozen_graph_with_equal_bits(model):
    run = get_runs()[model]
    assert run.error == ""
    expected = read_values(get_models() / model / "expected.npz")
    assert run.results.keys() == expected.keys()
    for name, value in expected.items():
        assert run.results[name].tobytes() == value.tobytes(), name


def test_the_report_counts(tmp_path):
    report = fastckpt.freeze(
        get_prefix("reference_mlp"), ["predictions"], to=tmp_path / "out.pb"
    )
    assert (report.nodes, report.variables) == (24, 6)
    assert report.nbytes == os.path.getsize(tmp_path / "out.pb")
    assert report.outputs == ["predictions"]


@pytest.mark.parametrize("name", ["module", "keras", "first"])
def test_saved_models_are_frozen_by_their_signature(name, tmp_path):
    path = tmp_path / f"{name}.pb"
    report = fastckpt.freeze(get_saved() / name, to=path)
    meta = MetaGraph.read(get_saved() / name)
    signature = meta.signatures["serving_default"]
    outputs = {each.name.split(":")[0] for each in signature.outputs.values()}
    assert set(report.outputs) == outputs
    if name == "keras":
        assert read_graph(path) == read_graph(get_saved() / "keras.pb")


@pytest.mark.parametrize("name", ["module", "keras"])
def test_frozen_saved_models_run_with_equal_bits(name, tmp_path):
    path = tmp_path / f"{name}.pb"
    fastckpt.freeze(get_saved() / name, to=path)
    with np.load(get_saved() / f"{name}.npz") as values:
        expected = {key: values[key] for key in values.files}
    meta = MetaGraph.read(get_saved() / name)
    signature = meta.signatures["serving_default"]
    (feed,) = (each.name.split(":")[0] for each in signature.inputs.values())
    feeds = {feed: {"dtype": "float32", "value": expected["feed"].tolist()}}
    added = [[key, "add", each.name, 0.0] for key, each in signature.outputs.items()]
    run_jobs([make_job("ran", path, list(signature.outputs), feeds, added)])
    for key, value in read_values(tmp_path / "ran.npz").items():
        assert value.tobytes() == expected[f"out/{key.split('|')[0]}"].tobytes()


def test_default_outputs_are_the_nodes_that_nobody_reads(tmp_path):
    report = fastckpt.freeze(get_prefix("reference_mlp"), to=tmp_path / "out.pb")
    assert report.outputs == ["predictions", "Mean"]
    report = fastckpt.freeze(get_prefix("line"), to=tmp_path / "out.pb")
    assert report.outputs == ["over", "more"]
    prefix = get_prefix("resource_partitioned")
    assert fastckpt.freeze(prefix, to=tmp_path / "out.pb").outputs == ["out"]


def test_outputs_are_also_taken_as_tensors_and_as_text(tmp_path):
    prefix, path = get_prefix("line"), tmp_path / "out.pb"
    names = fastckpt.freeze(prefix, ["over:0", "more"], to=path).outputs
    assert fastckpt.freeze(prefix, "over, more", to=path).outputs == names
    with pytest.raises(TypeError, match="an output's name must be a str, not 3"):
        fastckpt.freeze(prefix, [3], to=path)


def test_a_wrong_output_brings_the_closest_names_and_the_likely_ones(tmp_path):
    prefix, path = get_prefix("reference_mlp"), tmp_path / "out.pb"
    with pytest.raises(
        ValueError, match="'prediction'; did you mean 'predictions'"
    ) as e:
        fastckpt.freeze(prefix, ["prediction"], to=path)
    assert "Likely outputs: 'predictions'" in str(e.value)
    with pytest.raises(ValueError, match=r"no node 'zzzz'\. Likely outputs: 'pred"):
        fastckpt.freeze(prefix, ["zzzz"], to=path)
    assert not path.exists()


def test_a_variable_that_must_change_is_refused(tmp_path):
    with pytest.raises(
        UnsupportedError, match=r"'AssignAdd' .* 'v' .* as it is \(blacklist\)"
    ) as e:
        fastckpt.freeze(
            get_prefix("assigned_on_the_way"), ["out"], to=tmp_path / "o.pb"
        )
    assert e.value.tensor == "v"
    assert list(tmp_path.iterdir()) == []


def test_only_listed_variables_are_frozen(tmp_path):
    prefix, path = get_prefix("reference_mlp"), tmp_path / "out.pb"
    outputs = ["predictions"]
    names = ["first/kernel", "first/bias"]
    assert fastckpt.freeze(prefix, outputs, to=path, whitelist=names).variables == 2
    assert fastckpt.freeze(prefix, outputs, to=path, blacklist=names).variables == 4
    left = {n.name for n in read_graph(path).node if n.op == "VariableV2"}
    assert left == set(names)
    with pytest.raises(
        ValueError, match="blacklist: the graph has no variable 'first'"
    ):
        fastckpt.freeze(prefix, outputs, to=path, blacklist=["first"])


def test_devices_are_cleared_unless_they_are_to_stay(tmp_path):
    prefix, path = get_prefix("reference_mlp"), tmp_path / "out.pb"
    fastckpt.freeze(prefix, ["predictions"], to=path)
    assert {node.device for node in read_graph(path).node} == {""}
    fastckpt.freeze(prefix, ["predictions"], to=path, clear_devices=False)
    assert "/device:CPU:0" in {node.device for node in read_graph(path).node}


def test_a_bare_graph_with_resource_variables_is_frozen(tmp_path):
    graph = tmp_path / "graph.pb"
    meta = read_meta("resource_mlp")
    graph.write_bytes(meta.graph_def.SerializeToString())
    path = tmp_path / "out.pb"
    fastckpt.freeze(get_prefix("resource_mlp"), ["predictions"], to=path, meta=graph)
    assert path.read_bytes() == get_runs()["resource_mlp"].path.read_bytes()


def test_an_open_checkpoint_and_a_graph_in_hand_are_taken(tmp_path):
    path = tmp_path / "out.pb"
    with fastckpt.open(get_prefix("renamed")) as ckpt:
        fastckpt.freeze(ckpt, ["out"], to=path, meta=read_meta("renamed"))
        fastckpt.freeze(ckpt, ["out"], to=path)
        assert ckpt["old/v"].shape == (3,)
    assert path.read_bytes() == get_runs()["renamed"].path.read_bytes()


def test_a_variable_without_its_tensor_is_named(tmp_path):
    meta = read_meta("six_layers")
    words = r"'layer6/kernel', but .* has no tensor 'layer6/kernel'; did you mean .*"
    advice = r"leave the variable as it is \(blacklist\), or choose other outputs"
    with pytest.raises(KeyError, match=rf"{words}\? Otherwise {advice}"):
        fastckpt.freeze(
            get_prefix("five_layers"), ["out"], to=tmp_path / "out.pb", meta=meta
        )
    fastckpt.save(tmp_path / "other", {"unlike": np.zeros(1)})
    with pytest.raises(KeyError, match=rf"has no tensor 'layer\d/\w+'; {advice}"):
        fastckpt.freeze(tmp_path / "other", ["out"], to=tmp_path / "out.pb", meta=meta)


def test_a_variable_that_no_saver_saves_is_named(tmp_path):
    meta = get_message("MetaGraphDef").FromString(read_meta("renamed").to_bytes())
    node = meta.graph_def.node.add(name="local", op="VariableV2")
    node.attr["dtype"].type = 1
    graph = MetaGraph.from_bytes(meta.SerializeToString())
    with pytest.raises(
        KeyError, match="'local', which the graph's saver does not save"
    ):
        fastckpt.freeze(
            get_prefix("renamed"), ["local"], to=tmp_path / "out.pb", meta=graph
        )


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            {"v": np.zeros(4, np.float32)},
            r"'v' is \(3,\) in the graph, .* shape \(4,\)",
        ),
        ({"v": np.zeros(3, np.int32)}, "'v' is float32 in the graph, .* type int32"),
    ],
)
def test_a_checkpoint_of_another_graph_is_refused(other, message, tmp_path):
    fastckpt.save(tmp_path / "other", {"old/v": other["v"], "v": other["v"]})
    meta = read_meta("renamed")
    with pytest.raises(ValueError, match=message):
        fastckpt.freeze(tmp_path / "other", ["out"], to=tmp_path / "out.pb", meta=meta)
    assert not (tmp_path / "out.pb").exists()


def test_a_graph_without_variables_needs_no_checkpoint(tmp_path):
    frozen = get_runs()["reference_mlp"].path
    path = tmp_path / "again.pb"
    fastckpt.freeze("nowhere", ["predictions"], to=path, meta=frozen)
    assert path.read_bytes() == frozen.read_bytes()


def test_more_than_two_gibibytes_are_refused_before_a_byte_is_written(tmp_path):
    rows = 1 << 29
    meta = get_message("MetaGraphDef")()
    node = meta.graph_def.node.add(name="big", op="VariableV2")
    node.attr["dtype"].type = 1
    node.attr["shape"].shape.dim.add(size=rows)
    maker = BundleMaker()  # an index alone: the size is known before a value is read
    maker.add("big", np.zeros(1, np.float32), shape=shape((rows,)), size=4 * rows)
    maker.write(tmp_path)
    graph = MetaGraph.from_bytes(meta.SerializeToString())
    path = tmp_path / "out.pb"
    with pytest.raises(UnsupportedError, match="The largest variables are 'big'") as e:
        fastckpt.freeze(tmp_path / "model", ["big"], to=path, meta=graph)
    assert "blacklist" in str(e.value)
    assert not path.exists()


def test_a_file_that_is_there_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "out.pb"
    path.write_bytes(b"old")
    with pytest.raises(UnsupportedError):
        fastckpt.freeze(get_prefix("assigned_on_the_way"), ["out"], to=path)
    assert path.read_bytes() == b"old"
    fastckpt.freeze(get_prefix("line"), ["more"], to=path)
    assert [each.name for each in tmp_path.iterdir()] == ["out.pb"]


def test_a_missing_folder_is_made_and_one_in_the_way_is_named(tmp_path, monkeypatch):
    prefix = get_prefix("line")
    monkeypatch.chdir(tmp_path)
    assert fastckpt.freeze(prefix, ["more"], to="new/out.pb").path == "new/out.pb"
    assert os.listdir("new") == ["out.pb"]
    with pytest.raises(IsADirectoryError) as caught:
        fastckpt.freeze(prefix, ["more"], to=".")
    assert caught.value.filename == "."
    assert os.listdir(".") == ["new"]


def test_progress_counts_the_bytes(tmp_path):
    told = []
    report = fastckpt.freeze(
        get_prefix("reference_mlp"),
        ["predictions"],
        to=tmp_path / "out.pb",
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (report.nbytes, report.nbytes)
    assert told == sorted(told)
