"""Bad inputs: the entries and the restart array of a block."""

import pytest

from fastckpt import CheckpointError
from hostile_checks import (
    GOOD,
    accepted,
    good_bundle,
    refused_at_open,
    refused_or_equal,
)
from snappy_maker import with_copies
from table_maker import (
    EMPTY_BLOCK,
    Record,
    TableMaker,
    block,
    entry,
    make_table,
    restart_array,
    u32,
    varint,
)

BUNDLE = good_bundle()
RECORDS = BUNDLE.table_records()
DATA = BUNDLE.files()["model.data-00000-of-00001"]
HEADER = entry(*RECORDS[0])
LAST = RECORDS[-1][0]
ONE_RESTART = restart_array([0])


def files(index: bytes) -> dict[str, bytes]:
    return {"model.index": index, "model.data-00000-of-00001": DATA}


def one_block(contents: bytes, last_key: bytes = LAST) -> dict[str, bytes]:
    """Gives a bundle whose index has the one data block `contents`."""
    maker = TableMaker()
    maker.add_block(contents, last_key)
    return files(maker.finish())


def as_index_block(contents: bytes) -> dict[str, bytes]:
    """Gives a bundle with good data blocks and the index block `contents`."""
    maker = TableMaker()
    maker.add_block(block(RECORDS), LAST)
    return files(maker.finish(index_block=contents))


def blocks(*parts: list[Record]) -> dict[str, bytes]:
    """Gives a bundle with one data block for each part, indexed by rising keys."""
    maker = TableMaker()
    for part in parts:
        maker.add_block(block(part), max(key for key, _ in part))
    return files(maker.finish())


def entries(*parts: bytes) -> bytes:
    """Gives a block of hand-made entries behind the header."""
    return HEADER + b"".join(parts) + ONE_RESTART


A, B, C, D = RECORDS[1:]
GOOD_ENTRIES = block(RECORDS)[:-8]
# What is wrong with the end of a block, whatever lies before it.
ARRAYS = {
    "nothing": b"",
    "three bytes": b"\1\0\0",
    "only a count": u32(1),
    "a count of zero": GOOD_ENTRIES + u32(0),
    "a count of zero and no entries": u32(0),
    "a count that just does not fit": GOOD_ENTRIES + u32(len(GOOD_ENTRIES) // 4 + 1),
    "a count of 2**30": GOOD_ENTRIES + u32(0) + u32(2**30),
    "a count of 2**30 + 1": GOOD_ENTRIES + u32(0) + u32(2**30 + 1),
    "a count of 2**31": GOOD_ENTRIES + u32(0) + u32(2**31),
    "a count of 2**32 - 1": GOOD_ENTRIES + u32(0) + u32(2**32 - 1),
}
NEXT = b"\0" * 40
ENTRIES = {
    "more shared than the key before has": entries(
        entry(*A), entry(b"b", B[1], shared=2)
    ),
    "shared bytes in the first entry": entry(b"", RECORDS[0][1], shared=1)
    + ONE_RESTART,
    "2**32 - 1 shared bytes": entries(entry(*A), entry(b"b", B[1], shared=2**32 - 1)),
    "a key longer than the block": entries(entry(*A, non_shared=1000)),
    "a key one byte into the restart array": entries(entry(b"a", b"", non_shared=2)),
    "a value one byte into the restart array": entries(
        entry(*A, value_size=len(A[1]) + 1)
    ),
    "a value longer than the block": entries(entry(*A, value_size=2**20)),
    "a key of 2**32 - 1 bytes": entries(entry(*A, non_shared=2**32 - 1)),
    "a key of 2**31 bytes": entries(entry(*A, non_shared=2**31)),
    "a value of 2**32 - 1 bytes": entries(entry(*A, value_size=2**32 - 1)),
    "lengths whose sum wraps to two": entries(
        entry(b"ab", NEXT, non_shared=0x80000000, value_size=0x80000002)
    ),
    "lengths whose sum wraps to one": entries(
        entry(b"a", NEXT, non_shared=2**32 - 1, value_size=2)
    ),
    "lengths whose sum wraps to zero": entries(
        entry(b"", NEXT, non_shared=2**31, value_size=2**31)
    ),
    "one length only": entries(entry(*A), b"\x00"),
    "two lengths only": entries(entry(*A), b"\x00\x01"),
    "a length that never ends": entries(entry(*A), b"\x00\x80"),
    "a length of six bytes": entries(entry(*A, varint_size=6)),
    "a length of 33 bits": entries(
        b"\x00\x01" + varint(len(A[1]), size=5)[:-1] + b"\x10" + A[0] + A[1]
    ),
    "two equal keys": entries(entry(*A), entry(A[0], B[1])),
    "two equal keys by sharing": entries(entry(*A), entry(b"", B[1], shared=1)),
    "falling keys": entries(entry(*B), entry(*A)),
    "a key and then its first byte": entries(entry(b"bb", B[1]), entry(*B)),
    "a second empty key": entries(entry(b"", RECORDS[0][1]), entry(*A)),
    "an empty key at the end": entries(entry(*A), entry(b"", RECORDS[0][1])),
}
ACROSS = {
    "equal keys in two blocks": blocks([RECORDS[0], A, B], [B, C]),
    "falling keys in two blocks": blocks([RECORDS[0], B, C], [A, D]),
    "a second empty key in the next block": blocks([RECORDS[0], A], [RECORDS[0], B]),
    "the blocks in falling order": blocks([C, D], [RECORDS[0], A, B]),
}
INDEX_ENTRY = TableMaker().put_block(block(RECORDS))
INDEX_ENTRIES = {
    "shared bytes in the first entry": entry(b"d", INDEX_ENTRY, shared=1),
    "a value over the restart array": entry(LAST, INDEX_ENTRY, value_size=9),
    "lengths whose sum wraps": entry(
        LAST, INDEX_ENTRY + NEXT, non_shared=2**31, value_size=2**31 + 2
    ),
    "a length that never ends": entry(LAST, INDEX_ENTRY) + b"\x80",
}


@pytest.mark.parametrize("contents", ARRAYS.values(), ids=ARRAYS)
def test_open_refuses_a_data_block_that_ends_with(contents, tmp_path):
    refused_at_open(one_block(contents), tmp_path)


@pytest.mark.parametrize("contents", ARRAYS.values(), ids=ARRAYS)
def test_open_refuses_an_index_block_that_ends_with(contents, tmp_path):
    refused_at_open(as_index_block(contents), tmp_path)


@pytest.mark.parametrize("contents", ENTRIES.values(), ids=ENTRIES)
def test_open_refuses_a_data_block_with(contents, tmp_path):
    refused_at_open(one_block(contents, b"z"), tmp_path)


@pytest.mark.parametrize("contents", ENTRIES.values(), ids=ENTRIES)
def test_open_refuses_a_later_block_with(contents, tmp_path):
    later = contents[len(HEADER) :] if contents.startswith(HEADER) else contents
    maker = TableMaker()
    maker.add_block(block(RECORDS[:1]), b"")
    maker.add_block(later, b"z")
    refused_at_open(files(maker.finish()), tmp_path)


@pytest.mark.parametrize("damaged", ACROSS.values(), ids=ACROSS)
def test_open_refuses(damaged, tmp_path):
    refused_at_open(damaged, tmp_path)


@pytest.mark.parametrize("part", INDEX_ENTRIES.values(), ids=INDEX_ENTRIES)
def test_open_refuses_an_index_block_with(part, tmp_path):
    refused_at_open(as_index_block(part + ONE_RESTART), tmp_path)


@pytest.mark.parametrize("size", range(len(block(RECORDS))))
def test_open_refuses_a_data_block_of_only_its_first_bytes(size, tmp_path):
    refused_at_open(one_block(block(RECORDS)[:size]), tmp_path)


UNSHARED = block(RECORDS, share=0)[:-8]
RESTARTS = {
    "restarts that fall": [len(HEADER), 0],
    "two equal restarts": [0, 0],
    "no restart at the start": [len(HEADER)],
    "a restart inside an entry": [0, 5],
    "a restart at the end of the entries": [0, len(UNSHARED)],
    "a restart past the end": [0, 2**31],
    "a restart of 2**32 - 1": [0, 2**32 - 1],
}


@pytest.mark.parametrize("restarts", RESTARTS.values(), ids=RESTARTS)
def test_nothing_is_lost_with(restarts, tmp_path):
    refused_or_equal(one_block(UNSHARED + restart_array(restarts)), tmp_path, GOOD)


@pytest.mark.parametrize("size", range(2, 6))
def test_nothing_is_lost_with_padded_lengths(size, tmp_path):
    padded = b"".join(entry(*record, varint_size=size) for record in RECORDS)
    refused_or_equal(one_block(padded + ONE_RESTART), tmp_path, GOOD)


@pytest.mark.parametrize("interval", [1, 2, 3, 16, 1000])
def test_any_restart_interval_is_right(interval, tmp_path):
    accepted(files(make_table(RECORDS, interval=interval)), tmp_path, GOOD)


@pytest.mark.parametrize("share", [0, 1, 2])
def test_less_sharing_than_possible_is_right(share, tmp_path):
    bundle = good_bundle()
    more = {f"scope/long/name{n}": GOOD["a"] for n in range(5)}
    for name, value in more.items():
        bundle.add(name, value)
    maker = TableMaker()
    maker.add_block(block(bundle.table_records(), share=share), b"z")
    changed = bundle.files() | {"model.index": maker.finish()}
    accepted(changed, tmp_path, GOOD | more)


def test_empty_blocks_between_others_are_right(tmp_path):
    maker = TableMaker()
    for number, record in enumerate(RECORDS):
        maker.add_block(block([record]), record[0])
        maker.add_block(EMPTY_BLOCK, record[0] + b"%d" % number)
    accepted(files(maker.finish()), tmp_path, GOOD)


def test_index_keys_longer_than_needed_are_right(tmp_path):
    maker = TableMaker()
    for key, value in RECORDS:
        maker.add_block(block([(key, value)]), key + b"\0" * 300)
    accepted(files(maker.finish()), tmp_path, GOOD)


@pytest.mark.parametrize("per_block", [1, 2, 100])
@pytest.mark.parametrize("compress", [None, with_copies])
def test_any_number_of_blocks_is_right(per_block, compress, tmp_path):
    table = make_table(RECORDS, per_block=per_block, compress=compress)
    accepted(files(table), tmp_path, GOOD)


def test_names_that_grow_by_one_byte_each_need_no_square_of_memory(tmp_path):
    count = 60_000
    parts = [entry(b"k", b"", shared=number) for number in range(count)]
    contents = HEADER + b"".join(parts) + ONE_RESTART
    refused_at_open(one_block(contents, b"l"), tmp_path, CheckpointError)


def test_a_block_without_entries_is_not_named_over_and_over(tmp_path):
    maker = TableMaker()
    maker.add_block(block(RECORDS), LAST)
    empty = maker.put_block(bytes(4 * 50_000) + u32(50_000))
    rows = [(LAST + bytes([0, number]), empty) for number in range(200)]
    index = block([*maker.index, *rows], interval=1)
    refused_at_open(files(maker.finish(index_block=index)), tmp_path)
