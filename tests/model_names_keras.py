"""Names and shapes of Keras's VGG16 and DenseNet121, and of torchvision's."""

from __future__ import annotations

import model_names

_VGG = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
_DENSE = (6, 12, 24, 16)


def vgg16() -> model_names.Model:
    model = model_names.Model(model_names.KERAS)
    inside, at = 3, 0
    for block, sizes in enumerate(_VGG, 1):
        for number, outside in enumerate(sizes, 1):
            theirs, ours = f"block{block}_conv{number}", f"features.{at}"
            shape = (3, 3, inside, outside)
            model.conv(theirs, ours, shape)
            model.put(
                f"{theirs}/bias", (outside,), f"{ours}.bias", (outside,), "conv2d"
            )
            inside, at = outside, at + 2  # each has a ReLU behind it
        at += 1  # and each block a pooling
    model.dense("fc1", "classifier.0", (7 * 7 * 512, 4096))
    model.dense("fc2", "classifier.3", (4096, 4096))
    model.dense("predictions", "classifier.6", (4096, 1000))
    return model


def densenet121() -> model_names.Model:
    model = model_names.Model(model_names.KERAS)
    model.conv("conv1_conv", "features.conv0", (7, 7, 3, 64))
    _norm(model, "conv1_bn", "features.norm0", 64)
    inside = 64
    for stage, count in enumerate(_DENSE, 1):
        for number in range(1, count + 1):
            theirs = f"conv{stage + 1}_block{number}"
            ours = f"features.denseblock{stage}.denselayer{number}"
            _norm(model, f"{theirs}_0_bn", f"{ours}.norm1", inside)
            model.conv(f"{theirs}_1_conv", f"{ours}.conv1", (1, 1, inside, 128))
            _norm(model, f"{theirs}_1_bn", f"{ours}.norm2", 128)
            model.conv(f"{theirs}_2_conv", f"{ours}.conv2", (3, 3, 128, 32))
            inside += 32
        if stage < len(_DENSE):
            theirs, ours = f"pool{stage + 1}", f"features.transition{stage}"
            _norm(model, f"{theirs}_bn", f"{ours}.norm", inside)
            shape = (1, 1, inside, inside // 2)
            model.conv(f"{theirs}_conv", f"{ours}.conv", shape)
            inside //= 2
    _norm(model, "bn", "features.norm5", inside)
    model.dense("predictions", "classifier", (inside, 1000))
    return model


def _norm(model: model_names.Model, theirs: str, ours: str, size: int) -> None:
    names = {"gamma": "weight", "beta": "bias"}
    names |= {"moving_mean": "running_mean", "moving_variance": "running_var"}
    for one, other in names.items():
        model.put(f"{theirs}/{one}", (size,), f"{ours}.{other}", (size,), "norm")
