"""`save` and `Writer`: what they accept, refuse and promise."""

from __future__ import annotations

import array
import os
import sys
import threading
import types
import weakref
from contextlib import ExitStack
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import children
import fastckpt
from dtype_table import FIXED
from fastckpt import CorruptionError, UnsupportedError
from library_child import run_with
from process_memory import IS_MEASURABLE
from strategies import names, values


def loaded(prefix: Path) -> dict[str, np.ndarray]:
    with fastckpt.open(prefix) as ckpt:
        return ckpt.load(copy=True)


def saved(folder: Path, value: object, **options: object) -> np.ndarray:
    """Saves one value and gives what a reader finds."""
    fastckpt.save(folder / "one", {"w": value}, **options)
    return loaded(folder / "one")["w"]


def names_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


# --- what is written is what is read


@given(
    st.dictionaries(names(), values(), max_size=5),
    st.integers(1, 3),
    st.sampled_from([1, 8, 42]),
)
def test_reading_gives_back_what_was_written(tmp_path_factory, tensors, shards, align):
    prefix = tmp_path_factory.mktemp("round") / "model"
    types = {dtype.number: dtype.name for dtype in FIXED} | {7: "string"}
    with fastckpt.Writer(prefix, shards=shards, align=align, fsync=False) as writer:
        for name, (number, value) in tensors.items():
            writer.add(name, value, tf_dtype=types[number])
    with fastckpt.open(prefix) as ckpt:
        assert sorted(ckpt) == sorted(tensors)
        for name, (number, value) in tensors.items():
            info, got = ckpt.info(name), ckpt[name]
            assert info.tf_dtype == types[number]
            assert info.shape == value.shape
            assert got.dtype == value.dtype
            assert got.tolist() == value.tolist() or got.tobytes() == value.tobytes()
            assert number == 7 or info.offset % align == 0
        assert ckpt.verify().ok


def test_large_tensors_are_split_over_threads(tmp_path):
    generator = np.random.default_rng(1)
    tensors = {
        "odd": generator.bytes(3_000_001),
        "matrix": generator.standard_normal((3000, 2500)),
        "more": generator.standard_normal(4_000_003).astype(np.float32),
    }
    fastckpt.save(tmp_path / "m", tensors, threads=3)
    got = loaded(tmp_path / "m")
    assert got["odd"].item() == tensors["odd"]
    np.testing.assert_array_equal(got["matrix"], tensors["matrix"])
    np.testing.assert_array_equal(got["more"], tensors["more"])


def test_aligned_views_are_aligned(tmp_path):
    tensors = {f"w{i}": np.arange(i, dtype=np.float64) for i in range(1, 20)}
    tensors["text"] = "odd size"
    fastckpt.save(tmp_path / "m", tensors, align=64)
    with fastckpt.open(tmp_path / "m") as ckpt:
        for name in ckpt:
            assert ckpt.info(name).offset % 64 == 0
            assert name == "text" or ckpt[name].ctypes.data % 64 == 0


def test_a_checkpoint_without_tensors_is_one(tmp_path):
    fastckpt.save(tmp_path / "m", {})
    assert loaded(tmp_path / "m") == {}
    assert names_in(tmp_path) == ["m.data-00000-of-00001", "m.index"]


def test_a_saved_checkpoint_keeps_its_types(tmp_path):
    with fastckpt.Writer(tmp_path / "a") as writer:
        writer.add("q", np.array([-1, 2], np.int8), tf_dtype="qint8")
        writer.add("s", ["text"])
    with fastckpt.open(tmp_path / "a") as ckpt:
        fastckpt.save(tmp_path / "b", ckpt)
    for suffix in (".index", ".data-00000-of-00001"):
        first, second = (tmp_path / f"{name}{suffix}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_prefixes_are_paths_of_every_kind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for prefix in ("here", b"bytes", Path("sub/deep/path"), "g[1]*?", "é水"):
        fastckpt.save(prefix, {"w": 1.0})
        assert os.path.exists(os.fsdecode(prefix) + ".index")


def test_the_folder_may_change_its_name_and_the_process_its_folder(
    tmp_path, monkeypatch
):
    (tmp_path / "old").mkdir()
    monkeypatch.chdir(tmp_path)
    with fastckpt.Writer("old/m") as writer:
        writer.add("w", 1.0)
        os.rename("old", "new")
        os.chdir("/")
    assert loaded(tmp_path / "new" / "m")["w"] == 1.0


# --- values


@pytest.mark.parametrize(
    "value",
    [1.5, 7, True, 2 + 1j, [1, 2, 3], [[1.0], [2.0]], (), np.float32(3), np.int8(-1)],
)
def test_numbers_and_lists_are_what_numpy_makes_of_them(tmp_path, value):
    got, expected = saved(tmp_path, value), np.asarray(value)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text é", "text é".encode()),
        (b"\0bytes\0", b"\0bytes\0"),
        (["a\0", "b"], [b"a\0", b"b"]),
        ([[b"\0", b"long"]], [[b"\0", b"long"]]),
        (np.array(["a", "é"]), [b"a", "é".encode()]),
        (np.array([b"a", b"bc"]), [b"a", b"bc"]),
        (np.array([["a", b"b"], ["", "d"]], object).T, [[b"a", b""], [b"b", b"d"]]),
        (np.array(["x", "yz"], np.dtypes.StringDType()), [b"x", b"yz"]),
        (np.array([], object), []),
    ],
)
def test_text_is_stored_as_utf8_and_bytes_as_they_are(tmp_path, value, expected):
    got = saved(tmp_path, value)
    assert got.dtype == object
    assert got.tolist() == expected


def test_buffers_and_objects_with_the_array_interface_are_arrays(tmp_path):
    class Interface:
        def __init__(self, array):
            self.__array_interface__ = array.__array_interface__
            self.array = array

    np.testing.assert_array_equal(saved(tmp_path, array.array("d", [1, 2])), [1, 2])
    np.testing.assert_array_equal(saved(tmp_path, memoryview(b"ab")), [97, 98])
    half = np.arange(3, dtype=np.float16)
    np.testing.assert_array_equal(saved(tmp_path, Interface(half)), half)


class Exporter:
    """An array of another library: DLPack and nothing else."""

    def __init__(self, array, version=None):
        self.array, self.version = array, version

    def __dlpack__(self, **options):
        if self.version is None and options:
            raise TypeError("an exporter of the first hour takes no options")
        return self.array.__dlpack__(max_version=self.version)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("version", [None, (1, 0)])
@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.complex128, np.bool_])
def test_dlpack_is_taken_with_its_strides(tmp_path, dtype, version):
    base = np.arange(24).reshape(4, 6).astype(dtype)
    for value in (base, base.T, base[::2, ::-1], base[1:1], base[2, 3:4].reshape(())):
        got = saved(tmp_path, Exporter(value, version))
        assert got.dtype == value.dtype
        np.testing.assert_array_equal(got, value)


TORCH = """
import sys, torch, fastckpt
value = torch.arange(6, dtype=torch.float32).reshape(2, 3)
names = ("bfloat16", "float8_e5m2", "float8_e4m3fn", "float16")
tensors = {name: value.to(getattr(torch, name)).T for name in names}
fastckpt.save(sys.argv[1], tensors | {"trained": torch.ones(3, requires_grad=True)})
"""

JAX = """
import sys, jax.numpy as jnp, fastckpt
names = ("float32", "bfloat16", "float8_e5m2", "int4")
fastckpt.save(sys.argv[1], {name: jnp.arange(4).astype(name) for name in names})
"""


@pytest.mark.frameworks
def test_tensors_of_torch_are_taken(tmp_path):
    run_with("torch", TORCH, tmp_path / "m")
    found = loaded(tmp_path / "m")
    np.testing.assert_array_equal(found.pop("trained"), [1, 1, 1])
    assert {name: got.dtype.name for name, got in found.items()} == {
        name: name for name in ("bfloat16", "float8_e5m2", "float8_e4m3fn", "float16")
    }
    for got in found.values():
        np.testing.assert_array_equal(got.astype(int), [[0, 3], [1, 4], [2, 5]])


@pytest.mark.frameworks
def test_arrays_of_jax_are_taken(tmp_path):
    run_with("jax", JAX, tmp_path / "m")
    found = loaded(tmp_path / "m")
    assert sorted(found) == ["bfloat16", "float32", "float8_e5m2", "int4"]
    for name, got in found.items():
        assert got.dtype.name == name
        np.testing.assert_array_equal(got.astype(int), [0, 1, 2, 3])


def test_lazily_made_dlpack_tensors_do_not_pile_up(tmp_path):
    class Large:
        nbytes = 32 << 20

        def __init__(self, number):
            self._array = np.full(2, number)

        def __dlpack__(self, **options):
            return self._array.__dlpack__(**options)

    class Lazy(dict):
        def __getitem__(self, name):
            made = Large(int(name))
            arrays.append(weakref.ref(made._array))
            most.append(sum(array() is not None for array in arrays))
            return made

    arrays, most = [], []
    fastckpt.save(tmp_path / "m", Lazy.fromkeys(map(str, range(10))))
    assert max(most) <= 3  # a batch, and the last of the one before
    assert loaded(tmp_path / "m")["9"].tolist() == [9, 9]


@pytest.mark.parametrize("error", [BufferError, KeyError, ArithmeticError])
def test_an_exporter_that_gives_up_is_asked_for_an_array(tmp_path, error):
    class Reluctant:
        def __dlpack__(self, **options):
            raise error("not today")

        def __array__(self, dtype=None, copy=None):
            return np.arange(3)

    np.testing.assert_array_equal(saved(tmp_path, Reluctant()), [0, 1, 2])


def test_tensors_of_strings_are_not_asked_for_dlpack(tmp_path):
    class EagerTensor:
        """What TensorFlow's is, whose export of strings ends the process."""

        dtype = types.SimpleNamespace(name="string")

        def __dlpack__(self, **options):
            pytest.fail("TensorFlow would have ended the process")

        def __array__(self, dtype=None, copy=None):
            return np.array([b"a", b"b"], object)

    assert saved(tmp_path, EagerTensor()).tolist() == [b"a", b"b"]


def test_bits_that_a_type_lacks_are_stored_as_zeros(tmp_path):
    value = np.array([0xFF, 0xE1], np.uint8).view(ml_dtypes.int4)
    fastckpt.save(tmp_path / "m", {"w": value})
    assert (tmp_path / "m.data-00000-of-00001").read_bytes() == b"\x0f\x01"


@pytest.mark.parametrize(
    "value",
    [object(), None, {"a": 1}, {1, 2}, [b"x", 1, 2.5], [[1], [2, 3]], [["a"], "b"]],
)
def test_what_is_no_array_is_a_type_error_that_names_the_tensor(tmp_path, value):
    with pytest.raises(TypeError, match="tensor 'w'"):
        saved(tmp_path, value)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "value",
    [
        np.array(["2020-01-01"], "datetime64[D]"),
        np.zeros(2, np.longdouble),
        np.zeros(2, [("a", "i4"), ("b", "f4")]),
        np.zeros(2, "V3"),
    ],
)
def test_types_without_a_form_in_a_checkpoint_are_unsupported(tmp_path, value):
    with pytest.raises(UnsupportedError, match="'w': values of dtype"):
        saved(tmp_path, value)


@pytest.mark.parametrize("tf_dtype", ["resource", "variant"])
def test_resources_and_variants_are_unsupported(tmp_path, tf_dtype):
    writer = fastckpt.Writer(tmp_path / "m")
    with pytest.raises(UnsupportedError, match=tf_dtype):
        writer.add("w", np.zeros(1, np.uint8), tf_dtype=tf_dtype)


def test_a_tf_dtype_must_be_stored_as_what_the_values_are(tmp_path):
    with fastckpt.Writer(tmp_path / "m") as writer:
        writer.add("right", np.zeros(1, np.int32), tf_dtype="qint32")
        with pytest.raises(ValueError, match="stored as int8, not as int32"):
            writer.add("wrong", np.zeros(1, np.int32), tf_dtype="qint8")
        with pytest.raises(ValueError, match="stored as float, not"):
            writer.add("unknown", np.zeros(1, np.int32), tf_dtype="float")


# --- refusals


def test_names_are_checked(tmp_path):
    with fastckpt.Writer(tmp_path / "m") as writer:
        with pytest.raises(ValueError, match="needs a name"):
            writer.add("", 1)
        with pytest.raises(TypeError, match="not bytes"):
            writer.add(b"w", 1)
        writer.add("w", 1)
        with pytest.raises(ValueError, match="tensor 'w': the same name"):
            writer.add("w", 2)
    assert loaded(tmp_path / "m")["w"] == 1


@pytest.mark.parametrize("format", ["v1", "v2"])
def test_slices_must_fit_and_belong_together(tmp_path, format):
    part = np.zeros((2, 3), np.float32)
    with fastckpt.Writer(tmp_path / "m", format=format) as writer:
        writer.add("whole", part)
        writer.add_slice("w", part, full_shape=(4, 3), begin=(0, None))
        for problem, arguments in {
            "does not fit": (part, (4, 3), (3, 0)),
            "full shape": (part, (-4, 3), (0, 0)),
            r"another of \[5,3\]": (part, (5, 3), (2, 0)),
            "another of float64": (part.astype(np.float64), (4, 3), (2, 0)),
            "added before": (part, (4, 3), (0, None)),
        }.items():
            with pytest.raises(ValueError, match=problem):
                writer.add_slice("w", *arguments)
        writer.add_slice("w", part + 1, full_shape=(4, 3), begin=(2, 0))
    np.testing.assert_array_equal(loaded(tmp_path / "m")["w"][:, 0], [0, 0, 1, 1])


def test_text_without_a_form_in_utf8_is_named(tmp_path):
    with pytest.raises(ValueError, match="'w': element 1 is text with lone surr"):
        saved(tmp_path, ["a", "\ud800"])
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("full_shape", "begin", "error"),
    [
        ((4.0,), (0,), TypeError),
        (4, (0,), TypeError),
        ((4,), ("0",), TypeError),
        ((4,), 0, TypeError),
        ((2**63,), (0,), ValueError),
        ((4,), (2**63,), ValueError),
        ((4,), (-(2**70),), ValueError),
    ],
)
def test_slices_lie_at_integers(tmp_path, full_shape, begin, error):
    writer = fastckpt.Writer(tmp_path / "m")
    with pytest.raises(error, match="tensor 'w'"):
        writer.add_slice("w", np.zeros(2), full_shape, begin)
    writer.abort()


@pytest.mark.parametrize("format", ["v1", "v2"])
def test_slices_that_overlap_are_refused_at_the_end(tmp_path, format):
    writer = fastckpt.Writer(tmp_path / "m", format=format)
    writer.add_slice("w", np.zeros(2), full_shape=(3,), begin=(0,))
    writer.add_slice("w", np.zeros(2), full_shape=(3,), begin=(1,))
    with pytest.raises(ValueError, match="'w': slices 0,2 and 1,2 overlap"):
        writer.finish()
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "options",
    [
        {"format": "v3"},
        {"shards": 0},
        {"shards": 100_000},
        {"align": 0},
        {"align": 2**31},
        {"align": 2**64},
        {"shards": 2**31},
        {"threads": 0},
        {"threads": 2**70},
        {"format": "v1", "shards": 2},
        {"format": "v1", "align": 64},
    ],
)
def test_options_out_of_range_are_value_errors(tmp_path, options):
    with pytest.raises(ValueError, match=r"format|shards|align|threads"):
        fastckpt.save(tmp_path / "m", {"w": 1}, **options)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("option", ["shards", "align", "threads"])
@pytest.mark.parametrize("value", ["2", 1.5, [1]])
def test_options_are_integers(tmp_path, option, value):
    with pytest.raises(TypeError, match=f"{option} must be an integer"):
        fastckpt.save(tmp_path / "m", {"w": 1}, **{option: value})
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("prefix", ["", "folder/", "nul\0"])
def test_prefixes_that_name_no_file_are_value_errors(tmp_path, monkeypatch, prefix):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"names a folder|NUL"):
        fastckpt.save(prefix, {"w": 1})


class Attributes(dict):
    """A mapping of the kind whose keys are attributes too."""

    def __getattr__(self, name):
        return self[name]


@pytest.mark.parametrize("save", [fastckpt.save, fastckpt.Saver().save])
def test_a_tensor_may_be_called_as_a_method_of_a_checkpoint(tmp_path, save):
    save(tmp_path / "m", Attributes(info=np.zeros(2), w=np.ones(3)))
    assert sorted(loaded(tmp_path / "m")) == ["info", "w"]


def test_types_that_v1_lacks_are_unsupported(tmp_path):
    value = np.zeros(1, ml_dtypes.bfloat16)
    with pytest.raises(UnsupportedError, match="bfloat16; write format v2"):
        fastckpt.save(tmp_path / "m", {"w": value}, format="v1")


def test_tensors_must_be_a_mapping(tmp_path):
    with pytest.raises(TypeError, match="not a list"):
        fastckpt.save(tmp_path / "m", [("w", 1)])
    assert names_in(tmp_path) == []


# --- the writer's life


def test_leaving_the_block_by_an_exception_leaves_nothing(tmp_path):
    def fail() -> None:
        with fastckpt.Writer(tmp_path / "m") as writer:
            writer.add("w", np.zeros(1000))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert names_in(tmp_path) == []


def test_a_forgotten_writer_leaves_nothing(tmp_path):
    writer = fastckpt.Writer(tmp_path / "m")
    writer.add("w", np.zeros(1000))
    del writer
    assert names_in(tmp_path) == []


def test_a_closed_writer_refuses_to_work(tmp_path):
    writer = fastckpt.Writer(tmp_path / "m")
    writer.finish()
    for call in (writer.finish, lambda: writer.add("w", 1)):
        with pytest.raises(ValueError, match="closed"):
            call()
    writer.abort()
    assert loaded(tmp_path / "m") == {}


def test_many_threads_may_add(tmp_path):
    with fastckpt.Writer(tmp_path / "m", shards=2, fsync=False) as writer:

        def add(thread: int) -> None:
            for i in range(50):
                size = 100_000 if i % 10 == 0 else 3
                writer.add(f"{thread}/{i}", np.full(size, thread * 100 + i))

        threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    got = loaded(tmp_path / "m")
    assert len(got) == 400
    assert all(
        (value == int(name.split("/")[0]) * 100 + int(name.split("/")[1])).all()
        for name, value in got.items()
    )


@pytest.mark.serial
def test_other_threads_run_while_bytes_are_written(tmp_path):
    value = np.ones(1 << 26)
    thread = threading.Thread(
        target=fastckpt.save, args=(tmp_path / "m", {"w": value}), daemon=True
    )
    thread.start()
    turns = 0
    while thread.is_alive():
        turns += 1
    assert turns > 1000


@pytest.mark.serial
def test_a_signal_ends_a_save_and_leaves_nothing(tmp_path):
    script = f"""
import signal, sys, numpy as np, fastckpt
value = np.ones(1 << 24)
def stop(*_):
    raise TimeoutError
signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_REAL, 0.15)
try:
    fastckpt.save({str(tmp_path / "m")!r}, {{f"w{{i}}": value for i in range(200)}})
except TimeoutError:
    print("stopped")
"""
    done = children.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "stopped\n"
    assert names_in(tmp_path) == []


def test_an_array_that_changes_meanwhile_gives_a_sound_checkpoint(tmp_path):
    value = np.zeros(4_000_000, np.int64)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            value[:] += 1

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for number in range(5):
            fastckpt.save(tmp_path / f"m{number}", {"w": value}, fsync=False)
    finally:
        stop.set()
        thread.join()
    for number in range(5):
        with fastckpt.open(tmp_path / f"m{number}") as ckpt:
            assert ckpt.verify().ok


def test_a_forked_child_neither_finishes_nor_removes(tmp_path):
    script = f"""
import os, numpy as np, fastckpt
writer = fastckpt.Writer({str(tmp_path / "m")!r})
writer.add("w", np.ones(10))
child = os.fork()
if child == 0:
    try:
        writer.finish()
    except ValueError as error:
        assert "process" in str(error)
        del writer
        os._exit(0)
    os._exit(1)
assert os.waitpid(child, 0)[1] == 0
writer.finish()
"""
    children.run([sys.executable, "-c", script], check=True)
    np.testing.assert_array_equal(loaded(tmp_path / "m")["w"], np.ones(10))


@pytest.mark.skipif(not IS_MEASURABLE, reason="memory cannot be measured here")
@pytest.mark.serial
def test_memory_stays_flat_while_tensors_are_added(tmp_path):
    script = rf"""
import re, numpy as np, fastckpt
value = np.ones(1 << 20)
def peak():  # getrusage counts the process that began this one, too
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s*([0-9]+)", status.read())[1])
with fastckpt.Writer({str(tmp_path / "m")!r}, fsync=False) as writer:
    writer.add("first", value.T[::-1])
    before = peak()
    for i in range(40):
        writer.add(f"w{{i}}", value.astype(">f8")[::-1])
    print(peak() - before)
"""
    done = children.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    # Kilobytes; each tensor has 8 MiB, and the loop itself makes two copies.
    assert int(done.stdout) < 24 << 10


# --- what lies there already


def test_saving_over_an_open_checkpoint_does_not_hurt_its_reader(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.zeros(100_000)})
    with fastckpt.open(tmp_path / "m") as ckpt:
        view = ckpt["w"]
        fastckpt.save(tmp_path / "m", {"w": np.ones(10)})
        assert not view.any()
    assert not view.any()
    assert loaded(tmp_path / "m")["w"].all()


# What a save under way has set aside is told of as such.
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_two_processes_that_save_under_one_prefix_do_not_mix(tmp_path):
    script = """
import sys, numpy as np, fastckpt
number = int(sys.argv[2])
for i in range(25):
    tensors = {f"w{j}": np.full(1000, number) for j in range(4)}
    fastckpt.save(sys.argv[1], tensors, shards=number)
"""
    command = [sys.executable, "-c", script, tmp_path / "m"]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(children.started([*command, str(number)]))
            for number in (1, 2, 3)
        ]
        while any(process.poll() is None for process in processes):
            try:
                got = loaded(tmp_path / "m")
            except (OSError, CorruptionError):  # replaced or moved while we looked
                continue
            assert len({int(value) for array in got.values() for value in array}) == 1
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(loaded(tmp_path / "m")) == 4
    assert not [name for name in names_in(tmp_path) if ".fastckpt-" in name]


def test_saving_a_checkpoint_over_itself_works(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.arange(1000), "x": "text"})
    with fastckpt.open(tmp_path / "m") as ckpt:
        fastckpt.save(tmp_path / "m", ckpt, shards=2)
    np.testing.assert_array_equal(loaded(tmp_path / "m")["w"], np.arange(1000))


def test_a_reader_of_the_old_index_is_told_about_the_new_files(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.zeros(1000)})
    with fastckpt.open(tmp_path / "m") as ckpt:
        fastckpt.save(tmp_path / "m", {"w": np.ones(1000)})
        with pytest.raises(CorruptionError):
            ckpt["w"]


def test_the_other_format_under_the_same_prefix_is_replaced(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": 1})
    fastckpt.save(tmp_path / "m", {"w": 2}, format="v1")
    assert names_in(tmp_path) == ["m"]
    assert loaded(tmp_path / "m")["w"] == 2


def test_importing_the_package_does_not_import_the_writer():
    script = "import fastckpt, sys; assert 'fastckpt.writing.writer' not in sys.modules"
    children.run([sys.executable, "-c", script], check=True)


class CallsBack:
    """Gives its values by a call that a writer makes while it adds them."""

    def __init__(self, call) -> None:
        self.call = call

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        self.call()
        return np.arange(3)


def test_a_value_may_add_another_while_it_is_added(tmp_path):
    with fastckpt.Writer(tmp_path / "m") as writer:
        inner = CallsBack(lambda: writer.add("inner", np.arange(2)))
        writer.add("outer", inner)
    assert sorted(loaded(tmp_path / "m")) == ["inner", "outer"]


def test_a_value_may_abort_the_writer_that_adds_it(tmp_path):
    writer = fastckpt.Writer(tmp_path / "m")
    with pytest.raises(ValueError, match="closed"):
        writer.add("w", CallsBack(lambda: writer.__exit__(ValueError, None, None)))
    assert names_in(tmp_path) == []
