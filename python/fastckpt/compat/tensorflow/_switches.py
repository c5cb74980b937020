"""What programs set before they begin: there is nothing here that it would change.

No graph runs, so no device is used, nothing is drawn at random, and old and new
behaviour are one.
"""

from __future__ import annotations

from typing import Any

from fastckpt.compat.tensorflow._namespaces import namespace

__all__ = ["config", "do_nothing", "executing_eagerly", "random"]


def do_nothing(*arguments: Any, **options: Any) -> None:
    """Does nothing: there is nothing here to set."""


def executing_eagerly() -> bool:
    """Returns True: no graph is built."""
    return True


def list_devices(device_type: str | None = None) -> list[Any]:
    """Returns an empty list: no device is used here."""
    return []


_DEVICES = {
    "get_visible_devices": list_devices,
    "list_logical_devices": list_devices,
    "list_physical_devices": list_devices,
    "set_visible_devices": do_nothing,
}

config = namespace(
    "tf.config",
    **_DEVICES,
    experimental=namespace(
        "tf.config.experimental", **_DEVICES, set_memory_growth=do_nothing
    ),
    threading=namespace(
        "tf.config.threading",
        set_inter_op_parallelism_threads=do_nothing,
        set_intra_op_parallelism_threads=do_nothing,
    ),
)
random = namespace("tf.random", set_random_seed=do_nothing, set_seed=do_nothing)
