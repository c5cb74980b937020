"""``tf.logging``: the logger named ``tensorflow``, by its TensorFlow 1 names.

Source: tensorflow/python/platform/tf_logging.py.
"""

from __future__ import annotations

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
    "debug",
    "error",
    "fatal",
    "get_logger",
    "get_verbosity",
    "info",
    "log",
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


def get_logger() -> Logger:
    """Returns the logger that everything here goes to."""
    with importing:
        import logging

    return logging.getLogger("tensorflow")


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


def get_verbosity() -> int:
    """Returns the level from which messages are logged."""
    return get_logger().getEffectiveLevel()


def set_verbosity(v: int) -> None:
    """Sets the level from which messages are logged."""
    get_logger().setLevel(v)


warn = warning
vlog = log


def __getattr__(name: str) -> NoReturn:
    raise out_of_reach("tf.logging", name)
