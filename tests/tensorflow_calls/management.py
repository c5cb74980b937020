"""Calls of checkpoint_management: scenarios of TensorFlow's own tests, and around."""

from __future__ import annotations

import os
import pathlib

from tensorflow_calls.state import _state


def _generated(c, *arguments):
    state = c.v1.train.generate_checkpoint_state_proto(*arguments)
    return [_state(state), str(state)]


def _written_relative(c, folder, *arguments):
    """The state files that come of a folder and names relative to this one."""
    before = os.getcwd()
    home = c.new(f"relative_{len(os.listdir(c.scratch))}")
    os.makedirs(f"{home}/train")
    os.chdir(home)
    try:
        try:
            c.v1.train.update_checkpoint_state(folder, *arguments)
        except RuntimeError:
            return "refused"
        return {
            path: pathlib.Path(path).read_text()
            for path in ("checkpoint", "train/checkpoint", "train/m")
            if os.path.exists(path)
        }
    finally:
        os.chdir(before)


def _management():
    from tensorflow.python.checkpoint import checkpoint_management

    return checkpoint_management


def _from_another_folder(c, work):
    """What comes of calls that are made in a new folder, with names relative to it."""
    before, home = os.getcwd(), c.new(f"home_{len(os.listdir(c.scratch))}")
    os.makedirs(f"{home}/train")
    os.chdir(home)
    try:
        return work(home)
    finally:
        os.chdir(before)


def _written_and_read(c, home):
    paths = [f"{home}/m-0", "train/m-2"]
    c.v1.train.update_checkpoint_state("train", paths[1], paths)
    folders = ("train", "./train", pathlib.Path("train"), "train/../train")
    return [_state(c.train.get_checkpoint_state(folder)) for folder in folders]


def _written_as_relative(c, home):
    update = _management().update_checkpoint_state_internal
    update(home, f"{home}/m-2", ["m-0", f"{home}/m-2"], save_relative_paths=True)
    text = pathlib.Path("checkpoint").read_text()
    return [text, _state(c.train.get_checkpoint_state(home))]


def _read_with_dots(c, home):
    pathlib.Path("checkpoint").write_text(
        """
        model_checkpoint_path: "./m-2"
        all_model_checkpoint_paths: "./m-1"
        all_model_checkpoint_paths: "./m-2"
        """
    )
    return _state(c.train.get_checkpoint_state(home))


def _deleted(c, version, names, prefix):
    """Whether a checkpoint is there before and after it is removed."""
    folder = c.new(f"deleted_{len(os.listdir(c.scratch))}")
    os.makedirs(folder)
    for name in names:
        pathlib.Path(folder, name).write_text("x")
    exists = _management().checkpoint_exists_internal
    seen = [exists(f"{folder}/{prefix}")]
    c.v1.train.remove_checkpoint(f"{folder}/{prefix}", version)
    return [*seen, exists(f"{folder}/{prefix}"), sorted(os.listdir(folder))]


def _waited(c, name, *arguments, **options):
    from tensorflow.python.training import checkpoint_utils

    wait = checkpoint_utils.wait_for_new_checkpoint
    return wait(c.at(name), *arguments, seconds_to_sleep=0.01, **options)


def _read_times(c, *prefixes):
    found = c.v1.train.get_checkpoint_mtimes([c.at(name) for name in prefixes])
    return [int(time) == int(os.stat(c.at("v1")).st_mtime) for time in found]


def _written_times(c, *versions):
    names = []
    for number, version in enumerate(versions):
        names.append(c.write(f"time_{number}_{version}", "x")[: -len(version)])
        os.utime(c.new(f"time_{number}_{version}"), (number + 0.75, number + 0.75))
    return list(map(int, c.v1.train.get_checkpoint_mtimes(names)))


CALLS = {
    **{
        f"update_checkpoint_state of {folder!r} with {prefix!r}": (
            lambda c, f=folder, p=prefix: _written_relative(c, f, p)
        )
        for folder in ("train", "train/", "./train", ".", "")
        for prefix in ("train/checkpoint", "checkpoint", "./train/checkpoint")
    },
    "update_checkpoint_state named as the checkpoint": lambda c: _written_relative(
        c, "train", "train/m", None, "m"
    ),
    "update_checkpoint_state named as the checkpoint, absolute": lambda c: (
        _written_relative(c, c.scratch, c.new("checkpoint"))
    ),
    **{
        f"generate_checkpoint_state_proto of {arguments}": (
            lambda c, a=arguments: _generated(c, *a)
        )
        for arguments in (
            ("a", "a/b"),
            ("/a", "/a/b"),
            ("/a", "a/b", ["x", "/y"]),
            ("a", "a/b", ["a/x", "/y"], [1.5, 2.5, 3.5], 0.5),
            ("a", "a/b", ["a/x", "a/b"], None, 2.5),
            ("a", "a/b", ["a/x"], [1.0]),
            ("", "b"),
            (".", 'with " and \u00e9'),
            ("a", None),
        )
    },
    "get_checkpoint_mtimes": lambda c: _read_times(c, "v2", "v1", "nothing", "v1_sh*"),
    "get_checkpoint_mtimes in order": lambda c: _written_times(
        c, ".index", "", ".index"
    ),
    **{
        f"the state file, {work.__name__}": (
            lambda c, w=work: _from_another_folder(c, lambda home: w(c, home))
        )
        for work in (_written_and_read, _written_as_relative, _read_with_dots)
    },
    "meta_graph_filename": lambda c: [
        _management().meta_graph_filename(*arguments)
        for arguments in (
            ("m",),
            ("d/m.ckpt-5",),
            ("m-?????-of-00005",),
            ("m-123-00001-of-00002", "graph"),
            ("m-1-of-2-of-3",),
        )
    ],
    "V2 shards are there and removed": lambda c: _deleted(
        c,
        2,
        ["m.index", "m.data-00000-of-00002", "m.data-00001-of-00002", "m.meta", "m-1"],
        "m",
    ),
    "V1 shards are there and removed": lambda c: _deleted(
        c,
        1,
        ["m-00000-of-00002", "m-00001-of-00002", "m.meta", "m2"],
        "m-?????-of-00002",
    ),
    "wait_for_new_checkpoint finds": lambda c: _waited(c, "state", "another"),
    "wait_for_new_checkpoint gives up": lambda c: [
        _waited(c, "state", c.at("state/v2"), timeout=0.02),
        _waited(c, "nothing", "foo", timeout=0.02),
        _waited(c, "state_empty/no", timeout=0),
    ],
}
