"""The rows about the table of a GiB, and about what loads hand out beside views."""

from __future__ import annotations

from benchmarks.row import Child, Floor, Goal, Row

__all__ = ["ROWS"]

_OURS, _NP, _ST = "ours", "with_numpy", "with_safetensors"
_US, _FLOOR = "fastckpt", "floor"
_STORES = {
    "h5py": ("hdf5", "h5py"),
    "zarr 3": ("zarr3", "zarr"),
    "TensorStore": ("tensorstore", "tensorstore zarr"),
}


def _stores(function: str) -> dict[str, Child]:
    return {
        label: Child("with_stores", function, {"store": store}, "copies", needs)
        for label, (store, needs) in _STORES.items()
    }


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


ROWS: tuple[Row, ...] = (
    _handles("bert", "{bert_count} tensors", 1.0),
    _handles("small", "{small}", 0.60),
    Row(
        "single-rows",
        "500 single rows by number, of {table}, checked once before",
        {
            _US: Child(_OURS, "single_rows", {}, "copies"),
            "fastckpt handle": Child(
                _OURS, "single_rows", {"by_handle": True}, "copies"
            ),
            "np.memmap": Child(_NP, "single_rows", {}, "copies"),
            "safetensors get_slice": Child(_ST, "single_rows", {}, "copies"),
            **_stores("single_rows"),
        },
        (
            Goal("np.memmap, read", 1.2, _US, ("np.memmap",)),
            Goal("np.memmap, handle", 1.2, "fastckpt handle", ("np.memmap",)),
        ),
    ),
    Row(
        "rows-256",
        "16 batches of 256 random rows by number, of {table}, checked once before",
        {
            _US: Child(_OURS, "batches", {}, "copies"),
            "np.take of a memmap": Child(_NP, "batches", {"takes": True}, "copies"),
            "np.memmap": Child(_NP, "batches", {}, "copies"),
            **_stores("batches"),
        },
        (
            Goal("np.take", 1.15, _US, ("np.take of a memmap",)),
            Goal("np.memmap", 0.75, _US, ("np.memmap",)),
        ),
    ),
    Row(
        "rows-65536",
        "65,536 random rows by number, of {table}, checked once before",
        {
            _US: Child(_OURS, "many_rows", {}, "copies"),
            "fastckpt, out=": Child(_OURS, "many_rows", {"keeps": True}, "copies"),
            "np.take of a memmap": Child(_NP, "many_rows", {}, "copies"),
            _FLOOR: Floor("gather", "table", "gather"),
        },
        (
            Goal("np.take", 0.85, _US, ("np.take of a memmap",)),
            Goal("np.take, out=", 0.75, "fastckpt, out=", ("np.take of a memmap",)),
            Goal("floor, out=", 1.15, "fastckpt, out=", (_FLOOR,)),
        ),
    ),
    Row(
        "loader",
        "a torch DataLoader: 4 workers, 200 batches of 256 random rows of {table}",
        {
            label: Child("with_torch", "loader", {"who": who}, "copies", needs)
            for label, who, needs in (
                (_US, "ours", "torch"),
                ("np.memmap", "memmap", "torch"),
                *(
                    (label, store, f"torch {needs}")
                    for label, (store, needs) in _STORES.items()
                ),
            )
        },
        (Goal("np.memmap's time", 1 / 0.9, _US, ("np.memmap",)),),
    ),
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
