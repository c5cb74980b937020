"""The real sizes of the data, in words for titles; from the shapes alone."""

from __future__ import annotations

from math import prod

from benchmarks.data import models

__all__ = ["facts", "in_bytes"]

_ITEM = 4


def in_bytes(size: float) -> str:
    """Formats a size with the largest unit that leaves a whole part."""
    for power, name in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size >= 1 << power:
            return f"{size / (1 << power):.4g} {name}"
    return f"{size:.4g} B"


def _bytes(shapes: models.Shapes) -> int:
    return sum(prod(shape) * _ITEM for shape in shapes.values())


def facts(nbytes: int, tensors: int) -> dict[str, str]:
    """Gives {name: text} for the titles of rows, for data of a size."""
    bert, embedding = models.bert(nbytes), models.embedding(nbytes)
    resnet = models.resnet(min(nbytes, 100 << 20))
    rows, columns = embedding[models.MATRIX]
    ((table_rows, table_columns),) = models.table(nbytes).values()
    return {
        "bert": f"{len(bert)} tensors, {in_bytes(_bytes(bert))}",
        "bert_count": f"{len(bert)}",
        "small": f"{tensors:,} tensors",
        "pages": f"{len(models.pages(nbytes)):,} tensors of {in_bytes(4096)}",
        "strings": f"{tensors:,} strings",
        "resnet": f"{len(resnet)} tensors of a ResNet, {in_bytes(_bytes(resnet))}",
        "one": in_bytes(prod(embedding[models.ONE_TENSOR]) * _ITEM),
        "table": f"{table_rows:,} x {table_columns}, "
        f"{in_bytes(table_rows * table_columns * _ITEM)}",
        "matrix": f"{rows:,} x {columns}, {in_bytes(rows * columns * _ITEM)}",
    }
