"""Makes the data with TensorFlow: for a child process only.

`python -m benchmarks.data.make FOLDER NBYTES TENSORS` writes each checkpoint, the
same tensors for safetensors, a table of places for the floor and manifest.json.
What proves the bytes is computed here, from the arrays that TensorFlow was given.
"""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

from benchmarks.data import digest, models, row_numbers
from benchmarks.data.folder import VERSION

ROWS = (1000, 1128)  # of the matrix, that a row of the table reads
_PARTS = 8
_Arrays = dict[str, np.ndarray]


def _fill(shapes: models.Shapes, seed: int) -> _Arrays:
    generator = np.random.default_rng(seed)
    return {name: generator.random(shape, np.float32) for name, shape in shapes.items()}


def _save(prefix: Path, arrays: _Arrays) -> None:
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(arrays),
        shape_and_slices=[""] * len(arrays),
        tensors=[tf.constant(array) for array in arrays.values()],
    )


def _save_in_parts(prefix: Path, name: str, array: np.ndarray) -> None:
    step = len(array) // _PARTS
    full = f"{array.shape[0]} {array.shape[1]}"
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=[name] * _PARTS,
        shape_and_slices=[f"{full} {i * step},{step}:-" for i in range(_PARTS)],
        tensors=[tf.constant(array[i * step : (i + 1) * step]) for i in range(_PARTS)],
    )


def _write_table(path: Path, arrays: _Arrays) -> list[list[int]]:
    """Data lies in the order in which it was given."""
    places, offset = [], 0
    for array in arrays.values():
        places.append([offset, array.nbytes, digest.crc32c(array)])
        offset += array.nbytes
    path.write_text("".join("{} {} {}\n".format(*place) for place in places))
    return places


def _plain(folder: Path, name: str, arrays: _Arrays) -> dict[str, Any]:
    """Writes a checkpoint and what its peers read; gives the manifest's entry."""
    _save(folder / name, arrays)
    save_file(arrays, folder / f"{name}.safetensors")
    places = _write_table(folder / f"{name}.table", arrays)
    return {
        "tensors": len(arrays),
        "nbytes": sum(array.nbytes for array in arrays.values()),
        "digest": digest.of_arrays(arrays),
        "listing": digest.of_listing((n, a.dtype, a.shape) for n, a in arrays.items()),
        "places": {
            name: [offset, list(array.shape)]
            for (name, array), (offset, _, _) in zip(
                arrays.items(), places, strict=True
            )
        },
    }


def _embedding(folder: Path, nbytes: int) -> dict[str, Any]:
    arrays = _fill(models.embedding(nbytes), 4)
    matrix, one = arrays[models.MATRIX], arrays[models.ONE_TENSOR]
    entry = _plain(folder, "embedding", arrays)
    _save_in_parts(folder / "partitioned", models.MATRIX, matrix)
    offset = entry["places"][models.ONE_TENSOR][0]
    (folder / "one.table").write_text(f"{offset} {one.nbytes} {digest.crc32c(one)}\n")
    begin, end = ROWS
    entry["rows"] = digest.of_arrays({models.MATRIX: matrix[begin:end]})
    entry["one"] = digest.of_arrays({models.ONE_TENSOR: one})
    return entry


def _table(folder: Path, nbytes: int) -> dict[str, Any]:
    """Writes the table, and what must be found by those who ask for some rows."""
    arrays = _fill(models.table(nbytes), 5)
    table = arrays[models.MATRIX]
    entry = _plain(folder, "table", arrays)
    wanted = {
        "single": row_numbers.single(len(table)),
        "batches": row_numbers.batches(len(table)),
        "many": row_numbers.many(len(table)),
    }
    for name, rows in wanted.items():
        entry[name] = digest.of_arrays({models.MATRIX: table[rows]})
    # For the floor: the rows that it gathers, and how the result must be.
    wanted["many"].astype(np.int64).tofile(folder / "gather.table.rows")
    gathered = table[wanted["many"]]
    (folder / "gather.table").write_text(
        f"0 {gathered.nbytes} {digest.crc32c(gathered)}\n"
    )
    return entry


def _strings(folder: Path, count: int) -> dict[str, Any]:
    words = np.array([b"word %d" % i * (1 + i % 5) for i in range(count)], object)
    tensor = tf.constant(words.tolist(), tf.string)
    tf.raw_ops.SaveV2(
        prefix=str(folder / "strings"),
        tensor_names=["vocabulary"],
        shape_and_slices=[""],
        tensors=[tensor],
    )
    return {"tensors": 1, "digest": digest.of_strings({"vocabulary": words})}


def _new_process(arrays: _Arrays) -> dict[str, Any]:
    """Gives the tensor that new processes read, and what they must find."""
    name = "bert/encoder/layer_0/attention/self/query/kernel"
    return {"name": name, "crc32": zlib.crc32(arrays[name])}


def main(folder: Path, nbytes: int, tensors: int) -> None:
    bert = _fill(models.bert(nbytes), 1)
    manifest = {
        "version": VERSION,
        "nbytes": nbytes,
        "numpy": np.__version__,
        "tensorflow": tf.__version__,
        "bert": _plain(folder, "bert", bert),
        "new_process": _new_process(bert),
    }
    del bert
    resnet = _fill(models.resnet(min(nbytes, 100 << 20)), 2)
    manifest["resnet"] = _plain(folder, "resnet", resnet)
    manifest["pages"] = _plain(folder, "pages", _fill(models.pages(nbytes), 6))
    manifest["small"] = _plain(folder, "small", _fill(models.small(tensors), 3))
    manifest["embedding"] = _embedding(folder, nbytes)
    manifest["table"] = _table(folder, nbytes)
    manifest["strings"] = _strings(folder, tensors)
    (folder / "manifest.json").write_text(json.dumps(manifest))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
