"""The state file: read, written as TensorFlow writes it, moved, damaged."""

import os
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastckpt
from bundle_maker import BundleMaker
from fastckpt.errors import CorruptionError
from fastckpt.files.foreign import name_foreign
from fastckpt.files.state_file import (
    CheckpointState,
    checkpoint_exists,
    get_checkpoint_state,
    latest_checkpoint,
    parse_state,
)
from fastckpt.files.state_update import StateConflictError, update_checkpoint_state
from small_checkpoints import write_v2


def write_text(folder, text):
    """Writes a state file of any text or bytes."""
    content = text if isinstance(text, bytes) else text.encode()
    (folder / "checkpoint").write_bytes(content)
    return folder / "checkpoint"


class TestReading:
    def test_relative_paths_are_joined_to_the_folder_as_it_was_given(self, tmp_path):
        write_text(
            tmp_path,
            'model_checkpoint_path: "m-2"\n'
            'all_model_checkpoint_paths: "m-1"\nall_model_checkpoint_paths: "m-2"\n'
            "all_model_checkpoint_timestamps: [1.5, 2]\n"
            "last_preserved_timestamp: 0.5\n",
        )
        folder = f"{tmp_path}/../{tmp_path.name}/"
        assert get_checkpoint_state(folder) == CheckpointState(
            folder + "m-2", [folder + "m-1", folder + "m-2"], [1.5, 2.0], 0.5
        )

    def test_what_is_not_set_is_empty_or_zero(self, tmp_path):
        write_text(tmp_path, 'model_checkpoint_path: "m"')
        path = str(tmp_path / "m")
        assert get_checkpoint_state(tmp_path) == (path, [], [], 0.0)

    def test_a_state_is_true_and_pickles(self, tmp_path):
        write_text(tmp_path, 'model_checkpoint_path: "m"')
        state = get_checkpoint_state(tmp_path)
        assert state
        assert pickle.loads(pickle.dumps(state)) == state

    def test_an_absolute_path_that_is_there_stays(self, tmp_path):
        prefix = write_v2(tmp_path / "elsewhere", "m")
        write_v2(tmp_path, "m")
        write_text(tmp_path, f'model_checkpoint_path: "{prefix}"')
        with pytest.warns(UserWarning, match="in another folder"):
            assert latest_checkpoint(tmp_path) == prefix

    def test_the_file_may_have_another_name(self, tmp_path):
        prefix = write_v2(tmp_path, "m")
        (tmp_path / "best").write_text('model_checkpoint_path: "m"')
        assert latest_checkpoint(tmp_path) is None
        assert latest_checkpoint(tmp_path, "best") == prefix

    def test_bytes_and_path_objects_name_the_folder_too(self, tmp_path):
        prefix = write_v2(tmp_path, "m")
        write_text(tmp_path, 'model_checkpoint_path: "m"')
        assert latest_checkpoint(os.fsencode(tmp_path)) == prefix
        assert latest_checkpoint(tmp_path) == prefix

    def test_no_file_and_no_folder_and_a_folder_of_its_name_are_none(self, tmp_path):
        assert get_checkpoint_state(tmp_path) is None
        assert get_checkpoint_state(tmp_path / "gone") is None
        (tmp_path / "checkpoint").mkdir()
        assert get_checkpoint_state(tmp_path) is None
        assert latest_checkpoint(tmp_path) is None

    def test_a_checkpoint_that_is_gone_is_no_latest(self, tmp_path):
        write_v2(tmp_path, "m-1")
        write_text(tmp_path, 'model_checkpoint_path: "m-2"')
        assert get_checkpoint_state(tmp_path).model_checkpoint_path.endswith("m-2")
        assert latest_checkpoint(tmp_path) is None

    @pytest.mark.parametrize("name", ["g[1]", "g*", "g?", r"g\x", "a\nb", "é'\""])
    def test_a_name_with_any_sign_is_found_literally(self, tmp_path, name):
        write_v2(tmp_path, "g1")
        prefix = write_v2(tmp_path, name)
        update_checkpoint_state(tmp_path, prefix)
        assert latest_checkpoint(tmp_path) == prefix

    def test_a_fifo_is_an_error_at_once(self, tmp_path):
        os.mkfifo(tmp_path / "checkpoint")
        with pytest.raises(OSError, match="not a regular file"):
            get_checkpoint_state(tmp_path)


class TestMovedFolders:
    def test_a_path_that_is_gone_is_found_beside_the_file_and_said_so(self, tmp_path):
        prefixes = [write_v2(tmp_path, "m-1"), write_v2(tmp_path, "m-2")]
        write_text(
            tmp_path,
            'model_checkpoint_path: "/old/place/m-2"\n'
            'all_model_checkpoint_paths: ["/old/place/m-1", "/old/place/m-2"]',
        )
        with pytest.warns(UserWarning, match="'/old/place/m-2' is not there") as caught:
            state = get_checkpoint_state(tmp_path)
        assert state[:2] == (prefixes[1], prefixes)
        assert len(caught) == 1

    @pytest.mark.parametrize("path", [r"C:\models\m", "D:/models/m", r"\\host\x\m"])
    def test_a_path_of_windows_is_found_beside_the_file(self, tmp_path, path):
        prefix = write_v2(tmp_path, "m")
        update_checkpoint_state(tmp_path, path)
        with pytest.warns(UserWarning, match="is not there"):
            assert latest_checkpoint(tmp_path) == prefix

    def test_a_backslash_in_a_name_of_ours_is_part_of_it(self, tmp_path):
        prefix = write_v2(tmp_path, r"g\x")
        update_checkpoint_state(tmp_path, r"/old/place/g\x")
        with pytest.warns(UserWarning, match="is not there"):
            assert latest_checkpoint(tmp_path) == prefix

    def test_a_path_that_is_nowhere_stays_as_it_is(self, tmp_path):
        write_text(tmp_path, 'model_checkpoint_path: "/old/place/m"')
        state = get_checkpoint_state(tmp_path)
        assert state.model_checkpoint_path == "/old/place/m"


class TestDamage:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "it sets no model_checkpoint_path"),
            ('model_checkpoint_path: ""', "it sets no model_checkpoint_path"),
            ('all_model_checkpoint_paths: "m"', "it sets no model_checkpoint_path"),
            ('model_checkpoint_path: "m', "line 1, column 24"),
            (b"\x00\xff\x80" * 100, "line 1, column 1"),
            (r'model_checkpoint_path: "a\000b"', "a zero byte"),
            (b" " * (5 << 20), "larger than 4194304 bytes"),
        ],
    )
    def test_the_reason_and_the_newest_complete_are_told(self, tmp_path, text, reason):
        prefix = write_v2(tmp_path, "m-1")
        write_text(tmp_path, text)
        with pytest.raises(CorruptionError, match=reason) as caught:
            latest_checkpoint(tmp_path)
        assert caught.value.path == str(tmp_path / "checkpoint")
        assert f"newest complete checkpoint in its folder is {prefix!r}" in str(
            caught.value
        )

    @pytest.mark.parametrize(
        ("content", "what"),
        [
            (b"\x84\xa6params\x81\xa5dense\xc7" + bytes(5 << 20), "Flax and T5X"),
            (b"\x82\xa9optimizer\x83\xa5state", "Flax and T5X"),
            (b"\xde\x00\x20\xd9\x2cparams" + b"x" * 50, "Flax and T5X"),
            (b"PK\x03\x04\x14\x00", "a zip file"),
            (b"\x1f\x8b\x08\x00", "a gzip file"),
            (b"\x89HDF\r\n\x1a\n\x00", "an HDF5 file"),
            (b"\x93NUMPY\x01\x00", "a .npy file"),
            (b"\x80\x04\x95\x10", "a pickle"),
            (bytes(257) + b"ustar\x0000", "a tar file"),
            (b"\x40\0\0\0\0\0\0\0" + b'{"w":{}}', "a safetensors file"),
        ],
    )
    def test_what_is_none_is_named_and_never_replaced(self, tmp_path, content, what):
        write_v2(tmp_path, "m-1")
        path = write_text(tmp_path, content)
        with pytest.raises(CorruptionError, match=f"no state file but .*{what}"):
            latest_checkpoint(tmp_path)
        with pytest.raises(StateConflictError, match=f"is .*{what}.* would replace"):
            update_checkpoint_state(tmp_path, "m-1")
        assert path.read_bytes() == content

    @pytest.mark.parametrize("content", [b"\x81", b"\x84\xa6\xff", b"\x85abc", b"\xde"])
    def test_what_only_begins_like_msgpack_is_not_named_so(self, content):
        assert name_foreign(content) is None

    def test_every_shorter_text_is_refused_or_names_what_it_has(self, tmp_path):
        text = 'model_checkpoint_path: "m-2"\nall_model_checkpoint_paths: "m-1"\n'
        for end in range(len(text)):
            write_text(tmp_path, text[:end])
            try:
                state = get_checkpoint_state(tmp_path)
            except CorruptionError:
                continue
            assert state.model_checkpoint_path == str(tmp_path / "m-2")

    def test_an_incomplete_checkpoint_is_not_the_newest_complete(self, tmp_path):
        prefix = write_v2(tmp_path, "old")
        for newer in ("no_data", "no_shard", "bad_index"):
            BundleMaker(2).write(tmp_path, newer)
        os.unlink(tmp_path / "no_data.data-00000-of-00002")
        os.unlink(tmp_path / "no_data.data-00001-of-00002")
        os.unlink(tmp_path / "no_shard.data-00001-of-00002")
        (tmp_path / "bad_index.index").write_bytes(b"damaged")
        os.utime(tmp_path / "old.index", (1, 1))
        write_text(tmp_path, "")
        with pytest.raises(CorruptionError, match="newest") as caught:
            get_checkpoint_state(tmp_path)
        assert repr(prefix) in str(caught.value)

    def test_a_folder_without_a_checkpoint_is_told_so(self, tmp_path):
        write_text(tmp_path, "")
        with pytest.raises(CorruptionError, match="no complete checkpoint lies in its"):
            get_checkpoint_state(tmp_path)

    @given(st.binary())
    def test_bytes_without_the_fields_name_are_refused(self, content):
        with pytest.raises(CorruptionError):
            parse_state(content.decode("utf-8", "surrogateescape"))


class TestWriting:
    def test_a_state_that_is_read_is_what_was_written(self, tmp_path):
        paths = [f"{tmp_path}/m-1", f"{tmp_path}/m-2"]
        update_checkpoint_state(tmp_path, paths[1], paths, None, [1.5, 2], 0.5)
        assert get_checkpoint_state(tmp_path) == (paths[1], paths, [1.5, 2.0], 0.5)

    def test_the_newest_is_appended_to_all_where_it_is_not_the_last(self, tmp_path):
        given_paths = ["m-2", "m-1"]
        update_checkpoint_state(tmp_path, "m-2", given_paths)
        state = parse_state((tmp_path / "checkpoint").read_text())
        assert state.all_model_checkpoint_paths == ["m-2", "m-1", "m-2"]
        assert given_paths == ["m-2", "m-1"]

    def test_as_many_timestamps_as_paths_are_asked_for(self, tmp_path):
        with pytest.raises(ValueError, match="2 timestamps for 1 paths"):
            update_checkpoint_state(tmp_path, "m", None, None, [1, 2])
        assert os.listdir(tmp_path) == []

    @pytest.mark.parametrize(
        "name", ["m", "m.index", "m.meta", "m.data-00000-of-00001"]
    )
    def test_the_name_of_a_checkpoints_file_is_refused(self, tmp_path, name):
        with pytest.raises(StateConflictError, match="choose another name"):
            update_checkpoint_state(tmp_path, f"{tmp_path}/./m", latest_filename=name)
        assert os.listdir(tmp_path) == []

    def test_the_conflict_is_both_what_tensorflow_and_what_we_raise(self):
        assert issubclass(StateConflictError, ValueError)
        assert issubclass(StateConflictError, RuntimeError)

    def test_a_missing_folder_is_not_found(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            update_checkpoint_state(tmp_path / "gone", "m")

    def test_relative_paths_are_stored_on_request(self, tmp_path):
        update_checkpoint_state(
            tmp_path, f"{tmp_path}/sub/m", [f"{tmp_path}/k"], save_relative_paths=True
        )
        text = (tmp_path / "checkpoint").read_text()
        assert parse_state(text)[:2] == ("sub/m", ["k", "sub/m"])

    def test_an_absolute_path_in_a_relative_folder_is_made_relative_once(
        self, tmp_path, monkeypatch
    ):
        # TensorFlow takes it relative to the folder twice: "../m".
        (tmp_path / "out").mkdir()
        monkeypatch.chdir(tmp_path)
        update_checkpoint_state("out", f"{tmp_path}/out/m", save_relative_paths=True)
        text = (tmp_path / "out" / "checkpoint").read_text()
        assert parse_state(text).model_checkpoint_path == "m"

    @given(st.binary(min_size=1, max_size=30).filter(lambda name: b"\0" not in name))
    def test_any_file_name_goes_both_ways(self, tmp_path_factory, name):
        folder = tmp_path_factory.getbasetemp()
        path = os.path.join(folder, os.fsdecode(name))
        update_checkpoint_state(folder, path, fsync=False)
        stored = parse_state((folder / "checkpoint").read_text(encoding="utf-8"))
        assert stored.model_checkpoint_path == path


class TestExistence:
    def test_an_index_a_v1_file_shards_and_a_folder_exist(self, tmp_path):
        write_v2(tmp_path, "v2")
        (tmp_path / "v1").write_bytes(b"any")
        (tmp_path / "s-00000-of-00002").write_bytes(b"any")
        for name in ("v2", "v1", "s-?????-of-00002", "s", "."):
            assert checkpoint_exists(tmp_path / name)
            assert checkpoint_exists(os.fsencode(tmp_path / name))

    @pytest.mark.parametrize("name", ["v*", "v?", "[v]2", "gone", "v2.data", "x/y"])
    def test_a_pattern_and_what_is_not_there_do_not(self, tmp_path, name):
        write_v2(tmp_path, "v2")
        assert not checkpoint_exists(tmp_path / name)


def test_a_copied_folder_whose_state_file_names_the_original_is_told_of(tmp_path):
    for name in ("run", "copy"):
        (tmp_path / name).mkdir()
        fastckpt.save(tmp_path / name / "m-1", {"w": np.zeros(1)})
    update_checkpoint_state(tmp_path / "run", tmp_path / "run" / "m-1")
    text = (tmp_path / "run" / "checkpoint").read_text()
    (tmp_path / "copy" / "checkpoint").write_text(text)
    with pytest.warns(UserWarning, match="in another folder, and .* lies beside it"):
        latest = latest_checkpoint(tmp_path / "copy")
    assert latest == str(tmp_path / "run" / "m-1")
