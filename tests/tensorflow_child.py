"""What tests ask of TensorFlow, in a process of its own.

`python tensorflow_child.py write FOLDER` writes random checkpoints of every layout;
`python tensorflow_child.py read FOLDER` reads the ones that FOLDER/prefixes lists.
Both leave what TensorFlow reads from them in FOLDER/contents, a pickle of
{prefix: {name: (type, shape, bytes or list of strings)}}; a tensor that TensorFlow
cannot read is None there.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import children

Contents = dict[str, dict[bytes, tuple[str, tuple[int, ...], Any] | None]]


def run(command: str, folder: Path) -> Contents:
    """Runs this file in a child process and gives what TensorFlow read."""
    children.run_with_tensorflow(__file__, command, folder)
    return pickle.loads((folder / "contents").read_bytes())


def _restore(tf, prefix: str, name: bytes, dtype) -> tuple | None:
    from tensorflow_files import bits, from_tensorflow

    try:
        tensor = tf.raw_ops.RestoreV2(
            prefix=prefix,
            tensor_names=[name],
            shape_and_slices=[""],
            dtypes=[dtype],
        )[0]
    except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError):
        return None
    value = from_tensorflow(tensor)
    return dtype.name, value.shape, bits(value)


def _contents(tf, prefixes: dict[str, dict[bytes, str]]) -> Contents:
    return {
        prefix: {
            name: _restore(tf, prefix, name, tf.as_dtype(dtype))
            for name, dtype in names.items()
        }
        for prefix, names in prefixes.items()
    }


def _random_tensors(generator, dtypes: list, count: int) -> tuple[dict, dict]:
    """Gives tensors of random types and shapes, and slices for some of them."""
    import numpy as np

    from dtype_table import random_array

    tensors, specs = {}, {}
    for number in range(count):
        name = f"scope{generator.integers(3)}/tensor{number}"
        shape = tuple(generator.integers(0, 6, generator.integers(0, 4)))
        shape = tuple(map(int, shape))
        if generator.integers(8) == 0:
            value = np.empty(shape, object)
            for index in np.ndindex(*shape):
                value[index] = generator.bytes(int(generator.integers(30)))
            tensors[name] = value, "string"
            continue
        dtype = dtypes[generator.integers(len(dtypes))]
        tensors[name] = random_array(dtype, shape, generator), dtype.name
        if shape and shape[0] > 2 and 0 not in shape and generator.integers(2):
            rest = ":-" * (len(shape) - 1)
            cut = int(generator.integers(1, shape[0]))
            specs[name] = [f"0,{cut}{rest}", f"{cut},{shape[0] - cut}{rest}"]
    return tensors, specs


def _many_blocks(folder: Path) -> tuple[Path, dict]:
    """Writes an index of several blocks."""
    import numpy as np

    from tensorflow_files import save

    tensors = {
        f"{number:05d}/{'name' * 10}": (np.array(number, np.int32), "int32")
        for number in range(8000)
    }
    save(folder / "many", tensors, {})
    return folder / "many", tensors


def _large_v1(folder: Path) -> tuple[Path, dict]:
    """Writes a V1 file of several blocks, two records larger than a block."""
    import numpy as np

    from tensorflow_files import save_v1

    generator = np.random.default_rng(5)
    tensors = {
        "large": (generator.standard_normal(100_000, np.float32), "float32"),
        "numbers": (generator.integers(-(2**31), 2**31, 40_000), "int64"),
    }
    for number in range(40):
        tensors[f"small{number}"] = generator.standard_normal(2000), "float64"
    save_v1(folder / "large_v1", tensors, {})
    return folder / "large_v1", tensors


def _write(tf, folder: Path) -> None:
    import numpy as np

    from dtype_table import FIXED
    from tensorflow_files import save, save_v1
    from v1_maker import FIELD_OF

    unwritten = {"uint32", "uint64"}
    v1 = [d for d in FIXED if d.number in FIELD_OF and d.name not in unwritten]
    written = [_many_blocks(folder), _large_v1(folder)]
    for seed in range(10):
        generator = np.random.default_rng(seed)
        for kind, write, dtypes in (("v2", save, FIXED), ("v1", save_v1, v1)):
            tensors, specs = _random_tensors(generator, dtypes, 3 + 4 * seed)
            prefix = folder / f"{kind}-{seed}"
            write(prefix, tensors, specs)
            written.append((prefix, tensors))
    prefixes = {
        str(prefix): {name.encode(): dtype for name, (_, dtype) in tensors.items()}
        for prefix, tensors in written
    }
    (folder / "contents").write_bytes(pickle.dumps(_contents(tf, prefixes)))


def _read(tf, folder: Path) -> None:
    prefixes = pickle.loads((folder / "prefixes").read_bytes())
    (folder / "contents").write_bytes(pickle.dumps(_contents(tf, prefixes)))


if __name__ == "__main__":
    import tensorflow

    {"write": _write, "read": _read}[sys.argv[1]](tensorflow, Path(sys.argv[2]))
