"""``tf.io.gfile.GFile``, a file that is opened when it is first used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO, Any

from fastckpt.compat.tensorflow._os_errors import tensorflow_errors
from fastckpt.compat.tensorflow._paths import local_path
from fastckpt.compat.tensorflow.errors import (
    InvalidArgumentError,
    OutOfRangeError,
    PermissionDeniedError,
)

_MODES = ("r", "w", "a", "r+", "w+", "a+")


class GFile:
    """A file, text in UTF-8 or bytes; a context manager and an iterator of lines.

    Nothing is opened before the first use, so a missing file is found out at the
    first read, and a file that was opened for writing but never written to is not
    made. Lines end in ``\\n``; positions count bytes.

    Args:
        name: the path.
        mode: ``r``, ``w``, ``a``, ``r+``, ``w+`` or ``a+``, with ``b`` for bytes.

    Raises:
        InvalidArgumentError: no such mode.
        NotFoundError: at the first use: no such file, or no such folder.
        PermissionDeniedError: the mode does not allow this.

    Source: tensorflow/python/lib/io/file_io.py, FileIO.
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        self._name = name
        self._mode = mode
        self._kind = mode.replace("b", "")
        if self._kind not in _MODES:
            raise InvalidArgumentError(
                None, None, f"mode is {mode!r}, not one of {', '.join(_MODES)}"
            )
        self._is_text = "b" not in mode
        self._input: IO[bytes] | None = None
        self._output: IO[bytes] | None = None

    @property
    def name(self) -> Any:
        """The path, as it was given."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode, as it was given."""
        return self._mode

    def size(self) -> int:
        """Returns the size of the file in bytes."""
        with tensorflow_errors():
            return os.stat(local_path(self._name)).st_size

    def seekable(self) -> bool:
        """Returns True."""
        return True

    def read(self, n: int = -1) -> Any:
        """Returns `n` bytes from here, or all that follow (-1), as text or bytes.

        Raises:
            InvalidArgumentError: `n` is below -1.
        """
        if n < -1:
            raise InvalidArgumentError(None, None, f"Cannot read {n} bytes")
        with tensorflow_errors():
            return self._as_asked(self._opened_for_reading().read(n))

    def readline(self) -> Any:
        """Returns the next line with its ``\\n``; nothing at the end."""
        with tensorflow_errors():
            line = self._opened_for_reading().readline()
        return self._as_asked(line.replace(b"\r", b""))  # as TensorFlow reads lines

    def readlines(self) -> list[Any]:
        """Returns the lines that follow."""
        return list(self)

    def seek(
        self,
        offset: int | None = None,
        whence: int = os.SEEK_SET,
        position: int | None = None,
    ) -> None:
        """Moves to a byte offset: from the start, from here or from the end.

        Args:
            offset: the offset.
            whence: 0, 1 or 2, as ``os.SEEK_SET`` and its kin.
            position: an older name for `offset`.

        Raises:
            InvalidArgumentError: no such `whence`, or before the start.
            OutOfRangeError: after the end.
        """
        target = offset if position is None else position
        if target is None or (offset is not None and position is not None):
            raise TypeError("seek(): give offset, once")
        file = self._opened_for_reading()
        if whence not in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END):
            raise InvalidArgumentError(
                None, None, f"Invalid whence argument: {whence}: it is 0, 1 or 2."
            )
        size = self.size()
        target += (0, file.tell(), size)[whence]
        if target < 0:
            raise InvalidArgumentError(
                None, None, f"Seeking to a negative position: {target}"
            )
        file.seek(min(target, size))
        if target > size:
            raise OutOfRangeError(None, None, "reached end of file")

    def tell(self) -> int:
        """Returns the position in bytes."""
        if self._kind in ("w", "a"):
            return self._opened_for_writing().tell()
        return self._opened_for_reading().tell()

    def write(self, file_content: str | bytes) -> None:
        """Writes text, as UTF-8, or bytes, where the last write ended."""
        content = file_content
        data = content.encode() if isinstance(content, str) else content
        with tensorflow_errors():
            self._opened_for_writing().write(data)

    def flush(self) -> None:
        """Hands what was written to the operating system."""
        if self._output is not None:
            with tensorflow_errors():
                self._output.flush()

    def close(self) -> None:
        """Closes the file; using it again opens it again."""
        opened = (self._input, self._output)
        self._input = self._output = None
        with tensorflow_errors():
            for file in opened:
                if file is not None:
                    file.close()

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def __del__(self) -> None:
        for file in (getattr(self, "_input", None), getattr(self, "_output", None)):
            if file is not None:
                file.close()

    def _as_asked(self, data: bytes) -> Any:
        return data.decode() if self._is_text else data

    def _opened_for_reading(self) -> IO[bytes]:
        if self._input is None:
            if self._kind in ("w", "a"):
                raise PermissionDeniedError(None, None, "File isn't open for reading")
            self._input = _open(self._name, "rb")
        return self._input

    def _opened_for_writing(self) -> IO[bytes]:
        if self._output is None:
            if self._kind == "r":
                raise PermissionDeniedError(None, None, "File isn't open for writing")
            # TensorFlow's writing begins an empty file, that of "r+", too.
            self._output = _open(self._name, "ab" if self._kind[0] == "a" else "wb")
        return self._output


def _open(name: Any, mode: str) -> IO[bytes]:
    with tensorflow_errors():
        return open(local_path(name), mode)
