"""Calls of flags and of what runs a program with them."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from tensorflow_calls.describe import attempt


def _run(c, *arguments, script=None, **options):
    """Runs a program that tells its flags and arguments, and how it ends."""
    flags = c.v1.flags
    told = []

    def main(argv):
        told.append([argv, flags.FLAGS.run_steps, flags.FLAGS.run_name])
        return 3

    if "run_steps" not in flags.FLAGS:
        flags.DEFINE_integer("run_steps", 5, "steps")
        flags.DEFINE_string(flag_name="run_name", default_value="x", docstring="name")
    before = sys.argv, sys.modules["__main__"]
    sys.argv = ["program", *arguments]
    sys.modules["__main__"] = SimpleNamespace(main=main)
    try:
        c.v1.app.run(*([main] if script is None else []), **options)
    except SystemExit as end:
        told.append(end.code)
    finally:
        sys.argv, sys.modules["__main__"] = before
        flags.FLAGS.unparse_flags()
    return told


def _read_unparsed(c):
    flags = c.v1.flags
    if "early" not in flags.FLAGS:
        flags.DEFINE_float("early", 0.5, "read before main")
        flags.DEFINE_bool("switch", False, "a switch")
    before = sys.argv
    sys.argv = ["program", "--early=2.5", "--switch"]
    try:
        return [
            flags.FLAGS.is_parsed(),
            flags.FLAGS.early,
            flags.FLAGS.is_parsed(),
            flags.FLAGS.switch,
            flags.FLAGS["early"].value,
            "early" in flags.FLAGS,
            flags.FLAGS.flag_values_dict()["early"],
        ]
    finally:
        sys.argv = before
        flags.FLAGS.unparse_flags()


def _set(c):
    flags = c.v1.flags
    if "to_set" not in flags.FLAGS:
        flags.DEFINE_string("to_set", None, "set by the program")
    flags.FLAGS(["program", "rest"])
    seen = [flags.FLAGS.to_set]
    flags.FLAGS.to_set = "new"
    seen += [flags.FLAGS.to_set, attempt(lambda: flags.FLAGS.not_a_flag)]
    flags.FLAGS.unparse_flags()
    return seen


CALLS = {
    "app.run": lambda c: _run(c, "--run_steps=7", "rest"),
    "app.run without arguments": lambda c: _run(c, "--run_name=y", script=True),
    "app.run with unknown flags": lambda c: _run(
        c, "--unknown=1", "--run_steps", "8", "--also_unknown", "rest", script=True
    ),
    "app.run with arguments of its own": lambda c: _run(
        c, argv=["program", "--run_steps=9", "--unknown"]
    ),
    "flags that nobody has parsed": _read_unparsed,
    "flags that are set": _set,
    "app.flags": lambda c: [
        c.v1.app.flags.FLAGS is c.v1.flags.FLAGS,
        c.v1.app.flags.DEFINE_string is c.v1.flags.DEFINE_string,
    ],
}
