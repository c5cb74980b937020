"""Layers of models of several kinds, by both of their names, chosen at random."""

from __future__ import annotations

import random
from collections import Counter
from typing import NamedTuple

from fastckpt.matching.propose import Target

Shape = tuple[int, ...]
_NORM = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


class Layer(NamedTuple):
    """A layer by its two names. Its shape is a kernel's, or a vector's."""

    theirs: str
    ours: str
    kind: str
    shape: Shape

    def tensors(self) -> list[tuple[str, str, Shape, Target]]:
        """Gives of each tensor the two names and what either side has."""
        size = self.shape[-1:]
        if self.kind in ("batch", "layer_norm"):
            leaves = list(_NORM.items())[: 4 if self.kind == "batch" else 2]
            return [self._put(*it, size, Target(size, "norm")) for it in leaves]
        if self.kind == "embedding":
            ours = Target(self.shape, self.kind)
            return [self._put("embeddings", "weight", self.shape, ours)]
        *field, inner, outer = self.shape
        turned = (outer, inner, *field)
        stored = self.shape
        if self.kind == "conv_transpose2d":
            turned, stored = (inner, outer, *field), (*field, outer, inner)
        made = [self._put("kernel", "weight", stored, Target(turned, self.kind))]
        if self.kind == "linear":
            made.append(self._put("bias", "bias", size, Target(size, self.kind)))
        return made

    def _put(
        self, theirs: str, ours: str, shape: Shape, target: Target
    ) -> tuple[str, str, Shape, Target]:
        return f"{self.theirs}/{theirs}", f"{self.ours}.{ours}", shape, target


class _Counter:
    """Names layers as Keras does: conv2d, conv2d_1, conv2d_2 in one scope."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def __call__(self, name: str) -> str:
        number = self._counts[name]
        self._counts[name] += 1
        return f"{name}_{number}" if number else name


def _conv(theirs: str, ours: str, size: int, inner: int, outer: int) -> Layer:
    return Layer(theirs, ours, "conv2d", (size, size, inner, outer))


def residual(draw: random.Random) -> list[Layer]:
    layers: list[Layer] = []
    style = draw.choice(["keras", "letter", "flat", "counted"])
    target = draw.choice(["layer{s}.{b}", "stages.{i}.blocks.{b}", "blocks.{n}"])
    expansion, has_shortcuts = draw.choice([1, 2, 4]), draw.random() < 0.7
    comes_before, inside, count = draw.random() < 0.5, 8, 0
    for stage in range(draw.randint(1, 3)):
        width = draw.choice([8, 16, 16, 32])
        for block in range(draw.randint(1, 4)):
            theirs = {
                "keras": f"conv{stage + 2}_block{block + 1}_{{k}}_{{kind}}",
                "letter": f"block{stage + 1}{chr(97 + block)}_{{k}}_{{kind}}",
                "flat": f"blocks_{count}/{{kind}}_{{k}}",
                "counted": f"res/block_{count}/{{kind}}_{{k}}",
            }[style]
            ours = target.format(s=stage + 1, i=stage, b=block, n=count)
            is_short = block == 0 and has_shortcuts
            layers += _residual_block(
                (theirs, ours),
                (inside, width, expansion),
                is_short,
                comes_before,
                style in ("keras", "letter"),
            )
            inside, count = width * expansion, count + 1
    return layers


def _residual_block(
    names: tuple[str, str],
    sizes: tuple[int, int, int],
    is_short: bool,
    comes_before: bool,
    counts_from_one: bool,
) -> list[Layer]:
    (theirs, ours), (inside, width, expansion) = names, sizes
    outside = width * expansion
    layers = []
    if is_short:
        name = theirs.format(kind="conv", k=0)
        layers.append(_conv(name, f"{ours}.downsample.0", 1, inside, outside))
        if not comes_before:
            name = theirs.format(kind="bn", k=0)
            layers.append(Layer(name, f"{ours}.downsample.1", "batch", (outside,)))
    first = 1 if counts_from_one or is_short else 0
    plain = [(1, inside, width), (3, width, width), (1, width, outside)]
    for at, (size, inner, outer) in enumerate(plain):
        name = theirs.format(kind="conv", k=first + at)
        layers.append(_conv(name, f"{ours}.conv{at + 1}", size, inner, outer))
        is_own = comes_before and not counts_from_one
        name = theirs.format(kind="bn", k=at if is_own else first + at)
        normed = inner if comes_before else outer
        layers.append(Layer(name, f"{ours}.bn{at + 1}", "batch", (normed,)))
    return layers


def unet(draw: random.Random) -> list[Layer]:
    count, layers, inside = _Counter(), [], 3
    depth, per, width = draw.randint(2, 4), draw.choice([1, 2, 3]), draw.choice([8, 16])
    grows, is_normed = draw.random() < 0.7, draw.random() < 0.5
    theirs = draw.choice(["{side}{n}_{kind}{m}", "{kind}", "unet/{side}_{i}/{kind}"])
    ours = draw.choice(["{side}s.{i}.{kind}.{k}", "{side}{n}.{kind}{m}"])
    sizes = [width << (level if grows else 0) for level in range(depth + 1)]

    def add(side: str, level: int, k: int, kind: str, shape: Shape) -> None:
        said = {"side": side, "i": level, "n": level + 1, "k": k, "m": k + 1}
        name = theirs.format(kind=kind, **said)
        name = name if "{m}" in theirs else count(name)
        target = ours.format(kind=kind, **said)
        kind = "conv_transpose2d" if kind == "conv2d_transpose" else kind
        layers.append(Layer(name, target, kind, shape))

    def add_level(side: str, level: int, inner: int, outer: int) -> None:
        for k in range(per):
            add(side, level, k, "conv2d", (3, 3, inner if k == 0 else outer, outer))
            if is_normed:
                add(side, level, k, "batch", (outer,))

    for level in range(depth):
        add_level("down", level, inside, sizes[level])
        inside = sizes[level]
    add_level("mid", 0, inside, sizes[depth])
    inside = sizes[depth]
    for at, level in enumerate(reversed(range(depth))):
        add("up", at, 0, "conv2d_transpose", (2, 2, inside, sizes[level]))
        add_level("up", at, 2 * sizes[level], sizes[level])
        inside = sizes[level]
    layers.append(_conv(count("head_conv2d"), "head", 1, inside, 2))
    return layers


def densenet(draw: random.Random) -> list[Layer]:
    growth, inside = draw.choice([4, 8, 16]), 16
    width = draw.choice([growth, 4 * growth])
    theirs, leaves = draw.choice(
        [
            ("conv{b}_block{n}_", ("0_bn", "1_conv", "1_bn", "2_conv")),
            ("dense_block_{s}/layer_{i}/", ("norm", "conv2d", "norm_1", "conv2d_1")),
            ("net/block{s}/unit{n}/", ("a/bn", "a/conv", "b/bn", "b/conv")),
        ]
    )
    ours = draw.choice(
        ["features.denseblock{t}.denselayer{n}", "stages.{s}.layers.{i}"]
    )
    layers = [_conv("stem/conv", "features.conv0", 7, 3, inside)]
    for stage in range(draw.randint(1, 3)):
        said = {"s": stage, "t": stage + 1, "b": stage + 2}
        for at in range(draw.randint(1, 5)):
            scope = theirs.format(i=at, n=at + 1, **said)
            names = [scope + leaf for leaf in leaves]
            target = ours.format(i=at, n=at + 1, **said)
            layers += [
                Layer(names[0], f"{target}.norm1", "batch", (inside,)),
                _conv(names[1], f"{target}.conv1", 1, inside, width),
                Layer(names[2], f"{target}.norm2", "batch", (width,)),
                _conv(names[3], f"{target}.conv2", 3, width, growth),
            ]
            inside += growth
        name, target = f"pool_{stage}", f"transitions.{stage}"
        layers.append(Layer(f"{name}/bn", f"{target}.norm", "batch", (inside,)))
        layers.append(_conv(f"{name}/conv", f"{target}.conv", 1, inside, inside // 2))
        inside //= 2
    return layers


def inception(draw: random.Random) -> list[Layer]:
    count, layers, inside = _Counter(), [], 16
    theirs = draw.choice(["Mixed_5{l}/Branch_{b}/Conv2d_0{j}_{s}x{s}", "conv2d"])
    branches = ["branch1x1", "branch5x5_{n}", "branch3x3dbl_{n}", "branch_pool"]
    is_nested = draw.random() < 0.5
    for number in range(draw.randint(1, 5)):
        width = draw.choice([8, 16, 16])
        plan = [[1], [1, 3], [1, 3, 3], [1]][: draw.randint(2, 4)]
        for b, filters in enumerate(plan):
            inner = inside
            for k, size in enumerate(filters):
                said = {"l": chr(98 + number), "b": b, "j": chr(97 + k), "s": size}
                name = theirs.format(**said)
                norm = f"{name}/BatchNorm" if "/" in name else count("batch_norm")
                name = name if "/" in name else count(name)
                ours = f"Mixed_5{said['l']}.{branches[b].format(n=k + 1)}"
                ours = f"blocks.{number}.branches.{b}.{k}" if is_nested else ours
                layers.append(_conv(name, f"{ours}.conv", size, inner, width))
                layers.append(Layer(norm, f"{ours}.bn", "batch", (width,)))
                inner = width
        inside = width * len(plan)
    return layers


def transformer(draw: random.Random) -> list[Layer]:
    hidden, depth = draw.choice([8, 16]), draw.randint(1, 5)
    wide = hidden * draw.choice([1, 2, 4])
    theirs, leaves = draw.choice(
        [
            ("bert/{net}/layer_{i}/", "query key value out/dense up down ln_1 ln_2"),
            ("model/{net[0]}h{i}/", "c_q c_k c_v c_proj mlp/c_fc mlp/c_proj ln_1 ln_2"),
            ("{net}/b{i}/", "x0 x1 x2 x3 y0 y1 n0 n1"),
        ]
    )
    ours, parts = draw.choice(
        [
            ("{net}.layer.{i}.", "query key value out.dense up down norm1 norm2"),
            ("{net}s.{i}.", "m0 m1 m2 m3 f0 f1 n0 n1"),
        ]
    )
    layers = [
        Layer(f"embed/{one}", f"embeddings.{other}", "embedding", (50, hidden))
        for one, other in (("token", "words"), ("position", "position"))
    ]
    shapes = [(hidden, hidden)] * 4 + [(hidden, wide), (wide, hidden)] + [(hidden,)] * 2
    nets = ("encoder", "decoder") if draw.random() < 0.3 else ("encoder",)
    for net in nets:
        for i in range(depth):
            names = zip(leaves.split(), parts.split(), shapes, strict=True)
            for leaf, part, shape in names:
                kind = "linear" if len(shape) > 1 else "layer_norm"
                one, other = theirs.format(net=net, i=i), ours.format(net=net, i=i)
                layers.append(Layer(one + leaf, other + part, kind, shape))
    return layers


def gan(draw: random.Random) -> list[Layer]:
    layers, width, depth = [], draw.choice([8, 16]), draw.randint(2, 5)
    grows = draw.random() < 0.5
    conv, norm = draw.choice([("conv{n}", "bn{n}"), ("conv2d_{i}", "norm_{i}")])
    ours = draw.choice(["main.{a} main.{b}", "layers.{i}.conv layers.{i}.norm"])
    nets = draw.choice([("G", "D"), ("generator", "discriminator"), ("net0", "net1")])
    for theirs, net in zip(("generator", "discriminator"), nets, strict=True):
        inside = width
        widths = [width << (i if grows else 0) for i in range(depth)]
        for i, outside in enumerate(widths if theirs[0] == "d" else widths[::-1]):
            said = {"i": i, "n": i + 1, "a": 3 * i, "b": 3 * i + 1}
            targets = [f"{net}.{it.format(**said)}" for it in ours.split()]
            name = f"{theirs}/{conv.format(**said)}"
            layers.append(_conv(name, targets[0], 4, inside, outside))
            name = f"{theirs}/{norm.format(**said)}"
            layers.append(Layer(name, targets[1], "batch", (outside,)))
            inside = outside
        shape = (inside, draw.choice([1, 10]))
        layers.append(Layer(f"{theirs}/dense", f"{net}.fc", "linear", shape))
    return layers


def recurrent(draw: random.Random) -> list[Layer]:
    hidden, count = draw.choice([8, 16]), _Counter()
    is_counted, target = draw.random() < 0.5, draw.choice(["{}s.{i}", "{}{n}"])
    layers = [Layer("embedding", "embed", "embedding", (40, hidden))]
    kinds = {
        "lstm": ("recurrent", (hidden, 4 * hidden)),
        "dense": ("linear", (hidden, hidden)),
        "layer_normalization": ("layer_norm", (hidden,)),
    }
    for i in range(draw.randint(1, 4)):
        for name, (kind, shape) in kinds.items():
            theirs = count(name) if is_counted else f"rnn/layer_{i}/{name}"
            ours = target.format(name.partition("_")[0], i=i, n=i + 1)
            layers.append(Layer(theirs, ours, kind, shape))
    theirs = count("dense") if is_counted else "output/dense"
    layers.append(Layer(theirs, "head", "linear", (hidden, draw.choice([hidden, 3]))))
    return layers


FAMILIES = {
    make.__name__: make
    for make in (residual, unet, densenet, inception, transformer, gan, recurrent)
}
