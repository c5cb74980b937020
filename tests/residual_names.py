"""Names of residual networks: layers counted in blocks, and as torch has them."""

from __future__ import annotations

from typing import NamedTuple

from fastckpt.matching.propose import Target

#: The checkpoint's: Keras's and Flax's count layers in blocks of one flat count, the
#: last in blocks of stages.
NAMINGS = ("keras", "flax", "stages")
#: The model's: blocks of torchvision's layers, of stages, of one flat count.
TARGETS = ("torchvision", "stages", "flat")
_NORM = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


class Model(NamedTuple):
    """A checkpoint's shapes, a model's, and which of the former is which."""

    sources: dict[str, tuple[int, ...]]
    targets: dict[str, Target]
    truth: dict[str, str]

    def add(
        self, source: str, target: str, shape: tuple[int, ...], ours: Target
    ) -> None:
        self.sources[source] = shape
        self.targets[target] = ours
        self.truth[target] = source


class _Layers:
    """Adds layers, and counts those of a block."""

    def __init__(self, model: Model, naming: str) -> None:
        self._model, self._naming = model, naming
        self._block = ""
        self._counts: dict[str, int] = {}

    def begin(self, block: str) -> None:
        self._block, self._counts = block, {}

    def _name(self, flax: str, keras: str) -> str:
        number = self._counts.get(keras, 0)
        self._counts[keras] = number + 1
        if self._naming == "flax":
            return f"{self._block}{flax}_{number}"
        return f"{self._block}{keras}" + (f"_{number}" if number else "")

    def add(self, conv: str, norm: str, size: int, inside: int, outside: int) -> None:
        """Adds a filter and its normalization."""
        self._model.add(
            f"{self._name('Conv', 'conv2d')}/kernel",
            f"{conv}.weight",
            (size, size, inside, outside),
            Target((outside, inside, size, size), "conv2d"),
        )
        name = self._name("BatchNorm", "batch_normalization")
        for theirs, ours in _NORM.items():
            target = Target((outside,), "norm")
            self._model.add(f"{name}/{theirs}", f"{norm}.{ours}", (outside,), target)


def make(
    naming: str,
    targets: str,
    depths: tuple[int, ...],
    expansion: int,
    is_shortcut_first: bool,
) -> Model:
    """Makes a residual network.

    Args:
        naming: Of NAMINGS.
        targets: Of TARGETS.
        depths: How many blocks each stage has.
        expansion: By how much blocks are wider at their end; 1: of two filters.
        is_shortcut_first: Whether a block's shortcut is counted before its filters.
    """
    model = Model({}, {}, {})
    layers = _Layers(model, naming)
    layers.add("conv1", "bn1", 7, 3, 8)
    inside, count = 8, 0
    for stage, depth in enumerate(depths):
        width = 8 << stage
        for block in range(depth):
            source = f"stage_{stage}/block_{block}/"
            layers.begin(source if naming == "stages" else f"block_{count}/")
            target = {
                "torchvision": f"layer{stage + 1}.{block}",
                "stages": f"layers.{stage}.{block}",
                "flat": f"blocks.{count}",
            }[targets]
            _add_block(layers, target, (inside, width, expansion), is_shortcut_first)
            inside, count = width * expansion, count + 1
    model.add("dense/kernel", "fc.weight", (inside, 10), Target((10, inside), "linear"))
    model.add("dense/bias", "fc.bias", (10,), Target((10,), "linear"))
    return model


def _add_block(
    layers: _Layers, name: str, sizes: tuple[int, int, int], is_shortcut_first: bool
) -> None:
    inside, width, expansion = sizes
    outside = width * expansion
    shortcut = (f"{name}.downsample.0", f"{name}.downsample.1", 1, inside, outside)
    plain = [(3, inside, width), (3, width, width)]
    if expansion > 1:
        plain = [(1, inside, width), (3, width, width), (1, width, outside)]
    has_shortcut = inside != outside
    if has_shortcut and is_shortcut_first:
        layers.add(*shortcut)
    for number, sizes_of_one in enumerate(plain, 1):
        layers.add(f"{name}.conv{number}", f"{name}.bn{number}", *sizes_of_one)
    if has_shortcut and not is_shortcut_first:
        layers.add(*shortcut)
