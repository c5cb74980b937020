"""open(): every way to name a checkpoint, and what is said when none fits."""

from pathlib import Path

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from fastckpt import CheckpointError, CorruptionError
from hostile_checks import GOOD, assert_holds, good_bundle
from v1_maker import V1Maker

ONE = {"a": GOOD["a"]}


def one(number: int) -> BundleMaker:
    """Gives a bundle that tells which one it is."""
    bundle = BundleMaker()
    bundle.add("number", np.array(number, np.int32))
    return bundle


def number_of(path) -> int:
    with fastckpt.open(path) as ckpt:
        return int(ckpt["number"])


def v1_file() -> V1Maker:
    checkpoint = V1Maker()
    checkpoint.add("a", GOOD["a"])
    return checkpoint


def state(folder: Path, newest: str, *others: str, name: str = "checkpoint") -> Path:
    """Writes a state file."""
    lines = [f'model_checkpoint_path: "{newest}"']
    lines += [f'all_model_checkpoint_paths: "{path}"' for path in (*others, newest)]
    (folder / name).write_text("\n".join(lines) + "\n")
    return folder / name


@pytest.fixture
def folder(tmp_path):
    """Gives a folder with the good bundle, two more, and no state file."""
    good_bundle().write(tmp_path, "model.ckpt-200")
    return tmp_path


@pytest.mark.parametrize(
    "suffix", ["", ".index", ".data-00000-of-00001", ".meta"], ids=lambda s: s or "none"
)
@pytest.mark.parametrize("kind", [str, Path])
def test_a_bundle_opens_by_its_prefix_or_any_of_its_files(suffix, kind, folder):
    (folder / "model.ckpt-200.meta").write_bytes(b"a graph")
    ckpt = fastckpt.open(kind(folder / f"model.ckpt-200{suffix}"))
    assert ckpt.format == "v2"
    assert_holds(ckpt, GOOD)


@pytest.mark.parametrize("suffix", [".index", ".data-00001-of-00003"])
def test_a_prefix_may_end_like_one_of_its_files(suffix, tmp_path):
    one(1).write(tmp_path, "model")
    one(2).write(tmp_path, f"model{suffix}")
    assert number_of(tmp_path / f"model{suffix}") == 2
    assert number_of(tmp_path / "model") == 1


def test_a_relative_prefix_is_taken_from_the_current_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert_holds(fastckpt.open("model.ckpt-200"), GOOD)
    assert_holds(fastckpt.open("./model.ckpt-200.index"), GOOD)
    assert_holds(fastckpt.open(f"../{folder.name}/model.ckpt-200"), GOOD)


def test_a_checkpoint_of_a_relative_prefix_survives_a_change_of_folder(
    folder, monkeypatch, tmp_path_factory
):
    monkeypatch.chdir(folder)
    ckpt = fastckpt.open("model.ckpt-200")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert_holds(ckpt, GOOD)


@pytest.mark.parametrize("of", ["folder", "file"])
@pytest.mark.parametrize("absolute", [True, False])
def test_a_state_file_leads_to_the_newest_checkpoint(of, absolute, tmp_path):
    for number in (1, 2, 10):
        one(number).write(tmp_path, f"model-{number}")
    names = [f"model-{number}" for number in (2, 1, 10)]
    paths = [str(tmp_path / name) if absolute else name for name in names]
    file = state(tmp_path, *paths)
    assert number_of(tmp_path if of == "folder" else file) == 2


def test_a_state_file_in_a_moved_folder_is_followed_by_base_name(tmp_path):
    one(5).write(tmp_path, "model-5")
    state(tmp_path, "/some/other/place/model-5")
    with pytest.warns(UserWarning, match="model-5"):
        assert number_of(tmp_path) == 5


def test_a_state_file_may_name_a_v1_checkpoint(tmp_path):
    v1_file().write(tmp_path, "model-7")
    state(tmp_path, "model-7")
    assert_holds(fastckpt.open(tmp_path), ONE)


def test_a_state_file_may_name_v1_shards_by_a_pattern(tmp_path):
    v1_file().write(tmp_path, "model-00000-of-00001")
    state(tmp_path, "model-?????-of-00001")
    assert_holds(fastckpt.open(tmp_path), ONE)


def test_a_state_file_escapes_names(tmp_path):
    good_bundle().write(tmp_path, 'a"b\\c')
    (tmp_path / "checkpoint").write_bytes(b'model_checkpoint_path: "a\\"b\\\\c"\n')
    assert_holds(fastckpt.open(tmp_path), GOOD)


DAMAGED_STATES = {
    "nothing": b"",
    "no newest checkpoint": b'all_model_checkpoint_paths: "model.ckpt-200"\n',
    "half a string": b'model_checkpoint_path: "model.ckpt-2',
    "no value": b"model_checkpoint_path:\n",
    "a number": b"model_checkpoint_path: 7\n",
    "an unknown escape": b'model_checkpoint_path: "\\q"\n',
    "text": b"this is no state file\n",
    "bytes": bytes(range(256)),
}


@pytest.mark.parametrize("content", DAMAGED_STATES.values(), ids=DAMAGED_STATES)
@pytest.mark.parametrize("of", ["folder", "file"])
def test_a_damaged_state_file_is_corrupt(content, of, folder):
    (folder / "checkpoint").write_bytes(content)
    with pytest.raises(CorruptionError) as caught:
        fastckpt.open(folder if of == "folder" else folder / "checkpoint")
    assert caught.value.path == str(folder / "checkpoint")
    assert "model.ckpt-200" in str(caught.value)


def test_a_state_file_that_names_nothing_is_not_found(folder):
    state(folder, "gone-3")
    with pytest.raises(FileNotFoundError, match="gone-3"):
        fastckpt.open(folder)


@pytest.mark.parametrize("make", [good_bundle, v1_file])
def test_a_folder_with_a_single_checkpoint_opens(make, tmp_path):
    made = make()
    made.write(tmp_path, "weights")
    (tmp_path / "weights.meta").write_bytes(b"a graph")
    (tmp_path / "notes.txt").write_text("not a checkpoint")
    ckpt = fastckpt.open(tmp_path)
    assert_holds(ckpt, GOOD if ckpt.format == "v2" else ONE)


def test_a_folder_with_several_checkpoints_and_no_state_names_them(tmp_path):
    for number in (3, 4):
        one(number).write(tmp_path, f"model-{number}")
    with pytest.raises((OSError, ValueError)) as caught:
        fastckpt.open(tmp_path)
    assert "model-3" in str(caught.value)
    assert "model-4" in str(caught.value)


@pytest.mark.parametrize("of", ["", "variables"])
def test_a_saved_model_opens_by_its_folder_or_its_variables(of, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    (tmp_path / "assets").mkdir()
    good_bundle().write(tmp_path / "variables", "variables")
    assert_holds(fastckpt.open(tmp_path / of), GOOD)


def test_a_saved_model_without_variables_is_not_found(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="variables"):
        fastckpt.open(tmp_path)


def test_a_v1_file_opens_by_its_name(tmp_path):
    ckpt = fastckpt.open(v1_file().write(tmp_path, "model.ckpt"))
    assert ckpt.format == "v1"
    assert_holds(ckpt, ONE)


@pytest.mark.parametrize("name", ["model.ckpt.meta", "model.meta"])
def test_a_meta_file_leads_to_a_v1_file(name, tmp_path):
    v1_file().write(tmp_path, "model.ckpt")
    (tmp_path / name).write_bytes(b"a graph")
    assert_holds(fastckpt.open(tmp_path / name), ONE)


@pytest.mark.parametrize(
    "name",
    ["model", "model-?????-of-00002", "model.meta", "model-00001-of-00002"],
)
def test_v1_shards_open_by_their_prefix_pattern_or_one_of_them(name, tmp_path):
    expected = {}
    for number in range(2):
        checkpoint = V1Maker()
        value = np.arange(number + 2, dtype=np.float32)
        checkpoint.add(f"w{number}", value)
        expected[f"w{number}"] = value
        checkpoint.write(tmp_path, f"model-{number:05d}-of-00002")
    (tmp_path / "model.meta").write_bytes(b"a graph")
    assert_holds(fastckpt.open(tmp_path / name), expected)


def test_a_bundle_wins_over_a_v1_file_of_the_same_name(tmp_path):
    v1_file().write(tmp_path, "model")
    good_bundle().write(tmp_path, "model")
    assert fastckpt.open(tmp_path / "model").format == "v2"


def test_a_literal_name_wins_over_the_pattern_it_is(tmp_path):
    for number in range(2):
        v1_file().write(tmp_path, f"model-{number:05d}-of-00002")
    one(3).write(tmp_path, "model-?????-of-00002")
    assert number_of(tmp_path / "model-?????-of-00002") == 3


def test_a_pattern_is_not_tried_for_a_bundle(tmp_path):
    good_bundle().write(tmp_path, "model1")
    with pytest.raises(FileNotFoundError):
        fastckpt.open(tmp_path / "model?")


def test_a_missing_prefix_says_what_was_looked_for_and_what_is_there(folder):
    with pytest.raises(FileNotFoundError) as caught:
        fastckpt.open(folder / "model.ckpt-300")
    message = str(caught.value)
    assert "model.ckpt-300" in message
    assert ".index" in message
    assert "model.ckpt-200" in message
    assert caught.value.filename is not None


def test_a_missing_folder_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        fastckpt.open(tmp_path / "nowhere" / "model")


def test_data_without_an_index_is_named(folder):
    (folder / "model.ckpt-200.index").unlink()
    for name in ("model.ckpt-200", "model.ckpt-200.data-00000-of-00001"):
        with pytest.raises(FileNotFoundError) as caught:
            fastckpt.open(folder / name)
        assert "model.ckpt-200.index" in str(caught.value)
        assert "model.ckpt-200.data-00000-of-00001" in str(caught.value)


def test_another_count_of_shards_on_disk_is_mentioned(tmp_path):
    bundle = BundleMaker(2)
    bundle.add("a", GOOD["a"], shard=1)
    prefix = bundle.write(tmp_path)
    old = tmp_path / "model.data-00001-of-00002"
    old.rename(tmp_path / "model.data-00001-of-00003")
    (tmp_path / "model.data-00000-of-00002").unlink()
    ckpt = fastckpt.open(prefix)
    with pytest.raises(FileNotFoundError, match="of-00002"):
        ckpt["a"]


NO_CHECKPOINTS = {
    "text": b"hello\n" * 20,
    "nothing": b"",
    "zeros": bytes(4096),
    "a NumPy file": b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'}" + bytes(100),
}


@pytest.mark.parametrize("content", NO_CHECKPOINTS.values(), ids=NO_CHECKPOINTS)
def test_a_file_that_is_no_checkpoint_is_corrupt(content, tmp_path):
    path = tmp_path / "weights.h5"
    path.write_bytes(content)
    with pytest.raises(CorruptionError) as caught:
        fastckpt.open(path)
    assert caught.value.path == str(path)


def test_a_renamed_index_is_no_empty_checkpoint(folder):
    (folder / "model.ckpt-200.index").rename(folder / "weights")
    with pytest.raises((CheckpointError, OSError), match="weights"):
        fastckpt.open(folder / "weights")
