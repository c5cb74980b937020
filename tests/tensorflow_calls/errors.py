"""Calls of error classes."""

from __future__ import annotations

ERRORS = [
    "OpError",
    "CancelledError",
    "UnknownError",
    "InvalidArgumentError",
    "DeadlineExceededError",
    "NotFoundError",
    "AlreadyExistsError",
    "PermissionDeniedError",
    "UnauthenticatedError",
    "ResourceExhaustedError",
    "FailedPreconditionError",
    "AbortedError",
    "OutOfRangeError",
    "UnimplementedError",
    "InternalError",
    "UnavailableError",
    "DataLossError",
]


def _error_made(c, name):
    kind = getattr(c.tf.errors, name)
    error = kind(None, None, "what is wrong", *([] if name != "OpError" else [2]))
    return [
        str(error),
        repr(error),
        error.args,
        error.message,
        error.error_code,
        error.op,
        error.node_def,
        error.experimental_payloads,
        [base.__name__ for base in kind.__mro__],
    ]


def _error_codes(c):
    names = [name for name in dir(c.v1.errors) if name.isupper()]
    return {name: getattr(c.v1.errors, name) for name in names}


def _classes_by_code(c):
    found = c.v1.errors.exception_type_from_error_code
    return [found(code).__name__ for code in range(1, 17)]


CALLS = {
    # Errors.
    **{f"errors.{name}": (lambda c, n=name: _error_made(c, n)) for name in ERRORS},
    "errors by name": lambda c: [
        name for name in dir(c.tf.errors) if name[0].isupper()
    ],
    "error codes": _error_codes,
    "error classes by code": _classes_by_code,
}
