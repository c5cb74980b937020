"""Errors of fastckpt, as TensorFlow's readers raise them.

What they raise depends on where they noticed: a damaged V1 file is a DataLossError,
a damaged V2 index or shard an OpError of no class of its own. Here alone the two
families of errors meet.

Source: tensorflow/python/training/py_checkpoint_reader.py, error_translator.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import fastckpt.compat.tensorflow.errors as errors
from fastckpt.base.late_text import LateText
from fastckpt.compat.tensorflow._os_errors import describe, from_os_error
from fastckpt.errors import CorruptionError, UnsupportedError

if TYPE_CHECKING:
    from fastckpt.reading.checkpoint import Checkpoint


class ShortShardError(errors.OpError, IndexError):
    """A data file ends before a tensor does.

    TensorFlow raises a plain IndexError for this; here ``except OpError`` catches it
    as well.
    """


class UnreadableVersionError(errors.UnimplementedError, ValueError):
    """A file is of a version, or of a size, that is not read.

    TensorFlow raises a plain ValueError for a version; here ``except OpError`` catches
    it as well.
    """


@contextlib.contextmanager
def opening(prefix: str) -> Iterator[None]:
    """Translates what opening a checkpoint raises."""
    try:
        yield
    except FileNotFoundError as error:
        raise errors.NotFoundError(
            None,
            None,
            "Unsuccessful TensorSliceReader constructor: Failed to find any matching "
            f"files for {prefix}; {error}",
        ) from error
    except CorruptionError as error:
        raise _damaged_at_open(prefix, error) from error
    except UnsupportedError as error:
        raise UnreadableVersionError(None, None, str(error)) from error
    except IsADirectoryError as error:
        raise _no_table(prefix, describe(error)) from error
    except OSError as error:
        raise from_os_error(error) from error


def _damaged_at_open(prefix: str, error: CorruptionError) -> errors.OpError:
    if os.path.exists(prefix + ".index"):
        return errors.OpError(None, None, str(error), errors.UNKNOWN)
    if error.tensor is not None:  # what is said of it contradicts itself
        return errors.OpError(None, None, str(error), errors.UNKNOWN)
    if error.offset == 0:  # the first block, which has the list of tensors
        return errors.InternalError(
            None,
            None,
            "Failed to find the saved tensor slices at the beginning of the checkpoint "
            f"file: {error}",
        )
    return _no_table(prefix, str(error))


def _no_table(prefix: str, reason: str) -> errors.DataLossError:
    message = f"Unable to open table file {prefix}: {reason}"
    return errors.DataLossError(None, None, message)


@contextlib.contextmanager
def reading(checkpoint: Checkpoint, name: str) -> Iterator[None]:
    """Translates what reading one tensor raises."""
    try:
        yield
    except KeyError as error:
        # Who asks for a name that may not be there seldom reads what is close to it.
        missing = error
        told = LateText(lambda: f"Key {name} not found in checkpoint; {missing}")
        raise errors.NotFoundError(None, None, told) from error
    except CorruptionError as error:
        raise _damaged_tensor(checkpoint, name, error) from error
    except UnsupportedError as error:
        is_type = checkpoint.format == "v2" and checkpoint.info(name).dtype is None
        kind = errors.InternalError if is_type else errors.UnimplementedError
        raise kind(None, None, str(error)) from error
    except OSError as error:
        # Not NotFoundError: callers take that for a tensor that was never saved.
        raise errors.OpError(None, None, describe(error), errors.UNKNOWN) from error


def _damaged_tensor(
    checkpoint: Checkpoint, name: str, error: CorruptionError
) -> errors.OpError:
    if checkpoint.format == "v1":
        return errors.DataLossError(None, None, str(error))
    kind = ShortShardError if _is_cut(checkpoint, name) else errors.OpError
    return kind(None, None, str(error), errors.UNKNOWN)


def _is_cut(checkpoint: Checkpoint, name: str) -> bool:
    try:
        pieces = checkpoint.layout(name).pieces
        return any(
            piece.offset + piece.nbytes > os.path.getsize(piece.file)
            for piece in pieces
        )
    except (CorruptionError, UnsupportedError, OSError):
        return False
