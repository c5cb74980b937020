"""Bad inputs: the footer, the handles in it, and the index block's handles."""

import pytest

from hostile_checks import GOOD, good_bundle, refused_at_open, refused_or_equal
from table_maker import (
    EMPTY_BLOCK,
    FOOTER_SIZE,
    MAGIC,
    TRAILER_SIZE,
    TableMaker,
    block,
    footer,
    handle,
    varint,
)

RECORDS = good_bundle().table_records()
DATA = good_bundle().files()["model.data-00000-of-00001"]


def three_blocks() -> TableMaker:
    """Gives a table of the good records in three blocks, yet without an index."""
    maker = TableMaker()
    for first in (0, 2, 4):
        part = RECORDS[first : first + 2]
        maker.add_block(block(part), part[-1][0])
    return maker


BODY = three_blocks().finish()[:-FOOTER_SIZE]
INDEX_BLOCK = block(three_blocks().index, interval=1)
METAINDEX_AT = len(three_blocks().data)
INDEX_AT = METAINDEX_AT + len(EMPTY_BLOCK) + TRAILER_SIZE
METAINDEX = handle(METAINDEX_AT, len(EMPTY_BLOCK))
INDEX = handle(INDEX_AT, len(INDEX_BLOCK))
WHOLE = BODY + footer(METAINDEX, INDEX)


def files(index: bytes) -> dict[str, bytes]:
    return {"model.index": index, "model.data-00000-of-00001": DATA}


def with_handle(index: bytes) -> bytes:
    return BODY + footer(METAINDEX, index)


def with_index(index_block: bytes) -> bytes:
    return three_blocks().finish(index_block=index_block)


def with_index_records(records: list[tuple[bytes, bytes]]) -> bytes:
    return with_index(block(records, interval=1))


KEYS = [key for key, _ in three_blocks().index]
HANDLES = [value for _, value in three_blocks().index]
assert KEYS == [b"a", b"c", b"d"]


def index_of(keys: list[bytes], handles: list[bytes]) -> bytes:
    return with_index_records(list(zip(keys, handles, strict=True)))


def index_that_names_itself() -> bytes:
    contents = block([(b"z", handle(INDEX_AT, 0x40))], interval=1)
    own = handle(INDEX_AT, len(contents))
    return with_index_records([(b"z", own)])


def small_index_block(size: int) -> bytes:
    return with_index(INDEX_BLOCK[-size:] if size else b"")


SIZE = len(INDEX_BLOCK)
FILES = {
    "no bytes at all": b"",
    "one byte": WHOLE[-1:],
    "one byte too few": WHOLE[-FOOTER_SIZE + 1 :],
    "nothing before it": footer(METAINDEX, INDEX),
    "its last byte gone": WHOLE[:-1],
    "a byte behind it": WHOLE + b"\0",
    "another magic": WHOLE[:-8] + MAGIC[::-1],
    "one bit of the magic wrong": WHOLE[:-1] + bytes([MAGIC[-1] ^ 1]),
    "only zeros before the magic": bytes(400) + MAGIC,
    "only ones before the magic": BODY + b"\xff" * 40 + MAGIC,
}
INDEX_HANDLES = {
    "an offset that never ends": b"\x80" * 38,
    "a size that never ends": varint(INDEX_AT) + b"\x80" * 37,
    "an offset of eleven bytes": varint(INDEX_AT, size=11) + varint(SIZE),
    "a size of eleven bytes": varint(INDEX_AT) + varint(SIZE, size=11),
    "an offset of 65 bits": varint(INDEX_AT, size=10)[:-1] + b"\x02" + varint(SIZE),
    "a size of 65 bits": varint(INDEX_AT) + varint(SIZE, size=10)[:-1] + b"\x02",
    "a size one too large": handle(INDEX_AT, SIZE + 1),
    "a size one too small": handle(INDEX_AT, SIZE - 1),
    "a size that takes in the footer": handle(INDEX_AT, SIZE + FOOTER_SIZE),
    "an offset one too large": handle(INDEX_AT + 1, SIZE),
    "an offset in the footer": handle(len(BODY), 4),
    "an offset at the end": handle(len(WHOLE), 4),
    "an offset past the end": handle(len(WHOLE) + 1, 4),
    "no block there": handle(0, 0),
    **{
        f"a size of {size:#x}": handle(INDEX_AT, size)
        for size in (2**31, 2**32, 2**32 + SIZE, 2**60, 2**63, 2**64 - 1, 2**64 - 5)
    },
    **{
        f"an offset of {offset:#x}": handle(offset, SIZE)
        for offset in (2**32 + INDEX_AT, 2**63, 2**64 - 1, 2**64 - 5, 2**64 - SIZE - 5)
    },
    "an end that wraps to the start of the footer": handle(
        2**64 - 100, 100 - TRAILER_SIZE + len(BODY)
    ),
    "an end that wraps to zero": handle(INDEX_AT, 2**64 - INDEX_AT - TRAILER_SIZE),
}
INDEX_BLOCKS = {
    **{f"a size of {size}": small_index_block(size) for size in range(4)},
    "no entries": with_index(EMPTY_BLOCK),
    "an empty handle": index_of(KEYS, [HANDLES[0], b"", HANDLES[2]]),
    "half a handle": index_of(KEYS, [HANDLES[0], b"\x05", HANDLES[2]]),
    "a handle that never ends": index_of(KEYS, [HANDLES[0], b"\x05\x80", HANDLES[2]]),
    "a handle past the footer": index_of(
        KEYS, [HANDLES[0], handle(len(WHOLE) - 3, 9), HANDLES[2]]
    ),
    "a handle of 2**64-1 bytes": index_of(
        KEYS, [HANDLES[0], handle(0, 2**64 - 1), HANDLES[2]]
    ),
    "a handle that wraps": index_of(
        KEYS, [HANDLES[0], handle(2**64 - 8, 2**64 - 5), HANDLES[2]]
    ),
    "itself as a data block": index_that_names_itself(),
    "the metaindex as a data block": with_index_records([(b"d", METAINDEX)]),
    "one block twice": index_of(
        [b"a", b"b", b"c", b"d"], [HANDLES[0], HANDLES[1], HANDLES[1], HANDLES[2]]
    ),
    "the first block twice": index_of([b"", b"a"], [HANDLES[0], HANDLES[0]]),
    "two equal keys": index_of([b"a", b"c", b"c"], HANDLES),
    "falling keys": index_of([b"a", b"d", b"c"], HANDLES),
    "two handles swapped": index_of(KEYS, [HANDLES[0], HANDLES[2], HANDLES[1]]),
    "a key smaller than the last of its block": index_of([b"a", b"b", b"d"], HANDLES),
    "a key smaller than all of its block": index_of([b"", b"c", b"d"], HANDLES),
    "a last key that is too small": index_of([b"a", b"c", b"cc"], HANDLES),
    "a key as large as the next block's first": index_of([b"b", b"c", b"d"], HANDLES),
    "a key larger than the next block's first": index_of([b"bb", b"c", b"d"], HANDLES),
}


@pytest.mark.parametrize("index", FILES.values(), ids=FILES)
def test_open_refuses_a_footer_with(index, tmp_path):
    refused_at_open(files(index), tmp_path)


@pytest.mark.parametrize("index", INDEX_HANDLES.values(), ids=INDEX_HANDLES)
def test_open_refuses_an_index_handle_with(index, tmp_path):
    refused_at_open(files(with_handle(index)), tmp_path)


@pytest.mark.parametrize("index", INDEX_BLOCKS.values(), ids=INDEX_BLOCKS)
def test_open_refuses_an_index_block_with(index, tmp_path):
    refused_at_open(files(index), tmp_path)


def gap_between_blocks() -> bytes:
    maker = TableMaker()
    maker.data += b"nothing names these bytes"
    maker.add_block(block(RECORDS), RECORDS[-1][0])
    return maker.finish()


def damaged_metaindex() -> bytes:
    at = METAINDEX_AT
    return WHOLE[:at] + b"\xff" * (INDEX_AT - at) + WHOLE[INDEX_AT:]


HARMLESS = {
    "nothing wrong": WHOLE,
    "a metaindex handle past the end": BODY + footer(handle(2**40, 2**40), INDEX),
    "a metaindex handle that wraps": BODY + footer(handle(2**64 - 1, 2**64 - 1), INDEX),
    "a damaged metaindex block": damaged_metaindex(),
    "padding that is not zero": BODY + footer(METAINDEX, INDEX, padding=b"\xff" * 40),
    "padded varints": with_handle(varint(INDEX_AT, size=10) + varint(SIZE, size=9)),
    "bytes behind a handle": index_of(KEYS, [part + b"more" for part in HANDLES]),
    "a gap between blocks": gap_between_blocks(),
}


@pytest.mark.parametrize("index", HARMLESS.values(), ids=HARMLESS)
def test_nothing_is_lost_with(index, tmp_path):
    refused_or_equal(files(index), tmp_path, GOOD)
