"""The table: every path, who is measured on it, and how fast it should be."""

from __future__ import annotations

from benchmarks import (
    jax_rows,
    peer_rows,
    remote_rows,
    scaling_rows,
    table_rows,
    torch_rows,
)
from benchmarks.facts import in_bytes
from benchmarks.row import Bound, Child, Floor, Goal, Row

__all__ = ["CRC_SIZES", "ROWS", "chosen"]

_OURS, _TF, _ST, _NP = "ours", "with_tensorflow", "with_safetensors", "with_numpy"
_US, _FLOOR = "fastckpt", "floor"
# Calls in a row, where one takes microseconds.
_MANY = 500
_TENSORFLOWS = ("TensorFlow", "TensorFlow RestoreV2")


def _views(dataset: str, title: str, by_load: float, load_file: float) -> Row:
    of = {"name": dataset}
    memmap = {"load()": by_load, "by name": 0.30}
    return Row(
        f"views-{dataset}",
        title,
        {
            "fastckpt load()": Child(_OURS, "views_by_load", of, "views"),
            "fastckpt by name": Child(_OURS, "views", of, "views"),
            "np.memmap slices": Child(_NP, "memmap_slices", of, "views"),
            "safetensors get_slice": Child(_ST, "slices", of, "handles"),
            "safetensors load_file": Child(_ST, "load", of, "copies"),
        },
        (
            *(
                Goal(f"{other}, {how}", limit, f"fastckpt {how}", (other,))
                for how in ("load()", "by name")
                for other, limit in (
                    ("np.memmap slices", memmap[how]),
                    ("safetensors load_file", load_file),
                )
            ),
        ),
        is_view=True,
    )


def _matrix_rows(dataset: str, title: str, unchecked: float, checked: float) -> Row:
    memmap = 2.0 if dataset == "partitioned" else 1.5
    unverified = {"name": dataset, "verify": False}
    return Row(
        f"rows-{dataset}",
        title,
        {
            "unchecked": Child(_OURS, "rows", unverified | {"loops": _MANY}, "copies"),
            "unchecked, a single call": Child(_OURS, "rows", unverified, "copies"),
            "checked": Child(_OURS, "rows", {"name": dataset}, "copies"),
            "np.memmap": Child(_NP, "rows", {"loops": _MANY}, "copies"),
            "np.memmap, a single call": Child(_NP, "rows", {}, "copies"),
            "TensorFlow": Child(_TF, "rows", {"name": dataset}, "copies"),
        },
        (
            Goal("unchecked, TensorFlow", unchecked, "unchecked", ("TensorFlow",)),
            Goal("unchecked, np.memmap", memmap, "unchecked", ("np.memmap",)),
            Goal("checked, TensorFlow", checked, "checked", ("TensorFlow",)),
        ),
    )


CRC_SIZES = tuple(1 << power for power in (4, 6, 8, 12, 16, 20, 24, 28, 30))
_CRC_PEERS = ("google-crc32c", "crc32c", "awscrt")


def _crc_goals() -> tuple[Goal, ...]:
    """At every size, against the fastest of the others."""
    return tuple(
        Goal(
            f"{in_bytes(size)}, the fastest other library",
            1.0,
            f"fastckpt, {in_bytes(size)}",
            tuple(f"{label}, {in_bytes(size)}" for label in _CRC_PEERS),
        )
        for size in CRC_SIZES
    )


ROWS: tuple[Row, ...] = (
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
    _views(
        "bert",
        "{bert_count} tensors: open + a view of each, `verify=False`",
        by_load=0.30,
        load_file=0.50,
    ),
    _views(
        "small",
        "{small}: open + a view of each, `verify=False`",
        by_load=0.20,
        load_file=0.35,
    ),
    Row(
        "list",
        "{small}: open + names + dtypes + shapes",
        {
            _US: Child(_OURS, "list_all"),
            "TensorFlow": Child(_TF, "list_all"),
            "safetensors": Child(_ST, "list_all"),
        },
        (
            Goal("TensorFlow", 0.25, _US, ("TensorFlow",)),
            Goal("safetensors", 0.12, _US, ("safetensors",)),
        ),
        is_view=True,
    ),
    Row(
        "open",
        "{small}: open alone",
        {_US: Child(_OURS, "open_only"), "TensorFlow": Child(_TF, "open_only")},
        (Goal("TensorFlow", 0.10, _US, ("TensorFlow",)),),
        is_view=True,
    ),
    Row(
        "open-memory",
        "{small}: growth of the process",
        goals=(Goal("bytes per tensor, open", 300, "open"),),
        measure="processes.memory_of_open",
        is_view=True,
        unit="bytes per tensor",
    ),
    Row(
        "new-process",
        "one tensor in a new process: start, import, open, read",
        goals=(
            Goal("TensorFlow load_variable", 0.06, _US, ("TensorFlow",)),
            Goal("safetensors", 1.02, _US, ("safetensors",)),
            Goal("NumPy alone", 1.10, _US, ("NumPy",)),
        ),
        measure="processes.new_process",
    ),
    Row(
        "one-tensor",
        "one tensor of {one}: open + `ckpt[name]`, checked",
        {
            _US: Child(_OURS, "one", {}, "views"),
            "TensorFlow": Child(_TF, "one", {}, "copies"),
            "safetensors": Child(_ST, "one", {}, "copies"),
            _FLOOR: Floor("check", "embedding", "one"),
        },
        (
            Goal("TensorFlow", 0.28, _US, ("TensorFlow",)),
            Goal("floor", 1.15, _US, (_FLOOR,)),
        ),
    ),
    _matrix_rows("embedding", "128 rows of {matrix}", 0.001, 0.13),
    _matrix_rows("partitioned", "128 rows of {matrix}, partitioned in 8", 0.001, 0.03),
    Row(
        "verify",
        "{bert}: `verify()`",
        {_US: Child(_OURS, "verify"), _FLOOR: Floor("check")},
        (Goal("floor", 1.10, _US, (_FLOOR,)),),
        bound=Bound("memory read"),
    ),
    Row(
        "save",
        "{bert}: `save`, on the disk when it returns",
        {
            _US: Child(_OURS, "save"),
            "TensorFlow + fsync": Child(_TF, "save"),
            _FLOOR: Floor("save"),
        },
        (
            Goal("floor", 1.20, _US, (_FLOOR,)),
            Goal("TensorFlow + fsync", 0.50, _US, ("TensorFlow + fsync",)),
        ),
        bound=Bound("disk write"),
    ),
    Row(
        "workers",
        "{bert}: 4 workers, every tensor",
        goals=(
            Goal("Pss of the data, forked", 1.10, "Pss / data, fork"),
            Goal("Pss of the data, spawned", 1.15, "Pss / data, spawn"),
            Goal("private, forked", 0.13, "private / data, fork"),
            Goal("private, spawned", 0.13, "private / data, spawn"),
            Goal("TensorFlow's time", 0.17, "seconds, fork", ("seconds, TensorFlow",)),
        ),
        measure="processes.workers",
        unit="s, or share of the data",
    ),
    Row(
        "beside",
        "{bert}: a Python thread that counts beside a load",
        goals=(
            Goal("rate kept", 0.90, "rate kept", at_least=True),
            Goal("load slowed", 1.30, "load slowed"),
        ),
        measure="processes.beside",
        unit="ratio",
    ),
    Row(
        "threads",
        "{bert}: `load()`, all threads against 1",
        goals=(Goal("floor's scaling", 1.20, "all / 1", ("floor, all / 1",)),),
        measure="scaling.scaling",
        unit="s, or ratio",
    ),
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
    Row(
        "import",
        "import, above NumPy",
        goals=(
            Goal("milliseconds", 5, "milliseconds"),
            Goal("MB", 4, "MB"),
        ),
        measure="processes.import_cost",
        unit="ms, MB",
    ),
    Row(
        "size",
        "size of the package",
        goals=(
            Goal("wheel, MB", 0.8, "wheel"),
            Goal("installed, MB", 2.5, "installed"),
        ),
        measure="installed.package_size",
        unit="MB",
    ),
    Row(
        "crc32c",
        "CRC32C alone",
        goals=_crc_goals(),
        measure="codecs.crc32c_rates",
    ),
    Row(
        "snappy",
        "Snappy decode alone, 256 KiB",
        goals=tuple(
            Goal(
                kind,
                1.0,
                f"fastckpt, {kind}",
                (f"cramjam, {kind}", f"python-snappy, {kind}"),
            )
            for kind in ("names", "text", "random")
        ),
        measure="codecs.snappy_times",
    ),
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
    *table_rows.ROWS,
    *jax_rows.ROWS,
    *torch_rows.ROWS,
    *peer_rows.ROWS,
    *remote_rows.ROWS,
    *scaling_rows.ROWS,
)


def chosen(names: str) -> list[Row]:
    """Gives the rows that are named, with commas between; all for "".

    Raises:
        ValueError: A name that no row has.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = [row.name for row in ROWS]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(
            f"no such row: {', '.join(unknown)}; there are: {', '.join(known)}"
        )
    return [row for row in ROWS if not wanted or row.name in wanted]
