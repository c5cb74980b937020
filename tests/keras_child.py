"""What fastckpt.keras does, in Keras 3 without TensorFlow: `keras_child.py FOLDER`.

FOLDER holds what keras2_child.py wrote; KERAS_BACKEND says which backend. Prints
{case: what went wrong}, of which the cases that went well have none.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import traceback
import warnings
from functools import partial
from pathlib import Path
from typing import Any

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"

import no_tensorflow  # noqa: F401

# isort: split
import keras
import numpy as np
import pytest

import fastckpt
import fastckpt.keras
from keras_models import MODELS, PREDICTED, REFUSED, call, cases, random, small
from places import TESTDATA

BACKEND = os.environ["KERAS_BACKEND"]


def load(model: Any, folder: Path, name: str, **options: Any) -> Any:
    return fastckpt.keras.load_weights(model, folder / name, **options)


def refuses(
    model: Any, text: str, path: Path, kind: Any = ValueError, **options: Any
) -> str:
    """Checks that a load is refused, and the model is as it was."""
    own = getattr(model, "get_weights", list)
    before = [np.array(it) for it in own()]
    with pytest.raises(kind, match=re.escape(text)) as caught:
        fastckpt.keras.load_weights(model, path, **options)
    assert all(map(np.array_equal, before, own())), "the model is another"
    return str(caught.value)


def predict(folder: Path, name: str, model_name: str, root: str) -> None:
    model, inputs = MODELS[model_name](keras)
    report = load(model, folder, name)
    assert (report.root, report.left, report.unused) == (root, [], []), report
    assert len(report.loaded) == len(model.weights)
    expected = np.load(folder / "outputs.npz")[name.removesuffix("-c")]
    np.testing.assert_allclose(call(model, inputs), expected, 1e-5, 1e-5)


def refuse(folder: Path, name: str, stored: str, text: str) -> None:
    refuses(small(keras)[name](), text, folder / stored)


def the_same_order_under_other_names_is_loaded(folder: Path) -> None:
    for name in ("chain", "named", "heads", "named heads", "list", "tied"):
        report = load(small(keras)[name](), folder, name)
        assert report.loaded
        assert not report.left
        assert not report.unused


def connections_tell_the_order_whichever_was_made_first(folder: Path) -> None:
    model, expected = small(keras)["row made backwards"](), small(keras)["row"]()
    for each in (model, expected):
        report = load(each, folder, "row")
        assert (len(report.loaded), report.left) == (6, [])
    x = random(3, 4)
    assert np.array_equal(call(model, x), call(expected, x))


def the_name_of_a_weight_is_an_edge_too(folder: Path) -> None:
    assert load(small(keras)["scale"](), folder, "scale").left == []


def what_places_do_not_tell_is_loaded_layer_by_layer(folder: Path) -> None:
    model = small(keras)["heads back"]()
    for place, layer in enumerate(reversed(model.layers[1:])):
        root = f"layer_with_weights-{place}"
        report = load(layer, folder, "heads", root=root)
        assert [key.split("/")[0] for key in report.loaded.values()] == [root] * 2


def a_class_that_wraps_one_of_its_name_is_no_other(folder: Path) -> None:
    class Dense(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = self.add_weight(shape=(4, 3))

        def call(self, x: Any) -> Any:
            return x @ self.kernel

    given = keras.Input((4,))
    assert load(keras.Model(given, Dense()(given)), folder, "dense").loaded


def a_model_without_weights_is_to_be_called(folder: Path) -> None:
    model = keras.Sequential([keras.layers.Dense(4)])
    for is_partial in (False, True):
        refuses(model, "call it once", folder / "chain", allow_partial=is_partial)


def what_is_no_model_is_told(folder: Path) -> None:
    refuses({"dense": 1}, "not builtins.dict", folder / "chain", TypeError)


def lists_have_no_edges_in_keras_3(folder: Path) -> None:
    model, _ = MODELS["recurrent"](keras)
    refuses(model, "nothing in the checkpoint leads", folder / "recurrent-keras3")


def of_two_that_fit_one_is_to_be_named(folder: Path) -> None:
    model = small(keras)["chain"]()
    refuses(model, "root='student' and root='teacher'", folder / "both")
    report = load(model, folder, "both", root="teacher")
    assert all(key.startswith("teacher/") for key in report.loaded.values())
    text = refuses(model, "no object 'pupil'", folder / "both", KeyError, root="pupil")
    assert "student" in text


def the_one_object_that_fits_is_found_deep_down(folder: Path) -> None:
    report = load(small(keras)["chain"](), folder, "deep")
    assert report.root == "net/a"
    assert str(report) == "4 weights loaded from 'net/a'"


def a_part_is_loaded_where_that_is_allowed(folder: Path) -> None:
    model = small(keras)["tail"]()
    before = [np.array(it) for it in model.get_weights()]
    report = load(model, folder, "longer", allow_partial=True)
    after = model.get_weights()
    assert len(report.loaded) == 4
    assert report.left == [it.path for it in model.weights[4:]]
    assert [key.split("/")[0] for key in report.unused] == ["layer_with_weights-2"] * 2
    same = [np.array_equal(*pair) for pair in zip(before, after, strict=True)]
    assert same == [False] * 4 + [True] * 2


def nothing_after_another_length_is_loaded(folder: Path) -> None:
    model = small(keras)["middle"]()
    report = load(model, folder, "longer", allow_partial=True)
    assert len(report.loaded) == 2
    model = small(keras)["shifted list"]()
    refuses(model, "no layer fits", folder / "list", allow_partial=True)
    report = load(small(keras)["longer list"](), folder, "list", allow_partial=True)
    assert len(report.loaded) == 4


def no_layer_is_loaded_in_halves(folder: Path) -> None:
    model = small(keras)["norm"]()
    text = "no layer fits"
    refuses(model, text, folder / "norm without scale", allow_partial=True)
    model = small(keras)["norm without scale"]()
    refuses(model, text, folder / "norm", allow_partial=True)


def an_assignment_that_fails_is_taken_back(folder: Path) -> None:
    model = small(keras)["longer"]()
    kind = type(model.weights[0])
    own, count = kind._direct_assign, [0]

    def fail(variable: Any, value: Any) -> None:
        count[0] += 1
        if count[0] == 4:
            raise MemoryError("no memory")
        own(variable, value)

    kind._direct_assign = fail
    try:
        refuses(model, "no memory", folder / "longer", MemoryError)
    finally:
        kind._direct_assign = own
    assert count[0] > 4


def a_damaged_checkpoint_changes_nothing(folder: Path) -> None:
    for file in folder.glob("longer.*"):
        shutil.copy(file, folder / file.name.replace("longer", "damaged"))
    data = folder / "damaged.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[-1] ^= 1
    data.write_bytes(content)
    model = small(keras)["longer"]()
    refuses(model, "checksum", folder / "damaged", fastckpt.CorruptionError)


def what_happens_to_the_file_later_changes_nothing(folder: Path) -> None:
    fastckpt.rewrite(folder / "longer", folder / "aligned", align=64)
    model = small(keras)["longer"]()
    load(model, folder, "aligned")
    before = [np.array(it) for it in model.get_weights()]
    (data,) = folder.glob("aligned.data-*")
    with data.open("r+b") as file:
        file.write(bytes(data.stat().st_size))
    assert all(map(np.array_equal, before, model.get_weights()))


def names_alone_are_no_object_graph(folder: Path) -> None:
    fastckpt.save(folder / "names", {"dense/kernel": np.ones((4, 4), np.float32)})
    refuses(small(keras)["chain"](), "object graph", folder / "names", KeyError)


def seeds_stay(folder: Path) -> None:
    model, _ = MODELS["sequential"](keras)
    seed = next(it for it in model.variables if "seed" in it.path)
    before = np.array(keras.ops.convert_to_numpy(seed))
    report = load(model, folder, "sequential")
    assert np.array_equal(before, keras.ops.convert_to_numpy(seed))
    assert seed.path not in [*report.loaded, *report.left]


def other_dtypes_are_cast_where_they_hold_the_values(folder: Path) -> None:
    keras.config.set_floatx("float16")
    try:
        model = small(keras)["chain"]()
    finally:
        keras.config.set_floatx("float32")
    load(model, folder, "chain")
    expected = small(keras)["chain"]()
    load(expected, folder, "chain")
    for one, other in zip(model.get_weights(), expected.get_weights(), strict=True):
        assert np.array_equal(one, other.astype(np.float16))


def what_a_stateful_layer_remembers_is_no_weight(folder: Path) -> None:
    given = keras.Input(batch_shape=(2, 4, 2))
    model = keras.Model(given, keras.layers.GRU(3, stateful=True)(given))
    report = load(model, folder, "gru")
    assert len(report.loaded) == 3
    assert not report.left


def real_files_are_loaded(folder: Path) -> None:
    layers = keras.layers
    wide, narrow = (
        keras.Sequential([keras.Input((shape,)), *map(layers.Dense, units)])
        for shape, units in ((100, (32, 1)), (2, (2,)))
    )
    report = load(wide, TESTDATA, "tract-keras-lstm/variables")
    assert (len(report.loaded), report.left, report.unused) == (4, [], [])
    report = load(narrow, TESTDATA, "keras-lso-ckpt/ckpt")
    assert (len(report.loaded), report.left, report.unused) == (2, [], [])
    with fastckpt.open(TESTDATA / "keras-lso-ckpt" / "ckpt") as stored:
        kernel = stored[report.loaded[narrow.weights[0].path]]
    assert np.array_equal(narrow.get_weights()[0], kernel)


def main(folder: Path) -> dict[str, str | None]:
    calls = {name: partial(globals()[name], folder) for name in cases(Path(__file__))}
    for name, rest in REFUSED.items():
        calls[name] = partial(refuse, folder, *rest)
    for name, given in PREDICTED.items():
        calls[name] = partial(predict, folder, *given)
    results: dict[str, str | None] = {}
    for name, run in calls.items():
        keras.utils.clear_session()
        try:
            run()
            results[name] = None
        except BaseException:
            results[name] = traceback.format_exc()
    return results


if __name__ == "__main__":
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
    assert keras.backend.backend() == BACKEND
    print(json.dumps(main(Path(sys.argv[1]))))
