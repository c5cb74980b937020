"""The tests' own server of S3 gives byte ranges to s3fs, and counts requests."""

from __future__ import annotations

import pytest

import s3_server
from installed import is_installed

CONTENT = bytes(range(256)) * 4


@pytest.mark.frameworks
@pytest.mark.skipif(
    not all(map(is_installed, ("moto", "s3fs", "flask"))), reason="needs moto and s3fs"
)
@pytest.mark.filterwarnings("default")  # botocore's, of the Python that runs
def test_s3fs_reads_ranges_of_a_bucket(tmp_path):
    import fsspec

    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "m.index").write_bytes(CONTENT)
    with s3_server.started(tmp_path) as s3:
        files = fsspec.filesystem("s3", **s3.options)
        path = f"{s3.url}/run/m.index"
        assert files.cat_file(path, start=10, end=20) == CONTENT[10:20]
        assert files.info(path)["size"] == len(CONTENT)
        assert files.ls(f"{s3.url}/run", detail=False) == ["bucket/run/m.index"]
        with pytest.raises(FileNotFoundError):
            files.cat_file(f"{s3.url}/run/other")
        assert s3.counts()["GET"] >= 2
