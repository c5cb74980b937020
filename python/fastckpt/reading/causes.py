"""The words for what is wrong with checkpoints: ``Finding.cause`` is one of them."""

from __future__ import annotations

from enum import Enum

__all__ = ["Cause"]


class Cause(str, Enum):
    """Why tensors are lost, or what else was found; a string like any other.

    What is stored under one cause is never stored under another: of what fits several
    the one that says most counts.
    """

    # Files.
    MISSING_FILE = "missing file"
    """The index, or the state of the folder, counts on a file that is not there."""
    RENAMED_FILE = "renamed file"
    """It is there under another name, and that it is this file was proved."""
    CUT_FILE = "cut file"
    """A file ends before its contents do; the offset is where."""
    UNREADABLE_FILE = "unreadable file"
    """The system refuses a file."""
    FOREIGN_FILE = "foreign file"
    """By its first bytes a file is another program's."""
    OTHER_SAVE = "other save"
    """A data file is another save's: nothing in it fits the index, and the others do.
    As a note: a file that this checkpoint has no use for."""
    OTHER_INDEX = "index of another run"
    """An index fits none of its data files: it is not the one they were saved with."""

    # Bytes.
    ZERO_FILLED = "zero-filled"
    """Whole pages of a file are zeros that were not saved, as after a crash."""
    CHECKSUM = "checksum"
    """Stored bytes in one place are not those that were saved."""
    INDEX = "index"
    """What says where tensors lie is damaged, or was written wrong."""

    # What is no damage of a checkpoint's files.
    UNSUPPORTED = "unsupported"
    """It is legal, and beyond this library."""
    STATE_FILE = "state file"
    """The file ``checkpoint`` is damaged, or names what is not there, or is damaged."""
    NOT_FINITE = "not finite"
    """Tensors have NaN or infinities; looked for where that was asked."""
    UNFINISHED_SAVE = "unfinished save"
    """What a save left that did not end."""

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return repr(self.value)
