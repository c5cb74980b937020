"""Image models of Keras and of PyTorch: `python vision_child.py FOLDER RULES`.

Keras runs on torch. Its model is the original; a checkpoint of the original's names
is loaded by the rules into the other library's, which has to give the same numbers.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch

import fastckpt
import fastckpt.torch
import outcomes
import vision_names

FOLDER, RULES = map(Path, sys.argv[1:3])
CLASSES = 7


def efficientnet(size: int) -> Any:
    return _application("EfficientNetB0", size)


def mobilenet_v3(size: int) -> Any:
    return _application("MobileNetV3Large", size, include_preprocessing=False)


def inception_v3(size: int) -> Any:
    return _application("InceptionV3", size)


def _application(name: str, size: int, **options: Any) -> Any:
    make = getattr(keras.applications, name)
    shape = (size, size, 3)
    options |= {"input_shape": shape, "classes": CLASSES, "weights": None}
    return make(classifier_activation=None, **options)


def simclr(size: int) -> Any:
    """ResNet-50 in the order of google-research/simclr's code: shortcuts come first."""
    layers = keras.layers

    def add(
        x: Any, filters: int, kernel: int, stride: int, is_last: bool = False
    ) -> Any:
        if stride > 1:
            x = layers.ZeroPadding2D((kernel - 1) // 2)(x)
        padding = "same" if stride == 1 else "valid"
        x = layers.Conv2D(filters, kernel, stride, padding, use_bias=False)(x)
        x = layers.BatchNormalization(epsilon=1e-5)(x)
        return x if is_last else layers.ReLU()(x)

    inputs = keras.Input((size, size, 3))
    x = layers.MaxPooling2D(3, 2, "same")(add(inputs, 64, 7, 2))
    for stage, count in enumerate((3, 4, 6, 3)):
        for block in range(count):
            width, stride = 64 << stage, 2 if stage and not block else 1
            shortcut = x if block else add(x, 4 * width, 1, stride, True)
            x = add(add(x, width, 1, 1), width, 3, stride)
            x = layers.ReLU()(add(x, 4 * width, 1, 1, True) + shortcut)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(CLASSES)(x))


def timm(name: str) -> Any:
    import timm as library

    return library.create_model(name, num_classes=CLASSES)


def efficientnet_pytorch() -> Any:
    from efficientnet_pytorch import EfficientNet

    return EfficientNet.from_name("efficientnet-b0", num_classes=CLASSES)


def inception_of_timm() -> Any:
    # Where TensorFlow's mean has no pixel torch's has a zero, at the borders.
    model = timm("inception_v3")
    pool = torch.nn.functional.avg_pool2d

    def avg_pool2d(*args: Any, **kwargs: Any) -> Any:
        return pool(*args, **(kwargs | {"count_include_pad": False}))

    torch.nn.functional.avg_pool2d = avg_pool2d
    return model


#: By rules: the library, its model, Keras's, the names, how large pictures are, and
#: by how much Keras's model divides what it is given.
CASES: dict[str, tuple[str, Callable[[], Any], Callable[[int], Any], Any, int, int]] = {
    "efficientnet_b0": (
        *("timm", lambda: timm("tf_efficientnet_b0"), efficientnet),
        *(vision_names.efficientnet, 64, 255),
    ),
    "efficientnet_pytorch": (
        *("efficientnet_pytorch", efficientnet_pytorch, efficientnet),
        *(vision_names.efficientnet, 64, 255),
    ),
    # Of an odd number of pixels max pooling leaves out none, in both libraries.
    "simclr": (
        *("timm", lambda: timm("resnet50"), simclr, vision_names.simclr, 62, 1),
    ),
    "mobilenet_v3": (
        *("timm", lambda: timm("tf_mobilenetv3_large_100"), mobilenet_v3),
        *(vision_names.mobilenet_v3, 64, 1),
    ),
    "inception_v3": (
        *("timm", inception_of_timm, inception_v3, vision_names.inception_v3, 75, 1),
    ),
}


def randomize(model: Any) -> None:
    draw = np.random.default_rng(5)
    weights = [it for layer in model.layers for it in layer.weights]
    for weight in weights:
        if weight.path.startswith("normalization/"):
            continue  # of the pictures
        shape = tuple(weight.shape)
        if weight.name in ("gamma", "moving_variance"):
            value = draw.uniform(0.5, 1.5, shape)
        elif len(shape) > 1:
            fan = int(np.prod(shape)) // max(shape[-1], 1)
            is_depthwise = len(shape) == 4 and shape[-1] == 1
            fan = shape[0] * shape[1] if is_depthwise else fan
            value = draw.normal(size=shape) * np.sqrt(2 / fan)
        else:
            value = draw.normal(size=shape) * 0.3
        if weight.dtype == "float64":  # what float32 has, too
            weight.assign(value.astype(np.float32).astype(np.float64))


def check(name: str) -> None:
    _, make, original, names, size, scale = CASES[name]
    keras.utils.clear_session()
    theirs = original(size)
    randomize(theirs)
    path = FOLDER / name
    fastckpt.save(path, names(theirs))
    ours = make()
    rules = fastckpt.Rules.parse((RULES / f"{name}.rules").read_text())
    plan = fastckpt.torch.match(path, ours, rules)
    assert plan.is_finished, f"{plan}"[-3000:]
    assert not plan.proposed, plan.proposed
    assert not [it for it in plan.idle if "Average" not in it], plan.idle
    plan.load()
    ours = ours.double().eval()
    pictures = np.random.default_rng(3).normal(size=(2, size, size, 3))
    with torch.no_grad():
        wanted = theirs(torch.tensor(pictures * scale), training=False).numpy()
    outputs = ours(torch.tensor(pictures).permute(0, 3, 1, 2))
    assert wanted.shape == (2, CLASSES)
    # Keras takes some means in float32, whatever it is told.
    reach = 1e-4 * np.abs(wanted).max()
    np.testing.assert_allclose(outputs.detach().numpy(), wanted, rtol=0, atol=reach)
    # Each parameter must matter more, or its place would show nothing.
    (outputs * torch.linspace(1, 2, CLASSES)).sum().backward()
    weak = {
        key: matter
        for key, it in ours.named_parameters()
        if (matter := (it.grad * it).abs().sum().item()) < reach
    }
    assert not weak, weak


if __name__ == "__main__":
    keras.config.set_dtype_policy("float64")
    keras.config.set_floatx("float64")
    print(json.dumps(outcomes.of_each({it: CASES[it][0] for it in CASES}, check)))
