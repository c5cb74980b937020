"""A checkpoint in a bucket, by a server of S3 and s3fs."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import fastckpt
import s3_server
from installed import is_installed

TENSORS = {"a": np.arange(5.0), "rows": np.arange(60_000.0).reshape(600, 100)}


@pytest.mark.frameworks
@pytest.mark.skipif(
    not all(map(is_installed, ("moto", "s3fs", "flask"))), reason="needs moto and s3fs"
)
@pytest.mark.filterwarnings("default")  # botocore's, of the Python that runs
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
