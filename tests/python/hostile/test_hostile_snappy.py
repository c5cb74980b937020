"""Bad inputs: compressed blocks."""

import pytest

from fastckpt import CorruptionError
from hostile_checks import (
    GOOD,
    accepted,
    good_bundle,
    refused_at_open,
    refused_or_equal,
)
from snappy_maker import copy1, copy2, copy4, literal, literals_only, with_copies
from table_maker import SNAPPY, TableMaker, block, handle, varint

BUNDLE = good_bundle()
# A name that repeats, so that overlapping copies have something to say.
LONG = "x" * 200
BUNDLE.add(LONG, GOOD["a"])
EXPECTED = GOOD | {LONG: GOOD["a"]}
RECORDS = BUNDLE.table_records()
DATA = BUNDLE.files()["model.data-00000-of-00001"]
CONTENTS = block(RECORDS)
SIZE = len(CONTENTS)
HALF = SIZE // 2


def files(stored: bytes, place: str = "data") -> dict[str, bytes]:
    """Gives a bundle with `stored` as its one compressed data or index block."""
    maker = TableMaker()
    if place == "data":
        data_block = maker.put_block(stored, kind=SNAPPY)
        index_block = block([(RECORDS[-1][0], data_block)], interval=1)
        index = maker.finish(index_block=index_block)
    else:
        maker.add_block(CONTENTS, RECORDS[-1][0])
        index = maker.finish(index_block=stored, compress=bytes)
    return {"model.index": index, "model.data-00000-of-00001": DATA}


def index_block() -> bytes:
    """Gives the contents of the index block that `files` of place "index" needs."""
    return block([(RECORDS[-1][0], handle(0, SIZE))], interval=1)


def claim(size: int, *elements: bytes) -> bytes:
    return varint(size) + b"".join(elements)


WHOLE = literal(CONTENTS)
FIRST, REST = literal(CONTENTS[:HALF]), literal(CONTENTS[HALF:])
STREAMS = {
    "no preamble": b"",
    "a preamble that never ends": b"\x80\x80",
    "a preamble of 33 bits": b"\xff\xff\xff\xff\x7f" + WHOLE,
    "a preamble of six bytes": varint(SIZE, size=6) + WHOLE,
    "a preamble and nothing else": claim(SIZE),
    "one byte more claimed than made": claim(SIZE + 1, WHOLE),
    "one byte less claimed than made": claim(SIZE - 1, WHOLE),
    "nothing claimed": claim(0, WHOLE),
    "2**32 - 1 bytes claimed": claim(2**32 - 1, WHOLE),
    "22 times the input claimed": claim(22 * len(WHOLE) + 64, WHOLE),
    "a literal behind the end": claim(SIZE, WHOLE, literal(b"x")),
    "a copy behind the end": claim(SIZE, WHOLE, copy2(1, 1)),
    "a zero byte behind the end": claim(SIZE, WHOLE, b"\0"),
    "half a tag behind the end": claim(SIZE, WHOLE, b"\xf4"),
    "a literal past the claim": claim(SIZE, FIRST, literal(CONTENTS[HALF:] + b"x")),
    "a copy past the claim": claim(SIZE, literal(CONTENTS[:-1]), copy2(64, 5)),
    "a copy as the first element": claim(SIZE, copy2(1, 1), WHOLE),
    **{
        f"a copy of form {form} with offset {offset}": claim(SIZE, FIRST, copy, REST)
        for form, make in ((1, copy1), (2, copy2), (4, copy4))
        for offset in (0, HALF + 1, 2047)
        for copy in [make(4, offset)]
    },
    "a copy from 2**32 - 1 bytes back": claim(SIZE, FIRST, copy4(4, 2**32 - 1), REST),
    "a copy from 2**31 bytes back": claim(SIZE, FIRST, copy4(4, 2**31), REST),
    **{
        f"a literal one byte too long, {n} length bytes": claim(
            SIZE, literal(CONTENTS, length_bytes=n, length=SIZE + 1)
        )
        for n in (2, 3, 4)
    },
    "a short literal past the input": claim(SIZE, FIRST, literal(b"abc", length=60)),
    "a literal of 2**32 bytes": claim(
        SIZE, FIRST, literal(CONTENTS[HALF:], length_bytes=4, length=2**32)
    ),
    "a literal of 2**31 bytes": claim(
        SIZE, FIRST, literal(CONTENTS[HALF:], length_bytes=4, length=2**31)
    ),
    **{
        f"the {name} cut short": claim(SIZE, FIRST, element[:-1])
        for name, element in {
            "length of a literal": literal(b"", length_bytes=1, length=1),
            "long length of a literal": literal(b"", length_bytes=4, length=1),
            "offset of a copy of form 1": copy1(4, 1),
            "offset of a copy of form 2": copy2(4, 1),
            "offset of a copy of form 4": copy4(4, 1),
        }.items()
    },
    "raw contents": CONTENTS,
}


@pytest.mark.parametrize("place", ["data", "index"])
@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_open_refuses_a_compressed_block_with(stream, place, tmp_path):
    refused_at_open(files(stream, place), tmp_path)


@pytest.mark.parametrize("size", range(len(with_copies(CONTENTS))))
def test_open_refuses_a_stream_cut_to_its_first_bytes(size, tmp_path):
    refused_at_open(files(with_copies(CONTENTS)[:size]), tmp_path)


@pytest.mark.parametrize("length", range(1, 65))
def test_a_copy_that_writes_past_a_small_claim_is_refused(length, tmp_path):
    stream = claim(length, literal(b"x"), copy2(length, 1))
    refused_at_open(files(stream), tmp_path)


def overlapping_copies() -> bytes:
    """Gives the contents with the run of one letter as copies of 64 from offset 1."""
    at = CONTENTS.index(b"x" * 200)
    head, tail = CONTENTS[: at + 8], CONTENTS[at + 200 :]
    runs = copy2(64, 1) + copy4(64, 1) + copy2(60, 1) + copy1(4, 1)
    return claim(SIZE, literal(head), runs, literal(tail))


def spelled_out(length_bytes: int) -> bytes:
    """Gives the contents in short literals with long lengths."""
    parts = (CONTENTS[at : at + 7] for at in range(0, SIZE, 7))
    return claim(SIZE, *(literal(part, length_bytes=length_bytes) for part in parts))


GOOD_STREAMS = {
    "one literal": literals_only(CONTENTS),
    "literals of one byte": literals_only(CONTENTS, piece=1),
    "literals of sixty bytes": literals_only(CONTENTS, piece=60),
    "copies of every form": with_copies(CONTENTS),
    "overlapping copies": overlapping_copies(),
    **{f"literals with {n} length bytes": spelled_out(n) for n in range(1, 5)},
}


@pytest.mark.parametrize("stream", GOOD_STREAMS.values(), ids=GOOD_STREAMS)
def test_a_block_reads_exactly_from(stream, tmp_path):
    accepted(files(stream), tmp_path, EXPECTED)


@pytest.mark.parametrize("compress", [literals_only, with_copies])
def test_a_compressed_index_block_reads_exactly(compress, tmp_path):
    accepted(files(compress(index_block()), "index"), tmp_path, EXPECTED)


def test_a_padded_preamble_loses_nothing(tmp_path):
    stream = varint(SIZE, size=5) + WHOLE
    refused_or_equal(files(stream), tmp_path, EXPECTED, CorruptionError)
