"""The row about every other library that holds the same tensors."""

from __future__ import annotations

from benchmarks.contenders.peers import PEERS
from benchmarks.rows.row import Child, Row

__all__ = ["ROWS"]


def _of_everybody(entry: str) -> dict[str, Child]:
    """Gives the contenders of a row about the tensors of an entry of the data."""
    return {
        label: Child(
            "with_peers", "load", {"who": label, "name": entry}, peer.gives, peer.needs
        )
        for label, peer in PEERS.items()
    }


ROWS: tuple[Row, ...] = (
    Row(
        "peers",
        "{bert}: loaded by each library as it advises, and every byte summed",
        {
            "fastckpt": Child("ours", "load_and_touch", {}, "views"),
            "fastckpt, copy=True": Child(
                "ours", "load_and_touch", {"copy": True}, "copies"
            ),
            **_of_everybody("bert"),
        },
    ),
)
