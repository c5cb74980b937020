"""A checkpoint in a bucket, by a server of S3 and s3fs."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import fastckpt
import s3_server
from fastckpt.files.remote_looks import Looks
from installed import is_installed

THREE = {name: np.arange(40_000.0) + i for i, name in enumerate("abc")}
TENSORS = {"a": np.arange(5.0), "rows": np.arange(60_000.0).reshape(600, 100)}


pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.skipif(
        not all(map(is_installed, ("moto", "s3fs", "flask"))),
        reason="needs moto and s3fs",
    ),
    pytest.mark.filterwarnings("default"),  # botocore's, of the Python that runs
]


def test_a_bucket_is_read_by_ranges(tmp_path):
    saver = fastckpt.Saver()
    for step in (1, 2):
        saver.save(tmp_path / "run" / "m", TENSORS, global_step=step)
    fastckpt.save(tmp_path / "run" / "v1", TENSORS, format="v1")
    with s3_server.started(tmp_path) as s3:
        url = f"{s3.url}/run"
        before = s3.counts()
        with fastckpt.open(f"{url}/m-2", storage_options=s3.options) as ckpt:
            rows = ckpt.read("rows", np.s_[5:8])
            traffic = ckpt.explain().remote
        after = s3.counts()
        assert after["GET"] - before.get("GET", 0) <= 3
        assert traffic.fetched < 3 * 800 + 1000
        np.testing.assert_array_equal(rows, TENSORS["rows"][5:8])
        for name in ("", "/m-1.index", "/v1", "/checkpoint"):
            with fastckpt.open(url + name, storage_options=s3.options) as ckpt:
                np.testing.assert_array_equal(ckpt["rows"], TENSORS["rows"])
                assert ckpt.verify().ok
                again = pickle.loads(pickle.dumps(ckpt))
                np.testing.assert_array_equal(again["a"], TENSORS["a"])
        with pytest.raises(FileNotFoundError):
            fastckpt.open(f"{url}/other", storage_options=s3.options)
        wrong = {**s3.options, "secret": "not-the-secret", "key": "not-the-key"}
        texts = [repr(ckpt)]
        try:
            with fastckpt.open(f"{url}/m-2", storage_options=wrong) as ckpt:
                texts.append(str(ckpt.explain()))
        except OSError as error:
            texts.append(str(error))
        assert not any("secret" in text or "an-id" in text for text in texts)


@pytest.fixture
def s3(tmp_path):
    """A bucket with a checkpoint of V2 and one of V1 shards, and many other names."""
    fastckpt.save(tmp_path / "run" / "m", THREE)
    fastckpt.save(tmp_path / "run" / "v1-00000-of-00001", THREE, format="v1")
    for i in range(30):
        (tmp_path / "run" / f"other{i}").write_bytes(b"x")
    with s3_server.started(tmp_path) as server:
        yield server


def counted(s3, work):
    before = s3.counts()
    work()
    after = s3.counts()
    return {key: after[key] - before.get(key, 0) for key in after}


def test_open_and_three_tensors_take_few_requests(s3, monkeypatch):
    at_once = []
    look_and_fetch = Looks._look_and_fetch

    async def noting(self, *names):
        found = await look_and_fetch(self, *names)
        at_once.append(found)
        return found

    monkeypatch.setattr(Looks, "_look_and_fetch", noting)

    def open_and_load():
        with fastckpt.open(f"{s3.url}/run/m", storage_options=s3.options) as ckpt:
            found = ckpt.load(list(THREE))
            told.append(ckpt.explain().remote)
        assert all(np.array_equal(found[name], THREE[name]) for name in THREE)

    told = []
    counts = counted(s3, open_and_load)
    assert counts["GET"] == told[0].requests == 2  # they are neighbours
    assert counts["HEAD"] == told[0].metadata_requests == 4
    assert len(at_once) == 1  # two looks and the index, which was taken
    assert told[0].fetched == told[0].wanted


def test_an_index_that_is_not_what_was_looked_at_is_fetched_again(s3, monkeypatch):
    """What came beside a look may be older: its digest tells."""
    look_and_fetch = Looks._look_and_fetch

    async def older(self, *names):
        looks, (content, said) = await look_and_fetch(self, *names)
        assert said is None
        return looks, (content[:-60] + bytes(60), said)

    monkeypatch.setattr(Looks, "_look_and_fetch", older)
    with fastckpt.open(f"{s3.url}/run/m", storage_options=s3.options) as ckpt:
        assert ckpt.explain().remote.requests == 2
        np.testing.assert_array_equal(ckpt["b"], THREE["b"])


def test_a_folder_is_listed_in_part(s3, monkeypatch):
    monkeypatch.setattr("fastckpt.files.bucket_listing.MAX_NAMES", 10)
    options = {"storage_options": s3.options}
    with fastckpt.open(f"{s3.url}/run/m", **options) as ckpt:
        assert len(ckpt) == 3
    with fastckpt.open(f"{s3.url}/run/v1-?????-of-00001", **options) as ckpt:
        assert len(ckpt) == 3
    with pytest.raises(fastckpt.UnsupportedError, match="more than 10 names; name the"):
        fastckpt.open(f"{s3.url}/run", **options)
    with pytest.raises(FileNotFoundError):
        fastckpt.open(f"{s3.url}/run/no", **options)
    assert not fastckpt.checkpoint_exists(f"{s3.url}/run/no", **options)
