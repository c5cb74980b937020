"""What fastckpt.jax does, seen by JAX with four devices: `python jax_child.py FOLDER`.

Prints {case: what went wrong}, of which the cases that went well have none.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from pathlib import Path

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from jax.sharding import Mesh, NamedSharding, SingleDeviceSharding
from jax.sharding import PartitionSpec as P

import fastckpt
import fastckpt.jax
import jax_shards
from docs_folder import make_folder
from dtype_table import FIXED, random_array

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
WIDE = ("int64", "uint64", "float64", "complex128")


def refuses(kind: type[BaseException], text: str, call) -> str:
    try:
        call()
    except kind as error:
        if text not in str(error):
            raise AssertionError(f"{text!r} is not said") from error
        return str(error)
    raise AssertionError(f"no {kind.__name__}: {text}")


def load(path: Path, *arguments, **options):
    return fastckpt.jax.load(path, *arguments, **options)


def four() -> Mesh:
    return Mesh(np.array(jax.devices()), "d")


def every_shard_is_what_is_stored(folder: Path) -> None:
    jax_shards.write(folder)
    jax_shards.load_everywhere(folder)


def every_dtype_arrives(folder: Path) -> None:
    generator = np.random.default_rng(3)
    expected = {it.name: random_array(it, (4, 3), generator) for it in FIXED}
    with fastckpt.Writer(folder / "m") as writer:
        for name, value in expected.items():
            writer.add(name, value, name)
    sharding = NamedSharding(four(), P("d"))
    narrow = load(folder / "m", drop=WIDE, sharding=sharding)
    with jax.enable_x64(True):
        wide = load(folder / "m", sharding=sharding)
        alone = load(folder / "m")
    assert wide.keys() == alone.keys() == expected.keys()
    assert narrow.keys() == expected.keys() - set(WIDE)
    for arrays in (narrow, wide, alone):
        for name, array in arrays.items():
            assert array.dtype == expected[name].dtype, name
            assert np.asarray(array).tobytes() == expected[name].tobytes(), name


def odd_shapes_arrive(folder: Path) -> None:
    tensors = {"0-d": np.float32(3), "empty": np.zeros((0, 4), np.float32)}
    fastckpt.save(folder / "m", tensors)
    for sharding in (None, NamedSharding(four(), P())):
        for name, array in load(folder / "m", sharding=sharding).items():
            np.testing.assert_array_equal(np.asarray(array), tensors[name])
            assert array.shape == tensors[name].shape


def integers_become_32_bit_where_they_fit(folder: Path) -> None:
    limits = {
        "int64": np.array([-(2**31), 2**31 - 1, 0, 5]),
        "uint64": np.array([0, 2**32 - 1, 1, 2], np.uint64),
        "step": np.int64(7),
        "none": np.zeros((0,), np.int64),
    }
    fastckpt.save(folder / "m", limits)
    shardings = {"*int64": NamedSharding(four(), P("d"))}
    for sharding in (None, shardings):
        found = load(folder / "m", sharding=sharding)
        for name, array in found.items():
            assert array.dtype == ("uint32" if name == "uint64" else "int32")
            np.testing.assert_array_equal(np.asarray(array), limits[name])


def what_jax_would_change_is_refused(folder: Path) -> None:
    tensors = {
        "low": np.array([0, 0, 0, -(2**31) - 1]),
        "high": np.array([2**32], np.uint64),
        "float": np.ones(4),
        "complex": np.ones(4, np.complex128),
        "fine": np.ones(4, np.float32),
    }
    fastckpt.save(folder / "m", tensors)
    said = refuses(ValueError, "'float'", lambda: load(folder / "m"))
    assert "jax_enable_x64" in said
    assert "dtype=" in said
    assert "drop=" in said
    fits_first = NamedSharding(four(), P("d"))
    for name in ("low", "high"):
        said = refuses(ValueError, f"'{name}'", lambda n=name: load(folder / "m", [n]))
        assert "jax_enable_x64" in said
    refuses(ValueError, "low", lambda: load(folder / "m", ["low"], sharding=fits_first))
    cast = load(folder / "m", ["f*"], dtype="float32")
    assert {name: it.dtype for name, it in cast.items()} == dict.fromkeys(
        ("fine", "float"), np.float32
    )
    with jax.enable_x64(True):
        assert load(folder / "m")["low"].dtype == np.int64
    refuses(ValueError, "float64", lambda: load(folder / "m", ["fine"], dtype=float))


def floats_are_cast(folder: Path) -> None:
    values = np.linspace(-3, 3, 64, dtype=np.float32).reshape(8, 8)
    fastckpt.save(folder / "m", {"w": values, "f8": values.astype("float16"), "n": 3})
    for kind in (jnp.bfloat16, "float8_e5m2", np.float16):
        for sharding in (None, {"[wf]*": NamedSharding(four(), P(None, "d"))}):
            found = load(folder / "m", dtype={"w": kind}, sharding=sharding)
            expected = values.astype(
                np.dtype(kind) if kind != "float8_e5m2" else ml_dtypes.float8_e5m2
            )
            assert np.asarray(found["w"]).tobytes() == expected.tobytes()
            assert (found["f8"].dtype, found["n"].dtype) == (np.float16, np.int32)
    refuses(KeyError, "'x'", lambda: load(folder / "m", dtype={"x": "float16"}))


def what_a_dtype_cannot_hold_is_told(folder: Path) -> None:
    fastckpt.save(folder / "m", {"w": np.full((4, 4), 1e30, np.float32)})
    for spec, count in ((P(), 16), (P("d"), 16)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sharding = NamedSharding(four(), spec)
            load(folder / "m", dtype="float16", sharding=sharding)
        (only,) = caught
        assert only.category is RuntimeWarning
        assert str(only.message).startswith(f"{count} numbers in 1 tensor ")


def the_object_graph_is_left_out_and_that_is_said_once(folder: Path) -> None:
    texts = {GRAPH: np.array(b"", object), "text": np.array([b"a"], object)}
    fastckpt.save(folder / "m", {"w": np.ones(3, np.float32), **texts})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert list(load(folder / "m", drop=["text"])) == ["w"]
    (only,) = caught
    assert only.category is UserWarning
    assert only.filename == __file__
    assert f"drop=['{GRAPH}']" in str(only.message)
    assert list(load(folder / "m", drop=["text", GRAPH])) == ["w"]
    refuses(TypeError, "drop=['text']", lambda: load(folder / "m"))
    for names in (["text"], ["*"], {"t": "text"}):
        refuses(TypeError, "'text']", lambda n=names: load(folder / "m", n))


def what_one_process_reads_in_full_is_checked(folder: Path) -> None:
    fastckpt.save(folder / "m", {"w": np.ones((4, 1000), np.float32)})
    with open(folder / "m.data-00000-of-00001", "r+b") as file:
        file.write(b"\xff")
    for spec in (P("d"), P(None, "d"), P()):
        how = {"sharding": NamedSharding(four(), spec)}
        load(folder / "m", **how, verify=False)
        for options in (how, {**how, "verify": True}, {}):
            error = fastckpt.CorruptionError
            refuses(error, "checksum", lambda o=options: load(folder / "m", **o))


def what_is_no_sharding_is_told(folder: Path) -> None:
    fastckpt.save(folder / "m", {"w": np.ones((8, 8), np.float32)})
    refuses(TypeError, "NamedSharding", lambda: load(folder / "m", sharding=four()))


def complex_numbers_are_not_advised_a_cast(folder: Path) -> None:
    fastckpt.save(folder / "m", {"c": np.array([1 + 2j]), "f": np.ones(2)})
    for dtype in (None, "float32"):
        try:
            load(folder / "m", dtype=dtype)
        except ValueError as error:
            assert ("cast" in str(error)) == (dtype is None), error  # noqa: PT017
            assert "'c'" in str(error)  # noqa: PT017
        else:
            raise AssertionError("no error")


def names_choose(folder: Path) -> None:
    fastckpt.save(folder / "m", {"a": np.float32(1), "b": np.float32(2)})
    assert list(load(folder / "m", ["b"])) == ["b"]
    renamed = load(folder / "m", {"x": "b", "y": "b"})
    assert {name: float(it) for name, it in renamed.items()} == {"x": 2, "y": 2}
    assert list(load(folder / "m", drop=["a"])) == ["b"]
    refuses(KeyError, "'c'", lambda: load(folder / "m", ["c"]))


def shardings_are_chosen_by_name(folder: Path) -> None:
    tensors = {"a/w": np.ones((8, 4), np.float32), "b/w": np.ones((8, 4), np.float32)}
    fastckpt.save(folder / "m", tensors)
    rows, columns = (NamedSharding(four(), spec) for spec in (P("d"), P(None, "d")))
    default = load(folder / "m")["a/w"].sharding
    found = load(folder / "m", sharding={"a/*": rows})
    assert [it.sharding for it in found.values()] == [rows, default]
    found = load(folder / "m", sharding={"a/w": rows, "*": columns})
    assert [it.sharding for it in found.values()] == [rows, columns]
    asked = []

    def choose(name, shape):
        asked.append((name, shape))
        return columns if name == "a/w" else None

    found = load(folder / "m", sharding=choose)
    assert [it.sharding for it in found.values()] == [columns, default]
    assert asked == [("a/w", (8, 4)), ("b/w", (8, 4))]
    last = SingleDeviceSharding(jax.devices()[-1])
    assert load(folder / "m", sharding=last)["a/w"].devices() == {jax.devices()[-1]}


def wrong_shardings_are_refused(folder: Path) -> None:
    fastckpt.save(folder / "m", {"w": np.ones((6, 4), np.float32), "s": np.float32(1)})
    rows = NamedSharding(four(), P("d"))
    path = folder / "m"
    refuses(KeyError, "'x*'", lambda: load(path, sharding={"x*": rows}))
    refuses(ValueError, "'w'", lambda: load(path, ["w"], sharding=rows))
    refuses(ValueError, "'s'", lambda: load(path, ["s"], sharding=rows))
    deep = NamedSharding(four(), P(None, None, "d"))
    refuses(ValueError, "'w'", lambda: load(path, ["w"], sharding=deep))
    for wrong in (P("d"), "rows", {"w": P("d")}, lambda name, shape: P("d")):
        refuses(TypeError, "Sharding", lambda it=wrong: load(path, sharding=it))


def a_group_of_tensors_is_read_after_the_other(folder: Path) -> None:
    from fastckpt.jax import loading

    tensors = {f"w{i}": np.full((4, 256), i, np.float32) for i in range(9)}
    fastckpt.save(folder / "m", tensors)
    loading._GROUP_BYTES, before = 10_000, loading._GROUP_BYTES
    try:
        found = load(folder / "m", sharding={"w[1-4]": NamedSharding(four(), P("d"))})
    finally:
        loading._GROUP_BYTES = before
    for name, value in tensors.items():
        np.testing.assert_array_equal(np.asarray(found[name]), value)


def arrays_outlive_the_file(folder: Path) -> None:
    values = np.arange(1 << 20, dtype=np.float32).reshape(4, -1)
    for spec in (None, P(), P("d")):
        fastckpt.save(folder / "m", {"w": values, "small": values[0, :4]})
        sharding = None if spec is None else {"w": NamedSharding(four(), spec)}
        found = load(folder / "m", sharding=sharding)
        file = folder / "m.data-00000-of-00001"
        with open(file, "r+b") as opened:
            opened.write(b"\xff" * 64)
            opened.truncate(64)
        np.testing.assert_array_equal(np.asarray(found["w"]), values)
        np.testing.assert_array_equal(np.asarray(found["small"]), values[0, :4])


def a_donated_array_changes_nothing_else(folder: Path) -> None:
    values = np.arange(1 << 20, dtype=np.float32).reshape(4, -1)
    fastckpt.save(folder / "m", {"w": values})
    sharding = NamedSharding(four(), P())
    one = load(folder / "m", {"a": "w", "b": "w"})
    many = load(folder / "m", sharding=sharding)["w"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # memory that JAX cannot use again
        add = jax.jit(lambda a: a + 1, donate_argnums=0)
        assert float(add(one["a"])[0, 1]) == 2
        shards = [it.data for it in many.addressable_shards]
        assert float(add(shards[0])[0, 1]) == 2
    np.testing.assert_array_equal(np.asarray(one["b"]), values)
    np.testing.assert_array_equal(np.asarray(shards[1]), values)
    np.testing.assert_array_equal(np.asarray(load(folder / "m")["w"]), values)


def replicas_share_memory(folder: Path) -> None:
    fastckpt.save(folder / "m", {"w": np.ones(1 << 20, np.float32)})
    array = load(folder / "m", sharding=NamedSharding(four(), P()))["w"]
    places = {it.data.unsafe_buffer_pointer() for it in array.addressable_shards}
    assert len(places) == 1


def progress_ends_with_all(folder: Path) -> None:
    fastckpt.save(folder / "m", {"w": np.ones(1 << 20, np.float32)})
    seen = []
    load(folder / "m", progress=lambda *it: seen.append(it), threads=1)
    assert seen[-1] == (4 << 20, 4 << 20)


def names_become_a_tree(folder: Path) -> None:
    one = np.ones(3, np.float32)
    fastckpt.save(folder / "m", {"a/b/w": one, "a/c": one, "d": one, "a//e": one})
    tree = load(folder / "m", nested=True)
    assert jax.tree.map(lambda it: it.shape, tree) == {
        "a": {"b": {"w": (3,)}, "c": (3,), "": {"e": (3,)}},
        "d": (3,),
    }
    assert load(folder / "m", {"x/y": "d"}, nested=True)["x"]["y"].shape == (3,)
    fastckpt.save(folder / "m", {"k": one, "k/Adam": one, "k/x/Adam": one})
    said = refuses(ValueError, "'k'", lambda: load(folder / "m", nested=True))
    assert "drop=" in said
    assert list(load(folder / "m", drop=["*/Adam"], nested=True)) == ["k"]


def objects_become_a_tree(folder: Path) -> None:
    make_folder(folder)
    path = folder / "tf2"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tree = load(path, nested=True)
    assert [it.category for it in caught] == [UserWarning]
    with fastckpt.open(path) as checkpoint:
        expected = checkpoint.objects.nested()
    shapes = jax.tree.map(lambda it: it.shape, tree)
    assert shapes == jax.tree.map(lambda it: it.shape, expected)
    jax.tree.map(np.testing.assert_array_equal, tree, expected)
    some = load(path, ["model/*"], drop=["*OPTIMIZER*"], nested=True)
    assert jax.tree.map(lambda it: it.shape, some) == {
        "model": {"dense": {"bias": (3,), "kernel": (4, 3)}}
    }
    keys = NamedSharding(Mesh(np.array(jax.devices()), "d"), P("d"))
    sharded = load(path, drop=[GRAPH], nested=True, sharding={"*kernel/.ATTR*": keys})
    assert sharded["model"]["dense"]["kernel"].sharding == keys


def a_stray_tensor_has_no_place_in_the_tree(folder: Path) -> None:
    make_folder(folder)
    with fastckpt.open(folder / "tf2") as checkpoint:
        tensors = {**checkpoint.load(), "model/dense/bias": np.ones(3, np.float32)}
    fastckpt.save(folder / "m", tensors)
    call = lambda: load(folder / "m", drop=[GRAPH], nested=True)  # noqa: E731
    refuses(ValueError, "drop=['model/dense/bias']", call)


CASES = [
    it
    for name, it in list(globals().items())
    if callable(it)
    and getattr(it, "__module__", "") == __name__
    and name not in ("refuses", "load", "four")
]


def main(folder: Path) -> dict[str, str | None]:
    wrong: dict[str, str | None] = {}
    for case in CASES:
        own = folder / case.__name__
        own.mkdir()
        try:
            case(own)
            wrong[case.__name__] = None
        except Exception:
            wrong[case.__name__] = traceback.format_exc()
    return wrong


if __name__ == "__main__":
    warnings.simplefilter("error")
    print(json.dumps(main(Path(sys.argv[1]))))
