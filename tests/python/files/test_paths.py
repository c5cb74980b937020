"""What open() accepts: prefixes, parts, V1 shards; every sign in a name literally."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastckpt.files.resolve import resolve
from small_checkpoints import is_v2, write_shards, write_state, write_v1, write_v2


def test_a_prefix_is_its_index(tmp_path):
    prefix = write_v2(tmp_path)
    assert is_v2(resolve(prefix), prefix)


@pytest.mark.parametrize(
    "part", ["index", "data-00000-of-00002", "data-00001-of-00002", "meta"]
)
def test_each_file_of_a_checkpoint_stands_for_it(tmp_path, part):
    prefix = write_v2(tmp_path, shards=2)
    (tmp_path / "model.meta").write_bytes(b"graph")
    assert is_v2(resolve(f"{prefix}.{part}"), prefix)


def test_a_data_file_that_is_gone_still_names_its_checkpoint(tmp_path):
    prefix = write_v2(tmp_path)
    os.unlink(prefix + ".data-00000-of-00001")
    assert is_v2(resolve(prefix + ".data-00000-of-00001"), prefix)


def test_a_damaged_index_given_by_name_is_left_to_the_reader(tmp_path):
    prefix = write_v2(tmp_path)
    (tmp_path / "model.index").write_bytes(b"damaged")
    assert is_v2(resolve(prefix + ".index"), prefix)


def test_a_v1_file_is_itself(tmp_path):
    path = write_v1(tmp_path, "model.ckpt")
    assert resolve(path) == ("v1", path, [path])


def test_an_index_wins_over_a_v1_file_of_the_same_name(tmp_path):
    write_v1(tmp_path)
    prefix = write_v2(tmp_path)
    assert is_v2(resolve(prefix), prefix)


def test_a_graph_may_belong_to_a_v1_file_whose_name_ends_in_ckpt(tmp_path):
    path = write_v1(tmp_path, "model.ckpt")
    for name in ("model.meta", "model.ckpt.meta"):
        (tmp_path / name).write_bytes(b"graph")
        assert resolve(tmp_path / name) == ("v1", path, [path])


def test_a_graph_may_belong_to_v1_shards(tmp_path):
    files = write_shards(tmp_path)
    (tmp_path / "model.meta").write_bytes(b"graph")
    assert resolve(tmp_path / "model.meta").files == files


def test_a_v1_file_named_as_a_part_is_itself(tmp_path):
    path = write_v1(tmp_path, "model.meta")
    assert resolve(path) == ("v1", path, [path])


def test_str_bytes_and_path_objects_name_the_same(tmp_path):
    prefix = write_v2(tmp_path)
    assert is_v2(resolve(tmp_path / "model"), prefix)
    assert is_v2(resolve(os.fsencode(prefix)), prefix)


def test_a_relative_name_stays_relative(tmp_path, monkeypatch):
    write_v2(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert is_v2(resolve("model"), "model")
    assert resolve(".").prefix == "./model"


@pytest.mark.parametrize("name", [3, None, ["model"]])
def test_what_is_no_path_is_a_type_error(name):
    with pytest.raises(TypeError):
        resolve(name)


def test_links_are_followed(tmp_path):
    prefix = write_v2(tmp_path / "real")
    os.symlink(prefix + ".index", tmp_path / "linked.index")
    os.symlink(tmp_path / "real", tmp_path / "folder")
    assert is_v2(resolve(tmp_path / "linked"), str(tmp_path / "linked"))
    assert is_v2(resolve(tmp_path / "folder"), str(tmp_path / "folder" / "model"))


@pytest.mark.parametrize(
    "name",
    [
        "g[1]",
        "g*",
        "g?",
        r"g\x",
        "a b",
        "a\nb",
        "%s",
        "{}",
        "-x",
        "größe",
        "x.index",
    ],
)
@pytest.mark.parametrize("write", [write_v1, write_v2])
def test_no_sign_in_a_name_is_a_pattern(tmp_path, name, write):
    write_v1(tmp_path, "g1")
    write_v2(tmp_path, "gx")
    path = write(tmp_path, name)
    assert resolve(path).prefix == path


def test_a_name_that_is_no_utf8_is_found(tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff\xfe"
    prefix = write_v2(tmp_path, os.fsdecode(b"\xff\xfe"))
    assert is_v2(resolve(name), prefix)


@pytest.mark.parametrize("name", ["m*", "mode?", "[m]odel", "mod*l.index"])
def test_a_pattern_finds_no_v2_checkpoint(tmp_path, name):
    write_v2(tmp_path)
    with pytest.raises(FileNotFoundError):
        resolve(tmp_path / name)


def test_the_literal_pattern_of_shards_wins_over_what_it_matches(tmp_path):
    write_shards(tmp_path)
    path = write_v1(tmp_path, "model-?????-of-00002")
    assert resolve(path).files == [path]


@given(st.binary(min_size=1, max_size=20).filter(lambda name: b"\0" not in name))
def test_a_name_that_is_not_there_is_not_found(name):
    with pytest.raises(FileNotFoundError) as caught:
        resolve(b"/nonexistent/" + name)
    assert caught.value.filename == os.fsdecode(b"/nonexistent/" + name)


@pytest.mark.parametrize(
    "name",
    [
        "model",
        "model-?????-of-00002",
        "model-*-of-00002",
        "model-0000[01]-of-00002",
        "m*",
    ],
)
def test_a_prefix_or_a_pattern_names_all_shards_in_order(tmp_path, name):
    files = write_shards(tmp_path)
    found = resolve(tmp_path / name)
    assert found == ("v1", str(tmp_path / "model-?????-of-00002"), files)


def test_one_shard_of_several_stands_for_all_of_them(tmp_path):
    files = write_shards(tmp_path)
    write_shards(tmp_path, count=3, missing=[2])
    pattern = str(tmp_path / "model-?????-of-00002")
    assert [resolve(path) for path in files] == [("v1", pattern, files)] * 2


def test_a_shard_that_is_all_there_is_keeps_its_name(tmp_path):
    (path,) = write_shards(tmp_path, count=1)
    assert resolve(path) == ("v1", path, [path])


def test_a_shard_whose_siblings_are_missing_names_them(tmp_path):
    (path,) = write_shards(tmp_path, count=9, missing=[0, *range(2, 9)])
    with pytest.raises(FileNotFoundError, match="1 of 9 V1 shards") as caught:
        resolve(path)
    assert caught.value.filename == str(tmp_path / "model-00000-of-00009")
    for name in ("model-00002-of-00009", "model-00005-of-00009' and 3 more"):
        assert name in caught.value.strerror


def test_a_state_file_that_names_one_shard_means_all_of_them(tmp_path):
    files = write_shards(tmp_path)
    write_state(tmp_path, "model-00001-of-00002")
    assert resolve(tmp_path).files == files


def test_a_bundle_that_is_named_like_a_shard_is_that_bundle(tmp_path):
    prefix = write_v2(tmp_path, "model-00000-of-00002")
    assert is_v2(resolve(prefix), prefix)


def test_the_prefix_that_was_found_finds_the_same_again(tmp_path):
    files = write_shards(tmp_path, "g[1]*")
    write_shards(tmp_path, "g1-x")
    found = resolve(tmp_path / "g[1]*")
    assert found.files == files
    assert resolve(found.prefix) == found


def test_more_than_ten_shards_are_ordered_by_number(tmp_path):
    files = write_shards(tmp_path, count=12)
    assert resolve(tmp_path / "model").files == files


@pytest.mark.parametrize("name", ["model", "model-?????-of-00003"])
@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_shard_is_named(tmp_path, name, missing):
    write_shards(tmp_path, count=3, missing=[missing])
    with pytest.raises(FileNotFoundError, match="2 of 3 V1 shards") as caught:
        resolve(tmp_path / name)
    shard = tmp_path / f"model-{missing:05d}-of-00003"
    assert caught.value.filename == str(shard)


def test_a_count_without_bounds_takes_no_time(tmp_path):
    write_v1(tmp_path, f"model-00000-of-{10**30}")
    with pytest.raises(FileNotFoundError, match=f"1 of {10**30}"):
        resolve(tmp_path / "model")


def test_a_whole_set_wins_over_what_is_left_of_another(tmp_path):
    write_shards(tmp_path, count=3, missing=[1])
    files = write_shards(tmp_path, count=2)
    assert resolve(tmp_path / "model").files == files


def test_two_whole_sets_are_told_apart_by_the_caller(tmp_path):
    write_shards(tmp_path, count=3)
    files = write_shards(tmp_path, count=2)
    with pytest.raises(FileNotFoundError, match=r"several.*-of-00002.*-of-00003"):
        resolve(tmp_path / "model")
    assert resolve(tmp_path / "model-?????-of-00002").files == files


@pytest.mark.parametrize(
    "name",
    [
        "model-00002-of-00002",
        "model-0000-of-0002",
        "model-000000-of-00002",
        "model-00000-of-000002",
        "model.data-00000-of-00002",
    ],
)
def test_names_that_are_no_shards_do_not_count(tmp_path, name):
    write_v1(tmp_path, name)
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        resolve(tmp_path / "model")
