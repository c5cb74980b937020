"""Calls of what reads files of records, whole, damaged and growing."""

from __future__ import annotations

import pathlib

from tensorflow_calls.describe import attempt

_COMPRESSIONS = {"plain": "", "ZLIB": "ZLIB", "GZIP": "GZIP"}
_FILES = ("plain", "ZLIB", "GZIP", "plain_cut_10", "ZLIB_cut_10", "GZIP_cut_10")


def _iterator(c, name, *options):
    return c.v1.io.tf_record_iterator(c.at(f"records/{name}"), *options)


def _asked(iterator, times=6):
    """What comes of asking again and again, also after an error and an end."""
    return [attempt(next, iterator) for _ in range(times)]


def _with_options(c, name):
    kinds = c.v1.io.TFRecordCompressionType
    number = {"ZLIB": kinds.ZLIB, "GZIP": kinds.GZIP}.get(name, kinds.NONE)
    options = [number, c.v1.io.TFRecordOptions(number), c.tf.io.TFRecordOptions(name)]
    return [list(_iterator(c, name, it)) for it in options]


def _read_bytes(c, name):
    with open(c.at(f"records/{name}"), "rb") as file:
        return file.read()


def _changed(c, name, data):
    path = c.new(name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def _flipped(c, at):
    data = bytearray(_read_bytes(c, "plain"))
    data[at] ^= 1
    path = _changed(c, f"flipped_{at}", data)
    return _asked(c.v1.io.tf_record_iterator(path), 4)


def _grown(c, size):
    """A file that is cut, read to its end, and then whole."""
    whole = _read_bytes(c, "plain")
    path = _changed(c, f"grown_{size}", whole[:size])
    iterator = c.v1.io.tf_record_iterator(path)
    before = _asked(iterator, 4)
    with open(path, "ab") as file:
        file.write(whole[size:])
    return [before, _asked(iterator, 5)]


def _closed(c):
    iterator = _iterator(c, "plain")
    seen = [iter(iterator) is iterator, len(next(iterator)), iterator.close()]
    seen += [attempt(next, iterator), iterator.close(), iterator.reopen()]
    return [*seen, attempt(iterator.reopen), _asked(iterator, 3)]


CALLS = {
    **{
        f"tf_record_iterator of {name}": (
            lambda c, n=name: _asked(
                _iterator(c, n, _COMPRESSIONS[n.partition("_")[0]])
            )
        )
        for name in (*_FILES, "ZLIB_cut_5000", "ZLIB_twice", "GZIP_twice")
    },
    **{
        f"tf_record_iterator of {name} as {other or 'plain'}": (
            lambda c, n=name, o=other: _asked(_iterator(c, n, o), 2)
        )
        for name in ("plain", "ZLIB", "GZIP")
        for other in ("", "ZLIB", "GZIP")
    },
    **{
        f"tf_record_iterator with options of {name}": (
            lambda c, n=name: _with_options(c, n)
        )
        for name in ("ZLIB", "GZIP")
    },
    **{
        f"tf_record_iterator with {options!r}": (
            lambda c, o=options: len(next(_iterator(c, "plain", o)))
        )
        for options in (None, "", 0, "LZ4", 7)
    },
    **{
        f"tf_record_iterator, byte {at} changed": (lambda c, a=at: _flipped(c, a))
        for at in (0, 9, 12, 16, 28, 30, 33, 60, -1)
    },
    **{
        f"tf_record_iterator of a file that grows from {size}": (
            lambda c, s=size: _grown(c, s)
        )
        for size in (0, 5, 11, 12, 15, 16, 20, 30, 33, 1000)
    },
    "tf_record_iterator closed and opened": _closed,
    **{
        f"tf_record_iterator of {kind}": (
            lambda c, k=kind: (
                type(c.v1.io.tf_record_iterator(c.as_kind(k, "records/plain"))).__name__
            )
        )
        for kind in ("bytes", "None", "a number", "a path", "file://")
    },
    "tf_record_iterator of nothing": lambda c: _iterator(c, "nothing"),
    "tf_record_iterator of a folder": lambda c: next(
        c.v1.io.tf_record_iterator(c.at("records"))
    ),
    "python_io.tf_record_iterator": lambda c: list(
        c.v1.python_io.tf_record_iterator(path=str(pathlib.Path(c.at("records/plain"))))
    ),
    "names of compressions": lambda c: [
        c.tf.io.TFRecordOptions.get_compression_type_string(it)
        for it in (None, 0, 1, 2, "", "GZIP", c.tf.io.TFRecordOptions("ZLIB"))
    ],
}
