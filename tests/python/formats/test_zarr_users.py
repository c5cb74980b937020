"""References are read by zarr, xarray and Dask as they stand, by way of fsspec."""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

import children
import fastckpt
import s3_server
from bundle_maker import BundleMaker
from fastckpt.formats import zarr_chunks
from installed import is_installed
from kerchunk_cases import NAMES, TENSORS
from places import TESTS
from range_server import RangeServer
from v1_maker import V1Maker

TABLE = np.arange(3000, dtype=np.float32).reshape(100, 30)

pytestmark = pytest.mark.frameworks


def refer(prefix: Path, expected: dict[str, np.ndarray]) -> Path:
    """Makes references to a checkpoint, and puts beside them what they should give."""
    # Not beside it: fsspec would take "::" in the name of its folder for a chain.
    refs = prefix.parents[1] / f"{prefix.parent.name[:1]}.json"
    fastckpt.convert(prefix, refs, "kerchunk")
    Path(f"{refs}.pickle").write_bytes(pickle.dumps(expected))
    return refs


def use(user: str, *refs: Path) -> str:
    needed = {"distributed": ["zarr", "xarray", "dask", "distributed"]}
    for library in needed.get(user, ["zarr", "xarray"]):
        if not is_installed(library):
            pytest.skip(f"needs {library}")
    child = children.run(
        [sys.executable, TESTS / "zarr_users.py", user, *refs],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr[-4000:]
    return child.stdout


@pytest.fixture
def cut_small(monkeypatch):
    """Makes tensors of more than a kilobyte large."""
    monkeypatch.setattr(zarr_chunks, "_LARGE", 1000)
    monkeypatch.setattr(zarr_chunks, "_BEST", 500)


@pytest.fixture
def checkpoints(tmp_path, cut_small):
    """References to checkpoints of every kind."""
    folders = {
        it: tmp_path / it for it in ("plain", "big", "sliced", "v1", "a %20{{b}}::#?")
    }
    for folder in folders.values():
        folder.mkdir()
    plain = TENSORS | {"table": TABLE}
    fastckpt.save(folders["plain"] / "m", plain, shards=2)
    big, parts, v1 = BundleMaker(big_endian=True), BundleMaker(), V1Maker()
    numbers = {name: TENSORS[name] for name in ("dense/kernel", "step", "waves")}
    for name, value in sorted(numbers.items()):
        big.add(name, value)
    parts.add_sliced("rows", TABLE, [[(0, 60), None], [(60, 40), None]])
    parts.add_sliced("uneven", TABLE, [[(0, 61), None], [(61, 39), None]])
    parts.add_sliced("columns", TABLE, [[None, (0, 10)], [None, (10, 20)]])
    v1.add("floats", TABLE[:2])
    (folders["v1"] / "m").write_bytes(v1.file())
    odd = {name: np.array([n], np.int32) for n, name in enumerate(NAMES)}
    fastckpt.save(folders["a %20{{b}}::#?"] / "m", odd)
    return [
        refer(folders["plain"] / "m", plain),
        refer(big.write(folders["big"], "m"), numbers),
        refer(
            parts.write(folders["sliced"], "m"),
            dict.fromkeys(("rows", "uneven", "columns"), TABLE),
        ),
        refer(folders["v1"] / "m", {"floats": TABLE[:2]}),
        refer(folders["a %20{{b}}::#?"] / "m", odd),
    ]


def refer_to_url(refs: Path, url: str, **options: object) -> Path:
    """References to a checkpoint of the one tensor behind a URL."""
    with fastckpt.open(url, storage_options=options) as ckpt:
        fastckpt.convert(ckpt, refs, "kerchunk")
    remote = {"remote_options": {"asynchronous": True, **options}}
    Path(f"{refs}.options").write_text(json.dumps(remote))
    Path(f"{refs}.pickle").write_bytes(pickle.dumps({"table": TABLE}))
    return refs


@pytest.mark.parametrize("user", ["zarr", "xarray"])
def test_arrays_are_what_was_saved(user, checkpoints):
    use(user, *checkpoints)


def test_two_processes_compute_on_what_each_of_them_reads(checkpoints):
    use("distributed", checkpoints[0])


def test_a_file_that_is_gone_or_cut_is_an_error_and_no_zeros(tmp_path, cut_small):
    tensors = {"table": TABLE, "rest": TABLE[:2]}
    fastckpt.save(tmp_path / "files" / "m", tensors)
    refs = refer(tmp_path / "files" / "m", tensors)
    data = tmp_path / "files" / "m.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:50])
    use("gone", refs)
    data.unlink()
    assert "ReferenceNotReachable" in use("gone", refs)


@pytest.fixture
def files(tmp_path, cut_small):
    """A folder with a checkpoint of one tensor, of 25 chunks."""
    (tmp_path / "files").mkdir()
    fastckpt.save(tmp_path / "files" / "m", {"table": TABLE})
    return tmp_path / "files"


def test_chunks_of_a_web_server_are_asked_for_by_their_ranges(files, tmp_path):
    if not is_installed("aiohttp"):
        pytest.skip("needs aiohttp")
    with RangeServer(files) as server:
        refs = refer_to_url(tmp_path / "refs.json", f"{server.url}/m")
        server.forget()
        use("zarr", refs)
        # All of it, and then some rows, of which each chunk is asked for.
        ranges = [it.range for it in server.requests if it.method == "GET"]
        assert ranges.count("bytes=0-479") == 2
        assert len(set(ranges)) == 25
        assert server.sent("GET") == 2 * TABLE.nbytes
        server.misbehave("404")
        use("gone", refs)


@pytest.mark.filterwarnings("default")  # botocore's, of the Python that runs
def test_chunks_of_a_bucket_are_read(files, tmp_path):
    if not (is_installed("moto") and is_installed("s3fs")):
        pytest.skip("needs moto and s3fs")
    with s3_server.started(files) as s3:
        use("zarr", refer_to_url(tmp_path / "refs.json", f"{s3.url}/m", **s3.options))
