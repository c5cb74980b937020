"""Makes the seeds of the fuzz targets: small right inputs of every kind.

    python tests/fuzz/make_seeds.py

Writes seeds/TARGET/NAME beside this file. The makers of the hostile tests write the
files; they share no code with fastckpt. The same seeds come out each time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import bundle_maker  # noqa: E402
import snappy_maker as snappy  # noqa: E402
import table_maker as table  # noqa: E402
import v1_maker  # noqa: E402
import wire_maker as wire  # noqa: E402

NUMBERS = np.arange(12, dtype=np.int32).reshape(4, 3)
HALVES = [[(0, 2), None], [(2, 2), None]]
STRINGS = [b"ab", b"", b"xyz"]


def numeric_bundle(*, big_endian: bool = False) -> bundle_maker.BundleMaker:
    """Gives a bundle with tensors of several types, one of them empty."""
    maker = bundle_maker.BundleMaker(big_endian=big_endian)
    maker.add("b/kernel", NUMBERS)
    maker.add("b/bias", np.array([1.5, -2], np.float32))
    maker.add("c", np.array([1 + 2j], np.complex64))
    maker.add("empty", np.zeros((0, 3), np.float64))
    maker.add("flags", np.array([True, False]))
    maker.add("step", np.int64(7))
    return maker


def string_bundle(*, big_endian: bool = False) -> bundle_maker.BundleMaker:
    """Gives a bundle with string tensors of several sizes."""
    maker = bundle_maker.BundleMaker(big_endian=big_endian)
    maker.add("none", np.zeros(0, object))
    maker.add("one", b"q")
    maker.add("three", STRINGS)
    return maker


def sliced_bundle() -> bundle_maker.BundleMaker:
    """Gives a bundle with partitioned tensors, of numbers and of strings."""
    maker = bundle_maker.BundleMaker()
    maker.add_sliced("v", NUMBERS, HALVES)
    maker.add_sliced("s", STRINGS, [[(0, 1)], [(1, 2)]])
    maker.add_sliced("w", NUMBERS, [[None, None]])
    return maker


def bundles() -> dict[str, bundle_maker.BundleMaker]:
    """Gives bundles by the names of their seeds."""
    return {
        "empty": bundle_maker.BundleMaker(),
        "numeric": numeric_bundle(),
        "numeric_big_endian": numeric_bundle(big_endian=True),
        "sliced": sliced_bundle(),
        "strings": string_bundle(),
        "strings_big_endian": string_bundle(big_endian=True),
    }


def v1_files() -> dict[str, v1_maker.V1Maker]:
    """Gives V1 checkpoints by the names of their seeds."""
    packed, unpacked, sliced = (v1_maker.V1Maker() for _ in range(3))
    for maker, is_packed in ((packed, True), (unpacked, False)):
        maker.add("bool", np.array([True, False]), packed=is_packed)
        maker.add("complex", np.array([1 + 2j]), packed=is_packed)
        maker.add("double", np.array([0.5, 2.0]), packed=is_packed)
        maker.add("float", np.array([1, 0, -1], np.float32), packed=is_packed)
        maker.add("half", np.array([1, 0], np.float16), packed=is_packed)
        maker.add("int8", np.array([1, 0, -1], np.int8), packed=is_packed)
        maker.add("step", np.int64(7), packed=is_packed)
    sliced.add("strings", STRINGS)
    sliced.add("v", NUMBERS, slices=HALVES)
    return {"packed": packed, "sliced": sliced, "unpacked": unpacked}


def tables() -> dict[str, bytes]:
    """Gives table files: few and many blocks, raw and compressed."""
    records = numeric_bundle().table_records()
    keys = [(b"key/%03d" % n, b"value") for n in range(40)]
    return {
        "empty": table.make_table([]),
        "compressed": table.make_table(records, compress=snappy.with_copies),
        "index": table.make_table(records),
        "literals": table.make_table(records, compress=snappy.literals_only),
        "many_blocks": table.make_table(keys, per_block=5, interval=2),
    }


def blocks() -> dict[str, bytes]:
    """Gives contents of blocks."""
    records = numeric_bundle().table_records()
    return {
        "empty": table.EMPTY_BLOCK,
        "index": table.block(records),
        "no_sharing": table.block(records, share=0),
        "restart_each": table.block(records, interval=1),
    }


def snappy_blocks() -> dict[str, bytes]:
    """Gives Snappy blocks with every kind of element."""
    text = b"model/layer_1/kernel model/layer_2/kernel" + b"x" * 70
    seeds = {f"block_{name}": data for name, data in blocks().items()}
    seeds = {name: snappy.with_copies(data) for name, data in seeds.items()}
    return seeds | {
        "far": snappy.with_copies(bytes(range(256)) * 12),
        "literals": snappy.literals_only(text, 7),
        "long_literal": snappy.literals_only(bytes(range(256)) * 2),
        "text": snappy.with_copies(text),
    }


def slice_keys() -> dict[str, bytes]:
    """Gives keys of stored slices."""
    return {
        "escapes": wire.slice_key(b"x\0y\xff", [(10000, 300)]),
        "far": wire.slice_key(b"v", [(2**62, 2**40), (2**20, 8192)]),
        "rows": wire.slice_key(b"v", HALVES[1]),
        "scalar": wire.slice_key(b"b", []),
    }


def wire_messages() -> dict[str, bytes]:
    """Gives messages behind a dtype and an element count."""
    seeds = {}
    for bundle_name in ("numeric", "sliced"):
        records = bundles()[bundle_name].table_records()
        for number, (_, value) in enumerate(records):
            seeds[f"{bundle_name}_{number}"] = b"\x01\x02" + value
    for file_name, maker in v1_files().items():
        for number, value in enumerate([maker.meta_record(), *maker.records.values()]):
            seeds[f"v1_{file_name}_{number}"] = b"\x01\x02" + value
    for dtype, value in {1: NUMBERS.astype("f4"), 3: NUMBERS, 18: NUMBERS + 1j}.items():
        seeds[f"values_{dtype}"] = bytes([dtype, 12]) + v1_maker.values(value, dtype)
    return seeds


def object_graphs() -> dict[str, bytes]:
    """Gives object graphs: of nothing, of a variable with its optimizer, odd ones."""
    variable = wire.object_node(values=[("VARIABLE_VALUE", "w", "w/key")])
    slot = wire.object_node(values=[("VARIABLE_VALUE", "adam/w_m", "m/key")])
    root = wire.object_node(children=[(1, "w"), (2, "optimizer")])
    optimizer = wire.object_node(children=[(3, "m")], slots=[(1, "m", 3)])
    unknown = wire.field(9, 1) + wire.field(10, b"?")
    return {
        "empty": b"",
        "optimizer": root + variable + optimizer + slot,
        "unknown_fields": unknown + wire.object_node(extra=unknown) + unknown,
    }


def bundle_inputs() -> dict[str, bytes]:
    """Gives bundles as one input: size of the index, index, shard."""
    seeds = {}
    for name, maker in bundles().items():
        for kind, compress in (("", None), ("_snappy", snappy.with_copies)):
            index, *shards = maker.files(compress=compress).values()
            seeds[name + kind] = len(index).to_bytes(2, "little") + index + shards[0]
    return seeds


def v1_inputs() -> dict[str, bytes]:
    """Gives V1 files, raw and compressed."""
    seeds = {}
    for name, maker in v1_files().items():
        seeds[name] = maker.file(per_block=3)
        seeds[name + "_snappy"] = maker.file(compress=snappy.with_copies)
    return seeds


def all_seeds() -> dict[str, dict[str, bytes]]:
    """Gives the seeds of every target by its name."""
    return {
        "block": blocks(),
        "bundle": bundle_inputs(),
        "object_graph": object_graphs(),
        "slice_key": slice_keys(),
        "snappy": snappy_blocks(),
        "table": tables(),
        "v1": v1_inputs(),
        "wire": wire_messages(),
    }


def main() -> None:
    """Writes all seeds; files that are no seed any more are removed."""
    for target, seeds in all_seeds().items():
        folder = HERE / "seeds" / target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if old.name not in seeds:
                old.unlink()
        for name, data in seeds.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
