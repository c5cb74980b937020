"""Makes the checkpoints that the stand-in and TensorFlow are compared on.

Run with TensorFlow in a process of its own: ``python compat_samples.py FOLDER``.
"""

from __future__ import annotations

import os
import shutil
import sys

import numpy as np

NUMBERS = [
    "float16",
    "float32",
    "float64",
    "bfloat16",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "complex64",
    "complex128",
]
NARROW = ("float8_e5m2", "float8_e4m3fn", "int4", "uint4")
QUANTIZED = {
    "qint8": "int8",
    "quint8": "uint8",
    "qint16": "int16",
    "quint16": "uint16",
    "qint32": "int32",
}
# What TensorFlow's own V1 reader hands out.
V1_READABLE = ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


def tensors(tf):
    import ml_dtypes

    made = {}
    for name in NUMBERS:
        made[f"vector/{name}"] = tf.cast(tf.constant([0, 1, 2, 3]), name)
        made[f"scalar/{name}"] = tf.cast(tf.constant(1), name)
        made[f"empty/{name}"] = tf.cast(tf.zeros((0, 3)), name)
    for name in NARROW:
        made[f"vector/{name}"] = tf.constant(np.ones(4, getattr(ml_dtypes, name)))
        made[f"scalar/{name}"] = tf.constant(np.ones((), getattr(ml_dtypes, name)))
    for name, storage in QUANTIZED.items():
        plain = tf.cast(tf.constant([0, 1, 2, 3]), storage)
        made[f"vector/{name}"] = tf.bitcast(plain, name)
        made[f"scalar/{name}"] = tf.bitcast(plain[3], name)
    made["string/vector"] = tf.constant([b"a", b"", b"\xff\x00x"])
    made["string/scalar"] = tf.constant(b"hello")
    made["string/empty"] = tf.zeros((0,), tf.string)
    made["string/matrix"] = tf.constant([[b"a", b"b"], [b"c", "d\u00e9"]])
    made["global_step"] = tf.constant(1000, tf.int64)
    made["x:0"] = tf.constant(3.0)
    return made


def save_v2(tf, prefix, named):
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=list(named),
        shape_and_slices=[""] * len(named),
        tensors=list(named.values()),
    )


def save_v1(tf, path, named):
    tf.raw_ops.SaveSlices(
        filename=path,
        tensor_names=list(named),
        shapes_and_slices=[""] * len(named),
        data=list(named.values()),
    )


def save_sliced(tf, folder):
    full = np.arange(24, dtype=np.float32).reshape(4, 6)
    tf.raw_ops.SaveV2(
        prefix=f"{folder}/sliced",
        tensor_names=["part", "part", "plain", "half", "half"],
        shape_and_slices=["4 6 0,2:0,6", "4 6 2,2:-", "", "400 0,200", "400 200,200"],
        tensors=[
            full[:2],
            full[2:],
            tf.constant(1.0),
            tf.zeros(200, tf.bfloat16),
            tf.ones(200, tf.bfloat16),
        ],
    )
    tf.raw_ops.SaveSlices(
        filename=f"{folder}/v1_sliced",
        tensor_names=["part", "part", "plain"],
        shapes_and_slices=["4 6 0,2:0,6", "4 6 2,2:0,6", ""],
        data=[full[:2], full[2:], tf.constant(1.0)],
    )


def save_v1_shards(tf, folder):
    names = [f"layer_{i}/kernel" for i in range(30)]
    for shard in range(2):
        save_v1(
            tf,
            f"{folder}/v1_shards-0000{shard}-of-00002",
            {name: tf.constant([1.0, shard]) for name in names[shard::2]},
        )


def damaged(folder, name, suffix, change):
    """Copies a checkpoint, then changes the bytes of one of its files."""
    target = f"{folder}/damaged_{change.__name__}_{name}"
    for found in os.listdir(folder):
        if found == name or found.startswith(name + "."):
            shutil.copy(f"{folder}/{found}", target + found[len(name) :])
    with open(target + suffix, "r+b") as file:
        content = change(bytearray(file.read()))
        file.seek(0)
        file.truncate()
        file.write(content)


def magic(content):
    content[-1] ^= 0xFF
    return content


def first_block(content):
    content[20] ^= 0xFF
    return content


def last_block(content):
    content[-60] ^= 0xFF
    return content


def first_byte(content):
    content[0] ^= 0xFF
    return content


def emptied(content):
    return content[:0]


def halved(content):
    return content[: len(content) // 2]


def cut(content):
    return content[:40]


def save_damaged(folder):
    for change in (magic, first_block, last_block, emptied, halved):
        damaged(folder, "v2", ".index", change)
        damaged(folder, "v1", "", change)
    for change in (first_byte, cut):
        damaged(folder, "v2", ".data-00000-of-00001", change)


def save_states(folder):
    states = {
        "state": 'model_checkpoint_path: "v2"\nall_model_checkpoint_paths: "v0"\n'
        'all_model_checkpoint_paths: "v2"\nall_model_checkpoint_timestamps: 1.5\n',
        "state_gone": 'model_checkpoint_path: "nothing"\n',
        "state_absolute": f'model_checkpoint_path: "{folder}/v2"\n',
        "state_moved": 'model_checkpoint_path: "/no/such/folder/v2"\n',
        "state_broken": "model_checkpoint_path {",
        "state_empty": "",
        "state_v1": 'model_checkpoint_path: "v1"\n',
        "state_shards": 'model_checkpoint_path: "v1_shards-?????-of-00002"\n',
    }
    for name, text in states.items():
        os.makedirs(f"{folder}/{name}")
        for file in ("v2.index", "v2.data-00000-of-00001", "v1"):
            shutil.copy(f"{folder}/{file}", f"{folder}/{name}/{file}")
        for shard in range(2):
            file = f"v1_shards-0000{shard}-of-00002"
            shutil.copy(f"{folder}/{file}", f"{folder}/{name}/{file}")
        with open(f"{folder}/{name}/checkpoint", "w") as state:
            state.write(text)
    os.makedirs(f"{folder}/state_latin")
    with open(f"{folder}/state_latin/checkpoint", "wb") as state:
        state.write(b'model_checkpoint_path: "\xff"\n')


def save_others(folder):
    os.makedirs(f"{folder}/no_shard")
    shutil.copy(f"{folder}/v2.index", f"{folder}/no_shard/v2.index")
    os.makedirs(f"{folder}/files/below")
    contents = {
        "text": "one\ntwo \u00e9\r\nthree".encode(),
        ".hidden": b"x",
        "b[1]": b"y",
        "bytes": b"\xff\xfe\n\x00",
        "below/c": b"z",
    }
    for name, content in contents.items():
        with open(f"{folder}/files/{name}", "wb") as file:
            file.write(content)


def save_records(tf, folder):
    os.makedirs(f"{folder}/records")
    for compression in ("", "ZLIB", "GZIP"):
        name = f"{folder}/records/{compression or 'plain'}"
        with tf.io.TFRecordWriter(name, compression) as writer:
            for content in (b"", b"a", bytes(range(256)) * 4):
                writer.write(content)
        for cut in (10, 5000):
            with open(name, "rb") as file, open(f"{name}_cut_{cut}", "wb") as target:
                target.write(file.read()[:-cut])
        with open(name, "rb") as file, open(f"{name}_twice", "wb") as target:
            target.write(2 * file.read())


def main(folder):
    import tensorflow as tf

    os.makedirs(folder, exist_ok=True)
    every = tensors(tf)
    readable = {
        f"{kind}/{name}" for name in V1_READABLE for kind in ("vector", "scalar")
    }
    readable |= {"string/vector", "string/scalar", "empty/float32", "global_step"}
    save_v2(tf, f"{folder}/v2", every)
    save_v1(tf, f"{folder}/v1", {n: t for n, t in every.items() if n in readable})
    wide = ("vector/complex64", "scalar/float16", "vector/qint8", "vector/uint16")
    save_v1(tf, f"{folder}/v1_wide", {name: every[name] for name in wide})
    save_sliced(tf, folder)
    save_v1_shards(tf, folder)
    save_damaged(folder)
    save_states(folder)
    save_others(folder)
    save_records(tf, folder)


if __name__ == "__main__":
    main(sys.argv[1])
