"""What open() accepts: state files, folders, SavedModels."""

import pytest

from fastckpt.errors import CorruptionError
from fastckpt.files.resolve import resolve
from small_checkpoints import is_v2, write_shards, write_state, write_v1, write_v2


def test_a_folder_with_a_state_file_is_its_newest_checkpoint(tmp_path):
    write_v2(tmp_path, "model-1")
    prefix = write_v2(tmp_path, "model-2")
    state = write_state(tmp_path, "model-2")
    assert is_v2(resolve(tmp_path), prefix)
    assert is_v2(resolve(state), prefix)


def test_a_state_file_may_have_another_name(tmp_path):
    prefix = write_v2(tmp_path)
    assert is_v2(resolve(write_state(tmp_path, "model", "best")), prefix)


def test_a_state_file_may_name_v1_shards_by_their_pattern(tmp_path):
    files = write_shards(tmp_path)
    write_state(tmp_path, "model-?????-of-00002")
    assert resolve(tmp_path).files == files


def test_a_state_file_in_the_current_folder_is_found(tmp_path, monkeypatch):
    write_v2(tmp_path)
    write_state(tmp_path, "model")
    monkeypatch.chdir(tmp_path)
    assert is_v2(resolve("checkpoint"), "model")


def test_a_checkpoint_named_checkpoint_is_no_state_file(tmp_path):
    path = write_v1(tmp_path, "checkpoint")
    assert resolve(path) == ("v1", path, [path])


def test_a_folder_that_moved_is_opened_where_it_is_now(tmp_path):
    prefix = write_v2(tmp_path)
    write_state(tmp_path, "/nonexistent/model")
    with pytest.warns(UserWarning, match="/nonexistent/model"):
        assert is_v2(resolve(tmp_path), prefix)


def test_a_state_file_that_names_what_is_gone_says_what_there_is(tmp_path):
    prefix = write_v2(tmp_path, "model-1")
    write_state(tmp_path, "model-2")
    with pytest.raises(FileNotFoundError, match="newest complete") as caught:
        resolve(tmp_path)
    assert caught.value.filename == str(tmp_path / "model-2")
    assert repr(prefix) in str(caught.value)


def test_a_damaged_state_file_is_corrupt_and_names_the_newest(tmp_path):
    prefix = write_v2(tmp_path)
    (tmp_path / "checkpoint").write_text("model_checkpoint_path: \n")
    for path in (tmp_path, tmp_path / "checkpoint"):
        with pytest.raises(CorruptionError, match="damaged state file") as caught:
            resolve(path)
        assert repr(prefix) in str(caught.value)
        assert caught.value.path == str(tmp_path / "checkpoint")


def test_a_state_file_that_names_itself_ends(tmp_path):
    write_state(tmp_path, "checkpoint")
    with pytest.raises(CorruptionError):
        resolve(tmp_path)


def test_a_saved_model_is_its_variables(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    prefix = write_v2(tmp_path / "variables", "variables")
    assert is_v2(resolve(tmp_path), prefix)
    assert is_v2(resolve(tmp_path / "variables"), prefix)


def test_a_saved_model_without_variables_is_told_so(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    with pytest.raises(FileNotFoundError, match="a SavedModel without variables"):
        resolve(tmp_path)


@pytest.mark.parametrize("write", [write_v1, write_v2])
def test_the_only_checkpoint_of_a_folder_is_opened(tmp_path, write):
    prefix = write(tmp_path)
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "model.meta").write_bytes(b"graph")
    (tmp_path / "faces.index").write_bytes(b"something else")
    (tmp_path / "model_temp").mkdir()
    assert resolve(tmp_path).prefix == prefix


def test_the_only_checkpoint_of_a_folder_may_be_sharded(tmp_path):
    files = write_shards(tmp_path)
    assert resolve(tmp_path).files == files


def test_several_checkpoints_without_a_state_file_are_listed(tmp_path):
    write_v2(tmp_path, "a")
    write_v1(tmp_path, "b")
    write_shards(tmp_path, "c")
    with pytest.raises(FileNotFoundError, match="several checkpoints") as caught:
        resolve(tmp_path)
    for name in ("a", "b", "c-?????-of-00002"):
        assert repr(str(tmp_path / name)) in str(caught.value)


def test_a_folder_without_a_checkpoint_says_what_it_holds(tmp_path):
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(FileNotFoundError, match=r"no checkpoint, but 'notes\.txt'"):
        resolve(tmp_path)


def test_shards_beside_a_folder_of_their_name_are_found(tmp_path):
    files = write_shards(tmp_path)
    (tmp_path / "model").mkdir()
    assert resolve(tmp_path / "model").files == files


def test_a_checkpoint_that_is_named_as_a_folder_is_opened(tmp_path):
    (tmp_path / "model").mkdir()
    prefix = write_v2(tmp_path)
    assert is_v2(resolve(prefix), prefix)
