"""The bytes of a file of another format, wherever it lies: here, or behind a URL."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol

from fastckpt.files.urls import source_path

__all__ = ["Content", "ContentFile", "LocalContent", "local_content", "read_some"]


class Content(Protocol):
    """What is read of a file.

    Attributes:
        path: What it is called.
        size: How many bytes it had when it was opened.
    """

    path: str
    size: int

    def read_into(self, offset: int, into: memoryview) -> int:
        """Fills a buffer; gives how many bytes there were."""


class LocalContent:
    """A file that is read and never mapped: one that is cut is no signal.

    Attributes:
        file: For libraries that read such.
    """

    def __init__(self, path: str, file: IO[bytes]) -> None:
        self.path = path
        self.file = file
        self.size = os.fstat(file.fileno()).st_size

    def read_into(self, offset: int, into: memoryview) -> int:
        done = 0
        while done < len(into):
            count = os.preadv(self.file.fileno(), [into[done:]], offset + done)
            if not count:
                break
            done += count
        return done


def read_some(content: Content, offset: int, size: int) -> bytes:
    """Gives so many bytes, fewer only at the end."""
    buffer = bytearray(size)
    return bytes(buffer[: content.read_into(offset, memoryview(buffer))])


@contextmanager
def local_content(path: str) -> Iterator[Content]:
    """Opens a file of this machine for the length of a block.

    Raises:
        UrlError: It is a URL.
        OSError: The file cannot be opened.
    """
    path = source_path(path)
    with open(path, "rb") as file:
        yield LocalContent(path, file)


class ContentFile(io.RawIOBase):
    """A file object over some content, for libraries that read such.

    Attributes:
        error: What went wrong when it was read: libraries make others of that.
    """

    # No call of a library that knows its format reads more at once.
    MOST = 128 << 20

    def __init__(self, content: Content) -> None:
        self._content = content
        self._at = 0
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        end = self._content.size
        at = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: end}[whence] + offset
        if at < 0:
            raise OSError(22, "before the file's first byte")
        self._at = at
        return at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Gives so many bytes, fewer only at the end."""
        left = max(0, self._content.size - self._at)
        count = left if size is None or size < 0 else min(size, left)
        if count > self.MOST:
            raise ValueError(f"{count:,} bytes of it would be held at once")
        content = bytearray(count)
        return bytes(content[: self.readinto(content)])

    def readinto(self, buffer: Any) -> int:
        try:
            count = self._content.read_into(self._at, memoryview(buffer).cast("B"))
        except Exception as error:
            self.error = error
            raise
        self._at += count
        return count
