"""Other libraries: each reads back what was written for it, in the order wanted."""

import numpy as np
import pytest
from benchmarks.contenders import peer_readers, peer_writers
from benchmarks.contenders.peers import PEERS
from benchmarks.data import digest, wanted
from benchmarks.rows.peers import ROWS
from benchmarks.rows.row import Child

import fastckpt

TENSORS = {
    "z/last": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.arange(4, dtype=np.int64),
    "scalar": np.array(1.5),
}


@pytest.fixture
def source(tmp_path):
    prefix = tmp_path / "model"
    fastckpt.save(prefix, TENSORS)
    infos = {info.name: info for info in fastckpt.open(prefix).infos()}
    data = f"{prefix}.data-00000-of-00001"
    return peer_writers.Source(
        str(prefix),
        [
            wanted.Wanted(name, infos[name].dtype, infos[name].shape, data,
                          infos[name].offset)
            for name in TENSORS
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    "who", ["np.memmap", "np.load", "np.load(mmap_mode)", "npz", "safetensors"]
)
def test_arrays_come_in_the_order_wanted(who, source, tmp_path):
    path, peer = source.path, PEERS[who]
    if peer.format:
        path = tmp_path / "file"
        peer_writers.write(peer.format, path, source)
    found = peer_readers.reader(peer.reader)(str(path), source.wanted)
    assert digest.of_arrays(dict(zip(TENSORS, found, strict=True))) == (
        digest.of_arrays(TENSORS)
    )


def test_every_peer_has_a_reader_a_writer_and_a_page_that_it_cites():
    for peer in PEERS.values():
        read = peer_readers.reader(peer.reader)
        assert not peer.format or peer.format in peer_writers.WRITERS
        page = peer.page.removeprefix("PyTorch tutorials: ")
        assert f'"{page}"' in " ".join(read.__doc__.split())


def test_the_row_holds_every_peer():
    (row,) = ROWS
    others = {
        label for label, who in row.contenders.items()
        if isinstance(who, Child) and not who.is_ours
    }  # fmt: skip
    assert others == set(PEERS)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 1000])
def test_every_byte_is_touched(size):
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8)
    whole = wanted.touch(data)
    for place in range(0, size, 97):
        other = data.copy()
        other[place] ^= 1
        assert wanted.touch(other) != whole


def test_what_lies_at_an_odd_place_is_touched_as_well():
    data = np.arange(33, dtype=np.uint8)
    assert wanted.touch(data[1:]) == wanted.touch(data[1:].copy())
