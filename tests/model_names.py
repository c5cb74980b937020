"""Names and shapes of known models: as TensorFlow has them, and as torch does.

Written from the layers, so that each name's counterpart is known.
"""

from __future__ import annotations

from collections.abc import Callable

from fastckpt.matching.propose import Target

Shape = tuple[int, ...]

# The last words of names in checkpoints: of Keras, of TF-slim, of OpenAI's GPT-2.
KERAS = {"kernel": "kernel", "bias": "bias", "norm": ""}
SLIM = {"kernel": "weights", "bias": "biases", "norm": "/BatchNorm"}
GPT = {"kernel": "w", "bias": "b", "norm": ""}


class Model:
    """Collects what a checkpoint has, what a model has, and which is which."""

    def __init__(self, leaves: dict[str, str]) -> None:
        self.sources: dict[str, Shape] = {}
        self.targets: dict[str, Target] = {}
        self.truth: dict[str, str] = {}
        self._leaves = leaves

    def put(
        self, theirs: str, source: Shape, ours: str, target: Shape, kind: str
    ) -> None:
        self.sources[theirs] = source
        if ours:
            self.targets[ours] = Target(target, kind)
            self.truth[ours] = theirs

    def dense(self, theirs: str, ours: str, sizes: Shape, kind: str = "linear") -> None:
        kernel, bias = self._leaves["kernel"], self._leaves["bias"]
        is_turned = kind == "linear"
        stored = (1, *sizes) if kernel == "w" else sizes
        shape = sizes[::-1] if is_turned else sizes
        weight = ours and f"{ours}.weight"
        self.put(f"{theirs}/{kernel}", stored, weight, shape, kind)
        last = ours and f"{ours}.bias"
        self.put(f"{theirs}/{bias}", sizes[1:], last, sizes[1:], kind)

    def conv(
        self, theirs: str, ours: str, shape: Shape, bias: bool = False, leaf: str = ""
    ) -> None:
        """Adds a filter of shape (height, width, in, out); (..., 1) is depthwise."""
        height, width, inner, outer = shape
        sizes = (inner, 1) if outer == 1 else (outer, inner)
        leaf = leaf or self._leaves["kernel"]
        turned = (*sizes, height, width)
        self.put(f"{theirs}/{leaf}", shape, f"{ours}.weight", turned, "conv2d")
        if bias:
            # Keras keeps a bias before a normalization, torch does not.
            last = f"{theirs}/{self._leaves['bias']}"
            self.put(last, (outer,), "", (), "")

    def batch_norm(self, theirs: str, ours: str, size: int) -> None:
        words = {
            "gamma": "weight",
            "beta": "bias",
            "moving_mean": "running_mean",
            "moving_variance": "running_var",
        }
        for word, other in words.items():
            name = f"{theirs}{self._leaves['norm']}/{word}"
            self.put(name, (size,), f"{ours}.{other}", (size,), "norm")
        self.targets[f"{ours}.num_batches_tracked"] = Target((), "norm")

    def layer_norm(
        self, theirs: str, ours: str, size: int, words: tuple[str, str]
    ) -> None:
        for word, other in zip(words, ("weight", "bias"), strict=True):
            name = ours and f"{ours}.{other}"
            self.put(f"{theirs}/{word}", (size,), name, (size,), "norm")

    def plain(self) -> dict[str, Target]:
        """The targets with nothing known of their layers."""
        return {name: Target(target.shape) for name, target in self.targets.items()}

    @property
    def tracked(self) -> dict[str, Target]:
        """The targets that have a value of their own."""
        return {
            name: target
            for name, target in self.targets.items()
            if not name.endswith("num_batches_tracked")
        }


def bert(layers: int = 12, width: int = 768, heads: bool = True) -> Model:
    """google-research/bert's pretraining checkpoint, and Hugging Face's BertModel."""
    model = Model(KERAS)
    norm = ("gamma", "beta")
    sizes = {"word": 30522, "position": 512, "token_type": 2}
    for word, size in sizes.items():
        name = f"{word}_embeddings"
        ours = f"embeddings.{name}.weight"
        shape = (size, width)
        model.put(f"bert/embeddings/{name}", shape, ours, shape, "embedding")
    scope = "bert/embeddings/LayerNorm"
    model.layer_norm(scope, "embeddings.LayerNorm", width, norm)
    for layer in range(layers):
        theirs, ours = f"bert/encoder/layer_{layer}", f"encoder.layer.{layer}"
        dense = {
            "attention/self/query": (width, width),
            "attention/self/key": (width, width),
            "attention/self/value": (width, width),
            "attention/output/dense": (width, width),
            "intermediate/dense": (width, 4 * width),
            "output/dense": (4 * width, width),
        }
        for path, shape in dense.items():
            dotted = path.replace("/", ".")
            model.dense(f"{theirs}/{path}", f"{ours}.{dotted}", shape)
        for path in ("attention/output/LayerNorm", "output/LayerNorm"):
            dotted = path.replace("/", ".")
            model.layer_norm(f"{theirs}/{path}", f"{ours}.{dotted}", width, norm)
    model.dense("bert/pooler/dense", "pooler.dense", (width, width))
    if heads:
        model.dense("cls/predictions/transform/dense", "", (width, width))
        model.layer_norm("cls/predictions/transform/LayerNorm", "", width, norm)
        model.put("cls/predictions/output_bias", (30522,), "", (), "")
        model.put("cls/seq_relationship/output_weights", (2, width), "", (), "")
        model.put("cls/seq_relationship/output_bias", (2,), "", (), "")
    return model


def gpt2(layers: int = 12, width: int = 768) -> Model:
    """OpenAI's GPT-2, and Hugging Face's GPT2Model."""
    model = Model(GPT)
    for word, size in {"wte": 50257, "wpe": 1024}.items():
        shape = (size, width)
        model.put(f"model/{word}", shape, f"{word}.weight", shape, "embedding")
    for layer in range(layers):
        for path, factors in {
            "attn/c_attn": (1, 3),
            "attn/c_proj": (1, 1),
            "mlp/c_fc": (1, 4),
            "mlp/c_proj": (4, 1),
        }.items():
            theirs, ours = f"model/h{layer}/{path}", f"h.{layer}.{path}"
            shape = (factors[0] * width, factors[1] * width)
            model.dense(theirs, ours.replace("/", "."), shape, "transposed_linear")
        for norm in ("ln_1", "ln_2"):
            theirs, ours = f"model/h{layer}/{norm}", f"h.{layer}.{norm}"
            model.layer_norm(theirs, ours, width, ("g", "b"))
    model.layer_norm("model/ln_f", "ln_f", width, ("g", "b"))
    return model


def resnet50(is_slim: bool) -> Model:
    """Keras' or TF-slim's ResNet-50, and torchvision's."""
    model = Model(SLIM if is_slim else KERAS)

    def add(theirs: str, conv: str, norm: str, shape: Shape) -> None:
        middle = ("", "") if is_slim else ("_conv", "_bn")
        model.conv(theirs + middle[0], conv, shape, not is_slim)
        model.batch_norm(theirs + middle[1], norm, shape[3])

    root = "resnet_v1_50/" if is_slim else ""
    add(f"{root}conv1", "conv1", "bn1", (7, 7, 3, 64))
    inner = 64
    for stage, (count, width) in enumerate(
        zip((3, 4, 6, 3), (64, 128, 256, 512), strict=True), 1
    ):
        for unit in range(1, count + 1):
            ours = f"layer{stage}.{unit - 1}"
            theirs = f"conv{stage + 1}_block{unit}_"
            names = ["0", "1", "2", "3"]
            if is_slim:
                theirs = f"{root}block{stage}/unit_{unit}/bottleneck_v1/"
                names = ["shortcut", "conv1", "conv2", "conv3"]
            if unit == 1:
                pair = f"{ours}.downsample.0", f"{ours}.downsample.1"
                add(theirs + names[0], *pair, (1, 1, inner, 4 * width))
            shapes = [(1, 1, inner, width), (3, 3, width, width)]
            shapes.append((1, 1, width, 4 * width))
            for number, shape in enumerate(shapes, 1):
                pair = f"{ours}.conv{number}", f"{ours}.bn{number}"
                add(theirs + names[number], *pair, shape)
            inner = 4 * width
    if is_slim:
        model.put(
            f"{root}logits/weights",
            (1, 1, 2048, 1000),
            "fc.weight",
            (1000, 2048),
            "linear",
        )
        model.put(f"{root}logits/biases", (1000,), "fc.bias", (1000,), "linear")
    else:
        model.dense("predictions", "fc", (2048, 1000))
    return model


def mobilenet_v1() -> Model:
    """TF-slim's MobileNet V1, and Hugging Face's."""
    model = Model(SLIM)
    sizes = [64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
    stem = "mobilenet_v1.conv_stem"
    model.conv("MobilenetV1/Conv2d_0", f"{stem}.convolution", (3, 3, 3, 32))
    model.batch_norm("MobilenetV1/Conv2d_0", f"{stem}.normalization", 32)
    inner = 32
    for number, outer in enumerate(sizes, 1):
        for turn, word, shape, leaf in (
            (0, "depthwise", (3, 3, inner, 1), "depthwise_weights"),
            (1, "pointwise", (1, 1, inner, outer), "weights"),
        ):
            theirs = f"MobilenetV1/Conv2d_{number}_{word}"
            ours = f"mobilenet_v1.layer.{2 * (number - 1) + turn}"
            model.conv(theirs, f"{ours}.convolution", shape, leaf=leaf)
            size = outer if turn else inner
            model.batch_norm(theirs, f"{ours}.normalization", size)
        inner = outer
    return model


# Of the blocks of MobileNet V2: by how much they widen, how wide they are, how many.
_BLOCKS = [(1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3)]
_BLOCKS.append((6, 320, 1))


def mobilenet_v2(names: Callable[[int, int, int, str], tuple[str, str]]) -> Model:
    """Keras' MobileNet V2, and another's, by a function that gives the names.

    Args:
        names: Of a block, its stage, its number there and a layer the names of the
            filter and of its normalization.
    """
    model = Model(KERAS)

    def add(theirs: str, norm: str, ours: tuple[str, str], shape: Shape) -> None:
        model.conv(theirs, ours[0], shape)
        model.batch_norm(norm, ours[1], shape[2] if shape[3] == 1 else shape[3])

    add("Conv1", "bn_Conv1", names(-1, 0, 0, "stem"), (3, 3, 3, 32))
    inner, block = 32, 0
    for stage, (factor, outer, count) in enumerate(_BLOCKS):
        for number in range(count):
            middle = factor * inner
            shapes = {
                "expand": (1, 1, inner, middle),
                "depthwise": (3, 3, middle, 1),
                "project": (1, 1, middle, outer),
            }
            for word, shape in shapes.items():
                if factor > 1 or word != "expand":
                    scope = f"block_{block}" if block else "expanded_conv"
                    theirs = f"{scope}_{word}"
                    ours = names(block, stage, number, word)
                    add(theirs, f"{theirs}_BN", ours, shape)
            inner, block = outer, block + 1
    add("Conv_1", "Conv_1_bn", names(block, 0, 0, "last"), (1, 1, 320, 1280))
    return model


def as_torchvision(block: int, stage: int, number: int, word: str) -> tuple[str, str]:
    ours = f"features.{block + 1}"
    if word in ("stem", "last"):
        return f"{ours}.0", f"{ours}.1"
    order = ["expand", "depthwise", "project"][block == 0 :]
    at = order.index(word)
    if word == "project":
        return f"{ours}.conv.{at}", f"{ours}.conv.{at + 1}"
    return f"{ours}.conv.{at}.0", f"{ours}.conv.{at}.1"


def as_timm(block: int, stage: int, number: int, word: str) -> tuple[str, str]:
    if word in ("stem", "last"):
        return ("conv_stem", "bn1") if word == "stem" else ("conv_head", "bn2")
    order = ["expand", "depthwise", "project"][block == 0 :]
    words = ["conv_pw", "conv_dw", "conv_pwl"] if block else ["conv_dw", "conv_pw"]
    at = order.index(word)
    ours = f"blocks.{stage}.{number}"
    return f"{ours}.{words[at]}", f"{ours}.bn{at + 1}"
