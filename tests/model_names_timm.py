"""Names and shapes of models as timm has them: EfficientNet, ResNet V2."""

from __future__ import annotations

from model_names import KERAS, SLIM, Model

# Of the stages of EfficientNet-B0: the filters, by how much they widen, how wide and
# how many they are.
_STAGES = [(3, 1, 16, 1), (3, 6, 24, 2), (5, 6, 40, 2), (3, 6, 80, 3)]
_STAGES += [(5, 6, 112, 3), (5, 6, 192, 4), (3, 6, 320, 1)]


def efficientnet(is_tpu: bool) -> Model:
    """EfficientNet-B0 of Keras or of tensorflow/tpu, and timm's tf_efficientnet_b0."""
    model = Model(KERAS)
    block = 0

    def add(theirs: str, norm: str, ours: tuple[str, str], shape: tuple) -> None:
        leaf = "depthwise_kernel" if shape[3] == 1 and is_tpu else ""
        model.conv(theirs, ours[0], shape, leaf=leaf)
        model.batch_norm(norm, ours[1], shape[2] if shape[3] == 1 else shape[3])

    def ends(keras: str, tpu: str) -> tuple[str, str]:
        if not is_tpu:
            return f"{keras}_conv", f"{keras}_bn"
        scope = f"efficientnet-b0/{tpu}"
        return f"{scope}/conv2d", f"{scope}/tpu_batch_normalization"

    add(*ends("stem", "stem"), ("conv_stem", "bn1"), (3, 3, 3, 32))
    inner = 32
    for stage, (size, factor, outer, count) in enumerate(_STAGES):
        for number in range(count):
            ours = f"blocks.{stage}.{number}"
            middle = factor * inner
            squeezed = inner // 4
            parts = [("expand", (1, 1, inner, middle), "conv_pw")]
            parts += [("dw", (size, size, middle, 1), "conv_dw")]
            parts += [("project", (1, 1, middle, outer), "conv_pwl")]
            if factor == 1:
                parts = [parts[1], (*parts[2][:2], "conv_pw")]
            for place, (word, shape, conv) in enumerate(parts):
                names = _name(is_tpu, block, stage, number, word, place, factor > 1)
                add(*names, (f"{ours}.{conv}", f"{ours}.bn{place + 1}"), shape)
            scope = f"block{stage + 1}{'abcdefg'[number]}_se_"
            squeeze = f"efficientnet-b0/blocks_{block}/se/conv2d"
            for word, end, shape in (
                ("reduce", "", (middle, squeezed)),
                ("expand", "_1", (squeezed, middle)),
            ):
                theirs = squeeze + end if is_tpu else scope + word
                _add_squeeze(model, theirs, f"{ours}.se.conv_{word}", shape)
            inner, block = outer, block + 1
    add(*ends("top", "head"), ("conv_head", "bn2"), (1, 1, 320, 1280))
    top = "efficientnet-b0/head/dense" if is_tpu else "predictions"
    model.dense(top, "classifier", (1280, 1000))
    return model


def _name(
    is_tpu: bool,
    block: int,
    stage: int,
    number: int,
    word: str,
    place: int,
    widens: bool,
) -> tuple[str, str]:
    if not is_tpu:
        scope = f"block{stage + 1}{'abcdefg'[number]}_"
        if word == "dw":
            return f"{scope}dwconv", f"{scope}bn"
        return f"{scope}{word}_conv", f"{scope}{word}_bn"
    scope = f"efficientnet-b0/blocks_{block}"
    counts = [f"_{place}" if place else "", ""]
    counts[1] = "_1" if widens and word == "project" else ""
    kind = "depthwise_conv2d" if word == "dw" else f"conv2d{counts[1]}"
    return f"{scope}/{kind}", f"{scope}/tpu_batch_normalization{counts[0]}"


def _add_squeeze(model: Model, theirs: str, ours: str, sizes: tuple[int, int]) -> None:
    kernel = (1, 1, *sizes)
    turned = (*sizes[::-1], 1, 1)
    model.put(f"{theirs}/kernel", kernel, f"{ours}.weight", turned, "conv2d")
    bias = sizes[1:]
    model.put(f"{theirs}/bias", bias, f"{ours}.bias", bias, "conv2d")


def resnet_v2(is_slim: bool) -> Model:
    """ResNet-50 V2 of TF-slim or of Keras, and timm's resnetv2_50."""
    model = Model(SLIM if is_slim else KERAS)
    root = "resnet_v2_50/" if is_slim else ""
    first = "conv1" if is_slim else "conv1_conv"
    model.conv(f"{root}{first}", "stem.conv", (7, 7, 3, 64), True)
    inner = 64
    for stage, (count, width) in enumerate(
        zip((3, 4, 6, 3), (64, 128, 256, 512), strict=True)
    ):
        for unit in range(count):
            ours = f"stages.{stage}.blocks.{unit}"
            theirs = f"conv{stage + 2}_block{unit + 1}_"
            ends = ("preact_bn", "0_conv", "{}_conv", "{}_bn")
            if is_slim:
                theirs = f"{root}block{stage + 1}/unit_{unit + 1}/bottleneck_v2/"
                ends = ("preact", "shortcut", "conv{}", "conv{}/BatchNorm")
            _add_norm(model, theirs + ends[0], f"{ours}.norm1", inner)
            outer = 4 * width
            if unit == 0:
                shape = (1, 1, inner, outer)
                model.conv(theirs + ends[1], f"{ours}.downsample.conv", shape, True)
            shapes = [(1, 1, inner, width), (3, 3, width, width), (1, 1, width, outer)]
            for number, shape in enumerate(shapes, 1):
                conv = theirs + ends[2].format(number)
                model.conv(conv, f"{ours}.conv{number}", shape, number == 3)
                if number < 3:
                    norm = theirs + ends[3].format(number)
                    _add_norm(model, norm, f"{ours}.norm{number + 1}", width)
            inner = outer
    _add_norm(model, f"{root}postnorm" if is_slim else "post_bn", "norm", inner)
    top = f"{root}logits" if is_slim else "predictions"
    kernel, bias = ("weights", "biases") if is_slim else ("kernel", "bias")
    stored = (1, 1, 2048, 1000) if is_slim else (2048, 1000)
    model.put(f"{top}/{kernel}", stored, "head.fc.weight", (1000, 2048, 1, 1), "conv2d")
    model.put(f"{top}/{bias}", (1000,), "head.fc.bias", (1000,), "conv2d")
    return model


def _add_norm(model: Model, theirs: str, ours: str, size: int) -> None:
    words = {
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
    for word, other in words.items():
        model.put(f"{theirs}/{word}", (size,), f"{ours}.{other}", (size,), "norm")
