"""fastckpt graph and fastckpt freeze."""

import functools
import json
import re
import shutil

import numpy as np
import pytest

import fastckpt
from fastckpt.cli import main
from fastckpt.graph.needs import find_needs
from fastckpt.graph.recipe import make_recipe
from fastckpt.graph.schema import get_message
from fastckpt.graph.survey import find_ends
from graph_models import (
    get_models,
    get_prefix,
    get_saved,
    make_folder,
    read_graph,
    read_meta,
    run_program,
)

pytestmark = pytest.mark.tensorflow


def _run(capsys, *words):
    status = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


def test_the_summary_tells_ends_variables_and_operations(capsys):
    path = f"{get_prefix('reference_mlp')}.meta"
    status, out, err = _run(capsys, "graph", path, "--all")
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert ["x:0", "x:0", "float32", "(?,", "4)"] in lines
    assert ["predictions:0", "predictions:0", "float32", "(?,", "3)"] in lines
    assert ["first/", "6", "variables", "480", "B"] in lines
    assert ["kernel", "float32", "(4,", "8)", "128", "B"] in lines
    assert "save/Const" not in out
    assert any(line[:1] == ["VariableV2"] for line in lines)


def test_each_variable_stands_below_its_own_scope_which_is_shown_once(capsys, tmp_path):
    names = ["d/kernel", "step", "d/bias", "d/kernel/Adam", "d/bias/Adam", "d/kernel/M"]
    meta = get_message("MetaGraphDef")()
    for name in names:
        node = meta.graph_def.node.add(name=name, op="VariableV2")
        node.attr["dtype"].type = 1
        node.attr["shape"].shape.SetInParent()
    (tmp_path / "m.meta").write_bytes(meta.SerializeToString())
    _, out, _ = _run(capsys, "graph", tmp_path / "m.meta", "--all")
    start = out.index("all variables")
    rows = out[start : out.index("\n\n", start)].splitlines()
    assert [re.match(r" *\S+", row)[0] for row in rows[1:]] == [
        "  d/",
        "    kernel",
        "    kernel/",
        "      Adam",
        "      M",
        "    bias",
        "    bias/",
        "      Adam",
        "  step",
    ]


def test_the_summary_is_json_too(capsys):
    path = f"{get_prefix('resource_partitioned')}.meta"
    status, out, _ = _run(capsys, "graph", path, "--json")
    summary = json.loads(out)
    assert status == 0
    assert summary["path"] == path
    assert summary["scopes"]["emb/table"] == 112
    part = next(v for v in summary["variables"] if v["name"] == "emb/table/part_1")
    assert part["checkpoint_name"] == "emb/table"
    assert part["slice"]["begin"] == [3, 0]
    assert list(summary["outputs"]) == ["out:0"]
    assert summary["kinds"]["VarHandleOp"] == 5


def test_what_graph_and_checkpoint_do_not_share_is_shown(capsys, tmp_path):
    shutil.copy(f"{get_prefix('six_layers')}.meta", tmp_path / "model.meta")
    fastckpt.save(tmp_path / "model", {"layer1/bias": np.zeros(4), "old": np.zeros(1)})
    status, out, _ = _run(capsys, "graph", tmp_path / "model.meta", "--json")
    unmatched = json.loads(out)["unmatched"]
    assert status == 0
    assert unmatched["tensors"] == ["old"]
    assert "layer1/kernel" in unmatched["variables"]
    assert "layer1/bias" not in unmatched["variables"]
    _, out, _ = _run(capsys, "graph", tmp_path / "model.meta")
    assert "tensors that no variable reads:\n  old\n" in out
    assert "variables without a tensor:\n  layer1/kernel\n" in out


def test_a_saved_model_is_shown_by_its_signature(capsys):
    status, out, _ = _run(capsys, "graph", get_saved() / "first", "--json")
    summary = json.loads(out)
    assert status == 0
    assert summary["inputs"]["in"]["name"] == "x:0"
    other = _run(
        capsys, "graph", get_saved() / "first", "--tags", "serve,gpu", "--json"
    )
    assert json.loads(other[1])["outputs"]["out"]["name"] == "y_gpu:0"


def test_weights_that_are_lost_are_missing_and_there_is_no_recipe(capsys, tmp_path):
    folder = tmp_path / "saved"
    shutil.copytree(get_saved() / "first", folder)
    assert "to run it" in _run(capsys, "graph", folder)[1]
    data = folder / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1])
    for _ in range(2):
        _, out, _ = _run(capsys, "graph", folder)
        assert f"{data}: a data file that is not there, or cut" in out
        assert "to run it" not in out
        summary = json.loads(_run(capsys, "graph", folder, "--json")[1])
        assert summary["lost_files"] == [str(data)]
        assert summary["recipe"] == []
        data.unlink(missing_ok=True)


def test_the_text_is_that_of_the_message(capsys):
    path = f"{get_prefix('sum_of_two')}.meta"
    status, out, _ = _run(capsys, "graph", path, "--text")
    assert (status, out) == (0, read_meta("sum_of_two").to_text())


def test_one_node_is_shown_with_all_that_is_said_of_it(capsys):
    words = ["graph", f"{get_prefix('reference_mlp')}.meta", "--node", "predictions:0"]
    status, out, _ = _run(capsys, *words, "--json")
    node = json.loads(out)
    assert status == 0
    assert node["op"] == "Softmax"
    assert node["inputs"] == ["third/add:0"] or node["inputs"] == ["third/Identity:0"]
    assert node["attributes"]["T"] == "float32"
    status, out, _ = _run(capsys, *words)
    assert "output      predictions:0  float32  (?, 3)" in out


def test_a_constant_is_shown_by_its_first_values(capsys):
    path = get_models() / "line" / "tensorflow.pb"
    _, out, _ = _run(capsys, "graph", path, "--node", "w", "--json")
    expected = {"dtype": "float32", "shape": [], "values": [10.0]}
    assert json.loads(out)["attributes"]["value"] == expected


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["graph", "nowhere"], 2, "nowhere"),
        (["graph", "{meta}", "--node", "nowhere"], 2, "no operation 'nowhere'"),
        (["graph", "{meta}", "--tags", "serve"], 2, "has no tags to choose by"),
        (["freeze", "{prefix}", "--outputs", "ad", "--to", "{out}"], 2, "no node 'ad'"),
        (["freeze", "{prefix}"], 2, "--to"),
    ],
)
def test_errors_are_one_line_and_a_status(words, status, message, capsys, tmp_path):
    prefix = get_prefix("sum_of_two")
    places = {"meta": f"{prefix}.meta", "prefix": prefix, "out": tmp_path / "out.pb"}
    got, out, err = _run(capsys, *(word.format(**places) for word in words))
    assert (got, out) == (status, "")
    assert message in err
    assert "Traceback" not in err


def test_a_damaged_graph_is_status_one(capsys, tmp_path):
    path = tmp_path / "cut.meta"
    path.write_bytes(b"\x12\x7f")
    status, _, err = _run(capsys, "graph", path)
    assert status == 1
    assert "the file is cut or damaged" in err


def test_freezing_reports_what_it_wrote(capsys, tmp_path):
    path = tmp_path / "out.pb"
    words = ["freeze", get_prefix("reference_mlp"), "--outputs", "predictions"]
    status, out, _ = _run(capsys, *words, "--to", path, "--json")
    assert status == 0
    report = json.loads(out)
    assert report["nodes"] == 24
    assert report["nbytes"] == path.stat().st_size
    expected = (get_models() / "reference_mlp" / "tensorflow.pb").read_bytes()
    assert path.read_bytes() == expected


def test_freezing_takes_lists_a_graph_and_keeps_devices(capsys, tmp_path):
    path = tmp_path / "out.pb"
    meta = f"{get_prefix('reference_mlp')}.meta"
    words = ["freeze", get_prefix("reference_mlp"), "--outputs", "predictions"]
    words += ["--to", path, "--meta", meta, "--keep-devices", "--json"]
    _, out, _ = _run(capsys, *words, "--blacklist", "first/kernel, first/bias")
    assert json.loads(out)["variables"] == 4
    assert b"/device:CPU:0" in path.read_bytes()
    _, out, _ = _run(capsys, *words, "--whitelist", "first/kernel")
    assert json.loads(out)["variables"] == 1


def test_a_graph_without_variables_is_frozen_without_a_checkpoint(capsys, tmp_path):
    frozen, path = get_models() / "line" / "tensorflow.pb", tmp_path / "again.pb"
    words = ["freeze", "nowhere", "--meta", frozen, "--outputs", "more", "--to", path]
    status, _, err = _run(capsys, *words)
    assert (status, err) == (0, "")
    assert {n.name for n in read_graph(path).node} <= {
        n.name for n in read_graph(frozen).node
    }


def test_freezing_a_checkpoint_that_lacks_a_file_is_status_one(capsys, tmp_path):
    for suffix in ("index", "meta"):
        shutil.copy(f"{get_prefix('line')}.{suffix}", tmp_path / f"m.{suffix}")
    status, out, err = _run(
        capsys, "freeze", tmp_path / "m", "--to", tmp_path / "f.pb", "--threads", 1
    )
    assert (status, out) == (1, "")
    assert "m.data-00000-of-00001: a data file of the checkpoint is missing" in err
    status, _, err = _run(capsys, "freeze", tmp_path / "no", "--to", tmp_path / "f.pb")
    assert status == 2
    assert "no" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.index", "m.meta"]


ROWS = [[0.5, -1.0, 2.0, 1.0], [0.0, 1.0, 0.0, -2.0]]


@functools.cache
def _run_all():
    """Runs the recipes of all kinds of files in one child."""
    prefix = get_prefix("reference_mlp")
    saved = get_saved()
    jobs = {
        "meta": (f"{prefix}.meta", prefix, ROWS),
        "frozen": (get_models() / "reference_mlp" / "tensorflow.pb", None, ROWS),
        "first": (saved / "first", None, [[3.0, 4.0]]),
        "keras": (saved / "keras", None, ROWS),
    }
    listed = {}
    for name, (path, checkpoint, rows) in jobs.items():
        meta = fastckpt.MetaGraph.read(path)
        ends = find_ends(meta)
        lines = make_recipe(meta, ends, checkpoint)
        feeds = [rows] if name != "meta" else [rows, *[[0.0]] * (len(ends.inputs) - 1)]
        listed[name] = {"lines": lines, "feeds": feeds}
    file = make_folder("recipes") / "jobs.json"
    file.write_text(json.dumps(listed))
    return json.loads(run_program("run_recipes.py", file).splitlines()[-1])


def test_a_graph_with_a_checkpoint_and_a_frozen_one_give_the_same():
    results = _run_all()["results"]
    np.testing.assert_allclose(results["meta"][0], results["frozen"][0], rtol=1e-6)
    assert np.shape(results["frozen"][0]) == (2, 3)


def test_saved_models_are_called_by_their_signature():
    results = _run_all()["results"]
    assert results["first"] == [[[3.0, 8.0]]]
    assert np.shape(results["keras"][0]) == (2, 2)


def test_what_tensorflow_has_needs_nothing_else():
    known = {op for need in find_needs(_run_all()["ops"]) for op in need.ops}
    other = {op for op in known if not op.startswith(("TPU", "Tpu", "Xla"))}
    assert other == {"EagerPyFunc", "PyFunc", "PyFuncStateless"} | {
        op for op in _run_all()["ops"] if op.startswith("Namespace>")
    }
