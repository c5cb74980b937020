"""Writes SavedModels and object-based checkpoints: ``python make_saved.py FOLDER``.

For each SavedModel beside it NAME.npz (feed and expected outputs of its default
signature), NAME.pb (as freeze_graph freezes it), NAME.txt (its graph in text_format).
For each checkpoint NAME.json: what TensorFlow restores into each variable.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.tools import freeze_graph

tf1 = tf.compat.v1
X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)


class Net(tf.Module):
    """Nested modules, a table to look up in, a loop and branches."""

    def __init__(self) -> None:
        super().__init__(name="net")
        self.kernel = tf.Variable(X.T, name="kernel")
        self.tables = {"a.b/c": tf.Variable(X, name="table"), "n": [tf.Variable(2.0)]}

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
    def __call__(self, x):
        y = tf.matmul(x, self.kernel)
        for _ in tf.range(2):
            y = tf.tanh(y) * self.tables["n"][0]
        rows = tf.nn.embedding_lookup(self.tables["a.b/c"], [2, 0])
        return {"y": y, "rows": rows + tf.gather_nd(self.tables["a.b/c"], [[1]])}


def keras_model() -> tf.keras.Model:
    """A model with the layers that people have."""
    inputs = tf.keras.Input((4,), name="features")
    hidden = tf.keras.layers.Dense(6, activation="relu", name="dense")(inputs)
    hidden = tf.keras.layers.BatchNormalization(name="norm")(hidden)
    hidden = tf.keras.layers.Reshape((3, 2))(hidden)
    hidden = tf.keras.layers.LSTM(5, name="lstm")(hidden)
    outputs = tf.keras.layers.Dense(2, name="head")(hidden)
    return tf.keras.Model(inputs, outputs, name="whole")


def save_module(folder: Path) -> None:
    """Writes a SavedModel of TensorFlow 2."""
    net = Net()
    tf.saved_model.save(net, str(folder / "module"))
    write_expected(folder / "module", {"x": X})


def save_same_names(folder: Path) -> None:
    """Writes a SavedModel whose variables have one name, and are not all trained."""
    net = tf.Module()
    for name, order in (("w", (False, True)), ("k", (True, False))):
        variables = [tf.Variable(X[0], trainable=it, name=name) for it in order]
        setattr(net, name, [{"a.b/c": it} for it in variables])
    tf.saved_model.save(net, str(folder / "same_names"))


def save_keras(folder: Path) -> None:
    """Writes Keras's own export."""
    keras_model().export(str(folder / "keras"), verbose=False)
    write_expected(folder / "keras", {"features": X})


def write_expected(path: Path, feeds: dict[str, np.ndarray]) -> None:
    """Writes what TensorFlow makes of a SavedModel."""
    signature = tf.saved_model.load(str(path)).signatures["serving_default"]
    (key,) = signature.structured_input_signature[1]
    outputs = signature(**{key: tf.constant(next(iter(feeds.values())))})
    arrays = {f"out/{name}": value.numpy() for name, value in outputs.items()}
    np.savez(f"{path}.npz", **arrays, feed=next(iter(feeds.values())))
    saved = saved_model_pb2.SavedModel.FromString(
        (path / "saved_model.pb").read_bytes()
    )
    Path(f"{path}.txt").write_text(text_format.MessageToString(saved.meta_graphs[0]))
    made = saved.meta_graphs[0].signature_def["serving_default"].outputs
    names = sorted({info.name.split(":")[0] for info in made.values()})
    with tf.Graph().as_default():
        freeze_graph.freeze_graph(
            None, "", True, None, ",".join(names), None, None, f"{path}.pb", True, "",
            input_saved_model_dir=str(path), saved_model_tags="serve",
        )  # fmt: skip


def save_first_version(folder: Path) -> None:
    """Writes a SavedModel of TensorFlow 1 with two graphs, an asset and a signature."""
    builder = tf1.saved_model.Builder(str(folder / "first"))
    asset = folder / "words.txt"
    asset.write_text("one\ntwo\n")
    for tags in (["serve"], ["serve", "gpu"]):
        with tf.Graph().as_default(), tf1.Session() as session:
            v = tf1.get_variable("v", initializer=[1.0, 2.0], use_resource=False)
            x = tf1.placeholder(tf.float32, [None, 2], name="x")
            y = tf.multiply(x, v, name="y" if len(tags) == 1 else "y_gpu")
            word = tf.constant(str(asset), name="words")
            tf1.add_to_collection(tf1.GraphKeys.ASSET_FILEPATHS, word)
            session.run(tf1.global_variables_initializer())
            signature = tf1.saved_model.predict_signature_def({"in": x}, {"out": y})
            described = {"serving_default": signature}
            if len(tags) == 1:
                builder.add_meta_graph_and_variables(
                    session,
                    tags,
                    signature_def_map=described,
                    assets_collection=tf1.get_collection(tf1.GraphKeys.ASSET_FILEPATHS),
                )
            else:
                builder.add_meta_graph(tags, signature_def_map=described)
    builder.save()


def save_objects(folder: Path) -> None:
    """Writes object-based checkpoints: modules with slots, and Keras models."""
    net = Net()
    optimizer = tf1.train.AdamOptimizer(0.1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(net.kernel**2)
    optimizer.apply_gradients([(tape.gradient(loss, net.kernel), net.kernel)])
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
    table.insert(tf.constant(["a"]), tf.constant([5], tf.int64))
    checkpoint = tf.train.Checkpoint(
        net=net,
        optimizer=optimizer,
        step=tf.Variable(7),
        table=table,
        data=iter(tf.data.Dataset.range(3)),
    )
    checkpoint.save(str(folder / "slots"))
    write_values(
        folder / "slots.json", [net.kernel, optimizer.get_slot(net.kernel, "m")]
    )

    model = keras_model()
    model.compile("adam", "mse")
    model.fit(X, X[:, :2], verbose=0)
    tf.train.Checkpoint(model=model, optimizer=model.optimizer).save(
        str(folder / "trained")
    )
    write_values(folder / "trained.json", model.variables + model.optimizer.variables)

    stack = [tf.keras.layers.Dense(3, name="first"), tf.keras.layers.Dense(2)]
    sequential = tf.keras.Sequential([tf.keras.Input((4,)), *stack], name="stack")
    tf.train.Checkpoint(model=sequential).write(str(folder / "sequential"))
    write_values(folder / "sequential.json", sequential.variables)


def write_values(path: Path, variables: list) -> None:
    """Writes variables' values by their paths or names."""
    values = {
        getattr(each, "path", each.name.removesuffix(":0")): np.asarray(each).tolist()
        for each in variables
    }
    path.write_text(json.dumps(values))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    for save in (
        save_module,
        save_same_names,
        save_keras,
        save_first_version,
        save_objects,
    ):
        save(target)
