"""The tensors of the data: shapes of real models, scaled to a size."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = [
    "MATRIX",
    "ONE_TENSOR",
    "bert",
    "embedding",
    "pages",
    "resnet",
    "small",
    "table",
]

Shapes = dict[str, tuple[int, ...]]

_LAYERS = 24
_ITEM = 4  # everything is float32
# What the rows ask for by name.
ONE_TENSOR = "dense/kernel"  # 12.8 MB at full size
MATRIX = "embedding/table"  # 256 MB at full size


def bert(nbytes: int) -> Shapes:
    """Gives 400 tensors of about `nbytes`, named and proportioned as BERT's."""
    hidden = max(16, int((nbytes / _ITEM / (12 * _LAYERS + 20)) ** 0.5) // 8 * 8)
    shapes: Shapes = {
        "bert/embeddings/word_embeddings": (20 * hidden, hidden),
        "bert/embeddings/position_embeddings": (512, hidden),
        "bert/embeddings/token_type_embeddings": (2, hidden),
        "bert/pooler/dense/kernel": (hidden, hidden),
        "bert/pooler/dense/bias": (hidden,),
        "cls/predictions/output_bias": (20 * hidden,),
    }
    shapes |= {f"bert/{name}": (hidden,) for name in _norms("embeddings")}
    for layer in range(_LAYERS):
        shapes |= _bert_layer(f"bert/encoder/layer_{layer}", hidden)
    heads = 400 - len(shapes)
    return shapes | {f"cls/head_{i}/kernel": (hidden, 2) for i in range(heads)}


def _bert_layer(scope: str, hidden: int) -> Shapes:
    shapes: Shapes = {}
    for name, rows, columns in (
        ("attention/self/query", 1, 1),
        ("attention/self/key", 1, 1),
        ("attention/self/value", 1, 1),
        ("attention/output/dense", 1, 1),
        ("intermediate/dense", 1, 4),
        ("output/dense", 4, 1),
    ):
        shapes[f"{scope}/{name}/kernel"] = (rows * hidden, columns * hidden)
        shapes[f"{scope}/{name}/bias"] = (columns * hidden,)
    for part in ("attention/output", "output"):
        shapes |= {f"{scope}/{name}": (hidden,) for name in _norms(part)}
    return shapes


def _norms(scope: str) -> Iterator[str]:
    yield f"{scope}/LayerNorm/beta"
    yield f"{scope}/LayerNorm/gamma"


def resnet(nbytes: int) -> Shapes:
    """Gives a ResNet-50: 53 convolutions with their batch norms."""
    width = max(8, int(64 * (nbytes / (100 << 20)) ** 0.5) // 8 * 8)
    shapes = _convolution("resnet/conv1", 7, 3, width)
    channels = width
    for stage, blocks in enumerate((3, 4, 6, 3)):
        inner = width << stage
        for block in range(blocks):
            scope = f"resnet/stage{stage}/block{block}"
            if block == 0:
                shapes |= _convolution(f"{scope}/shortcut", 1, channels, 4 * inner)
            shapes |= _convolution(f"{scope}/conv1", 1, channels, inner)
            shapes |= _convolution(f"{scope}/conv2", 3, inner, inner)
            shapes |= _convolution(f"{scope}/conv3", 1, inner, 4 * inner)
            channels = 4 * inner
    return shapes | {"resnet/dense/kernel": (channels, 1000)}


def _convolution(scope: str, size: int, before: int, after: int) -> Shapes:
    norms = ("beta", "gamma", "moving_mean", "moving_variance")
    return {f"{scope}/kernel": (size, size, before, after)} | {
        f"{scope}/bn/{name}": (after,) for name in norms
    }


def small(count: int) -> Shapes:
    """Gives `count` tensors of 16 to 256 bytes."""
    return {
        f"model/table_{i // 100:05d}/slot_{i % 100:02d}/weights": (1 + i % 16, 4)
        for i in range(count)
    }


def pages(nbytes: int) -> Shapes:
    """Gives tensors of 4 KiB, 100,000 where `nbytes` is a GiB."""
    count = max(16, round(100_000 * nbytes / (1 << 30)))
    return {f"layer_{i // 100:04d}/part_{i % 100:02d}": (1024,) for i in range(count)}


def embedding(nbytes: int) -> Shapes:
    """Gives a large matrix, of 256 MB where `nbytes` is a GiB, and one beside it."""
    rows = max(1024, round(500_000 * nbytes / (1 << 30)))
    return {
        MATRIX: (rows // 8 * 8, 128),
        ONE_TENSOR: (max(64, round(3200 * min(1, nbytes / (1 << 30)))), 1000),
    }


def table(nbytes: int) -> Shapes:
    """Gives a table of about `nbytes` whose rows are 512 bytes."""
    return {MATRIX: (max(1024, nbytes // 512), 128)}
