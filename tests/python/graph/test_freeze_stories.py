"""What people wanted who wrote about frozen graphs, from their programs to the end."""

import shutil

import numpy as np
import pytest

import fastckpt
from fastckpt.cli import main
from graph_models import (
    get_models,
    get_prefix,
    make_job,
    read_meta,
    read_values,
    run_jobs,
)

pytestmark = pytest.mark.tensorflow


def _feed(**values):
    return {
        name: {"dtype": "float32", "value": np.asarray(value).tolist()}
        for name, value in values.items()
    }


def _as_number(values, name):
    (value,) = (v for key, v in values.items() if key.startswith(f"{name}|"))
    kind = next(key for key in values if key.startswith(f"{name}|")).split("|")[1]
    return value.view(kind).reshape(-1)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Freezes the graphs of all stories and runs them, in one process."""
    folder = tmp_path_factory.mktemp("stories")
    head = [[1.0, 2.0], [0.0, 1.0], [2.0, 0.0], [1.0, 1.0], [0.5, 2.0]]
    image = np.linspace(-1, 1, 12).reshape(2, 6)
    stories = {
        "sum": ("sum_of_two", "add", {}, []),
        "line": ("line", "over,more", _feed(x=5), []),
        "fed": ("fed_again", "op_to_restore", _feed(w1=4, w2=8), []),
        "again": ("fed_again", "op_to_restore", _feed(w1=13, w2=17), []),
        "doubled": (
            "fed_again",
            "op_to_restore",
            _feed(w1=13, w2=17),
            [["doubled", "multiply", "op_to_restore:0", 2.0]],
        ),
        "features": (
            "inner_features",
            "fc7/fc7",
            _feed(x=image),
            [["head", "matmul", "fc7/fc7:0", head]],
        ),
    }
    jobs = []
    for story, (model, outputs, feeds, added) in stories.items():
        path = folder / f"{story}.pb"
        fastckpt.freeze(get_prefix(model), outputs, to=path)
        names = [*outputs.split(","), *(each[0] for each in added)]
        jobs.append(make_job(story, path, names, feeds, added))
    run_jobs(jobs)
    values = {story: read_values(folder / f"{story}.npz") for story in stories}
    return values | {"head": np.array(head, np.float32)}


def test_one_and_two_frozen_give_three(results):
    assert _as_number(results["sum"], "add") == 3


def test_ten_times_five_and_one_is_over_fifty_and_ten_more_are_sixty_one(results):
    assert _as_number(results["line"], "over").tolist() == [True]
    assert _as_number(results["line"], "more") == 61


def test_a_restored_product_is_24_then_60_and_doubled_120(results):
    assert _as_number(results["fed"], "op_to_restore") == 24
    assert _as_number(results["again"], "op_to_restore") == 60
    assert _as_number(results["doubled"], "doubled") == 120


def test_the_averaged_variable_is_restored_in_place_of_its_own_value():
    ckpt = fastckpt.open(get_prefix("averaged"))
    assert ckpt["v"] == 10
    averaged = ckpt.load(read_meta("averaged").variables_to_restore())
    assert float(averaged["v"]) == pytest.approx(0.0999999, abs=1e-7)


def test_six_layers_take_the_first_five_from_a_checkpoint_of_five():
    new = fastckpt.open(get_prefix("six_layers")).load(copy=True)
    sixth = {name: new[name].copy() for name in new if name.startswith("layer6/")}
    meta = read_meta("six_layers")
    old = fastckpt.open(get_prefix("five_layers"))
    there = [
        v.checkpoint_name for v in meta.variables.values() if v.checkpoint_name in old
    ]
    old.load(there, out=new)
    assert len(there) == 10
    for name in there:
        assert np.array_equal(new[name], old[name])
    for name, value in sixth.items():
        assert np.array_equal(new[name], value)


def test_a_network_frozen_inside_gives_the_same_features_to_a_new_head(results):
    expected = read_values(get_models() / "inner_features" / "expected.npz")
    (features,) = expected.values()
    frozen = _as_number(results["features"], "fc7/fc7")
    assert frozen.tobytes() == features.tobytes()
    head = _as_number(results["features"], "head").reshape(2, 2)
    again = features.view(np.float32).reshape(2, 5) @ results["head"]
    assert np.allclose(head, again, rtol=1e-6)


def test_a_folder_becomes_one_file_by_one_command(tmp_path, capsys):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("model.ckpt-1.meta", "model.ckpt-1.index"):
        shutil.copy(get_models() / "line" / name, folder)
    shutil.copy(f"{get_prefix('line')}.data-00000-of-00001", folder)
    (folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-1"\n')
    path = tmp_path / "out.pb"
    status = main(["freeze", str(folder), "--outputs", "over,more", "--to", str(path)])
    assert status == 0, capsys.readouterr().err
    expected = (get_models() / "line" / "tensorflow.pb").read_bytes()
    assert path.read_bytes() == expected
    assert "2 variables as constants" in capsys.readouterr().out
