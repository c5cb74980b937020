"""Calls of readers, and with names of checkpoints."""

from __future__ import annotations

import pathlib


def _changed_twice(c):
    first = c.train.load_variable(c.at("v2"), "vector/float32")
    first[:] = 7
    return c.train.load_variable(c.at("v2"), "vector/float32")


CALLS = {
    # Readers: what they say of a checkpoint.
    **{
        f"{what} of {name}": (lambda c, w=what, n=name: getattr(c.reader(n), w)())
        for what in (
            "get_variable_to_shape_map",
            "get_variable_to_dtype_map",
        )
        for name in (
            "v2",
            "v1",
            "v1_wide",
            "sliced",
            "v1_sliced",
            "v1_shards-?????-of-00002",
            "v1_shards-00000-of-00002",
        )
    },
    **{
        f"debug_string of {name}": (lambda c, n=name: c.reader(n).debug_string())
        for name in (
            "v2",
            "v1",
            "v1_wide",
            "sliced",
            "v1_sliced",
            "v1_shards-00000-of-00002",
        )
    },
    # TensorFlow meets shards in the order in which the system lists the folder.
    "debug_string of shards": lambda c: sorted(
        c.reader("v1_shards-?????-of-00002").debug_string().splitlines()
    ),
    **{
        f"every tensor of {name}": (lambda c, n=name: c.every_tensor(n))
        for name in (
            "v2",
            "v1",
            "sliced",
            "v1_shards-?????-of-00002",
            "v1_shards-?????-of-?????",
            "v1_shards-0000?-of-00002",
        )
    },
    **{
        f"list_variables of {name}": (lambda c, n=name: c.train.list_variables(c.at(n)))
        for name in ("v2", "v1", "sliced", "v1_sliced", "state", "files", "nothing")
    },
    "a tensor of variants": lambda c: c.train.load_variable(
        c.golden("variant/model"), "list"
    ),
    # Readers: names of tensors.
    "has_tensor": lambda c: c.reader("v2").has_tensor("vector/int8"),
    "has_tensor by bytes": lambda c: c.reader("v2").has_tensor(b"vector/int8"),
    "has_tensor that is not there": lambda c: c.reader("v2").has_tensor("zz"),
    "has_tensor in v1": lambda c: c.reader("v1").has_tensor("zz"),
    "has_tensor of a number": lambda c: c.reader("v2").has_tensor(3),
    "has_tensor of a part": lambda c: c.reader("sliced").has_tensor("part"),
    "get_tensor by bytes": lambda c: c.reader("v2").get_tensor(b"vector/int8"),
    "get_tensor that is not there": lambda c: c.reader("v2").get_tensor("zz"),
    "get_tensor that v1 lacks": lambda c: c.reader("v1").get_tensor("zz"),
    "get_tensor of a number": lambda c: c.reader("v2").get_tensor(3),
    "get_tensor of None": lambda c: c.reader("v2").get_tensor(None),
    "get_tensor with :0": lambda c: c.reader("v2").get_tensor("x:0"),
    "load_variable": lambda c: c.train.load_variable(c.at("v2"), "vector/int8"),
    "load_variable strips :0": lambda c: c.train.load_variable(c.at("v2"), "x:0"),
    "load_variable strips :0 once": lambda c: c.train.load_variable(
        c.at("v2"), "x:0:0"
    ),
    "load_variable by bytes": lambda c: c.train.load_variable(c.at("v2"), b"x"),
    "load_variable of None": lambda c: c.train.load_variable(c.at("v2"), None),
    "load_variable not there": lambda c: c.train.load_variable(c.at("v2"), "zz"),
    "load_variable from a folder": lambda c: c.train.load_variable(
        c.at("state"), "global_step"
    ),
    "load_variable from a folder without one": lambda c: c.train.load_variable(
        c.at("files"), "global_step"
    ),
    "load_variable gives an array of the caller's own": _changed_twice,
    "global step by its key": lambda c: c.reader("v2").get_tensor(
        c.v1.GraphKeys.GLOBAL_STEP
    ),
    # Readers: names of checkpoints.
    **{
        f"{function} of {name!r}": (
            lambda c, f=function, n=name: (
                type(getattr(c.v1.train, f)(c.at(n) if n else n)).__name__
            )
        )
        for function in ("load_checkpoint", "NewCheckpointReader")
        for name in (
            "v2",
            "v1",
            "nothing",
            "no/folder",
            "files",
            "state",
            "files/text",
            "v2.data-00000-of-00001",
            "state/checkpoint",
            "",
            "state_gone",
            "state_broken",
            "state_empty",
            "state_latin",
            "state_v1",
            "state_shards",
            "state_absolute",
            "state_moved",
        )
    },
    **{
        f"{function} of {kind}": (
            lambda c, f=function, k=kind: (
                type(getattr(c.v1.train, f)(c.as_kind(k))).__name__
            )
        )
        for function in ("load_checkpoint", "NewCheckpointReader")
        for kind in ("bytes", "None", "a number")
    },
    "load_checkpoint of a path": lambda c: (
        type(c.train.load_checkpoint(pathlib.Path(c.at("v2")))).__name__
    ),
    "load_variable of a path": lambda c: c.train.load_variable(
        pathlib.Path(c.at("v2")), "vector/int8"
    ),
    "a folder as a path": lambda c: [
        c.train.list_variables(pathlib.Path(c.at("state"))),
        c.train.load_variable(pathlib.Path(c.at("state")), "vector/int8"),
        c.train.load_checkpoint(pathlib.Path(c.at("state_shards"))).has_tensor("zz"),
        c.train.latest_checkpoint(pathlib.Path(c.at("state"))),
    ],
    # Damage.
    **{
        f"opening with {change} damaged in {name}": (
            lambda c, n=f"damaged_{change}_{name}": type(c.reader(n)).__name__
        )
        for change in ("magic", "first_block", "last_block", "emptied", "halved")
        for name in ("v1", "v2")
    },
    "a flipped byte in a shard": lambda c: c.every_tensor("damaged_first_byte_v2"),
    "opening without a shard": lambda c: type(c.reader("no_shard/v2")).__name__,
    "reading without a shard": lambda c: c.reader("no_shard/v2").get_tensor("x:0"),
}
