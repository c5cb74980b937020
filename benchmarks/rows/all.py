"""The table: every row, in the order in which they are measured and told."""

from __future__ import annotations

from benchmarks.rows import (
    checking,
    codecs,
    jax_arrays,
    loading,
    numbered,
    opening,
    parts,
    peers,
    processes,
    remote,
    saving,
    scaling,
    torch_tensors,
)
from benchmarks.rows.row import Row

__all__ = ["ROWS", "chosen"]

ROWS: tuple[Row, ...] = (
    *loading.WARM,
    *opening.ROWS,
    *parts.ROWS,
    *checking.ROWS,
    *saving.ROWS,
    *processes.SHARING,
    *loading.COLD,
    *processes.COSTS,
    *codecs.ROWS,
    *loading.OTHER_KINDS,
    *opening.HANDLES,
    *numbered.ROWS,
    *loading.CONVERTED,
    *jax_arrays.ROWS,
    *torch_tensors.ROWS,
    *peers.ROWS,
    *remote.ROWS,
    *scaling.ROWS,
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
