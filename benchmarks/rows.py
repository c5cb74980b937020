"""The table: every path, who is measured on it, and how fast it should be."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks import codecs, processes
from benchmarks.data import ROOT
from benchmarks.measure import run_row
from benchmarks.row import Child, Context, Floor, Goal, Row, Samples

__all__ = ["ROWS"]

_OURS, _TF, _ST, _NP = "ours", "with_tensorflow", "with_safetensors", "with_numpy"
_US = "fastckpt"
# Calls in a row, where one takes microseconds.
_MANY = 500
_TENSORFLOWS = ("TensorFlow", "TensorFlow RestoreV2")


def _views(dataset: str, title: str, limits: tuple[float, float]) -> Row:
    return Row(
        f"views-{dataset}",
        title,
        {
            "fastckpt load()": Child(_OURS, "views_by_load", {"name": dataset}),
            "fastckpt by name": Child(_OURS, "views", {"name": dataset}),
            "np.memmap slices": Child(_NP, "memmap_slices", {"name": dataset}),
            "safetensors get_slice": Child(_ST, "slices", {"name": dataset}),
            "safetensors load_file": Child(_ST, "load", {"name": dataset}),
        },
        (
            *(
                Goal(f"{other}, {how}", limit, f"fastckpt {how}", (other,))
                for how in ("load()", "by name")
                for other, limit in (
                    ("np.memmap slices", limits[0]),
                    ("safetensors load_file", limits[1]),
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
            "unchecked": Child(_OURS, "rows", unverified | {"loops": _MANY}),
            "unchecked, a single call": Child(_OURS, "rows", unverified),
            "checked": Child(_OURS, "rows", {"name": dataset}),
            "np.memmap": Child(_NP, "rows", {"loops": _MANY}),
            "np.memmap, a single call": Child(_NP, "rows"),
            "TensorFlow": Child(_TF, "rows", {"name": dataset}),
        },
        (
            Goal("unchecked, TensorFlow", unchecked, "unchecked", ("TensorFlow",)),
            Goal("unchecked, np.memmap", memmap, "unchecked", ("np.memmap",)),
            Goal("checked, TensorFlow", checked, "checked", ("TensorFlow",)),
        ),
    )


_SCALING: dict[str, Child | Floor] = {
    "1 thread": Child(_OURS, "load", {"threads": 1}),
    "all threads": Child(_OURS, "load"),
    "16 threads": Child(_OURS, "load", {"threads": 16}),
    "floor, 1 thread": Floor("check", threads=1),
    "floor, all threads": Floor("check"),
}


def _scaling(context: Context) -> Samples:
    samples = run_row(Row("", "", _SCALING), context)
    median = {label: statistics.median(values) for label, values in samples.items()}
    ours = median["all threads"] / median["1 thread"]
    floor = median["floor, all threads"] / median["floor, 1 thread"]
    return samples | {"all / 1": [ours], "floor, all / 1": [floor]}


def _installed(_: Context) -> Samples:
    package = ROOT / "python" / "fastckpt"
    files = [
        file for file in package.rglob("*") if file.suffix in {".py", ".so", ".pyi"}
    ]
    samples: Samples = {"installed": [sum(f.stat().st_size for f in files) / 1e6]}
    wheels = sorted((ROOT / "dist").glob("*.whl")) if (ROOT / "dist").exists() else []
    if wheels:
        samples["wheel"] = [Path(wheels[-1]).stat().st_size / 1e6]
    return samples


ROWS: tuple[Row, ...] = (
    Row(
        "load",
        "`load()` checked, all bytes",
        {
            _US: Child(_OURS, "load"),
            "TensorFlow": Child(_TF, "load"),
            "TensorFlow RestoreV2": Child(_TF, "restore"),
            "safetensors": Child(_ST, "load"),
            "np.load mmap + sum": Child(_NP, "load_mmap"),
            "floor: map + CRC32C": Floor("check"),
            "floor: map + read": Floor("read"),
        },
        (
            Goal("TensorFlow", 0.24, _US, _TENSORFLOWS),
            Goal("floor", 1.15, _US, ("floor: map + CRC32C",)),
        ),
    ),
    Row(
        "load-copy",
        "`load(copy=True)` checked, into fresh memory",
        {
            _US: Child(_OURS, "load_copy"),
            "TensorFlow": Child(_TF, "load"),
            "TensorFlow RestoreV2": Child(_TF, "restore"),
            "safetensors": Child(_ST, "load"),
            "floor: CRC32C + copy": Floor("copy"),
            "floor: memcpy": Floor("memcpy"),
        },
        (
            Goal("TensorFlow", 0.40, _US, _TENSORFLOWS),
            Goal("safetensors", 0.40, _US, ("safetensors",)),
            Goal("floor", 1.20, _US, ("floor: CRC32C + copy",)),
        ),
    ),
    _views("bert", "400 tensors: open + a view of each, `verify=False`", (0.30, 0.50)),
    _views("small", "100,000 tensors: open + a view of each", (0.20, 0.35)),
    Row(
        "list",
        "100,000 tensors: open + names + dtypes + shapes",
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
        "100,000 tensors: open alone",
        {_US: Child(_OURS, "open_only"), "TensorFlow": Child(_TF, "open_only")},
        (Goal("TensorFlow", 0.10, _US, ("TensorFlow",)),),
        is_view=True,
    ),
    Row(
        "open-memory",
        "100,000 tensors: growth of the process",
        goals=(Goal("bytes per tensor, open", 300, "open"),),
        measure=processes.memory_of_open,
        is_view=True,
        unit="bytes per tensor",
    ),
    Row(
        "new-process",
        "one tensor, new process (import + open + read)",
        goals=(
            Goal("TensorFlow load_variable", 0.06, _US, ("TensorFlow",)),
            Goal("safetensors", 1.02, _US, ("safetensors",)),
            Goal("NumPy alone", 1.10, _US, ("NumPy",)),
        ),
        measure=processes.new_process,
    ),
    Row(
        "one-tensor",
        "one 12.8 MB tensor, warm, checked",
        {
            _US: Child(_OURS, "one"),
            "TensorFlow": Child(_TF, "one"),
            "safetensors": Child(_ST, "one"),
            "floor: map + CRC32C": Floor("check", "embedding", "one"),
        },
        (
            Goal("TensorFlow", 0.28, _US, ("TensorFlow",)),
            Goal("floor", 1.15, _US, ("floor: map + CRC32C",)),
        ),
    ),
    _matrix_rows("embedding", "128 rows of a 256 MB matrix", 0.001, 0.13),
    _matrix_rows("partitioned", "the same, partitioned in 8", 0.001, 0.03),
    Row(
        "verify",
        "`verify()` of all",
        {_US: Child(_OURS, "verify"), "floor: map + CRC32C": Floor("check")},
        (Goal("floor", 1.10, _US, ("floor: map + CRC32C",)),),
    ),
    Row(
        "save",
        "save with fsync",
        {
            _US: Child(_OURS, "save"),
            "TensorFlow + fsync": Child(_TF, "save"),
            "floor: write + fsync": Floor("write"),
        },
        (
            Goal("floor", 1.20, _US, ("floor: write + fsync",)),
            Goal("TensorFlow + fsync", 0.50, _US, ("TensorFlow + fsync",)),
        ),
    ),
    Row(
        "workers",
        "4 workers, every tensor",
        goals=(
            Goal("Pss of the data, forked", 1.10, "Pss / data, fork"),
            Goal("Pss of the data, spawned", 1.15, "Pss / data, spawn"),
            Goal("private, forked", 0.13, "private / data, fork"),
            Goal("private, spawned", 0.13, "private / data, spawn"),
            Goal("TensorFlow's time", 0.17, "seconds, fork", ("seconds, TensorFlow",)),
        ),
        measure=processes.workers,
        unit="s, or share of the data",
    ),
    Row(
        "beside",
        "a Python thread that counts beside a load",
        goals=(
            Goal("rate kept", 0.90, "rate kept", at_least=True),
            Goal("load slowed", 1.30, "load slowed"),
        ),
        measure=processes.beside,
        unit="ratio",
    ),
    Row(
        "threads",
        "all threads against 1",
        _SCALING,
        goals=(Goal("floor's scaling", 1.20, "all / 1", ("floor, all / 1",)),),
        measure=_scaling,
        unit="s, or ratio",
    ),
    Row(
        "cold",
        "cold load",
        {
            _US: Child(_OURS, "load_cold"),
            'fastckpt io="read"': Child(_OURS, "load_cold", {"io": "read"}),
            "TensorFlow": Child(_TF, "load_cold"),
            "floor: cold mapping": Floor("cold-map"),
            "floor: O_DIRECT": Floor("cold-direct"),
        },
        (
            Goal(
                "best cold read",
                1.15,
                _US,
                ("floor: cold mapping", "floor: O_DIRECT"),
            ),
        ),
    ),
    Row(
        "import",
        "import, above NumPy",
        goals=(
            Goal("milliseconds", 5, "milliseconds"),
            Goal("MB", 4, "MB"),
        ),
        measure=processes.import_cost,
        unit="ms, MB",
    ),
    Row(
        "size",
        "size of the package",
        goals=(
            Goal("wheel, MB", 0.8, "wheel"),
            Goal("installed, MB", 2.5, "installed"),
        ),
        measure=_installed,
        unit="MB",
    ),
    Row(
        "crc32c",
        "CRC32C alone",
        goals=codecs.crc32c_goals(),
        measure=codecs.crc32c_rates,
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
        measure=codecs.snappy_times,
    ),
    Row(
        "resnet",
        "a ResNet, 100 MB at most: `load()` checked",
        {
            _US: Child(_OURS, "load", {"name": "resnet"}),
            "TensorFlow": Child(_TF, "load", {"name": "resnet"}),
            "safetensors": Child(_ST, "load", {"name": "resnet"}),
            "floor: map + CRC32C": Floor("check", "resnet", "resnet"),
        },
    ),
    Row(
        "strings",
        "100,000 strings: `load()` checked",
        {
            _US: Child(_OURS, "load_strings"),
            "TensorFlow": Child(_TF, "load_strings"),
        },
    ),
)
