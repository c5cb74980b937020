"""Calls around the state file."""

from __future__ import annotations

import os
import pathlib


def _state(found):
    if found is None:
        return None
    return [
        found.model_checkpoint_path,
        list(found.all_model_checkpoint_paths),
        list(found.all_model_checkpoint_timestamps),
        found.last_preserved_timestamp,
        bool(found),
    ]


def _iterated(c, **options):
    found = c.train.checkpoints_iterator(c.at("state"), **options)
    return [path for _, path in zip(range(3), found, strict=False)]


def _asked_times(c, answers):
    asked = iter(answers)
    return _iterated(c, timeout=0, timeout_fn=lambda: next(asked))


def _written(c, name, *arguments):
    folder = c.new(name)
    os.makedirs(folder)
    c.v1.train.update_checkpoint_state(folder, *arguments)
    with open(f"{folder}/checkpoint") as file:
        return file.read()


def _taken(c, name, *folders):
    """Gives the name of a folder in which folders are where files should be."""
    for folder in folders:
        os.makedirs(c.new(f"{name}/{folder}/below"))
    return c.new(name)


def _removed(c, name, version):
    names = ["m", "m.index", "m.data-00000-of-00001", "m.meta", "other.index"]
    os.makedirs(c.new(name))
    for file in names:
        c.write(f"{name}/{file}", "x")
    c.v1.train.remove_checkpoint(c.new(f"{name}/m"), version)
    return sorted(os.listdir(c.new(name)))


CALLS = {
    # Writing the state file.
    "update_checkpoint_state": lambda c: _written(
        c, "states", "m-2", ["m-1", "m-2"], None, [1.5, 2.5], 0.5
    ),
    **{
        f"update_checkpoint_state of {name}": (
            lambda c, n=name: c.v1.train.update_checkpoint_state(c.at(n), "m")
        )
        for name in ("nothing", "nothing/below", "v2.index")
    },
    "update_checkpoint_state of None": lambda c: c.v1.train.update_checkpoint_state(
        None, "m"
    ),
    "update_checkpoint_state, a folder in the way": lambda c: (
        c.v1.train.update_checkpoint_state(_taken(c, "taken", "checkpoint"), "m")
    ),
    "update_checkpoint_state, a name too long": lambda c: (
        c.v1.train.update_checkpoint_state(c.scratch, "m", latest_filename="n" * 256)
    ),
    "get_checkpoint_mtimes of none": lambda c: c.v1.train.get_checkpoint_mtimes([]),
    # Removing checkpoints.
    **{
        f"remove_checkpoint of version {version}": (
            lambda c, v=version: _removed(c, f"removed_{v}", v)
        )
        for version in (1, 2)
    },
    **{
        f"remove_checkpoint of {name}": (
            lambda c, n=name: c.v1.train.remove_checkpoint(c.at(n))
        )
        for name in ("nothing", "nothing/below", "v2.index/below")
    },
    **{
        f"remove_checkpoint, a folder as {name}": (
            lambda c, n=name: c.v1.train.remove_checkpoint(
                _taken(c, f"taken_{n}", n) + "/m"
            )
        )
        for name in ("m.index", "m.data-00000-of-00001", "m.meta")
    },
    # The state file.
    **{
        f"get_checkpoint_state of {name}": (
            lambda c, n=name: _state(c.train.get_checkpoint_state(c.at(n)))
        )
        for name in (
            "state",
            "state/",
            "state/../state",
            "state_gone",
            "state_absolute",
            "state_moved",
            "state_broken",
            "state_empty",
            "state_latin",
            "files",
            "nothing",
            "v2.index",
        )
    },
    **{
        f"latest_checkpoint of {name}": (
            lambda c, n=name: c.train.latest_checkpoint(c.at(n))
        )
        for name in (
            "state",
            "state/",
            "state/../state",
            "state_gone",
            "state_absolute",
            "state_moved",
            "state_broken",
            "state_empty",
            "state_latin",
            "state_v1",
            "state_shards",
            "files",
            "nothing",
            "v2.index",
        )
    },
    "get_checkpoint_state by another name": lambda c: _state(
        c.train.get_checkpoint_state(c.at("state"), "nothing")
    ),
    "get_checkpoint_state of a path": lambda c: _state(
        c.train.get_checkpoint_state(pathlib.Path(c.at("state")))
    ),
    "get_checkpoint_state of None": lambda c: c.train.get_checkpoint_state(None),
    "latest_checkpoint of None": lambda c: c.train.latest_checkpoint(None),
    "latest_checkpoint of bytes": lambda c: c.train.latest_checkpoint(b"state"),
    **{
        f"checkpoint_exists of {name}": (
            lambda c, n=name: c.v1.train.checkpoint_exists(c.at(n))
        )
        for name in (
            "v2",
            "v1",
            "state",
            "state/checkpoint",
            "nothing",
            "v2.index",
            "v*",
            "v1_shards-?????-of-00002",
            "v1_shards",
        )
    },
    "checkpoint_exists of None": lambda c: c.v1.train.checkpoint_exists(None),
    # Waiting.
    "checkpoints_iterator ends": lambda c: _iterated(c, timeout=0),
    "checkpoints_iterator asks": lambda c: _asked_times(c, [False, False, True]),
    "checkpoints_iterator asks once": lambda c: _asked_times(c, [True]),
    "checkpoints_iterator waits": lambda c: _iterated(
        c, timeout=0, min_interval_secs=0.01
    ),
}
