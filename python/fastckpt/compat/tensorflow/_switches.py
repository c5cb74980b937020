"""What programs set before they begin: there is nothing here that it would change.

No graph runs, so no device is used, nothing is drawn at random, and old and new
behaviour are one.
"""

from __future__ import annotations

from typing import Any

from fastckpt.compat.tensorflow._namespaces import namespace

__all__ = [
    "autograph",
    "config",
    "debugging",
    "do_nothing",
    "executing_eagerly",
    "random",
    "test",
]


def do_nothing(*arguments: Any, **options: Any) -> None:
    """Does nothing: there is nothing here to set."""


def executing_eagerly() -> bool:
    """Returns True: no graph is built."""
    return True


def list_devices(device_type: str | None = None) -> list[Any]:
    """Returns an empty list: no device is used here."""
    return []


def no(*arguments: Any, **options: Any) -> bool:
    """Returns False: TensorFlow's devices and compilers are not here."""
    return False


def gpu_device_name() -> str:
    """Returns nothing: no GPU is used here."""
    return ""


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
        "tf.config.experimental",
        **_DEVICES,
        enable_op_determinism=do_nothing,
        enable_tensor_float_32_execution=do_nothing,
        set_memory_growth=do_nothing,
        set_virtual_device_configuration=do_nothing,
    ),
    experimental_run_functions_eagerly=do_nothing,
    optimizer=namespace(
        "tf.config.optimizer",
        set_experimental_options=do_nothing,
        set_jit=do_nothing,
    ),
    run_functions_eagerly=do_nothing,
    set_logical_device_configuration=do_nothing,
    set_soft_device_placement=do_nothing,
    threading=namespace(
        "tf.config.threading",
        set_inter_op_parallelism_threads=do_nothing,
        set_intra_op_parallelism_threads=do_nothing,
    ),
)
autograph = namespace("tf.autograph", set_verbosity=do_nothing)
debugging = namespace("tf.debugging", set_log_device_placement=do_nothing)
test = namespace(
    "tf.test",
    gpu_device_name=gpu_device_name,
    is_built_with_cuda=no,
    is_built_with_gpu_support=no,
    is_built_with_rocm=no,
    is_built_with_xla=no,
    is_gpu_available=no,
)
random = namespace("tf.random", set_random_seed=do_nothing, set_seed=do_nothing)
