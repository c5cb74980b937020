"""What TensorFlow's checkpoints call the weights of image models that Keras has, too.

Each function takes a model of Keras and gives the variables of the checkpoint that
its authors published: names by scopes and by counting, in the order of their code.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np

Variables = dict[str, np.ndarray]

_SLIM = {"kernel": "weights", "bias": "biases"}


def efficientnet(model: Any) -> Variables:
    """tensorflow/tpu: what is made in a scope is counted there."""
    named: Variables = {}
    counts: Counter[str] = Counter()
    letters: list[str] = []
    for layer in _with_weights(model):
        block = re.match(r"block\d[a-z]_", layer.name)
        if block and block[0] not in letters:
            letters.append(block[0])
        scope = f"blocks_{letters.index(block[0])}" if block else "stem"
        if layer.name.startswith(("top_", "predictions")):
            scope = "head"
        if "_se_" in layer.name:
            scope += "/se"
        kind = {"DepthwiseConv2D": "depthwise_conv2d", "Conv2D": "conv2d"}.get(
            type(layer).__name__, "dense"
        )
        if layer.name.endswith("bn"):
            kind = "tpu_batch_normalization"
        path = f"efficientnet-b0/{scope}/{kind}"
        count = counts[path]
        counts[path] += 1
        path += f"_{count}" if count else ""
        for leaf, value in _list_weights(layer):
            is_depthwise = kind == "depthwise_conv2d" and leaf == "kernel"
            named[f"{path}/{'depthwise_' * is_depthwise}{leaf}"] = value
    return _with_averages(named)


def simclr(model: Any) -> Variables:
    """google-research/simclr: one count for all layers, which are of default names."""
    named: Variables = {}
    for layer in _with_weights(model):
        is_head = layer.name.startswith("dense")
        scope = "head_supervised/linear_layer" if is_head else "base_model"
        for leaf, value in _list_weights(layer):
            named[f"{scope}/{layer.name}/{leaf}"] = value
            if leaf in ("kernel", "gamma"):
                named[f"{scope}/{layer.name}/{leaf}/Momentum"] = value + 1
    head = {"head_contrastive/nl_0/dense/kernel": np.ones((2, 3), np.float32)}
    return {**named, **head, "global_step": np.int64(7)}


def mobilenet_v3(model: Any) -> Variables:
    """tensorflow/models, slim."""
    named: Variables = {}
    for layer in _with_weights(model):
        name = re.sub(r"^logits$", "Logits/Conv2d_1c_1x1", layer.name)
        name = re.sub(r"^conv(?=$|_)", "Conv", name)
        name = re.sub(r"_bn$", "/BatchNorm", name)
        name = re.sub(
            r"^(expanded_conv(?:_\d+)?)_(expand|depthwise|project|squeeze_excite)",
            r"\1/\2",
            name,
        )
        name = name.replace("squeeze_excite_conv", "squeeze_excite/Conv")
        for leaf, value in _list_weights(layer):
            leaf = _SLIM.get(leaf, leaf)
            if name.endswith("/depthwise"):
                leaf = f"depthwise_{leaf}"
            named[f"MobilenetV3/{name}/{leaf}"] = value
    return _with_averages(named)


def inception_v3(model: Any) -> Variables:
    """tensorflow/models, slim: no gamma, a filter in the place of the last matrix."""
    scopes = _list_inception()
    named: Variables = {}
    for layer in _with_weights(model):
        kind, _, number = layer.name.partition("_")
        if kind == "predictions":
            top = "InceptionV3/Logits/Conv2d_1c_1x1"
            kernel, bias = (value for _, value in _list_weights(layer))
            named[f"{top}/weights"] = kernel[None, None]
            named[f"{top}/biases"] = bias
            continue
        is_norm = layer.name.startswith("batch_normalization")
        number = re.search(r"_(\d+)$", layer.name)
        scope = scopes[int(number[1]) if number else 0]
        for leaf, value in _list_weights(layer):
            leaf = f"BatchNorm/{leaf}" if is_norm else _SLIM[leaf]
            named[f"InceptionV3/{scope}/{leaf}"] = value
    aux = "InceptionV3/AuxLogits/Conv2d_1b_1x1/weights"
    named[aux] = np.ones((1, 1, 768, 128), np.float32)
    return _with_averages(named)


def _list_inception() -> list[str]:
    """Gives the scopes of the filters in the order of slim's code."""
    scopes = ["1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3"]
    scopes = [f"Conv2d_{it}" for it in scopes]
    seven = ["0a_1x1", "0b_7x1", "0c_1x7", "0d_7x1", "0e_1x7"]
    for block in "bcd":
        five = ["Conv2d_0a_1x1", "Conv2d_0b_5x5"]
        if block == "c":
            five = ["Conv2d_0b_1x1", "Conv_1_0c_5x5"]
        branches = (
            ["Conv2d_0a_1x1"],
            five,
            ["Conv2d_0a_1x1", "Conv2d_0b_3x3", "Conv2d_0c_3x3"],
            ["Conv2d_0b_1x1"],
        )
        scopes += _list_branches(f"Mixed_5{block}", branches)
    three = ["Conv2d_0a_1x1", "Conv2d_0b_3x3", "Conv2d_1a_1x1"]
    scopes += _list_branches("Mixed_6a", (["Conv2d_1a_1x1"], three))
    for block in "bcde":
        branches = (
            ["Conv2d_0a_1x1"],
            ["Conv2d_0a_1x1", "Conv2d_0b_1x7", "Conv2d_0c_7x1"],
            [f"Conv2d_{it}" for it in seven],
            ["Conv2d_0b_1x1"],
        )
        scopes += _list_branches(f"Mixed_6{block}", branches)
    first = ["Conv2d_0a_1x1", "Conv2d_1a_3x3"]
    second = ["Conv2d_0a_1x1", "Conv2d_0b_1x7", "Conv2d_0c_7x1", "Conv2d_1a_3x3"]
    scopes += _list_branches("Mixed_7a", (first, second))
    for block, last in (("b", "Conv2d_0b_3x1"), ("c", "Conv2d_0c_3x1")):
        branches = (
            ["Conv2d_0a_1x1"],
            ["Conv2d_0a_1x1", "Conv2d_0b_1x3", last],
            ["Conv2d_0a_1x1", "Conv2d_0b_3x3", "Conv2d_0c_1x3", "Conv2d_0d_3x1"],
            ["Conv2d_0b_1x1"],
        )
        scopes += _list_branches(f"Mixed_7{block}", branches)
    return scopes


def _list_branches(block: str, branches: tuple[list[str], ...]) -> list[str]:
    return [
        f"{block}/Branch_{number}/{name}"
        for number, names in enumerate(branches)
        for name in names
    ]


def _with_weights(model: Any) -> list[Any]:
    has_none = ("normalization", "rescaling")
    return [it for it in model.layers if it.weights and it.name not in has_none]


def _list_weights(layer: Any) -> list[tuple[str, np.ndarray]]:
    return [(it.name, it.numpy().astype(np.float32)) for it in layer.weights]


def _with_averages(named: Variables) -> Variables:
    """Adds what the authors' optimizer keeps beside each, which is never wanted."""
    own = {f"{name}/ExponentialMovingAverage": it + 1 for name, it in named.items()}
    slots = {
        f"{name}/{slot}": it + 2
        for name, it in named.items()
        for slot in ("RMSProp", "RMSProp_1")
        if "moving_" not in name
    }
    return {**named, **own, **slots, "global_step": np.int64(7)}
