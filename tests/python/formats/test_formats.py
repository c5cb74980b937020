"""Other formats: what is written is what is read, or a refusal by name."""

from __future__ import annotations

import os
import sys
import zipfile
from importlib.metadata import version

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import children
from fastckpt.errors import CorruptionError
from fastckpt.formats import npz, safetensors

TENSORS = {
    "dense/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "größe/重み": np.array([True, False]),
    "scalar": np.array(7, np.int64),
    "empty": np.empty((0, 3), np.float16),
    "transposed": np.arange(6, dtype=np.uint8).reshape(2, 3).T,
}
MODULES = {"npz": npz, "safetensors": safetensors}
both = pytest.mark.parametrize("kind", MODULES)


def read(kind, path):
    with MODULES[kind].read(str(path)) as tensors:
        return dict(tensors)


def dtypes(tensors):
    return {name: array.dtype for name, array in tensors.items()}


def assert_same(found, expected):
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()


@both
def test_what_is_written_is_read(kind, tmp_path):
    path = str(tmp_path / f"t.{kind}")
    MODULES[kind].check(dtypes(TENSORS))
    MODULES[kind].write(path, TENSORS)
    assert_same(read(kind, path), TENSORS)


def test_numpy_reads_the_npz(tmp_path):
    npz.write(str(tmp_path / "t.npz"), TENSORS)
    with np.load(tmp_path / "t.npz", allow_pickle=False) as archive:
        assert_same(dict(archive), TENSORS)


def test_the_library_reads_the_safetensors_and_we_what_it_wrote(tmp_path):
    safetensors.write(str(tmp_path / "ours"), TENSORS)
    assert_same(load_file(tmp_path / "ours"), TENSORS)
    save_file({"w": TENSORS["scalar"]}, tmp_path / "theirs")
    found = read("safetensors", tmp_path / "theirs")
    assert_same(found, {"w": TENSORS["scalar"]})


def test_npz_holds_complex_numbers(tmp_path):
    tensors = {"a": np.array([1 + 2j], np.complex64), "b": np.array(3j)}
    npz.check(dtypes(tensors))
    npz.write(str(tmp_path / "t"), tensors)
    assert_same(read("npz", tmp_path / "t"), tensors)


def test_safetensors_holds_complex64_if_its_library_does(tmp_path):
    tensors = {"a": np.array([1 + 2j], np.complex64)}
    safetensors.check(dtypes(tensors))
    if tuple(map(int, version("safetensors").split(".")[:2])) < (0, 7):
        with pytest.raises(ValueError, match="complex64"):
            safetensors.write(str(tmp_path / "t"), tensors)
        assert list(tmp_path.iterdir()) == []
    else:
        safetensors.write(str(tmp_path / "t"), tensors)
        assert_same(read("safetensors", tmp_path / "t"), tensors)


@pytest.mark.parametrize("name", ["bfloat16", "float8_e5m2", "float8_e4m3fn"])
def test_safetensors_hold_floats_that_numpy_lacks(name, tmp_path):
    array = np.array([[1.5, -2, 0]]).astype(getattr(ml_dtypes, name))
    safetensors.check({"w": array.dtype})
    safetensors.write(str(tmp_path / "t"), {"w": array})
    assert_same(read("safetensors", tmp_path / "t"), {"w": array})


@both
def test_the_same_tensors_give_the_same_bytes(kind, tmp_path):
    for name in ("a", "b"):
        MODULES[kind].write(str(tmp_path / name), TENSORS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@both
def test_strings_are_refused_by_name(kind):
    types = {"a": np.dtype("f4"), "graph": np.dtype("O"), "words": np.dtype("O")}
    with pytest.raises(ValueError, match=r"strings: 'graph', 'words'; leave them out"):
        MODULES[kind].check(types)


@both
def test_what_has_no_form_in_numpy_is_refused_by_name(kind):
    with pytest.raises(ValueError, match=r"resources and variants: 'v'; leave them"):
        MODULES[kind].check({"v": None, "w": np.dtype("f4")})


@both
def test_many_refused_tensors_are_counted(kind):
    types = {f"s{number:04}": np.dtype("O") for number in range(1234)}
    with pytest.raises(ValueError, match=r"'s0004' and 1,229 more;"):
        MODULES[kind].check(types)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("npz", "bfloat16"),
        ("npz", "float8_e5m2"),
        ("npz", "int4"),
        ("safetensors", "int4"),
        ("safetensors", "float8_e4m3b11fnuz"),
    ],
)
def test_types_that_would_be_lost_are_refused(kind, name):
    types = {"w": np.dtype(getattr(ml_dtypes, name))}
    with pytest.raises(ValueError, match=f"does not hold {name}: 'w'; cast them"):
        MODULES[kind].check(types)


def test_complex128_is_refused_by_safetensors_alone():
    types = {"w": np.dtype(np.complex128)}
    npz.check(types)
    with pytest.raises(ValueError, match="does not hold complex128: 'w'"):
        safetensors.check(types)


@pytest.mark.parametrize(
    "name", ["/etc/x", "a/../../b", "..", "nul\0", "\udcff", "x" * 70_000]
)
def test_names_that_a_zip_file_must_not_hold_are_refused(name):
    with pytest.raises(ValueError, match="npz does not hold such names"):
        npz.check({name: np.dtype("f4")})


def test_names_that_numpy_would_mix_up_are_refused(tmp_path):
    types = dict.fromkeys(["w", "w.npy", "v.npy"], np.dtype("f4"))
    with pytest.raises(ValueError, match=r"differ by '\.npy' alone: 'w'; rename"):
        npz.check(types)


def test_an_npz_with_such_names_is_read_right(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        for number, name in enumerate(["w", "w.npy"]):
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, np.array(number))
    assert read("npz", tmp_path / "t.npz") == {"w": 0, "w.npy": 1}


@pytest.mark.parametrize("name", ["readme.txt", "w.npy"])
def test_a_member_of_npz_that_is_no_array_is_named(name, tmp_path):
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr(name, "no array")
    with pytest.raises(CorruptionError, match=f"'{name}' in it is no array"):
        read("npz", tmp_path / "t.npz")


@pytest.mark.parametrize("name", ["a..b", "..a/b..", "a//b", "a.npy", "C:\\x", "%s"])
def test_odd_names_survive_in_npz(name, tmp_path):
    npz.check({name: np.dtype("f4")})
    npz.write(str(tmp_path / "t.npz"), {name: np.zeros(1, np.float32)})
    assert list(read("npz", tmp_path / "t.npz")) == [name]


@pytest.mark.parametrize("name", ["\udcff", "__metadata__"])
def test_names_that_safetensors_cannot_hold_are_refused(name):
    with pytest.raises(ValueError, match="safetensors does not hold such names"):
        safetensors.check({name: np.dtype("f4")})


@both
def test_a_file_that_is_replaced_keeps_its_bytes_for_who_has_it_mapped(kind, tmp_path):
    path = str(tmp_path / "t")
    MODULES[kind].write(path, {"w": np.zeros(4096, np.float32)})
    mapped = np.memmap(path, np.uint8, "r")
    before = mapped.tobytes()
    MODULES[kind].write(path, {"w": np.ones(4096, np.float32)})
    assert mapped.tobytes() == before
    assert read(kind, path)["w"].min() == 1


@both
def test_who_may_read_a_file_is_what_the_user_set(kind, tmp_path):
    before = os.umask(0o027)
    try:
        MODULES[kind].write(str(tmp_path / "t"), TENSORS)
    finally:
        os.umask(before)
    assert (tmp_path / "t").stat().st_mode & 0o777 == 0o640


@both
def test_a_write_that_fails_leaves_the_old_file_and_no_litter(kind, tmp_path):
    path = str(tmp_path / "t")
    MODULES[kind].write(path, {"w": np.zeros(3, np.float32)})
    before = (tmp_path / "t").read_bytes()

    class Failing(dict):
        def __getitem__(self, name):
            raise CorruptionError("damaged")

    with pytest.raises(CorruptionError, match="damaged"):
        MODULES[kind].write(path, Failing(w=0))
    assert (tmp_path / "t").read_bytes() == before
    assert os.listdir(tmp_path) == ["t"]


FULL = """
import resource, signal, sys
import numpy as np
from fastckpt.formats import npz, safetensors
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    {"npz": npz, "safetensors": safetensors}[sys.argv[1]].write(
        sys.argv[2], {"w": np.zeros(1000)}, fsync=False
    )
except OSError as error:
    print(error.filename, error.strerror, sep=": ")
"""


@both
def test_a_file_for_which_there_is_no_room_is_named(kind, tmp_path):
    path = str(tmp_path / "t")
    done = children.run(
        [sys.executable, "-c", FULL, kind, path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{path}: File too large\n"
    assert os.listdir(tmp_path) == []


@both
@pytest.mark.parametrize("content", [b"", b"nonsense" * 20, b"PK\x03\x04" + b"\0" * 50])
def test_what_is_no_such_file_is_corrupt(kind, content, tmp_path):
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(CorruptionError, match=str(tmp_path / "t")):
        read(kind, tmp_path / "t")


@both
def test_a_file_that_is_not_there_is_not_found(kind, tmp_path):
    with pytest.raises(FileNotFoundError):
        read(kind, tmp_path / "nothing")


def test_pickled_objects_in_npz_are_not_loaded(tmp_path):
    np.savez(tmp_path / "t.npz", x=np.array([{}], object))
    with pytest.raises(CorruptionError, match="pickle"):
        read("npz", tmp_path / "t.npz")


def test_a_damaged_member_of_npz_is_corrupt(tmp_path):
    path = tmp_path / "t.npz"
    npz.write(str(path), {"w": np.arange(1000, dtype=np.float32)})
    data = bytearray(path.read_bytes())
    data[2000] ^= 1
    path.write_bytes(data)
    with pytest.raises(CorruptionError, match="CRC"):
        read("npz", path)


@both
def test_an_array_is_read_when_it_is_asked_for(kind, tmp_path):
    path = str(tmp_path / "t")
    MODULES[kind].write(path, TENSORS)
    with MODULES[kind].read(path) as tensors:
        assert len(tensors) == len(TENSORS)
        assert "scalar" in tensors
        assert tensors["scalar"] == 7
        with pytest.raises(KeyError):
            tensors["nothing"]


def test_npz_is_written_without_holding_every_tensor(tmp_path):
    alive = []

    class Counting(dict):
        def __getitem__(self, name):
            alive.append(name)
            return np.zeros(3, np.float32)

    npz.write(str(tmp_path / "t.npz"), Counting(a=0, b=0))
    assert alive == ["a", "b"]
    with zipfile.ZipFile(tmp_path / "t.npz") as archive:
        assert archive.testzip() is None


def test_without_the_library_one_line_names_it():
    code = (
        "import sys; sys.modules['safetensors'] = None\n"
        "from fastckpt.formats import safetensors\n"
        "try: safetensors.check({})\n"
        "except ImportError as error: print(error)\n"
    )
    done = children.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "this needs safetensors: pip install safetensors\n"
