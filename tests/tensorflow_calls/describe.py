"""What a value or an error is, in JSON: equal exactly if two behave alike."""

from __future__ import annotations

import copyreg
import pickle

import numpy as np


def attempt(function, *arguments):
    try:
        return describe(function(*arguments))
    except Exception as error:
        return describe_error(error)


def _pickle(error):
    """As Python does: tblib, which TensorFlow takes where it is, loses some texts."""
    kinds = [kind for kind in copyreg.dispatch_table if issubclass(kind, BaseException)]
    kept = {kind: copyreg.dispatch_table.pop(kind) for kind in kinds}
    try:
        return pickle.loads(pickle.dumps(error))
    finally:
        copyreg.dispatch_table.update(kept)


def describe_error(error):
    copy = _pickle(error)
    return {
        "raises": type(error).__name__,
        "bases": [kind.__name__ for kind in type(error).__mro__],
        "error_code": getattr(error, "error_code", None),
        "op": repr(getattr(error, "op", None)),
        "pickles": type(copy) is type(error) and str(copy) == str(error),
    }


def describe(value):
    if isinstance(value, (bool, int, float, str, type(None))):
        return value
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    if isinstance(value, np.ndarray):
        return _describe_array(value)
    if isinstance(value, np.generic):
        return ["scalar", _type_name(type(value)), value.tobytes().hex()]
    if isinstance(value, dict):
        return {str(key): describe(item) for key, item in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(describe, value)]
    if isinstance(value, (type, np.dtype)):
        return ["type", str(value)]
    if type(value).__name__ == "DType":
        return ["DType", value.name, int(value), repr(value), str(value)]
    return ["object", type(value).__name__]


def _type_name(kind):
    return f"{kind.__module__}.{kind.__name__}"


def _describe_array(array):
    if array.dtype == object:
        content = [describe(item) for item in array.ravel().tolist()]
    else:
        content = array.tobytes().hex()
    flags = [array.flags.writeable, array.flags.c_contiguous, array.flags.aligned]
    return ["array", str(array.dtype), list(array.shape), flags, content]
