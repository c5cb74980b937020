"""``.npz`` and ``.safetensors`` behind URLs, wherever local ones are taken."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from command_line import run

pytest.importorskip("aiohttp")
pytest.importorskip("safetensors")

from fastckpt.formats.opened import open_tensors
from locked_store import KEY, locked_store
from range_server import RangeServer
from remote_stores import in_memory

GENERATOR = np.random.default_rng(3)
ARRAYS = {
    "a/kernel": GENERATOR.random((300, 100), np.float32),
    "b/large": GENERATOR.random((4_000, 70), np.float32),
    "c/none": np.zeros((0, 3), np.int64),
    "d/step": np.array(7, np.int64),
    "e/wide": GENERATOR.random((2, 200_000), np.float32),
}
KINDS = ("npz", "safetensors")


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    fastckpt.save(folder / "m", ARRAYS)
    for kind in KINDS:
        fastckpt.convert(folder / "m", folder / f"t.{kind}")
    return folder


@pytest.fixture(autouse=True)
def small_requests(monkeypatch):
    """As if these arrays were large ones."""
    monkeypatch.setattr("fastckpt.files.remote_content._REQUEST", 100 << 10)
    monkeypatch.setattr("fastckpt.files.remote_content._MOST", 300 << 10)
    monkeypatch.setattr("fastckpt.files.remote_content._LEAST", 4 << 10)
    monkeypatch.setattr("fastckpt.formats.npz._FAR", 4 << 10)


@pytest.fixture
def server(files):
    with RangeServer({it.name: it.read_bytes() for it in files.iterdir()}) as running:
        yield running


def assert_all(found) -> None:
    assert sorted(found) == sorted(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("kind", KINDS)
def test_its_arrays_are_read(kind, server):
    with open_tensors(f"{server.url}/t.{kind}") as tensors:
        assert (tensors.format, tensors.io) == (kind, "remote")
        assert tensors.path == f"{server.url}/t.{kind}"
        assert_all(tensors)


@pytest.mark.parametrize("kind", KINDS)
def test_headers_alone_are_fetched_for_a_listing(kind, server, capsys):
    done = run(capsys, "ls", f"{server.url}/t.{kind}", "--json")
    assert [it["name"] for it in json.loads(done.out)["tensors"]] == sorted(ARRAYS)
    assert server.sent("GET") < 100_000
    assert server.count("GET") <= 9


def test_a_tensor_of_safetensors_costs_its_own_bytes(server):
    with open_tensors(f"{server.url}/t.safetensors") as tensors:
        server.forget()
        np.testing.assert_array_equal(tensors["e/wide"], ARRAYS["e/wide"])
        assert server.sent("GET") == ARRAYS["e/wide"].nbytes


REGIONS = [
    np.s_[5], np.s_[-1], np.s_[10:20], np.s_[10:20, 3], np.s_[30:10:-7, ::2],
    np.s_[5:5], np.s_[7, ..., 2], np.s_[...], np.s_[:, 4], np.s_[[1, 5]], np.s_[()],
]  # fmt: skip


@pytest.mark.parametrize("region", REGIONS, ids=str)
@pytest.mark.parametrize("place", ["here", "there"])
def test_a_region_is_numpys(region, place, server, files):
    folder = str(files) if place == "here" else server.url
    with open_tensors(f"{folder}/t.safetensors") as tensors:
        wanted = ARRAYS["b/large"][region]
        found = tensors.read("b/large", region)
        assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_array_equal(found, wanted)


def test_rows_of_safetensors_cost_the_rows(server):
    with open_tensors(f"{server.url}/t.safetensors") as tensors:
        server.forget()
        tensors.read("b/large", np.s_[1000:1010])
        assert server.sent("GET") < 20_000
        for region in (4_000, np.s_[0, 70], np.s_[0, 0, 0]):
            with pytest.raises(IndexError):
                tensors.read("b/large", region)


@pytest.mark.parametrize("kind", KINDS)
def test_every_verb_that_takes_a_path_takes_it(kind, files, tmp_path, capsys):
    url = f"{in_memory(files)}/t.{kind}"
    assert fastckpt.diff(url, files / "m").same == sorted(ARRAYS)
    assert fastckpt.diff(files / "m", url).changed == {}
    assert fastckpt.statistics(url)["d/step"].max == 7
    fastckpt.convert(url, tmp_path / "made", drop=["e/*"])
    assert "e/wide" not in fastckpt.open(tmp_path / "made")
    fastckpt.convert(url, tmp_path / "made.npz", dtype="float16")
    for words, status in {
        ("ls", url): 0,
        ("show", url, "b/large", "--region", "0:2,:3"): 0,
        ("show", url): 0,
        ("show", url, "--html", str(tmp_path / "page.html")): 0,
        ("stats", url, "a/*"): 0,
        ("diff", url, str(files / "m")): 0,
        ("convert", url, str(tmp_path / "again.safetensors")): 0,
        ("verify", url): 0 if kind == "npz" else 2,
    }.items():
        done = run(capsys, *words)
        assert done.status == status, (words, done)


def test_a_model_is_matched_by_the_header_of_its_file(server, tmp_path, capsys):
    fastckpt.save(tmp_path / "m", {"b/large": ARRAYS["b/large"]})
    Path(tmp_path / "rules").write_text("b/large -> b/large\n- -> *\n")
    words = ["match", str(tmp_path / "m"), f"{server.url}/t.safetensors"]
    done = run(capsys, *words, "--rules", str(tmp_path / "rules"), "--json")
    assert list(json.loads(done.out)["pairs"]) == ["b/large"], done
    assert server.sent("GET") < 100_000


def test_its_first_bytes_tell_the_format_whatever_its_name(server, files):
    for kind in KINDS:
        server.put("model.bin", (files / f"t.{kind}").read_bytes())
        with open_tensors(f"{server.url}/model.bin") as tensors:
            assert tensors.format == kind
        other = KINDS[1 - KINDS.index(kind)]
        server.put(f"x.{other}", (files / f"t.{kind}").read_bytes())
        with open_tensors(f"{server.url}/x.{other}") as tensors:
            assert tensors.format == kind


def test_a_checkpoint_of_such_a_name_comes_first(server, files):
    for ending in ("index", "data-00000-of-00001"):
        server.put(f"t.npz.{ending}", (files / f"m.{ending}").read_bytes())
    with open_tensors(f"{server.url}/t.npz") as tensors:
        assert tensors.format == "v2"


def test_the_query_of_a_signed_url_is_sent_and_not_told(server):
    with open_tensors(f"{server.url}/t.safetensors?sig=s3cr3t") as tensors:
        assert tensors.path == f"{server.url}/t.safetensors"
        assert tensors["d/step"] == 7


def test_a_store_is_opened_with_its_options(files):
    with locked_store():
        import fsspec

        system = fsspec.filesystem("locked", key=KEY)
        for kind in KINDS:
            url = f"locked://formats/t.{kind}"
            system.pipe_file(url, (files / f"t.{kind}").read_bytes())
            options = {"storage_options": {"key": KEY}}
            assert fastckpt.statistics(url, ["d/step"], **options)["d/step"].max == 7
            with pytest.raises(PermissionError):
                fastckpt.statistics(url, ["d/step"])


# What goes wrong.


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_that_is_replaced_is_no_mixture(kind, server, files):
    url = f"{server.url}/t.{kind}"
    other = bytearray((files / f"t.{kind}").read_bytes())
    with open_tensors(url) as tensors:
        server.put(f"t.{kind}", bytes(other[:-1]) + b"!")
        with pytest.raises(fastckpt.CorruptionError, match="was replaced"):
            tensors["e/wide"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("403", PermissionError),
        ("404", FileNotFoundError),
        ("503", OSError),
        ("ignores ranges", fastckpt.UnsupportedError),
        ("whole as part", fastckpt.UnsupportedError),
        ("wrong range", fastckpt.UnsupportedError),
        ("cut", OSError),
    ],
)
def test_a_failure_is_told_as_what_it_is(kind, fault, error, server):
    with open_tensors(f"{server.url}/t.{kind}") as tensors:
        server.misbehave(fault, method="GET")
        with pytest.raises(error) as caught:
            tensors["e/wide"]
        assert "sound" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_while_it_is_opened_is_no_damage(kind, server):
    url = f"{server.url}/t.{kind}"
    server.forget()
    open_tensors(url).__enter__()
    for after in range(server.count("GET")):
        server.misbehave("503", after=after, times=1, method="GET")
        with pytest.raises(OSError, match="503"):  # a CorruptionError is none
            open_tensors(url).__enter__()
        server.behave()


def test_what_cannot_be_told_opens_nothing_else(server, files):
    """A checkpoint of that name would come first."""
    for fault in ("503", "429"):
        server.misbehave(fault, "t.npz.index")
        with pytest.raises(OSError, match=fault):
            open_tensors(f"{server.url}/t.npz").__enter__()
        server.behave()
    server.misbehave("403", "t.npz.index")  # some refuse what is not there
    with open_tensors(f"{server.url}/t.npz") as tensors:
        assert tensors["d/step"] == 7


def test_a_failure_of_a_moment_does_not_stay(server, files):
    content = bytearray((files / "t.npz").read_bytes())
    content[len(content) // 2] ^= 1
    server.put("t.npz", bytes(content))
    with open_tensors(f"{server.url}/t.npz") as tensors:
        server.misbehave("503", times=1, method="GET")
        with pytest.raises(OSError, match="503"):
            tensors["a/kernel"]
        np.testing.assert_array_equal(tensors["a/kernel"], ARRAYS["a/kernel"])
        with pytest.raises(fastckpt.CorruptionError, match="CRC-32"):
            [tensors[name] for name in tensors]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_is_damaged(kind, server, files):
    content = (files / f"t.{kind}").read_bytes()
    for size in (9, 100, len(content) // 2, len(content) - 1):
        server.put(f"cut.{kind}", content[:size])
        with pytest.raises(fastckpt.CorruptionError, match=f"cut.{kind}"):
            open_tensors(f"{server.url}/cut.{kind}").__enter__()


def test_a_damaged_array_is_told(server, files):
    content = bytearray((files / "t.npz").read_bytes())
    content[len(content) // 2] ^= 1
    server.put("bad.npz", bytes(content))
    with (
        open_tensors(f"{server.url}/bad.npz") as tensors,
        pytest.raises(fastckpt.CorruptionError, match="CRC-32"),
    ):
        tensors["e/wide"]


def _npy_header(shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue()


@pytest.mark.parametrize("place", ["here", "there"])
def test_an_array_that_claims_more_than_is_there_takes_no_memory(
    place, server, tmp_path
):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("w.npy", _npy_header((1 << 40, 4)))
    server.put("bomb.npz", file.getvalue())
    (tmp_path / "bomb.npz").write_bytes(file.getvalue())
    folder = str(tmp_path) if place == "here" else server.url
    with pytest.raises(fastckpt.CorruptionError, match="needs"):
        open_tensors(f"{folder}/bomb.npz").__enter__()


def test_a_directory_that_claims_to_be_most_of_a_large_file_is_not_held(monkeypatch):
    monkeypatch.setattr("fastckpt.formats.content.ContentFile.MOST", 1 << 20)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("w.npy", _npy_header((0,)))
        archive.writestr("fill.npy", bytes(2 << 20))
    content = bytearray(file.getvalue())
    end = content.rindex(b"PK\x05\x06")
    struct.pack_into("<II", content, end + 12, end, 0)
    with (
        RangeServer({"t.npz": bytes(content)}) as server,
        pytest.raises(fastckpt.CorruptionError, match="at once"),
    ):
        open_tensors(f"{server.url}/t.npz").__enter__()


def test_a_header_that_claims_to_be_large_is_not_fetched(server):
    server.put("t2.safetensors", struct.pack("<Q", 1 << 40) + b'{"' + bytes(100))
    with pytest.raises(fastckpt.CorruptionError):
        open_tensors(f"{server.url}/t2.safetensors").__enter__()


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"\x1f\x8b" + bytes(300), "copy it here"),
        (b"\x89HDF\r\n\x1a\n" + bytes(300), "copy it here"),
        (b"<html><body>no</body></html>", "copy it here"),
        (b"\x0a\x10\x0a\x01w\x12\x0bPlaceholder", "'fastckpt graph'"),
    ],
)
def test_what_is_none_of_these_says_what_to_do(content, advice, server):
    server.put("x.bin", content)
    (finding,) = fastckpt.examine(f"{server.url}/x.bin").findings
    assert (finding.cause, advice in finding.advice) == ("foreign file", True)
    for read in (fastckpt.statistics, fastckpt.open):
        with pytest.raises(fastckpt.CorruptionError, match=advice):
            read(f"{server.url}/x.bin")


@pytest.mark.parametrize("kind", KINDS)
def test_who_takes_checkpoints_alone_says_how_to_make_one(kind, server, tmp_path):
    url = f"{server.url}/t.{kind}"
    for read in (
        fastckpt.open,
        lambda it: fastckpt.rewrite(it, tmp_path / "new"),
        lambda it: fastckpt.merge([it], tmp_path / "new"),
        lambda it: fastckpt.match(it, {}),
    ):
        with pytest.raises(fastckpt.CorruptionError, match="fastckpt convert"):
            read(url)


def test_graphs_are_local_and_that_is_said(server, capsys):
    server.put("g.meta", b"")
    for words in (["graph", f"{server.url}/g.meta"], ["graph", f"{server.url}/g.pb"]):
        done = run(capsys, *words)
        assert done.status == 2
        assert "reads local files alone" in done.err


def test_many_small_arrays_are_read_in_few_requests(server, tmp_path):
    arrays = {f"t{at:04d}": np.full(50, at, np.int32) for at in range(600)}
    fastckpt.save(tmp_path / "m", arrays)
    for kind in KINDS:
        fastckpt.convert(tmp_path / "m", tmp_path / f"m.{kind}")
        server.put(f"many.{kind}", (tmp_path / f"m.{kind}").read_bytes())
        server.forget()
        with open_tensors(f"{server.url}/many.{kind}") as tensors:
            assert all((tensors[name] == it).all() for name, it in arrays.items())
        assert server.count("GET") < 20, kind


def test_small_arrays_in_any_order_are_read_in_few_requests(server, monkeypatch):
    monkeypatch.setattr("fastckpt.files.remote_content._LEAST", 1 << 10)
    order = GENERATOR.permutation(500)
    arrays = {f"t{at:04d}": np.full(50, at, np.int32) for at in order}
    file = io.BytesIO()
    np.savez(file, **arrays)
    server.put("mixed.npz", file.getvalue())
    server.forget()
    with open_tensors(f"{server.url}/mixed.npz") as tensors:
        assert list(tensors) == list(arrays)
        assert all((tensors[name] == arrays[name]).all() for name in sorted(arrays))
    assert server.count("GET") < 60
