"""``tf.logging``: the logger named ``tensorflow``, by its TensorFlow 1 names.

Source: tensorflow/python/platform/tf_logging.py.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from fastckpt.base.deferred import importing
from fastckpt.compat.tensorflow._out_of_reach import out_of_reach

__all__ = [
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "WARN",
    "WARNING",
    "TaskLevelStatusMessage",
    "debug",
    "error",
    "fatal",
    "flush",
    "get_logger",
    "get_verbosity",
    "info",
    "log",
    "log_every_n",
    "log_first_n",
    "log_if",
    "set_verbosity",
    "vlog",
    "warn",
    "warning",
]

if TYPE_CHECKING:
    from logging import Logger

DEBUG = 10
INFO = 20
WARN = WARNING = 30
ERROR = 40
FATAL = 50


class _StandardError:
    """Standard error as it is when something is written."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


@functools.cache
def get_logger() -> Logger:
    """Returns the logger that everything here goes to.

    As in TensorFlow it writes to standard error, ``INFO:tensorflow:...``, unless the
    program has told logging where to write before.
    """
    with importing:
        import logging

    logger = logging.getLogger("tensorflow")
    if not (logging.getLogger().handlers or logger.handlers):
        handler = logging.StreamHandler(_StandardError())
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
        logger.addHandler(handler)
    return logger


def log(level: int, msg: object, *args: object, **kwargs: Any) -> None:
    """Logs `msg`, filled with `args`, at a level of this module."""
    get_logger().log(level, msg, *args, **kwargs)


def debug(msg: object, *args: object, **kwargs: Any) -> None:
    """Logs at level DEBUG."""
    log(DEBUG, msg, *args, **kwargs)


def info(msg: object, *args: object, **kwargs: Any) -> None:
    """Logs at level INFO."""
    log(INFO, msg, *args, **kwargs)


def warning(msg: object, *args: object, **kwargs: Any) -> None:
    """Logs at level WARN."""
    log(WARN, msg, *args, **kwargs)


def error(msg: object, *args: object, **kwargs: Any) -> None:
    """Logs at level ERROR."""
    log(ERROR, msg, *args, **kwargs)


def fatal(msg: object, *args: object, **kwargs: Any) -> None:
    """Logs at level FATAL."""
    log(FATAL, msg, *args, **kwargs)


def log_if(level: int, msg: object, condition: object, *args: object) -> None:
    """Logs if `condition` holds."""
    if condition:
        log(level, msg, *args)


def log_every_n(level: int, msg: object, n: int, *args: object) -> None:
    """Logs the first of each `n` calls from the same line."""
    log_if(level, msg, _calls_from_there() % n == 0, *args)


def log_first_n(level: int, msg: object, n: int, *args: object) -> None:
    """Logs the first `n` calls from the same line."""
    log_if(level, msg, _calls_from_there() < n, *args)


def _calls_from_there() -> int:
    """Counts how often the line that called the caller has done so before."""
    frame = sys._getframe(2)
    line = (frame.f_code.co_filename, frame.f_lineno)
    _call_counts[line] = _call_counts.get(line, -1) + 1
    return _call_counts[line]


_call_counts: dict[tuple[str, int], int] = {}


def flush() -> None:
    """Does nothing: what is logged is written at once."""


def get_verbosity() -> int:
    """Returns the level from which messages are logged."""
    return get_logger().getEffectiveLevel()


def set_verbosity(v: int) -> None:
    """Sets the level from which messages are logged."""
    get_logger().setLevel(v)


warn = warning
TaskLevelStatusMessage = error
vlog = log


def __getattr__(name: str) -> NoReturn:
    raise out_of_reach("tf.logging", name)
