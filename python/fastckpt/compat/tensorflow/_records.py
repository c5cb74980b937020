"""``tf.compat.v1.io.tf_record_iterator``, which TensorBoard reads events with.

Source: tensorflow/python/lib/io/tf_record.py and record_io_wrapper.cc.
"""

from __future__ import annotations

from typing import Any, ClassVar

import fastckpt.compat.tensorflow.errors as errors
from fastckpt.base.deferred import importing
from fastckpt.compat.tensorflow._os_errors import from_os_error
from fastckpt.compat.tensorflow._paths import local_path
from fastckpt.errors import CorruptionError

__all__ = [
    "RecordIterator",
    "TFRecordCompressionType",
    "TFRecordOptions",
    "tf_record_iterator",
]


class TFRecordCompressionType:
    """How a file of records is compressed, by TensorFlow 1's numbers."""

    NONE = 0
    ZLIB = 1
    GZIP = 2


class TFRecordOptions:
    """How a file of records is compressed; nothing else matters to a reader.

    Args:
        compression_type: ``"GZIP"``, ``"ZLIB"``, ``""``, a number of
            `TFRecordCompressionType`, or other options.
        settings: what only writers look at.

    Raises:
        ValueError: there is no such compression.
    """

    compression_type_map: ClassVar[dict[int, str]] = {
        TFRecordCompressionType.ZLIB: "ZLIB",
        TFRecordCompressionType.GZIP: "GZIP",
        TFRecordCompressionType.NONE: "",
    }

    def __init__(self, compression_type: Any = None, **settings: Any) -> None:
        self.get_compression_type_string(compression_type)
        self.compression_type = compression_type
        vars(self).update(settings)

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """Returns the name of the compression that is meant.

        Raises:
            ValueError: there is no such compression.
        """
        if isinstance(options, TFRecordOptions):
            return cls.get_compression_type_string(options.compression_type)
        name = cls.compression_type_map.get(options, options) if options else ""
        if name not in cls.compression_type_map.values():
            raise ValueError(f'Not a valid compression_type: "{options}"')
        return str(name)


class RecordIterator:
    """Goes through the records of a file, also through those that are added later.

    Args:
        path: the file: str or bytes.
        compression_type: the name of its compression.

    Raises:
        NotFoundError: there is no such file.
    """

    def __init__(self, path: str | bytes, compression_type: str) -> None:
        if not isinstance(path, str | bytes):
            raise TypeError(f"the path of a file of records is text, not {path!r}")
        with importing:
            from fastckpt.formats.records import RecordReader

        try:
            self._reader = RecordReader(local_path(path), compression_type)
        except OSError as error:
            raise from_os_error(error) from error

    def __iter__(self) -> RecordIterator:
        return self

    def __next__(self) -> bytes:
        """Returns the next record.

        Raises:
            StopIteration: the file ends here for now; whoever asks again gets what
                was added meanwhile.
            DataLossError: the record is damaged, or not yet whole; whoever asks again
                gets it once it is.
        """
        if self._reader.closed:
            raise StopIteration
        try:
            record = self._reader.read()
        except (CorruptionError, OSError) as error:
            raise _translated(error) from error
        if record is None:
            raise StopIteration
        return record

    def __del__(self) -> None:
        if hasattr(self, "_reader"):
            self._reader.close()

    def close(self) -> None:
        """Closes the file: there are no more records."""
        self._reader.close()

    def reopen(self) -> None:
        """Opens the file again after `close`, and goes on where that was.

        Raises:
            FailedPreconditionError: it is open.
        """
        if not self._reader.closed:
            raise errors.FailedPreconditionError(None, None, "Reader is not closed.")
        try:
            self._reader.reopen()
        except OSError as error:
            raise from_os_error(error) from error


def tf_record_iterator(path: str | bytes, options: Any = None) -> RecordIterator:
    """Returns an iterator over the records of a file, each of them bytes.

    Args:
        path: the file.
        options: what `TFRecordOptions` takes.

    Raises:
        NotFoundError: there is no such file.
        ValueError: there is no such compression.
    """
    compression = TFRecordOptions.get_compression_type_string(options)
    return RecordIterator(path, compression)


def _translated(error: CorruptionError | OSError) -> errors.OpError:
    if isinstance(error, OSError):
        return from_os_error(error)
    return errors.DataLossError(None, None, str(error))
