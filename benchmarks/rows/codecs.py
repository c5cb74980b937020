"""The rows about CRC32C and Snappy alone."""

from __future__ import annotations

from benchmarks.data.facts import in_bytes
from benchmarks.rows.row import Goal, Row

__all__ = ["CRC_SIZES", "ROWS"]

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
        "crc32c",
        "CRC32C alone",
        goals=_crc_goals(),
        measure="measures.codecs.crc32c_rates",
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
        measure="measures.codecs.snappy_times",
    ),
)
