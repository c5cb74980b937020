"""What the operating system says, in TensorFlow's error classes.

Source: absl::ErrnoToStatusCode, which TensorFlow's file systems go by.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

import fastckpt.compat.tensorflow.errors as errors

_CLASSES: dict[type[errors.OpError], tuple[int, ...]] = {
    errors.InvalidArgumentError: (errno.EINVAL, errno.ENAMETOOLONG, errno.ESPIPE),
    errors.NotFoundError: (errno.ENOENT, errno.ENODEV, errno.ENXIO),
    errors.AlreadyExistsError: (errno.EEXIST,),
    errors.PermissionDeniedError: (errno.EPERM, errno.EACCES, errno.EROFS),
    errors.FailedPreconditionError: (
        errno.ENOTEMPTY,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.EBADF,
        errno.EBUSY,
        errno.ETXTBSY,
    ),
    errors.ResourceExhaustedError: (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.EMLINK,
    ),
    errors.OutOfRangeError: (errno.EFBIG, errno.EOVERFLOW, errno.ERANGE),
    errors.UnimplementedError: (errno.ENOSYS, errno.EOPNOTSUPP, errno.EXDEV),
    errors.UnavailableError: (errno.EAGAIN, errno.EINTR, errno.ECONNRESET),
    errors.AbortedError: (errno.EDEADLK, errno.ESTALE),
}
_CLASS_OF_ERRNO = {
    number: kind for kind, numbers in _CLASSES.items() for number in numbers
}


def from_os_error(error: OSError) -> errors.OpError:
    """Returns TensorFlow's error for an error of the operating system."""
    kind = _CLASS_OF_ERRNO.get(error.errno or 0, errors.UnknownError)
    return kind(None, None, describe(error))


def describe(error: OSError) -> str:
    """Returns file and cause, worded as TensorFlow does."""
    if error.filename is None or error.strerror is None:
        return str(error)
    name = error.filename
    return f"{name if isinstance(name, str) else repr(name)}; {error.strerror}"


@contextlib.contextmanager
def tensorflow_errors() -> Iterator[None]:
    """Turns each OSError raised inside into TensorFlow's error."""
    try:
        yield
    except OSError as error:
        raise from_os_error(error) from error
