"""The rows about arrays of JAX."""

from __future__ import annotations

from benchmarks.rows.row import Child, Goal, Row

__all__ = ["ROWS"]

_US, _ORBAX = "fastckpt", "Orbax"


def _row(name: str, title: str, is_split: bool) -> Row:
    of = {"is_split": is_split}

    def child(function: str, needs: str = "jax", **more: bool) -> Child:
        return Child("with_jax", function, of | more, "copies", needs)

    return Row(
        name,
        title,
        {
            _US: child("ours"),
            "fastckpt, verify=True": child("ours", verify=True),
            _ORBAX: child("orbax", "jax orbax.checkpoint"),
            "np.fromfile + device_put": child("put"),
        },
        (Goal("Orbax", 0.70, _US, (_ORBAX,)),),
    )


ROWS: tuple[Row, ...] = (
    _row("jax-rows", "{bert}: `jax.load`, rows over four devices of the CPU", True),
    _row("jax-replicated", "{bert}: `jax.load`, all on each of four devices", False),
)
