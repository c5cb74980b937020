"""References to what lies behind a URL: checked from there, and it alone is fetched."""

from __future__ import annotations

import numpy as np
import pytest

import fastckpt
import kerchunk_reader
import s3_server
from fastckpt.editing import references
from installed import is_installed

pytest.importorskip("aiohttp")

from range_server import RangeServer

TABLE = np.arange(150_000, dtype=np.float32).reshape(5000, 30)
SLOTS = {"emb/Adam": TABLE * 2, "emb/Adam_1": TABLE * 3}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "served").mkdir()
    with fastckpt.Writer(tmp_path / "served" / "m") as writer:
        for begin, end in ((0, 3000), (3000, 5000)):
            part = TABLE[begin:end]
            writer.add_slice("parts", part, full_shape=TABLE.shape, begin=(begin, 0))
        for name, value in ({"emb": TABLE, "bias": np.ones(3)} | SLOTS).items():
            writer.add(name, value)
    return tmp_path / "served"


@pytest.fixture
def server(folder):
    with RangeServer(folder) as running:
        yield running


def convert(server, folder, **options):
    """References to what the server has, read from the folder that it serves."""
    refs = folder.parent / "refs.json"
    fastckpt.convert(f"{server.url}/m", refs, "kerchunk", **options)
    return kerchunk_reader.read(refs, (server.url, f"file://{folder}"))


def assert_same(found, *names):
    assert sorted(found) == sorted(names)
    for name, array in found.items():
        wanted = SLOTS.get(name, TABLE if name != "bias" else np.ones(3))
        np.testing.assert_array_equal(array, wanted, err_msg=name)


def test_a_checkpoint_behind_a_url_is_referred_to_where_it_lies(server, folder):
    assert_same(convert(server, folder), "bias", "emb", "parts", *SLOTS)
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert server.sent("GET") <= 1.05 * size
    assert server.count("GET") <= 6


@pytest.mark.parametrize("batch", [1, 500_000, 1 << 30])
def test_what_is_left_out_is_not_fetched(batch, server, folder, monkeypatch):
    monkeypatch.setattr(references, "_BATCH_BYTES", batch)
    assert_same(convert(server, folder, drop=["*/Adam*"]), "bias", "emb", "parts")
    assert server.sent("GET") <= 2 * TABLE.nbytes + 3000


@pytest.mark.parametrize("batch", [1, 1 << 30])
@pytest.mark.parametrize(
    ("wrong", "drop"),
    [
        ("emb", ["bias"]),
        ("emb", ["*/Adam*"]),
        ("parts", ["bias"]),
        ("parts", ["emb*"]),
        ("bias", ["parts"]),
        ("bias", []),
    ],
)
def test_damage_is_found_in_what_is_referred_to(
    wrong, drop, batch, server, folder, monkeypatch
):
    monkeypatch.setattr(references, "_BATCH_BYTES", batch)
    with fastckpt.open(folder / "m") as ckpt:
        place = ckpt.layout(wrong).pieces[-1]
    data = folder / "m.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[place.offset + place.nbytes - 1] ^= 1
    data.write_bytes(content)
    with pytest.raises(fastckpt.CorruptionError, match=wrong):
        convert(server, folder, drop=drop)
    assert not (folder.parent / "refs.json").exists()
    for verify in (None, True, False):
        with (
            fastckpt.open(f"{server.url}/m", verify=verify) as ckpt,
            pytest.raises(fastckpt.CorruptionError, match=wrong),
        ):
            fastckpt.convert(ckpt, folder.parent / "r", "kerchunk", drop=drop)
    assert wrong not in convert(server, folder, drop=[wrong])


def test_a_server_that_fails_leaves_no_references(server, folder):
    server.misbehave("503", "*data*")
    with pytest.raises(OSError, match="503"):
        convert(server, folder)
    assert not (folder.parent / "refs.json").exists()


def test_progress_counts_what_is_fetched(server, folder):
    seen = []
    convert(
        server,
        folder,
        drop=["*/Adam*"],
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (2 * TABLE.nbytes + 24,) * 2


def test_a_password_in_a_url_is_in_no_file(server, folder):
    url = server.url.replace("//", "//me:secret@")
    refs = folder.parent / "refs.json"
    fastckpt.convert(f"{url}/m", refs, "kerchunk")
    assert "secret" not in refs.read_text()
    found = kerchunk_reader.read(refs, (server.url, f"file://{folder}"))
    assert_same(found, "bias", "emb", "parts", *SLOTS)


@pytest.mark.frameworks
@pytest.mark.filterwarnings("default")  # botocore's, of the Python that runs
def test_a_bucket_is_referred_to_without_its_credentials(folder):
    if not (is_installed("moto") and is_installed("s3fs")):
        pytest.skip("needs moto and s3fs")
    refs = folder.parent / "refs.json"
    with s3_server.started(folder) as s3:
        with fastckpt.open(f"{s3.url}/m", storage_options=s3.options) as ckpt:
            fastckpt.convert(ckpt, refs, "kerchunk", drop=["*/Adam*"])
        for secret in ("key", "secret", "endpoint_url"):
            assert s3.options[secret] not in refs.read_text()
    found = kerchunk_reader.read(refs, (s3.url, f"file://{folder}"))
    assert_same(found, "bias", "emb", "parts")
