"""What fastckpt.torch does, seen by torch: `python torch_child.py CASE FOLDER`."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import ml_dtypes
import numpy as np
import torch

import fastckpt
import fastckpt.torch
from dtype_table import FIXED, random_array
from fastckpt.torch import loading

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
HELD = [it for it in FIXED if it.name not in ("float8_e4m3b11fnuz", "float4_e2m1fn")]
WIDENED = {"int4": "int8", "int2": "int8", "uint4": "uint8", "uint2": "uint8"}


def bits(tensor: torch.Tensor) -> bytes:
    tensor = tensor.detach().contiguous().reshape(-1)
    return bytes(tensor.view(torch.uint8).numpy()) if tensor.numel() else b""


def refuses(kind: type[BaseException], text: str, call) -> None:
    try:
        call()
    except kind as error:
        if text not in str(error):
            raise AssertionError(f"{text!r} is not said") from error
    else:
        raise AssertionError(f"no {kind.__name__}: {text}")


def every_dtype_arrives(folder: Path) -> None:
    generator = np.random.default_rng(3)
    with fastckpt.Writer(folder / "m") as writer:
        for dtype in HELD:
            writer.add(dtype.name, random_array(dtype, (5, 3), generator), dtype.name)
    fastckpt.save(folder / "v1", {"w": np.arange(4, dtype=np.float32)}, format="v1")
    expected = fastckpt.load(folder / "m")
    for copy in ("on-write", True):
        found = fastckpt.torch.load_file(folder / "m", copy=copy)
        assert list(found) == list(expected)
        for name, tensor in found.items():
            array = expected[name]
            widened = WIDENED.get(array.dtype.name)
            array = array if widened is None else array.astype(widened)
            assert str(tensor.dtype) == f"torch.{array.dtype.name}"
            assert (tuple(tensor.shape), bits(tensor)) == ((5, 3), array.tobytes())
    assert fastckpt.torch.load_file(folder / "v1")["w"].tolist() == [0, 1, 2, 3]


def tensors_are_writable_and_the_file_stays(folder: Path) -> None:
    values = {"flag": np.array([True]), "w": np.arange(5000, dtype=np.float32)}
    fastckpt.save(folder / "m", values)  # "w" is not aligned
    found = fastckpt.torch.load_file(folder / "m", {"a": "w", "b": "w"})
    found["a"][:] = 1
    found["b"] += 1
    assert found["b"][:2].tolist() == [1, 2]
    assert all(tensor.data_ptr() % 4 == 0 for tensor in found.values())
    fresh = fastckpt.torch.load_file(folder / "m")["w"]
    assert torch.equal(fresh, torch.arange(5000.0))
    refuses(
        ValueError,
        "on-write",
        lambda: fastckpt.torch.load_file(folder / "m", copy=False),
    )


def the_object_graph_is_left_out_and_that_is_said_once(folder: Path) -> None:
    graph = np.array(b"", object)
    fastckpt.save(folder / "m", {GRAPH: graph, "t": [b"a"], "w": np.ones(2)})
    load = fastckpt.torch.load_file
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert list(load(folder / "m", drop=["t"])) == ["w"]
    (warning,) = caught
    assert warning.category is UserWarning
    assert f"drop=['{GRAPH}']" in str(warning.message)
    assert warning.filename == __file__
    assert list(load(folder / "m", drop=["t", GRAPH])) == ["w"]
    refuses(TypeError, "drop=['t']", lambda: load(folder / "m"))
    refuses(TypeError, f"drop=['{GRAPH}']", lambda: load(folder / "m", [GRAPH]))


def many_texts_are_left_out_by_one_pattern(folder: Path) -> None:
    texts = {f"layer{i}/config_json": [b"{}"] for i in range(9)}
    fastckpt.save(folder / "m", {**texts, "layer0/w": np.ones(2)})
    load = fastckpt.torch.load_file
    refuses(TypeError, "drop=['*/config_json']", lambda: load(folder / "m"))
    assert list(load(folder / "m", drop=["*/config_json"])) == ["layer0/w"]


def what_a_dtype_cannot_hold_is_said_once(folder: Path) -> None:
    large = np.full(3, 1e30, np.float32)
    fastckpt.save(folder / "m", {"a": large, "b": large, "c": large})
    for device in ("cpu", "meta"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fastckpt.torch.load_file(folder / "m", dtype="float16", device=device)
        (only,) = caught
        assert only.category is RuntimeWarning
        assert only.filename == __file__
        assert str(only.message).startswith("9 numbers in 3 tensors ")


def progress_is_told_on_every_device(folder: Path) -> None:
    fastckpt.save(folder / "m", {str(n): np.ones(1000) for n in range(4)})
    for device in ("cpu", "meta"):
        told = []
        load = fastckpt.torch.load_file
        load(
            folder / "m", device=device, progress=lambda *it, told=told: told.append(it)
        )
        assert told[-1] == (32_000, 32_000)


def what_is_asked_for_by_name_is_refused(folder: Path) -> None:
    odd = np.ones(2, ml_dtypes.float8_e4m3b11fnuz)
    fastckpt.save(folder / "m", {"s": [b"a"], "odd": odd})
    load = fastckpt.torch.load_file
    refuses(TypeError, "drop=['s']", lambda: load(folder / "m", ["s"]))
    refuses(TypeError, "'odd'", lambda: load(folder / "m", drop=["s"]))
    found = load(folder / "m", ["odd"], dtype="float32")
    assert found["odd"].tolist() == [1, 1]


def names_drop_and_dtype_choose(folder: Path) -> None:
    ones, numbers = np.ones(3, np.float32), np.arange(3)
    fastckpt.save(folder / "m", {"a/w": ones, "a/b": ones, "n": numbers})
    load = fastckpt.torch.load_file
    found = load(folder / "m", ["a/*"], ["a/b"], "cpu", torch.bfloat16)
    assert {name: it.dtype for name, it in found.items()} == {"a/w": torch.bfloat16}
    for dtype in ("half", "float16", np.float16, {"a/*": torch.half}):
        found = load(folder / "m", dtype=dtype)
        kinds = [str(it.dtype) for it in found.values()]
        assert kinds == ["torch.float16", "torch.float16", "torch.int64"]
    refuses(KeyError, "no tensor 'c*'", lambda: load(folder / "m", drop=["c*"]))


def tensors_go_to_a_device_one_by_one(folder: Path) -> None:
    fastckpt.save(folder / "m", {str(n): np.ones(1000 + n) for n in range(4)})
    events = []
    load, move = loading.load_as, torch.Tensor.to
    loading.load_as = lambda *how: (events.append("load"), load(*how))[1]
    torch.Tensor.to = lambda self, place: (events.append("to"), move(self, place))[1]
    found = fastckpt.torch.load_file(folder / "m", device="meta", dtype="bfloat16")
    assert events == ["load", "to"] * 4
    assert [tuple(it.shape) for it in found.values()] == [(1000 + n,) for n in range(4)]
    assert {(it.device.type, it.dtype) for it in found.values()} == {
        ("meta", torch.bfloat16)
    }


def odd_shapes_come_back(folder: Path) -> None:
    grid = torch.arange(24.0).reshape(2, 3, 4)
    given = {
        "scalar": torch.tensor(3, dtype=torch.bfloat16),
        "empty": torch.empty(0, 3, dtype=torch.float8_e5m2),
        "turned": grid.permute(2, 0, 1),
        "turned16": grid.bfloat16().mT,
        "stepped": grid[:, ::2, 1],
        "conj": torch.tensor([1 + 2j]).conj(),
        "shared": torch.ones(1).expand(5),
    }
    fastckpt.torch.save_file(given, folder / "m", shards=2, align=64)
    assert_same(given, fastckpt.torch.load_file(folder / "m"))
    with fastckpt.Writer(folder / "parts") as writer:
        for begin in (0, 2):
            part = np.arange(begin, begin + 2.0)
            writer.add_slice("p", part, (4,), (begin,))
    found = fastckpt.torch.load_file(folder / "parts")["p"]
    assert found.tolist() == [0, 1, 2, 3]


def assert_same(given, found) -> None:
    assert sorted(given) == list(found)
    for name, tensor in found.items():
        wanted = given[name].detach().resolve_conj()
        assert (tensor.dtype, tensor.shape) == (wanted.dtype, wanted.shape), name
        assert bits(tensor) == bits(wanted), name


def tied_weights_are_stored_once(folder: Path) -> None:
    weight = torch.nn.Parameter(torch.arange(3.0))
    half = torch.ones(2, dtype=torch.bfloat16)
    given = {"two": weight, "one": weight.data, "half": half}
    fastckpt.torch.save_file(given, folder / "m")
    assert (folder / "m.data-00000-of-00001").stat().st_size == 3 * 4 + 2 * 2
    assert_same(given, fastckpt.torch.load_file(folder / "m"))
    del given["half"]
    fastckpt.torch.save_file(given, folder / "v1", format="v1")
    assert_same(given, fastckpt.torch.load_file(folder / "v1"))


def views_of_one_memory_are_told_apart(folder: Path) -> None:
    square, z = torch.arange(4.0).reshape(2, 2), torch.tensor([1 + 2j])
    given = {"a": square, "b": square.T, "c": square[0], "d": square.view(4)}
    given |= {"i": square.view(torch.int32), "y": z, "z": z.conj()}
    fastckpt.torch.save_file(given, folder / "m")
    assert_same(given, fastckpt.torch.load_file(folder / "m"))


def what_has_no_form_is_refused_before_anything_is_written(folder: Path) -> None:
    ones = torch.ones(2)
    cases = [
        (TypeError, "to_dense", {"x": ones.to_sparse()}),
        (ValueError, "meta", {"x": ones.to("meta")}),
        (TypeError, "'outer.NAME'", {"outer": {"inner": ones}}),
        (TypeError, "state_dict()", torch.nn.Linear(1, 1)),
        (TypeError, "a str", {3: ones}),
        (fastckpt.UnsupportedError, "'x'", {"x": ones.to(torch.float8_e8m0fnu)}),
    ]
    for kind, text, given in cases:
        if isinstance(given, dict):
            given = {"ok": ones} | given
        refuses(kind, text, lambda it=given: fastckpt.torch.save_file(it, folder / "m"))
    assert list(folder.iterdir()) == []


def every_dtype_comes_back(folder: Path) -> None:
    names = (
        "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 bfloat16 "
        "float32 float64 complex64 complex128 float8_e5m2 float8_e4m3fn "
        "float8_e4m3fnuz float8_e5m2fnuz"
    )
    given = {
        name: torch.tensor([[0, 1, 1], [1, 0, 1]]).to(getattr(torch, name)).mT
        for name in names.split()
    }
    fastckpt.torch.save_file(given, folder / "m")
    found = fastckpt.torch.load_file(folder / "m")
    assert_same(given, found)
    assert [it.dtype.name for it in fastckpt.open(folder / "m").infos()] == list(found)


def a_module_comes_back(folder: Path) -> None:
    torch.manual_seed(1)
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    fastckpt.torch.save_file(module.state_dict(), folder / "m")
    other = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    other.load_state_dict(fastckpt.torch.load_file(folder / "m"))
    assert_same(dict(module.state_dict()), dict(sorted(other.state_dict().items())))
    fastckpt.torch.save_file(dict(module.named_parameters()), folder / "p")
    assert len(fastckpt.open(folder / "p")) == 4


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
