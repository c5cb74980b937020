"""Pages of checkpoints and of differences: what they hold, however they are shown."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json
from damage import change_byte
from fastckpt.base.text import escape
from fastckpt.pages import checkpoint_page, diff_page, measured
from fastckpt.pages.checkpoint_page import About
from fastckpt.pages.columns import pack_number
from fastckpt.pages.diff_page import write_diff_page
from object_graphs import VALUE, GraphMaker
from page_reader import DataPage, heights
from places import GOLDEN, items

HOSTILE = {
    "</script><script>document.title='broken'</script>": r"</script><script>docum",
    "a\0b": r"a\x00b",
    "line\nbreak": r"line\nbreak",
    "\u202egnp": r"\u202egnp",
    "b\\s": r"b\\s",
    "\"quoted' &amp;": "\"quoted' &amp;",
    "__proto__": "__proto__",
    " ": " ",
    "\udcff": r"\xff",
    "é": "é",
}


def make_page(capsys, *words, status=0):
    path = Path(words[1]).parent / "page.html"
    done = run(capsys, *words, "--html", path)
    assert done.status == status, done.err
    return DataPage(path), done


@pytest.fixture
def prefix(tmp_path):
    random = np.random.default_rng(1)
    tensors = {
        "dense/kernel": random.normal(size=(50, 100)).astype("f4"),
        "dense/bias": np.zeros(100, "f4"),
        "bad": np.array([1, np.nan, -np.inf, 3], "f4"),
        "steps": np.array([2**62, -(2**62)]),
        "words": np.array([b"a", b"</script>"], object),
        "mask": np.array([True, False]),
        "complex": np.array([3 + 4j, 0]),
        "none": np.zeros((0, 3)),
    }
    fastckpt.save(tmp_path / "model", tensors, shards=2)
    return tmp_path / "model"


def test_a_page_holds_every_tensor_with_its_statistics(prefix, capsys):
    page, done = make_page(capsys, "show", prefix)
    assert done.err == ""
    assert sorted(page.names) == sorted(fastckpt.open(prefix))
    kernel = page.row("dense/kernel")
    assert (kernel["dtype"], kernel["shape"]) == ("float32", [50, 100])
    assert kernel["size"] == 20000
    array = fastckpt.open(prefix)["dense/kernel"].astype("f8")
    assert kernel["min"] == pytest.approx(array.min(), rel=1e-5)
    assert kernel["std"] == pytest.approx(array.std(), rel=1e-5)
    counts = np.histogram(array, 50)[0]
    assert heights(kernel["spread"]) == counts.tolist()


def test_odd_values_have_their_numbers(prefix, capsys):
    page, _ = make_page(capsys, "show", prefix)
    assert (page.row("bad")["nan"], page.row("bad")["inf"]) == (1, 1)
    assert page.row("steps")["max"] == str(2**62)
    assert page.row("words")["min"] is None
    assert page.row("mask")["spread"] is None
    assert page.row("complex")["max"] == 5
    assert page.row("none")["zeros"] == 0


def test_a_page_lets_nothing_run_or_load_but_what_it_was_written_with(prefix, capsys):
    page, _ = make_page(capsys, "show", prefix)
    policy = next(
        attributes["content"]
        for tag, attributes in page.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    (script,) = page.scripts
    for text in (script, page.texts["style"][0]):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    names = {name for _, attributes in page.elements for name in attributes}
    assert not names & {"src", "href", "style", "onclick", "onload", "srcset"}
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page.text)


def test_hostile_names_are_data_and_nothing_else(tmp_path, capsys):
    fastckpt.save(tmp_path / "m", {name: np.ones(2) for name in HOSTILE})
    page, _ = make_page(capsys, "show", tmp_path / "m")
    assert len(page.scripts) == 1
    for start in HOSTILE.values():
        assert any(name.startswith(start) for name in page.names), start
    assert page.text.replace("\n", "").isprintable()


def test_a_title_is_no_markup(tmp_path, capsys):
    folder = tmp_path / "<script>alert(1)"
    fastckpt.save(folder / "m", {"w": np.ones(2)})
    page, _ = make_page(capsys, "show", folder / "m")
    assert len(page.scripts) == 1
    assert page.texts["h1"][0].strip() == str(folder / "m")


def test_what_is_damaged_has_its_error_and_the_rest_its_numbers(prefix, capsys):
    file, offset, _ = fastckpt.open(prefix).byte_runs("dense/kernel")[0]
    change_byte(Path(file), offset)
    page, done = make_page(capsys, "show", prefix, status=1)
    assert done.err.count("\n") == 1
    assert "1 tensor cannot be read" in done.err
    assert "checksum" in page.row("dense/kernel")["note"]
    assert page.row("dense/kernel")["min"] is None
    assert page.row("bad")["max"] == 3


def test_numbers_that_lie_close_together_have_digits_that_tell_them_apart(
    tmp_path, capsys
):
    near = np.linspace(1 - 1e-7, 1 + 1e-7, 1000)
    times = 1.75e9 + np.linspace(0, 3600.5, 1000)
    fastckpt.save(tmp_path / "a", {"near": near, "times": times})
    page, _ = make_page(capsys, "show", tmp_path / "a")
    for name, values in (("near", near), ("times", times)):
        row = page.row(name)
        span = values.max() - values.min()
        assert row["min"] == pytest.approx(values.min(), rel=0, abs=span / 1000)
        assert row["max"] == pytest.approx(values.max(), rel=0, abs=span / 1000)
        assert row["min"] < row["mean"] < row["max"]
        assert len(heights(row["spread"])) == 50
    fastckpt.save(tmp_path / "b", {"near": near + 1e-8, "times": times})
    page, _ = make_page(capsys, "diff", tmp_path / "a", tmp_path / "b", status=1)
    assert page.row("near")["a_min"] < page.row("near")["b_min"]


def test_a_data_file_that_is_missing_takes_its_tensors_alone(prefix, capsys):
    ckpt = fastckpt.open(prefix)
    gone = {info.name for info in ckpt.infos() if info.shard == 1}
    Path(f"{prefix}.data-00001-of-00002").unlink()
    page, _ = make_page(capsys, "show", prefix, status=1)
    assert 0 < len(gone) < len(page.names)
    for name in page.names:
        assert bool(page.row(name)["note"]) == (name in gone)


def test_many_damaged_tensors_are_found_in_one_pass(tmp_path, capsys, monkeypatch):
    tensors = {f"t{i:04d}": np.arange(i, i + 9) for i in range(600)}
    fastckpt.save(tmp_path / "m", tensors)
    data = tmp_path / "m.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[: 300 * 72])
    calls = []
    whole = measured.statistics

    def count(*words, **options):
        calls.append(1)
        return whole(*words, **options)

    monkeypatch.setattr(measured, "statistics", count)
    page, _ = make_page(capsys, "show", tmp_path / "m", status=1)
    assert len(calls) < 5
    assert sum(page.row(name)["min"] is not None for name in page.names) == 300


def test_rows_and_pieces_are_in_the_order_people_count(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(measured, "_TOGETHER", 7)
    monkeypatch.setattr(diff_page, "_TOGETHER", 7)
    names = [f"layer_{i}/w" for i in range(30)]
    fastckpt.save(tmp_path / "a", {name: np.full(3, i) for i, name in enumerate(names)})
    page, _ = make_page(capsys, "show", tmp_path / "a")
    assert page.names == names
    assert [page.row(name)["max"] for name in names] == list(range(30))
    fastckpt.save(
        tmp_path / "b", {name: np.full(3, i + 1) for i, name in enumerate(names)}
    )
    page, _ = make_page(capsys, "diff", tmp_path / "a", tmp_path / "b", status=1)
    assert page.names == names
    assert [page.row(name)["b_max"] for name in names] == list(range(1, 31))


def test_very_many_tensors_take_little_room_each(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(checkpoint_page, "EXACT", 10)
    monkeypatch.setattr(diff_page, "EXACT", 10)
    random = np.random.default_rng(2)
    names = [
        f"model/encoder/layer_{i}/attention/{part}/kernel"
        for i in range(250)
        for part in ("query", "key", "value", "output")
    ]
    for path in ("a", "b"):
        tensors = {name: random.normal(size=400).astype("f4") for name in names}
        fastckpt.save(tmp_path / path, tensors)
    page, _ = make_page(capsys, "show", tmp_path / "a")
    empty = len(page.scripts[0]) + len(page.texts["style"][0])
    # 100,000 are to be at most 20 MB.
    assert (len(page.text) - empty) / len(names) < 195
    page, _ = make_page(capsys, "diff", tmp_path / "a", tmp_path / "b", status=1)
    assert (len(page.text) - empty) / len(names) < 195
    assert len(heights(page.row(names[0])["a_spread"])) == 25


def test_another_format_has_its_page(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", w=np.arange(6.0).reshape(2, 3))
    page, _ = make_page(capsys, "show", tmp_path / "a.npz")
    assert page.row("w")["max"] == 5


def test_a_checkpoint_without_tensors_has_a_page(tmp_path, capsys):
    fastckpt.save(tmp_path / "m", {})
    page, _ = make_page(capsys, "show", tmp_path / "m")
    assert page.names == []
    assert page.about["count"] == 0


# Differences.

OLD = {
    "same": np.ones(3, "f4"),
    "little": np.array([1, 2, 3], "f4"),
    "much": np.array([1, 2, 3], "f4"),
    "shape": np.zeros((2, 3)),
    "dtype": np.zeros(2, "f4"),
    "gone": np.arange(9.0),
    "words": np.array([b"a", b"b"], object),
}
NEW = {
    "same": np.ones(3, "f4"),
    "little": np.array([1, 2, 3.001], "f4"),
    "much": np.array([-10, 2, 30], "f4"),
    "shape": np.zeros((3, 2)),
    "dtype": np.zeros(2, "f8"),
    "new": np.arange(5.0),
    "words": np.array([b"a", b"c"], object),
}


@pytest.fixture
def pair(tmp_path):
    fastckpt.save(tmp_path / "a", OLD)
    fastckpt.save(tmp_path / "b", NEW)
    return tmp_path / "a", tmp_path / "b"


def test_a_page_of_differences_holds_what_diff_finds(pair, capsys):
    page, done = make_page(capsys, "diff", *pair, status=1)
    assert done.out.splitlines()[0].startswith("wrote ")
    assert done.out.splitlines()[1].startswith("1 tensor the same, 3 with other values")
    kinds = {name: page.row(name)["kind"] for name in page.names}
    assert kinds == {
        "same": "same",
        "little": "values",
        "much": "values",
        "words": "values",
        "shape": "shape",
        "dtype": "dtype",
        "gone": "dropped",
        "new": "added",
    }
    much, change = page.row("much"), fastckpt.diff(*pair).changed["much"]
    assert much["relative_norm"] == pytest.approx(change.relative_norm, rel=1e-5)
    assert (much["count"], much["largest"]) == (2, 27)
    assert much["old"] == "float32 (3,)"
    assert (much["a_max"], much["b_max"]) == (3, 30)
    assert sum(heights(much["b_spread"])) == 3
    assert page.row("gone")["a_max"] == 8
    assert page.row("gone")["b_max"] is None
    assert page.row("new")["b_max"] == 4
    assert page.row("same")["a_max"] is None


def test_a_norm_that_is_infinite_is_on_the_page(tmp_path, capsys):
    fastckpt.save(tmp_path / "a", {"w": np.zeros(2)})
    fastckpt.save(tmp_path / "b", {"w": np.ones(2)})
    page, _ = make_page(capsys, "diff", tmp_path / "a", tmp_path / "b", status=1)
    assert page.row("w")["relative_norm"] == "inf"


def test_json_of_differences_comes_beside_the_page(pair, capsys):
    path = pair[0].parent / "page.html"
    assert run_json(capsys, "diff", *pair) == run_json(
        capsys, "diff", *pair, "--html", path
    )
    assert "much" in DataPage(path).names


def test_the_same_checkpoints_have_a_page_too(pair, capsys):
    page, done = make_page(capsys, "diff", pair[0], pair[0])
    assert {page.row(name)["kind"] for name in page.names} == {"same"}
    assert "7 tensors the same" in done.out


def test_no_page_of_differences_takes_a_checkpoints_place(pair, capsys):
    before = Path(f"{pair[0]}.index").read_bytes()
    done = run(capsys, "diff", *pair, "--html", f"{pair[0]}.index")
    assert done.status == 2
    assert Path(f"{pair[0]}.index").read_bytes() == before


# Real files, and what is in the way.


def page_of(capsys, tmp_path, *words, status=0):
    path = tmp_path / "page.html"
    done = run(capsys, *words, "--html", path)
    assert done.status == status, done.err
    return DataPage(path), done


@pytest.mark.parametrize("golden", items(GOLDEN), ids=lambda path: path.name)
def test_golden_checkpoints_have_a_page_that_agrees_with_the_library(
    golden, capsys, tmp_path
):
    page, done = page_of(capsys, tmp_path, "show", golden)
    assert done.err == ""
    with fastckpt.open(golden) as ckpt:
        sound = {it.name: it.name for it in ckpt.infos() if it.problem is None}
        expected = fastckpt.statistics(ckpt, sound)
        assert len(page.names) == len(ckpt)
        for name, found in expected.items():
            row = page.row(escape(name))
            assert (row["zeros"], row["nan"]) == (found.zeros, found.nan)
            assert row["min"] == pack_number(found.min)
            if row["spread"] is not None:
                assert sum(heights(row["spread"])) == sum(found.histogram[0])


def test_a_variable_of_tensorflow_2_has_its_path_beside_the_key(capsys, tmp_path):
    golden = GOLDEN / "objects"
    page, _ = page_of(capsys, tmp_path, "show", golden)
    with fastckpt.open(golden) as ckpt:
        paths = ckpt.objects.names()
    assert len(paths) > 3
    for path, key in paths.items():
        assert page.paths[page.names.index(key)] == path


def model(path, kernel, bias, values=None):
    """A checkpoint of a layer whose two variables have these keys."""
    maker = GraphMaker()
    layer = maker.add(0, "dense")
    for name, key in (("kernel", kernel), ("bias", bias)):
        maker.add(layer, name, key + VALUE)
    maker.save(path, values)


def test_differences_are_called_by_the_paths_of_both(capsys, tmp_path):
    kernel, bias = "layer-0/kernel", "layer-0/bias"
    changed = {kernel + VALUE: np.full(2, 3, np.float32)}
    model(tmp_path / "a", kernel, bias)
    model(tmp_path / "b", kernel, bias, changed)
    page, _ = page_of(
        capsys, tmp_path, "diff", tmp_path / "a", tmp_path / "b", status=1
    )
    called = dict(zip(page.names, page.paths, strict=True))
    assert called[kernel + VALUE] == "dense/kernel"
    assert called[bias + VALUE] == "dense/bias"
    assert page.row(kernel + VALUE)["kind"] == "values"
    paths = [path for path in page.paths if path]
    assert paths == sorted(paths)


@pytest.mark.parametrize(
    ("kernel", "bias"),
    [("x/bias", "x/kernel"), ("y/kernel", "y/bias")],
    ids=["one key, two paths", "one path, two keys"],
)
def test_a_path_that_is_no_name_of_one_tensor_is_not_shown(
    kernel, bias, capsys, tmp_path
):
    model(tmp_path / "a", "x/kernel", "x/bias")
    model(tmp_path / "b", kernel, bias)
    page, _ = page_of(
        capsys, tmp_path, "diff", tmp_path / "a", tmp_path / "b", status=1
    )
    assert [path for path in page.paths if path.startswith("dense")] == []
    assert {"x/kernel" + VALUE, kernel + VALUE} <= set(page.names)


def test_an_object_graph_that_is_damaged_leaves_the_page_without_paths(
    capsys, tmp_path
):
    with fastckpt.open(GOLDEN / "objects") as ckpt:
        tensors = dict(ckpt)
    graph = np.array(b"\xff\xff\xff", object)
    fastckpt.save(tmp_path / "m", tensors | {"_CHECKPOINTABLE_OBJECT_GRAPH": graph})
    page, _ = page_of(capsys, tmp_path, "show", tmp_path / "m")
    assert page.paths == []
    assert len(page.names) == len(tensors)


def test_what_has_no_form_here_says_so_and_is_no_damage(capsys, tmp_path):
    page, done = page_of(capsys, tmp_path, "show", GOLDEN / "variant")
    assert done.err == ""
    assert "no form outside TensorFlow" in page.row("list")["note"]


def test_a_tensor_that_cannot_be_read_later_is_alone_with_its_error(
    prefix, capsys, tmp_path, monkeypatch
):
    whole = measured.statistics

    def refuse(source, names, **options):
        if "bad" in names:
            raise fastckpt.CorruptionError("changed a moment ago \x1b\udcff")
        return whole(source, names, **options)

    monkeypatch.setattr(measured, "statistics", refuse)
    page, _ = page_of(capsys, tmp_path, "show", prefix, status=1)
    assert page.row("bad")["note"] == r"changed a moment ago \x1b\xff"
    assert page.row("dense/kernel")["min"] is not None


def test_progress_never_goes_back(pair):
    told = []
    with fastckpt.open(pair[0]) as old, fastckpt.open(pair[1]) as new:
        write_diff_page(
            *(str(pair[0].parent / "page.html"), old, new, fastckpt.diff(old, new)),
            About("both", [], []),
            progress=lambda done, total: told.append((done, total)),
        )
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1] > 0


def test_pages_from_one_thread_and_from_many_are_the_same(prefix, capsys):
    pages = [
        make_page(capsys, "show", prefix, "--threads", count)[0].text
        for count in ("1", "4")
    ]
    assert pages[0] == pages[1]
