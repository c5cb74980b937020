"""Bad inputs: the kind and the checksum behind each block."""

import pytest

from fastckpt import CorruptionError, UnsupportedError
from hostile_checks import good_bundle, refused_at_open
from snappy_maker import literals_only
from table_maker import RAW, SNAPPY, TableMaker, block, crc32c, masked, trailer, u32

RECORDS = good_bundle().table_records()
DATA = good_bundle().files()["model.data-00000-of-00001"]


def files(place: str, stored, end) -> dict[str, bytes]:
    """Gives a table of three data blocks, one block of which is stored otherwise.

    Args:
        place: The block to change: "data 0" to "data 2", or "index".
        stored: Turns the contents of the block into what is stored.
        end: Turns what is stored into its trailer.
    """
    maker = TableMaker()
    for number in range(3):
        part = RECORDS[2 * number : 2 * number + 2]
        contents = block(part)
        if place == f"data {number}":
            contents = stored(contents)
            handle = maker.put_block(contents, end=end(contents))
        else:
            handle = maker.put_block(contents)
        maker.index.append((part[-1][0], handle))
    index = maker.finish()
    if place == "index":
        contents = block(maker.index, interval=1)
        head, right = index[: -48 - 5 - len(contents)], index[-48:]
        contents = stored(contents)
        index = head + contents + end(contents) + right
    return {"model.index": index, "model.data-00000-of-00001": DATA}


def right(stored: bytes) -> bytes:
    return trailer(stored, RAW)


DAMAGE = {
    "a checksum with one bit wrong": (bytes, lambda s: right(s)[:4] + _flip(right(s))),
    "a checksum of zero": (bytes, lambda s: b"\0" + u32(0)),
    "a checksum that is not masked": (bytes, lambda s: b"\0" + u32(crc32c(s + b"\0"))),
    "a checksum without the kind": (bytes, lambda s: b"\0" + u32(masked(s))),
    "a checksum with its bytes reversed": (bytes, lambda s: b"\0" + right(s)[:0:-1]),
    "a raw block marked as Snappy": (bytes, lambda s: trailer(s, SNAPPY)),
}
KINDS = (2, 3, 4, 128, 255)
PLACES = ("data 0", "data 1", "data 2", "index")


def _flip(end: bytes) -> bytes:
    return bytes([end[-1] ^ 1])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_open_refuses(damage, place, tmp_path):
    refused_at_open(files(place, *damage), tmp_path)


@pytest.mark.parametrize("place", PLACES[:3])
def test_open_refuses_a_snappy_block_marked_as_raw(place, tmp_path):
    refused_at_open(files(place, literals_only, right), tmp_path)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_open_refuses_a_block_of_the_unknown_kind(kind, place, tmp_path):
    damaged = files(place, bytes, lambda stored: trailer(stored, kind))
    refused_at_open(damaged, tmp_path, (CorruptionError, UnsupportedError))
