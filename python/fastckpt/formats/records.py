"""TensorFlow's files of records (TFRecord), of which events are written.

A record is ``length (8) | its masked CRC32C (4) | bytes | their masked CRC32C (4)``,
little-endian, one after another without a header; the file may be compressed whole.

Source: tensorflow/core/lib/io/record_reader.cc.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import IO

from fastckpt import _native
from fastckpt.errors import CorruptionError

__all__ = ["WINDOW_BITS", "RecordReader"]

_HEADER = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")
_MASK_DELTA = 0xA282EAD8
_MAX_CHUNK = 1 << 20

WINDOW_BITS = {"": 0, "ZLIB": zlib.MAX_WBITS, "GZIP": zlib.MAX_WBITS | 16}
"""How zlib is told each compression that such a file may have."""


class RecordReader:
    """Reads the records of a file in order, also those that are added later.

    What goes wrong with a record moves nothing: the next call reads it again, and
    finds it whole where a writer has finished it meanwhile. A file that ends within
    the header of a record ends before it, as for TensorFlow.

    Args:
        path: The file.
        compression: ``""``, ``"ZLIB"`` or ``"GZIP"``.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, path: str, compression: str = "") -> None:
        self._path = path
        self._bits = WINDOW_BITS[compression]
        self._offset = 0
        self._file: IO[bytes] | None = None
        self._stream: IO[bytes] | _Inflated
        self.reopen()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._file is None

    def read(self) -> bytes | None:
        """Gives the next record; None where the file ends for now.

        Raises:
            CorruptionError: The file ends within the record, or its bytes are damaged.
            OSError: It cannot be read.
            ValueError: The reader is closed.
        """
        if self._file is None:
            raise ValueError(f"{self._path}: the reader of records is closed")
        try:
            record = self._read_next()
        except BaseException:
            self._go_back()
            raise
        if record is None:
            self._go_back()
        else:
            self._offset += _HEADER.size + len(record) + _CHECKSUM.size
        return record

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def reopen(self) -> None:
        """Opens the file of that name anew and goes on where the last record ended.

        Raises:
            OSError: It cannot be opened.
        """
        self.close()
        self._file = open(self._path, "rb")  # noqa: SIM115 - close() closes it
        self._go_back()

    def _go_back(self) -> None:
        """Moves to where the next record begins."""
        assert self._file is not None
        if not self._bits:
            self._stream = self._file
            self._file.seek(self._offset)
            return
        self._file.seek(0)
        self._stream = _Inflated(self._file, self._bits)
        left = self._offset
        while left and (passed := len(self._stream.read(min(left, _MAX_CHUNK)))):
            left -= passed

    def _read_next(self) -> bytes | None:
        header = self._read_bytes(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        length, checksum = _HEADER.unpack(header)
        self._check(header[:8], checksum, "length")
        # Nothing large is allocated on what a file says of itself.
        follows = length <= _MAX_CHUNK or self._may_follow(length)
        record = self._read_bytes(length) if follows else b""
        stored = self._read_bytes(_CHECKSUM.size)
        if len(record) < length or len(stored) < _CHECKSUM.size:
            what = f"the file ends within this record of {length:,} bytes"
            raise self._damaged(what)
        self._check(record, _CHECKSUM.unpack(stored)[0], "bytes")
        return record

    def _may_follow(self, length: int) -> bool:
        """Tells whether so many bytes may be there."""
        assert self._file is not None
        return bool(self._bits) or (
            length <= os.fstat(self._file.fileno()).st_size - self._offset
        )

    def _read_bytes(self, count: int) -> bytes:
        try:
            return self._stream.read(count)
        except zlib.error as error:
            raise self._damaged(f"the compressed file is damaged: {error}") from None

    def _check(self, data: bytes, stored: int, what: str) -> None:
        computed = _mask(_native.crc32c(data))
        if stored != computed:
            raise self._damaged(
                f"stored checksum of its {what} {stored:#010x}, computed "
                f"{computed:#010x}; this is damaged, or no file of records"
            )

    def _damaged(self, what: str) -> CorruptionError:
        return CorruptionError(
            f"{self._path}: record at offset {self._offset}: {what}",
            path=self._path,
            offset=self._offset,
        )


def _mask(checksum: int) -> int:
    rotated = (checksum >> 15) | (checksum << 17)
    return (rotated + _MASK_DELTA) & 0xFFFFFFFF


class _Inflated:
    """The bytes of a compressed file: of GZIP any number of streams in a row."""

    def __init__(self, file: IO[bytes], bits: int) -> None:
        self._file = file
        self._bits = bits
        self._inflater = zlib.decompressobj(bits)
        self._waiting = b""

    def read(self, count: int) -> bytes:
        """Gives `count` bytes; fewer where the file ends."""
        parts = []
        while count:
            part = self._read_some(min(count, _MAX_CHUNK))
            if part is None:
                break
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _read_some(self, most: int) -> bytes | None:
        if self._inflater.eof:
            if self._bits == WINDOW_BITS["ZLIB"]:
                return None  # what follows is not looked at, as in TensorFlow
            self._waiting = self._inflater.unused_data
            self._inflater = zlib.decompressobj(self._bits)
        given = self._waiting or self._file.read(_MAX_CHUNK)
        part = self._inflater.decompress(given, most)
        self._waiting = self._inflater.unconsumed_tail
        return part if part or given else None
