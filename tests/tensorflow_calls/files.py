"""Calls of file functions."""

from __future__ import annotations

import os

from tensorflow_calls.describe import attempt


def _read_and_write(c, mode):
    path = c.new("text")
    c.gfile.GFile(path, "w").write("a longer text")
    with c.gfile.GFile(path, mode) as file:
        first = file.read(4)
        file.write(b"new" if "b" in mode else "new")
    return first, c.gfile.GFile(path).read()


def _seek_around(c):
    file = c.gfile.GFile(c.at("files/text"))
    file.seek(4)
    seen = [file.readline(), file.tell()]
    file.seek(0, 2)
    seen.append(file.read())
    file.seek(-3, 2)
    return [*seen, file.read(), file.tell()]


def _write_around(c):
    name = c.new("written")
    with c.gfile.GFile(name, "w") as file:
        seen = [file.write("ab\n"), file.tell(), file.name == name, file.mode]
        file.flush()
        file.write(b"cd")
    with c.gfile.GFile(name, "a") as file:
        file.write("\u00e9")
    return [*seen, c.gfile.GFile(name).read(), c.gfile.GFile(name).size()]


def _never_written(c):
    c.gfile.GFile(c.new("never"), "w").close()
    return c.gfile.exists(c.new("never"))


def _stat(c, name):
    found = c.gfile.stat(c.at(name))
    return [found.length, found.is_directory, found.mtime_nsec > 0]


def _copied(c, overwrite):
    source, target = c.write("copy_source", "s"), c.write("copy_target", "t")
    c.gfile.copy(source, target, overwrite=overwrite)
    return c.gfile.GFile(target).read()


def _renamed(c, overwrite):
    source, target = c.write("name_source", "s"), c.write("name_target", "t")
    c.gfile.rename(source, target, overwrite=overwrite)
    return [c.gfile.GFile(target).read(), c.gfile.exists(source)]


def _tree(c):
    c.gfile.makedirs(c.new("tree/a/b"))
    c.gfile.makedirs(c.new("tree/a/b"))
    c.gfile.mkdir(c.new("tree"))
    c.write("tree/a/file", "x")
    walked = [
        (top, sorted(below), sorted(files))
        for top, below, files in c.gfile.walk(c.new("tree"))
    ]
    c.gfile.rmtree(c.new("tree"))
    return [walked, c.gfile.exists(c.new("tree"))]


def _relative_globs(c):
    before = os.getcwd()
    os.chdir(c.at("files"))
    try:
        return [sorted(c.gfile.glob(p)) for p in ("*", "./b*", "below/*", "text", "")]
    finally:
        os.chdir(before)


def _begun(c, mode, work):
    path = c.new(f"begun {mode}".replace("+", "p"))
    file = c.gfile.GFile(path, mode)
    outcome = attempt(work, file)
    file.close()
    made = c.gfile.exists(path)
    return [outcome, made, made and c.gfile.GFile(path).read()]


CALLS = {
    # Files.
    **{
        f"a new file in mode {mode}": (
            lambda c, m=mode: [
                _begun(c, m, lambda file: file.write("ab")),
            ]
        )
        for mode in ("r+", "w+", "a+", "w")
    },
    "read of less than nothing": lambda c: [
        attempt(c.gfile.GFile(c.at("files/text")).read, n) for n in (-1, -2, 0, 2)
    ],
    **{
        f"gfile.{function} of {name!r} with a slash": (
            lambda c, f=function, n=name: getattr(c.gfile, f)(c.at(n) + "/")
        )
        for function in ("exists", "isdir")
        for name in ("files/text", "files/below", "nothing")
    },
    "io.read_file": lambda c: [
        c.tf.io.read_file(c.at("files/text")).numpy(),
        c.tf.io.read_file(filename=c.at("files/text")).dtype,
        attempt(c.tf.io.read_file, c.at("nothing")),
        attempt(c.tf.io.read_file, c.at("files")),
    ],
    **{
        f"gfile.{function} of {name!r}": (
            lambda c, f=function, n=name: getattr(c.gfile, f)(c.at(n) if n else n)
        )
        for function in ("exists", "isdir", "listdir")
        for name in ("files/below", "files/text", "nothing", "files/text/x", "")
    },
    **{
        f"gfile.{function} of {kind}": (
            lambda c, f=function, k=kind: (
                getattr(c.gfile, f)(c.as_kind(k, "state")) and True
            )
        )
        for function in ("exists", "isdir", "listdir")
        for kind in ("bytes", "None", "a number", "a path", "file://")
    },
    **{
        f"gfile.glob of {pattern!r}": (
            lambda c, p=pattern: sorted(c.gfile.glob(c.at("files/" + p)))
        )
        for pattern in (
            "*",
            "?ext",
            "[bt]*",
            "[^b]*",
            "[!b]*",
            "[a-t]*",
            "[]b]*",
            "b[1]",
            "b\\[1\\]",
            "b*/",
            "*/c",
            "**",
            "text",
            "text/*",
            "nothing",
            "no/*",
            "{text,b}*",
            "[t",
        )
    },
    "gfile.glob of several": lambda c: sorted(
        c.gfile.glob([c.at("files/t*"), c.at("v?")])
    ),
    "gfile.glob of None": lambda c: c.gfile.glob(None),
    "gfile.glob of relative patterns": _relative_globs,
    "gfile.stat": lambda c: _stat(c, "files/text"),
    "gfile.stat of nothing": lambda c: _stat(c, "nothing"),
    "gfile.join": lambda c: [c.gfile.join("a", "b"), c.gfile.join("a", "/b")],
    "gfile.copy": lambda c: _copied(c, overwrite=True),
    "gfile.copy over": lambda c: _copied(c, overwrite=False),
    "gfile.copy of nothing": lambda c: c.gfile.copy(c.at("nothing"), c.new("copied")),
    "gfile.copy of a folder": lambda c: c.gfile.copy(c.at("files"), c.new("copied")),
    "gfile.copy to a folder": lambda c: c.gfile.copy(
        c.at("files/text"), c.scratch, overwrite=True
    ),
    "gfile.rename": lambda c: _renamed(c, overwrite=True),
    "gfile.rename over": lambda c: _renamed(c, overwrite=False),
    "gfile.rename of nothing": lambda c: c.gfile.rename(c.new("no"), c.new("renamed")),
    "gfile.remove of nothing": lambda c: c.gfile.remove(c.new("no")),
    "gfile.remove of a folder": lambda c: c.gfile.remove(c.scratch),
    "gfile.rmtree of nothing": lambda c: c.gfile.rmtree(c.new("no")),
    "gfile.mkdir without its folder": lambda c: c.gfile.mkdir(c.new("no/no")),
    "gfile.mkdir of no name": lambda c: c.gfile.mkdir(""),
    "gfile.makedirs of no name": lambda c: c.gfile.makedirs(""),
    "gfile.makedirs on a file": lambda c: c.gfile.makedirs(c.at("files/text")),
    "gfile.walk and the rest": _tree,
    "gfile.walk of nothing": lambda c: list(c.gfile.walk(c.at("nothing"))),
    **{
        f"gfile.GFile reads {name} with {mode!r}": (
            lambda c, n=name, m=mode: c.gfile.GFile(c.at(n), m).read()
        )
        for name in ("files/text", "files/bytes", "nothing", "files")
        for mode in ("r", "rb", "r+", "w", "x", "rt")
        if (name, mode) != ("files", "w")
    },
    **{
        f"gfile.GFile lines of {name} with {mode!r}": (
            lambda c, n=name, m=mode: list(c.gfile.GFile(c.at(n), m))
        )
        for name in ("files/text", "nothing")
        for mode in ("r", "rb")
    },
    **{
        f"gfile.GFile reads and then writes with {mode!r}": (
            lambda c, m=mode: _read_and_write(c, m)
        )
        for mode in ("r+", "rb+", "w+", "a+")
    },
    "gfile.GFile.readlines": lambda c: c.gfile.GFile(c.at("files/text")).readlines(),
    "gfile.GFile.read of some": lambda c: c.gfile.GFile(c.at("files/text")).read(5),
    "gfile.GFile.read of half a letter": lambda c: c.gfile.GFile(
        c.at("files/text")
    ).read(9),
    "gfile.GFile seeks": _seek_around,
    "gfile.GFile seeks nowhere": lambda c: c.gfile.GFile(c.at("files/text")).seek(),
    "gfile.GFile seeks far": lambda c: c.gfile.GFile(c.at("files/text")).seek(1000),
    "gfile.GFile seeks before": lambda c: c.gfile.GFile(c.at("files/text")).seek(-5),
    "gfile.GFile seeks oddly": lambda c: c.gfile.GFile(c.at("files/text")).seek(0, 9),
    "gfile.GFile writes": _write_around,
    "gfile.GFile not written": _never_written,
    "gfile.GFile writes to what is read": lambda c: c.gfile.GFile(
        c.at("files/text")
    ).write("x"),
    "gfile.GFile writes without a folder": lambda c: c.gfile.GFile(
        c.new("no/x"), "w"
    ).write("x"),
    "gfile.GFile seekable": lambda c: c.gfile.GFile(c.at("nothing")).seekable(),
}
