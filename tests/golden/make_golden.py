"""Makes the golden checkpoints with TensorFlow: `python make_golden.py [FOLDER]`.

Each folder holds one checkpoint and an `expected.json` of the form that
`expected_json` describes. The digests are those of the values that were saved;
TensorFlow must read each of them back before anything is written down.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import tensorflow as tf

from dtype_table import BY_NAME, FIXED, Dtype, random_array
from expected_json import Tensors, write_expected
from tensorflow_files import assert_restores, save, save_v1, to_tensorflow
from v1_maker import FIELD_OF

HERE = Path(__file__).resolve().parent
# V1 files carry these in their fields, but TensorFlow writes no such tensors.
V1_UNWRITTEN = {"uint32", "uint64"}
# The prefix, the tensors, and which spelling of slices each was saved with.
Saved = tuple[str, Tensors, dict[str, list[str]]]


def random(dtype: Dtype | str, *shape: int) -> tuple[np.ndarray, str]:
    """Gives random values; the seed is made of the type and the shape."""
    dtype = BY_NAME[dtype] if isinstance(dtype, str) else dtype
    generator = np.random.default_rng([dtype.number, *shape])
    return random_array(dtype, shape, generator), dtype.name


def strings(*texts: bytes) -> tuple[np.ndarray, str]:
    """Gives a vector of strings."""
    return np.array(texts, object), "string"


def one_tensor(folder: Path) -> Saved:
    """The smallest: float32 [1, 2], the example of the format."""
    tensors = {"a": (np.array([1, 2], np.float32), "float32")}
    save(folder / "model", tensors, {})
    return "model", tensors, {}


def every_dtype(folder: Path) -> Saved:
    """Every fixed-size type as a scalar, a vector, a matrix and without elements."""
    shapes = {"scalar": (), "vector": (3,), "matrix": (2, 5), "empty": (2, 0, 3)}
    tensors = {
        f"{dtype.name}/{name}": random(dtype, *shape)
        for dtype in FIXED
        for name, shape in shapes.items()
    }
    save(folder / "model", tensors, {})
    return "model", tensors, {}


STRINGS = {
    "empty": (np.zeros((0, 3), object), "string"),
    "scalar": (np.array(b"q", object), "string"),
    "empty scalar": (np.array(b"", object), "string"),
    "mixed": strings(b"ab", b"", b"xyz", b"\0", b"\xff\xfe", bytes(range(256))),
    "long": strings(b"x" * 127, b"y" * 128, b"z" * 20_000),
    "matrix": (np.array([[b"a", b"bb"], [b"", b"dddd"]], object), "string"),
}


def string_tensors(folder: Path) -> Saved:
    """Strings: empty, long, no UTF-8, in every rank."""
    save(folder / "model", STRINGS, {})
    return "model", STRINGS, {}


NAMES = [
    "größe/スケール",
    "with space",
    "tab\tand\nnewline",
    "%s%n",
    "../up",
    "a[0]*?",
    "x" * 300,
]


def odd_names(folder: Path) -> Saved:
    """Names that are legal and odd; offsets that are not aligned."""
    tensors = {name: random("int16", n) for n, name in enumerate(NAMES, 1)}
    tensors["flag"] = random("bool", 3)
    tensors["behind the flag"] = random("float64", 2)
    save(folder / "model", tensors, {})
    return "model", tensors, {}


SLICES = {
    "rows": ["0,2:-", "2,3:-"],
    "explicit": ["0,2:0,4", "2,3:0,4"],
    "columns": ["-:0,1", "-:1,3"],
    "grid": ["0,3:0,2", "0,3:2,2", "3,2:0,2", "3,2:2,2"],
    "half": ["0,4:-", "4,1:-"],
    "string": ["0,2:-", "2,3:-"],
    "quantised": ["-:0,2", "-:2,2"],
    "whole": ["0,5:0,4"],
}


def sliced(folder: Path) -> Saved:
    """Partitioned tensors in both spellings of extents, in a grid, of many types."""
    texts = [[b"%d,%d" % (r, c) * c for c in range(4)] for r in range(5)]
    kinds = {"half": "float16", "columns": "int32", "quantised": "qint8"}
    tensors = {name: random(kinds.get(name, "float32"), 5, 4) for name in SLICES}
    tensors["string"] = np.array(texts, object), "string"
    tensors["plain"] = random("float32", 3)
    save(folder / "model", tensors, SLICES)
    return "model", tensors, SLICES


def merged(folder: Path) -> Saved:
    """Three shards through MergeV2Checkpoints, one tensor spread over all of them."""
    big = random("float32", 6, 3)
    specs = ["0,1:-", "1,3:-", "4,2:-"]
    tensors: Tensors = {"big": big}
    for number, spec in enumerate(specs):
        own = {
            f"part{number}/w": random("float64", number + 1),
            f"part{number}/s": strings(b"of shard", b"%d" % number),
        }
        tensors |= own
        part = folder / "parts" / f"part-{number}"
        save(part, own | {"big": big}, {"big": [spec]})
    parts = [str(folder / "parts" / f"part-{number}") for number in range(3)]
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=parts,
        destination_prefix=str(folder / "model"),
        delete_old_dirs=True,
    )
    return "model", tensors, {"big": specs}


def objects(folder: Path) -> Saved:
    """An object-based checkpoint of TensorFlow 2, with names that need escapes."""
    weights = [tf.Variable(random("float32", 2, n)[0]) for n in (2, 3)]
    inner = tf.train.Checkpoint(bias=tf.Variable(np.float64(0.5)))
    named = {"a.b/c": tf.Variable(np.int64(7))}
    model = tf.train.Checkpoint(layers=weights, scope=inner, named=named)
    prefix = Path(model.save(str(folder / "model")))
    (folder / "checkpoint").unlink()
    reader = tf.train.load_checkpoint(str(prefix))
    dtypes = reader.get_variable_to_dtype_map()
    tensors = {
        name: (np.asarray(_value(reader, name, dtype)), dtype.name)
        for name, dtype in sorted(dtypes.items())
    }
    return prefix.name, tensors, {}


def _value(reader, name: str, dtype: tf.DType) -> np.ndarray:
    return np.asarray(
        reader.get_tensor(name), object if dtype is tf.string else dtype.as_numpy_dtype
    )


def variant(folder: Path) -> Saved:
    """A variant, which is listed but not read, between two ordinary tensors."""
    items = tf.raw_ops.TensorListFromTensor(
        tensor=[1.5, 2.5], element_shape=tf.constant([], tf.int32)
    )
    tensors = {"a": random("float32", 3), "z": random("int32", 2)}
    parts = {name: to_tensorflow(*pair) for name, pair in tensors.items()}
    parts["list"] = items
    tf.raw_ops.SaveV2(
        prefix=str(folder / "model"),
        tensor_names=sorted(parts),
        shape_and_slices=[""] * 3,
        tensors=[parts[name] for name in sorted(parts)],
    )
    return "model", tensors | {"list": (np.zeros((), object), "variant")}, {}


def v1_dtypes(folder: Path) -> Saved:
    """A V1 file of every type that TensorFlow writes into one."""
    kinds = [d for d in FIXED if d.number in FIELD_OF and d.name not in V1_UNWRITTEN]
    tensors = {dtype.name: random(dtype, 2, 3) for dtype in kinds}
    tensors["scalar"] = random("float32")
    tensors["empty"] = random("int64", 0, 2)
    tensors |= {f"string/{name}": value for name, value in STRINGS.items()}
    save_v1(folder / "model", tensors, {})
    return "model", tensors, {}


def v1_sliced(folder: Path) -> Saved:
    """A V1 file of partitioned tensors."""
    specs = {name: SLICES[name] for name in ("rows", "explicit", "columns", "grid")}
    tensors = {name: random("float32", 5, 4) for name in specs}
    tensors["plain"] = random("int32", 3)
    save_v1(folder / "model", tensors, specs)
    return "model", tensors, specs


def v1_sharded(folder: Path) -> Saved:
    """Two V1 files under one pattern, one tensor spread over both."""
    big, specs = random("float32", 4, 2), ["0,1:-", "1,3:-"]
    tensors: Tensors = {"big": big}
    for number, spec in enumerate(specs):
        own = {f"part{number}": random("int32", 3)}
        tensors |= own
        path = folder / f"model-{number:05d}-of-00002"
        save_v1(path, own | {"big": big}, {"big": [spec]})
    return "model-?????-of-00002", tensors, {"big": specs}


ITEMS: list[Callable[[Path], Saved]] = [
    one_tensor,
    every_dtype,
    string_tensors,
    odd_names,
    sliced,
    merged,
    objects,
    variant,
    v1_dtypes,
    v1_sliced,
    v1_sharded,
]


def data_files(target: Path) -> list[Path]:
    """Gives the files of all items that TensorFlow wrote."""
    return sorted(
        path
        for path in target.glob("*/*")
        if path.name != "expected.json" and path.parent.name != "__pycache__"
    )


def write_readme(target: Path) -> None:
    """Writes the README: what each item is, and the digest of every file."""
    what = "".join(f"- `{item.__name__}`: {item.__doc__}\n" for item in ITEMS)
    files = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  "
        f"{path.relative_to(target).as_posix()}\n"
        for path in data_files(target)
    )
    (target / "README.md").write_text(
        "# Golden checkpoints\n\n"
        "Small checkpoints of every type and layout, written by\n"
        f"TensorFlow {tf.__version__} and NumPy {np.__version__} with "
        "`python make_golden.py`,\nwhich writes this page, too. "
        "`../expected_json.py` says what `expected.json` holds.\n\n"
        f"{what}\n## Digests\n\n```\n{files}```\n"
    )


def main(target: Path) -> None:
    """Makes every item in `target` and the README that lists them."""
    for make in ITEMS:
        folder = target / make.__name__
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        prefix, tensors, specs = make(folder)
        assert_restores(folder / prefix, tensors, specs)
        write_expected(folder, prefix, tensors)
    write_readme(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
