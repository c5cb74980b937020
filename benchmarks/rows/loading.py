"""The rows about loading everything: warm, cold, of other kinds, converted."""

from __future__ import annotations

from benchmarks.rows.row import Bound, Child, Floor, Goal, Row

__all__ = ["COLD", "CONVERTED", "OTHER_KINDS", "WARM"]

_OURS, _TF, _ST, _NP = "ours", "with_tensorflow", "with_safetensors", "with_numpy"
_US, _FLOOR = "fastckpt", "floor"
_TENSORFLOWS = ("TensorFlow", "TensorFlow RestoreV2")

WARM: tuple[Row, ...] = (
    Row(
        "load",
        "{bert}: `load()`, checked",
        {
            _US: Child(_OURS, "load", {}, "views"),
            "TensorFlow": Child(_TF, "load", {}, "copies"),
            "TensorFlow RestoreV2": Child(_TF, "restore", {}, "copies"),
            "safetensors": Child(_ST, "load", {}, "copies"),
            "np.load mmap + sum": Child(_NP, "load_mmap", {}, "views"),
            _FLOOR: Floor("check"),
        },
        (
            Goal("TensorFlow", 0.24, _US, _TENSORFLOWS),
            Goal("floor", 1.10, _US, (_FLOOR,)),
        ),
        bound=Bound("memory read"),
    ),
    Row(
        "load-into",
        "{bert}: `load(out=...)`, checked, into memory that is kept",
        {
            _US: Child(_OURS, "load_into", {}, "copies"),
            _FLOOR: Floor("copy"),
        },
        (Goal("floor", 1.15, _US, (_FLOOR,)),),
        bound=Bound("memory copy"),
    ),
    Row(
        "load-copy",
        "{bert}: `load(copy=True)`, checked, into fresh memory",
        {
            _US: Child(_OURS, "load_copy", {}, "copies"),
            "TensorFlow": Child(_TF, "load", {}, "copies"),
            "TensorFlow RestoreV2": Child(_TF, "restore", {}, "copies"),
            "safetensors": Child(_ST, "load", {}, "copies"),
            _FLOOR: Floor("copy-fresh"),
        },
        (
            Goal("TensorFlow", 0.40, _US, _TENSORFLOWS),
            Goal("safetensors", 0.40, _US, ("safetensors",)),
            Goal("floor", 1.15, _US, (_FLOOR,)),
        ),
        bound=Bound("memory copy"),
    ),
)

COLD: tuple[Row, ...] = (
    Row(
        "cold",
        "{bert}: `load()`, checked, nothing in the page cache",
        {
            _US: Child(_OURS, "load_cold", {}, "views"),
            'fastckpt io="read"': Child(_OURS, "load_cold", {"io": "read"}, "copies"),
            "TensorFlow": Child(_TF, "load_cold", {}, "copies"),
            _FLOOR: Floor("cold"),
        },
        (Goal("floor", 1.15, _US, (_FLOOR,)),),
        bound=Bound("disk read"),
    ),
)

OTHER_KINDS: tuple[Row, ...] = (
    Row(
        "resnet",
        "{resnet}: `load()`, checked",
        {
            _US: Child(_OURS, "load", {"name": "resnet"}, "views"),
            "TensorFlow": Child(_TF, "load", {"name": "resnet"}, "copies"),
            "safetensors": Child(_ST, "load", {"name": "resnet"}, "copies"),
            _FLOOR: Floor("check", "resnet", "resnet"),
        },
        (Goal("floor", 1.15, _US, (_FLOOR,)),),
    ),
    Row(
        "strings",
        "{strings}: `load()`, checked",
        {
            _US: Child(_OURS, "load_strings"),
            "TensorFlow": Child(_TF, "load_strings"),
        },
    ),
)


def _cast(dtype: str, goals: tuple[Goal, ...]) -> Row:
    of = {"dtype": dtype}
    return Row(
        f"load-{dtype}",
        f'{{bert}} of float32: `load(dtype="{dtype}")`, checked',
        {
            _US: Child(_OURS, "load_cast", of, "copies"),
            "load() + astype": Child(
                _OURS, "load_cast", of | {"afterwards": True}, "copies"
            ),
            "load(copy=True)": Child(_OURS, "load_copy", {}, "copies"),
        },
        goals,
    )


CONVERTED: tuple[Row, ...] = (
    _cast(
        "bfloat16",
        (
            Goal("load(copy=True)", 0.90, _US, ("load(copy=True)",)),
            Goal("load() + astype", 0.55, _US, ("load() + astype",)),
        ),
    ),
    _cast("float16", (Goal("load() + astype", 0.20, _US, ("load() + astype",)),)),
    Row(
        "load-on-write",
        '{bert}: `load(copy="on-write")`, checked',
        {
            _US: Child(_OURS, "load_on_write", {}, "writable, copied when written"),
            "load()": Child(_OURS, "load", {}, "views"),
            "and every page written": Child(
                _OURS, "load_and_write", {"copy": "on-write"}, "copies"
            ),
            "load(copy=True) and every page written": Child(
                _OURS, "load_and_write", {"copy": True}, "copies"
            ),
        },
        (Goal("load()", 1.10, _US, ("load()",)),),
    ),
)
