"""Files of records: whole, damaged, cut, compressed, and still being written."""

from __future__ import annotations

import os

import pytest

from fastckpt.errors import CorruptionError
from fastckpt.formats.records import RecordReader
from record_maker import compressed, record, records

CONTENTS = [b"", b"a", b"event" * 300, bytes(range(256)) * 5]
WHOLE = records(*CONTENTS)
ENDS = [len(records(*CONTENTS[:count])) for count in range(len(CONTENTS) + 1)]
COMPRESSIONS = ["", "ZLIB", "GZIP"]


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "events")


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def read_all(reader):
    return list(iter(reader.read, None))


def read_until_damage(reader):
    """The records before the end or the first error, and that error."""
    found = []
    try:
        while (content := reader.read()) is not None:
            found.append(content)
    except CorruptionError as error:
        return found, error
    return found, None


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_the_records_are_read_in_order(path, compression):
    write(path, compressed(WHOLE, compression))
    reader = RecordReader(path, compression)
    assert read_all(reader) == CONTENTS
    assert reader.read() is None
    reader.close()


def test_a_changed_byte_is_never_given_out(path):
    for at in range(len(WHOLE)):
        damaged = bytearray(WHOLE)
        damaged[at] ^= 0x10
        write(path, damaged)
        reader = RecordReader(path)
        found, error = read_until_damage(reader)
        intact = sum(end <= at for end in ENDS[1:])
        assert found == CONTENTS[:intact], at
        assert error is not None, at
        assert error.offset == ENDS[intact]
        with pytest.raises(CorruptionError, match=r"checksum of its|ends within"):
            reader.read()
        reader.close()


def test_a_file_that_is_cut_ends_before_the_record_that_is_cut(path):
    for size in range(len(WHOLE)):
        write(path, WHOLE[:size])
        reader = RecordReader(path)
        found, error = read_until_damage(reader)
        intact = sum(end <= size for end in ENDS[1:])
        assert found == CONTENTS[:intact], size
        assert (error is not None) == (size - ENDS[intact] >= 12), size
        reader.close()


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_what_a_writer_adds_is_read_once_it_is_whole(path, compression):
    stored = compressed(WHOLE, compression)
    found = []
    with open(path, "wb", buffering=0) as file:
        reader = RecordReader(path, compression)
        for at in range(0, len(stored), 7):
            file.write(stored[at : at + 7])
            found += read_until_damage(reader)[0]
    assert found == CONTENTS
    assert reader.read() is None
    reader.close()


def test_a_length_that_lies_allocates_nothing(path):
    for length in (1 << 62, (1 << 64) - 1, len(WHOLE)):
        write(path, record(b"x", length=length))
        reader = RecordReader(path)
        with pytest.raises(CorruptionError, match=f"within this record of {length:,}"):
            reader.read()
        reader.close()


def test_a_length_that_lies_in_a_compressed_file_allocates_what_is_there(path):
    write(path, compressed(record(b"x", length=1 << 62), "GZIP"))
    reader = RecordReader(path, "GZIP")
    with pytest.raises(CorruptionError, match="ends within this record"):
        reader.read()
    reader.close()


@pytest.mark.parametrize("compression", ["ZLIB", "GZIP"])
def test_a_damaged_compressed_file_is_said_to_be_damaged(path, compression):
    stored = bytearray(compressed(WHOLE, compression))
    stored[len(stored) // 2] ^= 0xFF
    write(path, stored)
    reader = RecordReader(path, compression)
    _, error = read_until_damage(reader)
    assert error is not None
    assert error.path == path
    reader.close()


def test_another_file_is_none_of_records(path):
    write(path, b"model_checkpoint_path: 'm'\n")
    reader = RecordReader(path)
    with pytest.raises(CorruptionError, match=r"record at offset 0: .*no file of rec"):
        reader.read()
    reader.close()


def test_a_closed_reader_goes_on_when_it_is_opened_again(path):
    write(path, WHOLE)
    reader = RecordReader(path)
    first = reader.read()
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        reader.read()
    os.remove(path)
    write(path, WHOLE)
    reader.reopen()
    assert [first, *read_all(reader)] == CONTENTS
    reader.close()


def test_a_missing_file_is_told_at_once(path):
    with pytest.raises(FileNotFoundError):
        RecordReader(path)
