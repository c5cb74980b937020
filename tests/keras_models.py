"""Models that Keras 2 and Keras 3 both build, from one text.

Each takes the module, tf_keras or keras, and gives a model that has its weights and an
input for it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

Made = tuple[Any, Any]


def random(*shape: int, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def call(model: Any, inputs: Any) -> np.ndarray:
    """Gives all that a model gives, in one flat array."""
    outputs = model(inputs, training=False)
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    flat = []
    for each in outputs:
        each = each.detach().cpu() if hasattr(each, "detach") else each
        flat.append(np.asarray(each).ravel())
    return np.concatenate(flat)


def sequential(k: Any) -> Made:
    layers = k.layers
    model = k.Sequential(
        [
            layers.Dense(4, activation="tanh"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(4),
            layers.BatchNormalization(scale=False, center=False),
            layers.PReLU(),
            layers.Dense(2),
        ]
    )
    model(random(1, 3))
    return model, random(5, 3)


def functional(k: Any) -> Made:
    """Two inputs, two heads, a shared layer, a nested model, a diamond."""
    layers = k.layers
    one, two = k.Input((6,)), k.Input((6,))
    shared = layers.Dense(6, activation="relu")
    left, right = shared(one), shared(two)
    nested_in = k.Input((6,))
    nested = k.Model(nested_in, layers.Dense(6)(layers.Dense(6)(nested_in)))
    left = nested(left)
    up, down = layers.Dense(6)(right), layers.Dense(6)(right)
    diamond = layers.Add()([up, layers.Activation("tanh")(down)])
    joined = layers.Concatenate()([left, diamond])
    inner = k.Sequential([layers.Dense(6, activation="tanh"), layers.Dense(6)])
    head = layers.Dense(3)(inner(joined))
    other = layers.Dense(3)(joined)
    model = k.Model([one, two], [head, other])
    return model, [random(4, 6), random(4, 6, seed=8)]


def convolutions(k: Any) -> Made:
    layers = k.layers
    image, line, cube = k.Input((8, 8, 3)), k.Input((8, 3)), k.Input((4, 4, 4, 2))
    x = layers.Conv2D(4, 3, padding="same")(image)
    x = layers.SeparableConv2D(4, 3, padding="same")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same")(x)
    x = layers.Conv2DTranspose(5, 2, strides=2)(x)
    x = layers.BatchNormalization()(x)
    x = layers.GroupNormalization(groups=5)(x)
    x = layers.GlobalAveragePooling2D()(x)
    y = layers.Conv1D(4, 3, padding="causal")(line)
    y = layers.SeparableConv1D(4, 3, use_bias=False)(y)
    y = layers.DepthwiseConv1D(2)(y)
    y = layers.Conv1DTranspose(4, 2)(y)
    y = layers.LayerNormalization()(y)
    y = layers.GlobalMaxPooling1D()(y)
    z = layers.Conv3D(3, 2)(cube)
    z = layers.Conv3DTranspose(2, 2)(z)
    z = layers.UnitNormalization()(z)
    z = layers.Flatten()(z)
    model = k.Model([image, line, cube], [x, y, z])
    return model, [random(2, 8, 8, 3), random(2, 8, 3), random(2, 4, 4, 4, 2)]


def recurrent(k: Any) -> Made:
    layers = k.layers
    words = k.Input((5,), dtype="int32")
    x = layers.Embedding(11, 4)(words)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    x = layers.Bidirectional(layers.GRU(4, return_sequences=True))(x)
    x = layers.GRU(4, return_sequences=True, reset_after=False)(x)
    x = layers.SimpleRNN(4, return_sequences=True)(x)
    x = layers.TimeDistributed(layers.Dense(3))(x)
    cells = [layers.LSTMCell(3), layers.GRUCell(4), layers.SimpleRNNCell(2)]
    x = layers.RNN(cells, return_sequences=True)(x)
    x = layers.LSTM(3, use_bias=False)(x)
    frames = k.Input((3, 5, 5, 2))
    y = layers.GlobalAveragePooling2D()(
        layers.ConvLSTM2D(3, 2, recurrent_activation="sigmoid")(frames)
    )
    model = k.Model([words, frames], [x, y])
    numbers = np.random.default_rng(3).integers(0, 11, (4, 5)).astype(np.int32)
    return model, [numbers, random(4, 3, 5, 5, 2)]


def attention(k: Any) -> Made:
    layers = k.layers
    one = k.Input((5, 8))
    x = layers.EinsumDense("abc,cd->abd", output_shape=(None, 8), bias_axes="d")(one)
    x = layers.MultiHeadAttention(2, 3)(x, one)
    x = layers.LayerNormalization()(x)
    x = layers.MultiHeadAttention(4, 2, use_bias=False)(x, x)
    y = layers.Attention(use_scale=True)([x, one])
    z = layers.AdditiveAttention()([x, one])
    model = k.Model(one, [x, y, z])
    return model, random(2, 5, 8)


def normalization(k: Any) -> Made:
    """Statistics of data, of which the layer makes what it works with."""
    layer = k.layers.Normalization()
    one = k.Input((3,))
    model = k.Model(one, k.layers.Dense(2)(layer(one)))
    if k.__name__ == "tf_keras":
        layer.adapt(random(50, 3) * 4 + 2)
    return model, random(4, 3)


def subclassed(k: Any) -> Made:
    layers = k.layers

    class Block(layers.Layer):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.units = units
            self.dense = layers.Dense(units)
            self.norm = layers.LayerNormalization()

        def build(self, shape: Any) -> None:
            self.scale = self.add_weight(name="scale", shape=(self.units,))

        def call(self, x: Any) -> Any:
            return self.norm(self.dense(x)) * self.scale

    class Net(k.Model):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [Block(4), layers.Dropout(0.5), Block(4), [layers.Dense(4)]]
            self.heads = {"a": layers.Dense(3), "b/c": layers.Dense(3)}
            self.pair = (layers.Dense(4), layers.Dense(4))
            self.inner = k.Sequential([layers.Dense(4), layers.Dense(4)])
            self.tracker = k.metrics.Mean()

        def call(self, x: Any) -> Any:
            for block in self.blocks[:3]:
                x = block(x)
            x = self.blocks[3][0](x)
            x = self.inner(self.pair[1](self.pair[0](x)))
            return [self.heads["a"](x), self.heads["b/c"](x)]

    model = Net()
    model(random(1, 4))
    return model, random(5, 4)


MODELS = {
    it.__name__: it
    for it in (
        sequential,
        functional,
        convolutions,
        recurrent,
        attention,
        normalization,
        subclassed,
    )
}


def small(k: Any) -> dict[str, Any]:
    """Gives what makes small models, by name; of one shape where order is told."""
    layers = k.layers

    def chain(*units: int, names: Any = ()) -> Any:
        names = [*names, *(None for _ in units)]
        dense = [layers.Dense(n, name=it) for n, it in zip(units, names, strict=False)]
        model = k.Sequential(dense)
        model(random(1, 4))
        return model

    def one(layer: Any, *shape: int, dtype: str = "float32") -> Any:
        given = k.Input(shape, dtype=dtype)
        return k.Model(given, layer(given))

    def heads(*order: int, names: Any = (None, None)) -> Any:
        given = k.Input((4,))
        made = [layers.Dense(3, name=name)(given) for name in names]
        return k.Model(given, [made[i] for i in order])

    def branches(*order: int, names: Any = (None, None)) -> Any:
        given = k.Input((4,))
        made = [k.Sequential([layers.Dense(4, name=name)]) for name in names]
        return k.Model(given, layers.Concatenate()([made[i](given) for i in order]))

    class Scale(layers.Layer):
        def build(self, shape: Any) -> None:
            kept = self.add_weight(name="factor", shape=(4,))
            # Keras 2 and 3 keep it under names of their own.
            setattr(self, f"kept_by_{k.__name__}", kept)

        def call(self, x: Any) -> Any:
            return x * getattr(self, f"kept_by_{k.__name__}")

    def row(*order: int) -> Any:
        given = k.Input((4,))
        made = [layers.Dense(4) for _ in order]
        x = given
        for i in order:
            x = made[i](x)
        return k.Model(given, x)

    class Listed(k.Model):
        def __init__(self, made: list[Any]) -> None:
            super().__init__()
            self.parts = made

        def call(self, x: Any) -> Any:
            for part in self.parts:
                x = part(x)
            return x

    def listed(made: list[Any]) -> Any:
        model = Listed(made)
        model(random(1, 4))
        return model

    def tied(is_one: bool) -> Any:
        first = layers.Dense(4)
        return listed([first, first if is_one else layers.Dense(4)])

    def gru(**options: Any) -> Any:
        return one(layers.GRU(3, **options), 4, 2)

    return {
        "chain": lambda: chain(4, 4),
        "longer": lambda: chain(4, 4, 4),
        "wider": lambda: chain(4, 5),
        "tail": lambda: chain(4, 4, 3),
        "middle": lambda: chain(4, 5, 4, 4),
        "named": lambda: chain(4, 4, names=("a", "b")),
        "named back": lambda: chain(4, 4, names=("b", "a")),
        "heads": lambda: heads(0, 1),
        "heads back": lambda: heads(1, 0),
        "named heads": lambda: heads(0, 1, names=("a", "b")),
        "named heads back": lambda: heads(1, 0, names=("a", "b")),
        "scale": lambda: one(Scale(), 4),
        "row": lambda: row(0, 1, 2),
        "row made backwards": lambda: row(2, 1, 0),
        "branches": lambda: branches(0, 1),
        "branches back": lambda: branches(1, 0),
        "named branches": lambda: branches(0, 1, names=("a", "b")),
        "named branches back": lambda: branches(1, 0, names=("a", "b")),
        "list": lambda: listed([layers.Dense(4), layers.Dense(4)]),
        "list back": lambda: listed([layers.Dense(4), layers.Dense(4)][::-1]),
        "shifted list": lambda: listed(
            [layers.Dropout(0.5), layers.Dense(4), layers.Dense(4)]
        ),
        "longer list": lambda: listed([layers.Dense(4) for _ in range(3)]),
        "tied": lambda: tied(True),
        "untied": lambda: tied(False),
        "gru": gru,
        "gru before": lambda: gru(reset_after=False),
        "norm": lambda: one(layers.BatchNormalization(), 4),
        "norm without scale": lambda: one(layers.BatchNormalization(scale=False), 4),
        "layer norm": lambda: one(layers.LayerNormalization(), 4),
        "group norm": lambda: one(layers.GroupNormalization(2), 4),
        "embedding": lambda: one(layers.Embedding(4, 3), 2, dtype="int32"),
        "dense": lambda: one(layers.Dense(3, use_bias=False), 4),
        "conv": lambda: one(layers.Conv2D(4, 2), 5, 5, 4),
        "conv transpose": lambda: one(layers.Conv2DTranspose(4, 2), 5, 5, 4),
        "lstm": lambda: one(layers.LSTM(3), 4, 2),
    }


def randomize(model: Any) -> None:
    """Gives all weights random values; variances positive ones."""
    generator = np.random.default_rng(1)
    values = []
    for weight in model.get_weights():
        drawn = generator.uniform(0.1, 1, np.shape(weight))
        values.append(drawn.astype(np.asarray(weight).dtype))
    model.set_weights(values)


#: What is loaded: {case: (checkpoint, model, path of the model in it)}.
PREDICTED = {
    **{f"{name} of save_weights": (name, name, "") for name in MODELS},
    "a model under a checkpoint": ("sequential-c", "sequential", "model"),
    "a trained model": ("trained", "sequential", ""),
    "a SavedModel": ("saved_model", "sequential", ""),
    "functional of Keras 3": ("functional-keras3", "functional", "model"),
    "attention of Keras 3": ("attention-keras3", "attention", "model"),
    "convolutions of Keras 3": ("convolutions-keras3", "convolutions", "model"),
}

#: What is refused: {case: (model, what is stored, what the message says)}.
REFUSED = {
    f"{model} is not {stored}": (model, stored, text)
    for model, stored, text in (
        ("chain", "longer", "has no place"),
        ("longer", "chain", "nothing in the checkpoint leads to it"),
        ("chain", "wider", "shape [4, 5] in the checkpoint, [4, 4] in the model"),
        ("named back", "named", "'b'"),
        ("heads back", "heads", "the other way round"),
        ("named heads back", "named heads", "is at another place"),
        ("branches back", "branches", "the other way round"),
        ("named branches back", "named branches", "is at another place"),
        ("list back", "list", "the other way round"),
        ("list", "list back", "the other way round"),
        ("shifted list", "list", "has no place"),
        ("untied", "tied", "several in the model"),
        ("tied", "untied", "one in the model"),
        ("gru before", "gru", "shape [2, 9] in the checkpoint, [9] in the model"),
        ("gru", "gru before", "shape [9] in the checkpoint, [2, 9] in the model"),
        ("norm without scale", "norm", "gamma"),
        ("norm", "norm without scale", "gamma"),
        ("group norm", "layer norm", "is a layer_normalization"),
        ("conv transpose", "conv", "is a conv2d"),
        ("lstm", "gru", "shape"),
        ("dense", "embedding", "no object of the checkpoint"),
        ("embedding", "dense", "no object of the checkpoint"),
    )
}


def cases(path: Path) -> list[str]:
    """Gives the names of the functions of a file that take the folder alone."""
    return re.findall(r"^def (\w+)\(folder: Path\) -> None:", path.read_text(), re.M)
