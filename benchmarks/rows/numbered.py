"""The rows about random rows of a table, asked for by number."""

from __future__ import annotations

from benchmarks.rows.row import Child, Floor, Goal, Row

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


ROWS: tuple[Row, ...] = (
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
)
