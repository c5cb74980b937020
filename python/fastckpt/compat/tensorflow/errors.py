"""TensorFlow's error classes, ``tf.errors``, under their own names.

They stand in ``except`` clauses far more often than they are raised. What the
stand-in raises itself carries the error of fastckpt, or the ``OSError``, as its
``__cause__``: path, offset and tensor are there.

Source: tensorflow/python/framework/errors_impl.py; the numbers are those of
google.rpc.Code.
"""

from __future__ import annotations

from typing import Any, ClassVar

from fastckpt.base.late_text import LateText

__all__ = [
    "ABORTED",
    "ALREADY_EXISTS",
    "CANCELLED",
    "DATA_LOSS",
    "DEADLINE_EXCEEDED",
    "FAILED_PRECONDITION",
    "INTERNAL",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "OK",
    "OUT_OF_RANGE",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
    "UNIMPLEMENTED",
    "UNKNOWN",
    "AbortedError",
    "AlreadyExistsError",
    "CancelledError",
    "DataLossError",
    "DeadlineExceededError",
    "FailedPreconditionError",
    "InternalError",
    "InvalidArgumentError",
    "NotFoundError",
    "OpError",
    "OperatorNotAllowedInGraphError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnknownError",
    "error_code_from_exception_type",
    "exception_type_from_error_code",
]

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16

_class_of_code: dict[int, type[OpError]] = {}


class OpError(Exception):
    """The base class of TensorFlow's errors.

    Args:
        node_def: The node that failed; None for everything raised here.
        op: The operation that failed; None for everything raised here.
        message: What is wrong; maybe a text that is made when it is shown.
        args: The error code (a subclass has its own, and takes none), then a
            dictionary of details, or nothing.
        error_code: The error code by its name.
    """

    _own_code: ClassVar[int | None] = None

    def __init__(
        self,
        node_def: Any,
        op: Any,
        message: str | LateText,
        *args: Any,
        error_code: int | None = None,
    ) -> None:
        super().__init__()
        code = self._own_code if error_code is None else error_code
        if code is None:
            code, *args = args  # type: ignore[assignment]
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = code
        self._payloads = args[0] if args else {}

    def __init_subclass__(cls, *, code: int | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if code is not None:
            cls._own_code = code
            _class_of_code[code] = cls

    def __reduce__(self) -> tuple[Any, ...]:
        code = () if self._own_code is not None else (self._error_code,)
        return type(self), (self._node_def, self._op, self._message, *code)

    def __str__(self) -> str:
        return str(self._message)

    @property
    def message(self) -> str:
        """What is wrong."""
        return str(self._message)

    @property
    def error_code(self) -> int:
        """The number of the error, one of this module's constants."""
        return self._error_code

    @property
    def op(self) -> Any:
        """The operation that failed, or None."""
        return self._op

    @property
    def node_def(self) -> Any:
        """The node that failed, or None."""
        return self._node_def

    @property
    def experimental_payloads(self) -> dict[Any, Any]:
        """Details of the error."""
        return self._payloads


class OperatorNotAllowedInGraphError(TypeError):
    """A Python operator was used on a tensor of a graph."""


class CancelledError(OpError, code=CANCELLED):
    """The operation was cancelled."""


class UnknownError(OpError, code=UNKNOWN):
    """The error has no class of its own."""


class InvalidArgumentError(OpError, code=INVALID_ARGUMENT):
    """An argument is wrong."""


class DeadlineExceededError(OpError, code=DEADLINE_EXCEEDED):
    """The operation took too long."""


class NotFoundError(OpError, code=NOT_FOUND):
    """A file, a folder or a tensor is not there."""


class AlreadyExistsError(OpError, code=ALREADY_EXISTS):
    """What was to be made is there already."""


class PermissionDeniedError(OpError, code=PERMISSION_DENIED):
    """The caller may not do this."""


class UnauthenticatedError(OpError, code=UNAUTHENTICATED):
    """The request has no valid credentials."""


class ResourceExhaustedError(OpError, code=RESOURCE_EXHAUSTED):
    """Memory, disk or a quota is used up."""


class FailedPreconditionError(OpError, code=FAILED_PRECONDITION):
    """The system is not in the state that the operation needs."""


class AbortedError(OpError, code=ABORTED):
    """The operation was given up."""


class OutOfRangeError(OpError, code=OUT_OF_RANGE):
    """The operation went past the end."""


class UnimplementedError(OpError, code=UNIMPLEMENTED):
    """The operation is not supported."""


class InternalError(OpError, code=INTERNAL):
    """Something that always holds does not hold."""


class UnavailableError(OpError, code=UNAVAILABLE):
    """A service is not there at the moment."""


class DataLossError(OpError, code=DATA_LOSS):
    """A file is damaged, or not of the kind that was expected."""


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """Returns the class of an error code.

    Raises:
        KeyError: no class has this code.
    """
    return _class_of_code[error_code]


def error_code_from_exception_type(cls: type[OpError]) -> int:
    """Returns the error code of a class.

    Raises:
        KeyError: the class has none.
    """
    if cls._own_code is None:
        raise KeyError(cls)
    return cls._own_code
