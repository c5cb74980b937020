"""The rows about opening and listing: no byte of data is touched in most."""

from __future__ import annotations

from benchmarks.rows.row import Child, Goal, Row

__all__ = ["HANDLES", "ROWS"]

_OURS, _TF, _ST, _NP = "ours", "with_tensorflow", "with_safetensors", "with_numpy"
_US = "fastckpt"


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


def _handles(dataset: str, title: str, limit: float) -> Row:
    of = {"name": dataset}
    return Row(
        f"handles-{dataset}",
        f"{title}: open + a handle of each, with its shape and dtype",
        {
            _US: Child(_OURS, "handles", of, "handles"),
            "safetensors get_slice": Child(_ST, "handles", of, "handles"),
        },
        (Goal("safetensors get_slice", limit, _US, ("safetensors get_slice",)),),
        is_view=True,
    )


ROWS: tuple[Row, ...] = (
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
        measure="measures.processes.memory_of_open",
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
        measure="measures.processes.new_process",
    ),
)

HANDLES: tuple[Row, ...] = (
    _handles("bert", "{bert_count} tensors", 1.0),
    _handles("small", "{small}", 0.60),
)
