"""Calls of file_io: whole files, and files that are written and read at once.

The scenarios are those of TensorFlow's own tests of it.
"""

from __future__ import annotations

import os

import numpy as np

from tensorflow_calls.describe import attempt

_TEXT = "testing1\ntesting2\ntesting3\n\ntesting5"


class _PathLike:
    def __init__(self, name):
        self.name = name

    def __fspath__(self):
        return self.name


def _io():
    from tensorflow.python.lib.io import file_io

    return file_io


def _folder(c, name):
    path = c.new(f"file_io_{name}")
    _io().create_dir(path)
    return path


def _whole(c, kind):
    path = kind(_folder(c, f"whole {kind.__name__}") + "/UTF8\u6d4b\u8bd5")
    io = _io()
    seen = [io.file_exists(path), attempt(io.read_file_to_string, path)]
    seen.append(io.write_string_to_file(path, "testing \u00e9\n"))
    seen += [io.file_exists(path), io.read_file_to_string(path)]
    seen.append(io.read_file_to_string(path, binary_mode=True))
    return [*seen, io.write_string_to_file(path, b"x"), io.stat(path).length]


def _atomic(c):
    folder, io = _folder(c, "atomic"), _io()
    path = f"{folder}/file"
    write = io.atomic_write_string_to_file
    seen = [write(path, "old", overwrite=False)]
    seen.append(attempt(lambda: write(path, "new", overwrite=False)))
    seen += [io.read_file_to_string(path), write(path, "new")]
    seen += [io.read_file_to_string(path), os.listdir(folder)]
    return [*seen, attempt(write, f"{folder}/no/file", "x"), io.has_atomic_move(path)]


def _appended(c):
    path = _folder(c, "appended") + "/file"
    for mode, text in (("w", "begin\n"), ("a", "a1\n"), ("a", "a2\n")):
        with _io().FileIO(path, mode=mode) as file:
            file.write(text)
    return _io().read_file_to_string(path)


def _matched(c):
    folder, io = _folder(c, "matched_(special)"), _io()
    for name in ("file1.txt", "file(2).txt", "file3.txt", "file*.txt"):
        io.FileIO(f"{folder}/{name}", mode="w").write("testing")
    patterns = [f"{folder}/file*.txt", (), [f"{folder}/file1.txt", f"{folder}/no"]]
    found = [sorted(io.get_matching_files(pattern)) for pattern in patterns]
    return [
        *found,
        io.delete_recursively(folder),
        io.file_exists(f"{folder}/file1.txt"),
    ]


def _compared(c):
    folder, io = _folder(c, "compared"), _io()
    contents = {
        "a": "This is a sentence\n" * 100,
        "b": "This is b sentence\n" * 100,
        "b_too": "This is b sentence\n" * 100,
        "longer": "This is another sentence\n" * 100,
        "empty": "",
    }
    for name, content in contents.items():
        io.write_string_to_file(f"{folder}/{name}", content)
    pairs = [("a", "b"), ("b", "b_too"), ("a", "longer"), ("empty", "empty")]
    same = [io.filecmp(f"{folder}/{one}", f"{folder}/{two}") for one, two in pairs]
    sums = [
        io.file_crc32(f"{folder}/{name}", block_size=size)
        for name in ("a", "b", "empty")
        for size in (24, -1, 1 << 20)
    ]
    lost = [attempt(io.filecmp, f"{folder}/a", f"{folder}/no")]
    return [same, sums, *lost, attempt(io.file_crc32, f"{folder}/no")]


def _read_again(c):
    """A file that is written and then read through the same object."""
    path = _folder(c, "again") + "/file"
    with _io().FileIO(path, mode="r+") as file:
        file.write(_TEXT)
    seen = [file.size(), file.tell(), file.readline(), file.tell(), file.read(9)]
    seen += [file.read(1), file.read(), file.tell(), file.readline()]
    for move in ((18,), (9, 1), (-file.size(), 2), (0, 3), (-1,), ()):
        seen += [attempt(file.seek, *move), file.tell(), file.read(3)]
    seen.append(attempt(lambda: file.seek(offset=0, position=0)))
    seen += [file.seek(position=9), file.readline(), attempt(file.read, -2)]
    return [*seen, list(file), file.read(100)]


def _flushed(c):
    file = _io().FileIO(_folder(c, "flushed") + "/file", mode="r+")
    seen = [file.write(_TEXT), file.flush(), file.readlines()]
    return [*seen, file.close(), file.read(100)]


def _walked(c, kind, **options):
    folder, io = _folder(c, f"walked {len(os.listdir(c.scratch))}"), _io()
    for name in ("one/deep", "two", "three"):
        io.recursive_create_dir(kind(f"{folder}/{name}"))
    for name in ("file", "one/file", "one/deep/file"):
        io.FileIO(f"{folder}/{name}", mode="w").write("x")
    seen = [
        [top.removeprefix(folder), sorted(below), sorted(files)]
        for top, below, files in io.walk(kind(folder), **options)
    ]
    # Of two folders beside each other the system's order decides.
    tops = [top for top, _, _ in seen]
    return [sorted(seen), tops.index(""), tops.index("/one") < tops.index("/one/deep")]


def _archive(c):
    path = _folder(c, "archive") + "/a.npz"
    np.savez_compressed(path, a=np.arange(3), b=np.eye(2))
    with c.gfile.GFile(path, "rb") as file:
        return dict(np.load(file).items())


def _tensors(c):
    path = _folder(c, "tensors") + "/below/deep/file"
    io = c.tf.io
    seen = [io.write_file(path, "caf\u00e9"), io.read_file(path).numpy()]
    seen += [io.write_file(path, io.read_file(path)), io.read_file(path).numpy()]
    io.write_file(path + "2", b"x")
    patterns = [path + "*", [path + "2", path], path + "no", path.replace("deep", "d*")]
    found = [io.matching_files(pattern) for pattern in patterns]
    return [
        seen,
        [[it.removeprefix(c.scratch.encode()) for it in one.numpy()] for one in found],
        [[one.dtype, list(one.shape)] for one in found],
        attempt(lambda: io.write_file(c.scratch, "x")),
    ]


CALLS = {
    **{
        f"file_io, a whole file by {kind.__name__}": (lambda c, k=kind: _whole(c, k))
        for kind in (str, _PathLike)
    },
    "file_io writes at once": _atomic,
    "file_io appends": _appended,
    "file_io matches": _matched,
    "file_io compares": _compared,
    "file_io reads what it has written": _read_again,
    "file_io reads what it has flushed": _flushed,
    **{
        f"file_io walks {options} by {kind.__name__}": (
            lambda c, k=kind, o=options: _walked(c, k, **o)
        )
        for kind in (str, _PathLike)
        for options in ({}, {"in_order": True}, {"in_order": False})
    },
    "file_io, no name": lambda c: _io().FileIO("", mode="r").read(),
    "an archive of arrays through GFile": _archive,
    "io.write_file and io.matching_files": _tensors,
}
