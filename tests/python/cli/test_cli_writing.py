"""convert, strip, rename, average, merge: commands that write a checkpoint."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import fastckpt
from command_line import run, run_json, run_on_terminal
from places import GOLDEN, TESTDATA

TENSORS = {
    "global_step": np.array(7, np.int64),
    "dense/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "dense/kernel/Adam": np.ones((3, 4), np.float32),
    "dense/kernel/ExponentialMovingAverage": np.ones((3, 4), np.float32),
    "dense/bias": np.arange(4, dtype=np.float32),
    "words": np.array([b"a", b"\xff"], object),
}
NUMBERS = {name: array for name, array in TENSORS.items() if name != "words"}


@pytest.fixture
def source(tmp_path):
    fastckpt.save(tmp_path / "old", TENSORS)
    return tmp_path / "old"


def load(prefix):
    with fastckpt.open(prefix) as checkpoint:
        return checkpoint.load(copy=True)


def assert_same(found, expected):
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


# convert


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--format", "v1"],
        ["--format", "v2", "--shards", "3"],
        ["--shards", "2", "--align", "64"],
    ],
    ids=" ".join,
)
def test_a_checkpoint_becomes_another(options, source, tmp_path, capsys):
    done = run(capsys, "convert", source, tmp_path / "new", *options)
    assert (done.status, done.err) == (0, "")
    kind = "v1" if "v1" in options else "v2"
    assert done.out.startswith(f"wrote {tmp_path / 'new'} ({kind}): 6 tensors, ")
    assert_same(load(tmp_path / "new"), TENSORS)
    if "--shards" in options:
        count = int(options[options.index("--shards") + 1])
        assert len(list(tmp_path.glob("new.data-*"))) == count
    if "--align" in options:
        infos = fastckpt.open(tmp_path / "new").infos()
        assert all(info.offset % 64 == 0 for info in infos)


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_there_and_back_through_a_file(kind, source, tmp_path, capsys):
    file = tmp_path / f"new.{kind}"
    assert run(capsys, "convert", source, file, "--drop", "words").status == 0
    status, found = run_json(capsys, "convert", file, tmp_path / "back")
    assert status == 0
    assert found["path"] == str(tmp_path / "back")
    assert found["total"]["tensors"] == 5
    assert_same(load(tmp_path / "back"), NUMBERS)


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_strings_are_refused_by_name_before_anything_is_written(
    kind, source, tmp_path, capsys
):
    done = run(capsys, "convert", source, tmp_path / f"new.{kind}")
    assert (done.status, done.out) == (2, "")
    assert f"{kind} does not hold strings: 'words'; leave them out" in done.err
    assert not list(tmp_path.glob("new*"))


def test_one_file_becomes_the_other(source, tmp_path, capsys):
    npz, safetensors = tmp_path / "a.npz", tmp_path / "b.safetensors"
    run(capsys, "convert", source, npz, "--drop", "words")
    run(capsys, "convert", npz, safetensors)
    run(capsys, "convert", safetensors, tmp_path / "back", "--format", "v1")
    assert_same(load(tmp_path / "back"), NUMBERS)


def test_the_format_may_be_said_where_the_name_does_not(source, tmp_path, capsys):
    target = tmp_path / "weights"
    run(capsys, "convert", source, target, "--format", "npz", "--drop", "words")
    with np.load(target) as archive:
        assert_same(dict(archive), NUMBERS)


def test_a_checkpoint_whose_name_ends_like_a_file_is_a_checkpoint(tmp_path, capsys):
    fastckpt.save(tmp_path / "model.npz", NUMBERS)
    assert run(capsys, "convert", tmp_path / "model.npz", tmp_path / "new").status == 0
    assert_same(load(tmp_path / "new"), NUMBERS)


def test_floats_can_be_cast_on_the_way(source, tmp_path, capsys):
    for target in ("new", "new.safetensors"):
        words = ["convert", source, tmp_path / target, "--dtype", "bfloat16"]
        assert run(capsys, *words, "--drop", "words").status == 0
    run(capsys, "convert", tmp_path / "new.safetensors", tmp_path / "back")
    for prefix in ("new", "back"):
        found = load(tmp_path / prefix)
        assert found["dense/kernel"].dtype == ml_dtypes.bfloat16
        assert found["global_step"].dtype == np.int64


def test_convert_renames_casts_and_sets_on_the_way(source, tmp_path, capsys):
    words = ["convert", source, tmp_path / "new.npz", "--drop", "words", "*/Adam"]
    words += ["--rename", "dense/*->fc/*", "--set", "global_step=1"]
    words += ["dense/bias=[4, 3, 2, 1.5]", "--dtype", "*/kernel=float64"]
    status, found = run_json(capsys, *words)
    assert (status, found["dropped"]) == (0, ["dense/kernel/Adam", "words"])
    assert found["total"] == {"tensors": 4, "values": 29, "nbytes": 168}
    with np.load(tmp_path / "new.npz") as archive:
        expected = {
            "global_step": np.array(1, np.int64),
            "fc/kernel": TENSORS["dense/kernel"].astype(np.float64),
            "fc/kernel/ExponentialMovingAverage": np.ones((3, 4), np.float32),
            "fc/bias": np.array([4, 3, 2, 1.5], np.float32),
        }
        assert_same(dict(archive), expected)


def test_convert_sets_strings_and_names_with_equals_signs(tmp_path, capsys):
    fastckpt.save(tmp_path / "old", {"a=b": b"?", "list": [b"?", b"?"]})
    words = ["convert", tmp_path / "old", tmp_path / "new", "--set", "a=b=c=d"]
    assert run(capsys, *words, 'list=["x", "y"]').status == 0
    expected = {"a=b": np.array(b"c=d", object), "list": np.array([b"x", b"y"], object)}
    assert_same(load(tmp_path / "new"), expected)


@pytest.mark.skipif(not TESTDATA.exists(), reason="the shared test data is not here")
def test_convert_calls_tensors_by_their_objects(tmp_path, capsys):
    old = TESTDATA / "tract-keras-lstm"
    with fastckpt.open(old) as checkpoint:
        paths = checkpoint.objects.names()
        expected = checkpoint.load(paths, copy=True)
    first, second, *_ = paths
    del expected[second]
    expected["new name"] = expected.pop(first)
    target = tmp_path / "new.npz"
    words = ["convert", old, target, "--names", "objects", "--drop", second]
    done = run(capsys, *words, "--rename", f"{first}->new name")
    assert done.status == 0
    assert "warning: the object graph, '_CHECKPOINTABLE_OBJECT_GRAPH'" in done.err
    with np.load(target) as archive:
        assert_same(dict(archive), expected)


def test_numbers_that_do_not_fit_are_told_on_standard_error(tmp_path, capsys):
    fastckpt.save(tmp_path / "old", {"w": np.array([1e9], np.float32)})
    words = ["convert", tmp_path / "old", tmp_path / "new", "--dtype", "float16"]
    done = run(capsys, *words)
    assert done.status == 0
    assert "warning: 1 numbers in 1 tensor were too large" in done.err
    words = ["convert", tmp_path / "old", tmp_path / "new.npz", "--dtype", "float16"]
    assert "first in 'w', now float16" in run(capsys, *words).err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["new.npz", "--shards", "2"], "for V2 alone, not for npz"),
        (["new", "--format", "v1", "--align", "8"], "for V2 alone, not for v1"),
        (["new", "--dtype", "float99"], "'float99' is no dtype"),
        (["new", "--dtype", "int8"], "does not become int8"),
        (["new.npz", "--dtype", "int8", "--drop", "words"], "does not become int8"),
        (["new", "--drop", "none*"], "none*"),
        (["new", "--dtype", "float32", "w=int8"], "stands alone"),
        (["new", "--dtype", "none*=float32"], "none*"),
        (["new", "--rename", "none->x"], "fits no tensor that is left"),
        (["new", "--rename", "words->global_step"], "would be named 'global_step'"),
        (["new", "--set", "global_step"], "is not of the form NAME=VALUE"),
        (["new", "--set", "none=1"], "no tensor 'none'"),
        (["new", "--set", "global_step=x"], "'x' is no number, and no list"),
        (["new", "--set", "global_step=1.5"], "int64 does not hold 1.5"),
        (["new", "--names", "objects"], "needs the object graph"),
        (["new", "--shards", "0"], "no number of at least 1"),
        (["old/new"], "old"),
    ],
)
def test_what_makes_no_sense_is_status_2(words, message, source, tmp_path, capsys):
    (tmp_path / "old").touch()
    target = tmp_path / words[0]
    done = run(capsys, "convert", source, target, *words[1:])
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert not list(tmp_path.glob("new*"))


def test_a_damaged_source_is_status_1_and_leaves_the_target(source, tmp_path, capsys):
    data = tmp_path / "old.data-00000-of-00001"
    data.write_bytes(bytes(data.stat().st_size))
    (tmp_path / "new.npz").write_text("kept")
    words = ["convert", source, tmp_path / "new.npz", "--drop", "words"]
    assert run(capsys, *words).status == 1
    assert (tmp_path / "new.npz").read_text() == "kept"


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_a_file_that_cannot_be_written_is_named(ending, source, tmp_path, capsys):
    target = tmp_path / f"new/w.{ending}"
    words = ["convert", "--drop", "words", "--", source]
    assert run(capsys, *words, target).status == 0
    assert list(target.parent.iterdir()) == [target]
    done = run(capsys, *words, target / f"w.{ending}")
    assert (done.status, done.out) == (2, "")
    assert str(target) in done.err
    assert done.err.endswith("Not a directory\n")


def test_a_file_that_is_no_npz_is_status_1(tmp_path, capsys):
    (tmp_path / "a.npz").write_text("nonsense")
    done = run(capsys, "convert", tmp_path / "a.npz", tmp_path / "new")
    assert done.status == 1
    assert "no sound .npz file" in done.err


# Names of targets


FOREIGN = ["out.weights.h5", "m.hdf5", "m.keras", "m.pt", "m.PTH", "pytorch_model.bin"]
FOREIGN += ["m.onnx", "m.msgpack", "m.pb", "m.tflite", "m.npy", "m.zip", "m.gguf"]
COPIES = {
    "convert": ["convert", "{}", "TARGET"],
    "convert to V1": ["convert", "{}", "TARGET", "--format", "v1"],
    "convert to npz": ["convert", "{}", "TARGET", "--format", "npz", "--drop", "words"],
    "strip": ["strip", "{}", "TARGET"],
    "rename": ["rename", "{}", "TARGET", "words->letters"],
    "average": ["average", "{}", "--to", "TARGET"],
    "merge": ["merge", "{}", "--to", "TARGET"],
}


def copy(capsys, source, target, command):
    words = [word.format(source) for word in COPIES[command]]
    return run(capsys, *(target if word == "TARGET" else word for word in words))


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("command", COPIES)
def test_no_checkpoint_gets_the_name_of_another_format(
    command, name, source, tmp_path, capsys
):
    before = sorted(tmp_path.iterdir())
    done = copy(capsys, source, tmp_path / name, command)
    assert (done.status, done.out) == (2, "")
    assert f"{name}: " in done.err
    assert "under a name that ends as those of another format do; give" in done.err
    assert done.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("command", sorted(set(COPIES) - {"convert", "convert to npz"}))
@pytest.mark.parametrize("name", ["m.npz", "m.safetensors"])
def test_no_checkpoint_gets_the_name_of_a_file(command, name, source, tmp_path, capsys):
    assert copy(capsys, source, tmp_path / name, command).status == 2
    assert not list(tmp_path.glob("m*"))


@pytest.mark.parametrize("command", sorted(set(COPIES) - {"convert to npz"}))
@pytest.mark.parametrize("name", ["m.index", "m.data-00000-of-00001", "m.meta"])
def test_a_target_is_a_prefix_and_no_file_of_it(
    command, name, source, tmp_path, capsys
):
    done = copy(capsys, source, tmp_path / name, command)
    assert done.status == 2
    assert done.err.endswith(f"name its prefix: {tmp_path / 'm'}\n")
    assert not list(tmp_path.glob("m*"))


@pytest.mark.parametrize(
    ("name", "format_name"),
    [("m.npz", "v2"), ("m.npz", "safetensors"), ("m.safetensors", "npz")],
)
def test_a_format_that_the_name_contradicts_is_refused(
    name, format_name, source, tmp_path, capsys
):
    words = ["convert", source, tmp_path / name, "--drop", "words"]
    done = run(capsys, *words, "--format", format_name)
    assert (done.status, done.out) == (2, "")
    assert not list(tmp_path.glob("m*"))


def test_the_ending_counts_in_capitals_too(source, tmp_path, capsys):
    words = ["convert", source, tmp_path / "m.NPZ", "--drop", "words"]
    assert run(capsys, *words).out.startswith(f"wrote {tmp_path / 'm.NPZ'} (npz)")


@pytest.mark.parametrize("name", ["model.ckpt-7", "m.v2", "bin", ".pt", "h5/m"])
def test_other_names_with_dots_are_prefixes(name, source, tmp_path, capsys):
    for command in set(COPIES) - {"convert to npz"}:
        assert copy(capsys, source, tmp_path / command / name, command).status == 0


def test_the_library_takes_any_prefix(tmp_path):
    fastckpt.save(tmp_path / "m.h5", NUMBERS)
    assert_same(load(tmp_path / "m.h5"), NUMBERS)


# strip


def test_strip_leaves_out_what_only_training_needs(source, tmp_path, capsys):
    done = run(capsys, "strip", source, tmp_path / "new")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("leaving out 2 tensors, 56 bytes\nwrote ")
    left = ["dense/bias", "dense/kernel", "dense/kernel/ExponentialMovingAverage"]
    assert list(load(tmp_path / "new")) == [*left, "words"]


def test_drop_adds_and_keep_takes_away(source, tmp_path, capsys):
    words = ["strip", source, tmp_path / "new", "--drop", "words", "*Average"]
    status, found = run_json(capsys, *words, "--keep", "global*")
    assert status == 0
    assert found["dropped"] == [
        "dense/kernel/Adam",
        "dense/kernel/ExponentialMovingAverage",
        "words",
    ]
    left = ["dense/bias", "dense/kernel", "global_step"]
    assert list(load(tmp_path / "new")) == left


def test_a_dry_run_of_strip_shows_and_writes_nothing(source, tmp_path, capsys):
    done = run(capsys, "strip", source, tmp_path / "new", "--dry-run")
    assert done.out.splitlines() == [
        "dense/kernel/Adam",
        "global_step",
        "would leave out 2 tensors, 56 bytes",
    ]
    _, found = run_json(capsys, "strip", source, tmp_path / "new", "--dry-run")
    assert found["dropped"] == ["dense/kernel/Adam", "global_step"]
    assert not list(tmp_path.glob("new*"))


def test_stripping_everything_is_refused(tmp_path, capsys):
    fastckpt.save(tmp_path / "old", {"global_step": 1})
    done = run(capsys, "strip", tmp_path / "old", tmp_path / "new")
    assert done.status == 2
    assert "nothing would be left" in done.err


def test_strip_says_when_there_is_nothing_to_leave_out(tmp_path, capsys):
    fastckpt.save(tmp_path / "old", {"optimizer/kernel": np.ones(2, np.float32)})
    done = run(capsys, "strip", tmp_path / "old", tmp_path / "new")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("nothing here is known as an optimizer's; all tensors")
    assert list(load(tmp_path / "new")) == ["optimizer/kernel"]


def test_a_damaged_object_graph_is_status_1_and_nothing_is_written(tmp_path, capsys):
    tensors = {"w": np.ones(2), "_CHECKPOINTABLE_OBJECT_GRAPH": np.array(b"?", object)}
    fastckpt.save(tmp_path / "old", tensors)
    done = run(capsys, "strip", tmp_path / "old", tmp_path / "new")
    assert done.status == 1
    assert "no sound object graph" in done.err
    assert not list(tmp_path.glob("new*"))


@pytest.mark.parametrize(
    ("item", "count"),
    [("deepreg-epoch10", 136), ("keras-lso-ckpt", 3), ("tract-keras-lstm", 9)],
)
def test_strip_goes_by_the_object_graph_where_there_is_one(
    item, count, tmp_path, capsys
):
    if not (TESTDATA / item).exists():
        pytest.skip("the shared test data is not here")
    done = run(capsys, "strip", TESTDATA / item, tmp_path / "new")
    assert (done.status, done.err) == (0, "")
    with fastckpt.open(tmp_path / "new") as checkpoint:
        assert len(checkpoint) == count
        assert checkpoint.objects.missing == []
        assert not any(node.slots for node in checkpoint.objects.values())


# rename


def test_rename_copies_under_other_names(source, tmp_path, capsys):
    words = ["rename", source, tmp_path / "new", "dense/*->fc/*", "global_step->step"]
    done = run(capsys, *words)
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith("\n5 new names\n")
    new = {
        n.replace("dense", "fc").replace("global_", ""): a for n, a in TENSORS.items()
    }
    assert_same(load(tmp_path / "new"), new)


KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def test_rename_leaves_the_object_graph_its_name_and_gives_it_the_others(
    tmp_path, capsys
):
    words = ["rename", GOLDEN / "objects", tmp_path / "new", "*->net/*"]
    done = run(capsys, *words)
    assert (done.status, done.err) == (0, "")
    with fastckpt.open(tmp_path / "new") as checkpoint:
        keys = [node.key for node in checkpoint.objects.values()]
        assert checkpoint.objects.missing == []
        assert keys
        assert all(key.startswith("net/") for key in keys)


def test_rename_refuses_keys_that_tensorflow_would_not_find(tmp_path, capsys):
    rule = "*/.ATTRIBUTES/VARIABLE_VALUE->*"
    words = ["rename", GOLDEN / "objects", tmp_path / "new", rule]
    done = run(capsys, *words)
    assert (done.status, done.out) == (2, "")
    assert f"or leave {KEY} out" in done.err
    assert not list(tmp_path.glob("new*"))
    assert run(capsys, *words, f"{KEY}->graph").status == 0


def test_a_dry_run_of_rename_shows_the_table(source, tmp_path, capsys):
    words = ["rename", source, tmp_path / "new", "--regex", "^dense/(k|b)->d_\\1"]
    done = run(capsys, *words, "--dry-run")
    lines = done.out.splitlines()
    assert lines[0].split("  ")[0] == "old name"
    assert lines[1].split() == ["dense/bias", "d_bias"]
    assert lines[-1] == "4 new names"
    _, found = run_json(capsys, *words, "--dry-run")
    assert found["renamed"]["dense/kernel"] == "d_kernel"
    assert not list(tmp_path.glob("new*"))


def test_rules_that_would_make_two_one_are_refused(source, tmp_path, capsys):
    done = run(capsys, "rename", source, tmp_path / "new", "dense/*->x")
    assert (done.status, done.out) == (2, "")
    assert "would be named 'x'" in done.err


# average


def test_average_writes_the_mean(tmp_path, capsys):
    for number in (1, 2, 3):
        tensors = {"w": np.full(3, number, np.float32), "global_step": number}
        fastckpt.save(tmp_path / f"m-{number}", tensors)
    sources = [tmp_path / f"m-{number}" for number in (1, 2, 3)]
    status, found = run_json(capsys, "average", *sources, "--to", tmp_path / "mean")
    assert status == 0
    assert found["sources"] == list(map(str, sources))
    assert load(tmp_path / "mean")["w"].tolist() == [2, 2, 2]
    assert load(tmp_path / "mean")["global_step"] == 3
    assert found["copied"] == ["global_step"]


def test_average_says_what_it_averaged(tmp_path, capsys):
    for number in (1, 2, 3):
        tensors = {"w": float("nan") if number == 2 else 1.0, "global_step": number}
        fastckpt.save(tmp_path / f"m-{number}", tensors)
    files = sorted(tmp_path.iterdir())
    done = run(capsys, "average", *files, "--to", tmp_path / "mean")
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0] == "the mean of 3 checkpoints:"
    assert lines[1:4] == [f"  {tmp_path}/m-{number}" for number in (1, 2, 3)]
    assert "have no mean, they are the last checkpoint's: global_step" in done.err
    assert "warning: NaN or infinite, though not in every checkpoint: w" in done.err


def test_average_of_the_newest_of_a_folder(tmp_path, capsys):
    for number in (1, 2, 3):
        fastckpt.save(tmp_path / f"m-{number}", {"w": float(number), "v": 1})
    words = ["average", tmp_path, "--to", tmp_path / "new", "--drop", "v"]
    status, found = run_json(capsys, *words, "--last", "2")
    assert (status, found["total"]["tensors"]) == (0, 1)
    assert found["sources"] == [f"{tmp_path}/m-{number}" for number in (2, 3)]
    assert load(tmp_path / "new")["w"] == 2.5


def test_average_of_a_folder_without_last_says_what_to_add(tmp_path, capsys):
    fastckpt.save(tmp_path / "m-1", {"w": 1.0})
    fastckpt.Saver().save(tmp_path / "m-2", {"w": 2.0})
    done = run(capsys, "average", tmp_path, "--to", tmp_path / "new")
    assert (done.status, done.out) == (2, "")
    assert "--last N" in done.err
    assert not list(tmp_path.glob("new*"))


def test_average_of_what_is_not_alike_is_status_2(source, tmp_path, capsys):
    fastckpt.save(tmp_path / "other", {"w": 1})
    done = run(capsys, "average", source, tmp_path / "other", "--to", tmp_path / "mean")
    assert (done.status, done.out) == (2, "")
    assert "has not" in done.err


# merge


def test_merge_makes_one_of_parts_and_keeps_them(tmp_path, capsys):
    fastckpt.save(tmp_path / "a", {"x": 1})
    fastckpt.save(tmp_path / "b", {"y": 2})
    words = ["merge", tmp_path / "a", tmp_path / "b.index", "--to", tmp_path / "c"]
    done = run(capsys, *words)
    assert (done.status, done.err) == (0, "")
    assert load(tmp_path / "c") == {"x": 1, "y": 2}
    assert load(tmp_path / "a") == {"x": 1}


def test_merge_of_two_with_one_name_is_status_2(source, tmp_path, capsys):
    fastckpt.rewrite(source, tmp_path / "copy")
    done = run(capsys, "merge", source, tmp_path / "copy", "--to", tmp_path / "c")
    assert (done.status, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert f"'{source}.index' and '{tmp_path / 'copy'}.index'" in done.err


def test_merge_of_v1_says_that_it_wrote_v2(tmp_path, capsys):
    fastckpt.save(tmp_path / "a", {"x": 1}, format="v1")
    done = run(capsys, "merge", tmp_path / "a", "--to", tmp_path / "c")
    assert (done.status, done.err) == (0, "")
    assert "c (v2): 1 tensor, 8 bytes" in done.out


# all of them


@pytest.mark.parametrize(
    "words",
    [
        ["convert", "{}", "new"],
        ["strip", "{}", "new"],
        ["rename", "{}", "new", "a->b"],
        ["average", "{}", "--to", "new"],
        ["merge", "{}", "--to", "new"],
    ],
    ids=lambda words: words[0],
)
def test_a_source_that_is_not_there_is_status_2(words, tmp_path, capsys):
    words = [word.format(tmp_path / "nothing") for word in words]
    done = run(capsys, *words)
    assert (done.status, done.out) == (2, "")
    assert f"{tmp_path / 'nothing'}: " in done.err
    assert done.err.count("\n") == 1


def test_what_was_written_fits_a_narrow_terminal(source, tmp_path):
    done = run_on_terminal("convert", source, tmp_path / "new", columns=30)
    assert done.status == 0
    assert "6 tensors," in done.out


def test_quantised_types_keep_their_names(tmp_path, capsys):
    run(capsys, "convert", GOLDEN / "sliced", tmp_path / "new", "--shards", "2")
    info = fastckpt.open(tmp_path / "new").info("quantised")
    assert (info.tf_dtype, len(info.slices)) == ("qint8", 2)
