"""A checkpoint behind a URL opens and reads as it does on this machine."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import fastckpt

pytest.importorskip("fsspec")

from remote_stores import (
    TENSORS,
    assert_same,
    in_memory,
    save_partitioned,
)

FORMATS = ["v2", "v1", "v2 of three shards"]


@pytest.fixture
def save(tmp_path):
    def save(format: str) -> str:
        if format == "v2 of three shards":
            fastckpt.save(tmp_path / "m.ckpt", TENSORS, shards=3)
        else:
            fastckpt.save(tmp_path / "m.ckpt", TENSORS, format=format)
        return in_memory(tmp_path)

    return save


@pytest.mark.parametrize("format", FORMATS)
def test_tensors_are_what_they_are_here(format, save, tmp_path):
    url = save(format) + "/m.ckpt"
    with fastckpt.open(url) as there, fastckpt.open(tmp_path / "m.ckpt") as here:
        assert type(there) is fastckpt.Checkpoint
        assert (there.io, there.format, there.path) == ("remote", format[:2], url)
        assert list(there) == list(here)
        assert_same(there, TENSORS)
        assert_same(there.load(), TENSORS)
        assert_same(there.load(copy=True), TENSORS)
        assert_same(there.load(copy="on-write"), TENSORS)
        assert not any(info.is_view for info in there.infos())
        assert [i.nbytes for i in there.infos()] == [i.nbytes for i in here.infos()]
        report = there.verify()
        assert report.ok
        assert report.bytes_checked == here.verify().bytes_checked
        assert not there["a/kernel"].flags.writeable
        assert there.read("a/kernel").flags.writeable


@pytest.mark.parametrize("format", FORMATS)
def test_regions_and_rows_are_what_they_are_here(format, save):
    large = TENSORS["e/large"]
    with fastckpt.open(save(format) + "/m.ckpt") as ckpt:
        for region in (
            np.s_[3:400:7, ::2],
            np.s_[-1],
            np.s_[:, 5],
            np.s_[::-1, 10:20],
            ([499, 0, 0, 17],),
            (slice(2, 9), [3, -1]),
        ):
            np.testing.assert_array_equal(ckpt.read("e/large", region), large[region])
        tensor = ckpt.tensor("e/large")
        np.testing.assert_array_equal(tensor[5:7], large[5:7])
        np.testing.assert_array_equal(np.asarray(tensor), large)
        assert ckpt.read("d/words", np.s_[1:]).tolist() == [b"", b"three"]
        out = np.empty((500, 2))
        ckpt.read("e/large", np.s_[:, :2], out=out)
        np.testing.assert_array_equal(out, large[:, :2])
        many = ckpt.read_many(
            (name, region, None)
            for name, region in (
                ("e/large", np.s_[0]),
                ("e/large", [9, 3]),
                ("a/kernel", None),
                ("d/words", None),
            )
        )
        np.testing.assert_array_equal(many[1], large[[9, 3]])
        assert many[3].tolist() == TENSORS["d/words"].tolist()


def test_partitioned_tensor_is_put_together(tmp_path):
    whole = save_partitioned(str(tmp_path / "p"))
    with fastckpt.open(in_memory(tmp_path) + "/p") as ckpt:
        np.testing.assert_array_equal(ckpt["emb"], whole)
        np.testing.assert_array_equal(ckpt.read("emb", np.s_[3:9, 1]), whole[3:9, 1])
        np.testing.assert_array_equal(ckpt.read("emb", [9, 0, 5]), whole[[9, 0, 5]])
        assert ckpt.verify().ok


def test_load_fills_arrays_that_are_there_and_casts(save):
    with fastckpt.open(save("v2") + "/m.ckpt") as ckpt:
        out = {"w": np.zeros((500, 300)).T, "k": np.zeros((3, 4), np.float32)}
        with pytest.raises(KeyError):
            ckpt.load(out=out)
        names = {"k": "a/kernel", "w": "e/large"}
        with pytest.raises(ValueError, match="shape"):
            ckpt.load(names, out=out)
        assert not out["k"].any()
        out["w"] = np.zeros((300, 500)).T
        ckpt.load(names, out=out)
        np.testing.assert_array_equal(out["w"], TENSORS["e/large"])
        cast = ckpt.load(["e/*"], dtype="float32")["e/large"]
        np.testing.assert_array_equal(cast, TENSORS["e/large"].astype(np.float32))


def test_what_cannot_be_written_to_is_refused_before_anything_is(save):
    fixed = np.zeros((3, 4), np.float32)
    fixed.flags.writeable = False
    out = {"c/scalar": np.zeros((), np.int32), "a/kernel": fixed}
    ckpt = fastckpt.open(save("v2") + "/m.ckpt")
    with pytest.raises(ValueError, match="a/kernel"):
        ckpt.load(out=out)
    assert out["c/scalar"] == 0


def test_one_load_is_one_set_of_requests(save):
    with fastckpt.open(save("v2") + "/m.ckpt") as ckpt:
        before = ckpt.explain().remote
        assert before.requests == 1
        ckpt.load(["a/*", "c/*", "e/*", "f/*"])
        after = ckpt.explain().remote
        assert after.requests == 4  # of at most 1 MiB, one of them the index
        assert after.wanted - before.wanted == 12 * 4 + 4 + 500 * 300 * 8 + 3
        assert after.fetched - before.fetched <= 1.25 * (after.wanted - before.wanted)
        assert "requests: 4 for ranges" in str(ckpt.explain())


def test_part_of_a_tensor_is_all_that_is_read(save):
    with fastckpt.open(save("v2") + "/m.ckpt") as ckpt:
        before = ckpt.explain().remote.fetched
        ckpt.read("e/large", np.s_[10:20])
        assert ckpt.explain().remote.fetched - before == 10 * 300 * 8
        assert ckpt.explain().verify == "whole"


@pytest.mark.parametrize("verify", [True, False, "whole"])
def test_checks_are_what_was_asked_for(verify, save):
    with fastckpt.open(save("v2") + "/m.ckpt", verify=verify) as ckpt:
        ckpt.read("e/large", np.s_[10:20])
        fetched = ckpt.explain().remote.fetched
        assert (fetched > 500 * 300 * 8) == (verify is True)
        assert_same(ckpt.load(), TENSORS)


def test_checkpoint_pickles_with_its_options(save):
    url = save("v2") + "/m.ckpt"
    with fastckpt.open(url, storage_options={}) as ckpt:
        again = pickle.loads(pickle.dumps(ckpt))
        handle = pickle.loads(pickle.dumps(ckpt.tensor("e/large")))
    assert (again.path, again.io) == (url, "remote")
    assert_same(again, TENSORS)
    np.testing.assert_array_equal(handle[3], TENSORS["e/large"][3])


def test_layout_and_byte_runs_name_urls(save):
    url = save("v2") + "/m.ckpt"
    with fastckpt.open(url) as ckpt:
        (piece,) = ckpt.layout("e/large").pieces
        assert piece.file == url + ".data-00000-of-00001"
        assert ckpt.byte_runs("e/large", np.s_[0])[0][2] == 300 * 8
        assert ckpt.files == (url + ".index",)


def test_load_opens_and_closes(save):
    found = fastckpt.load(save("v2") + "/m.ckpt", ["c/*"], storage_options={})
    assert found == {"c/scalar": TENSORS["c/scalar"]}
