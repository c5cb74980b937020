"""TensorFlow's listing tool, the function of it that scripts import.

Source: tensorflow/python/tools/inspect_checkpoint.py.
"""

from __future__ import annotations

import math
import re
from typing import Any

from fastckpt.compat.tensorflow.errors import InternalError, OpError
from fastckpt.compat.tensorflow.readers import CheckpointReader, NewCheckpointReader

__all__ = ["print_tensors_in_checkpoint_file"]


def print_tensors_in_checkpoint_file(
    file_name: Any,
    tensor_name: str | None,
    all_tensors: bool,
    all_tensor_names: bool = False,
    count_exclude_pattern: str = "",
) -> None:
    """Prints names, shapes and values of a checkpoint, and how many numbers it holds.

    Args:
        file_name: What `NewCheckpointReader` takes.
        tensor_name: The tensor to print; with none, names and shapes are listed.
        all_tensors: Whether to print all tensors.
        all_tensor_names: Whether to print all names, with types and shapes.
        count_exclude_pattern: Names in which this regular expression is found do
            not count.

    What goes wrong with the checkpoint is printed, not raised.
    """
    try:
        reader = NewCheckpointReader(file_name)
        if all_tensors or all_tensor_names:
            names = sorted(reader.get_variable_to_shape_map())
            _print_tensors(reader, names, with_values=all_tensors)
        elif not tensor_name:
            print(reader.debug_string().decode("utf-8", errors="ignore"))
        elif not reader.has_tensor(tensor_name):
            print(f"Tensor {tensor_name} not found in checkpoint")
            return
        else:
            _print_tensors(reader, [tensor_name], with_values=True)
        count = _count_numbers(reader, count_exclude_pattern)
        print(f"# Total number of params: {count}")
    except OpError as error:
        print(error)


def _print_tensors(
    reader: CheckpointReader, names: list[str], *, with_values: bool
) -> None:
    shapes = reader.get_variable_to_shape_map()
    dtypes = reader.get_variable_to_dtype_map()
    for name in names:
        print(f"tensor: {name} ({dtypes[name].name}) {shapes[name]}")
        if with_values:
            print(_value_of(reader, name))


def _value_of(reader: CheckpointReader, name: str) -> Any:
    try:
        return reader.get_tensor(name)
    except InternalError:
        return "<not convertible to a numpy dtype>"


def _count_numbers(reader: CheckpointReader, excluded: str) -> int:
    shapes = reader.get_variable_to_shape_map()
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    if not excluded:
        return sum(sizes.values())
    left_out = [name for name in sizes if re.search(excluded, name)]
    print(
        f"# Excluding {len(left_out)} tensors "
        f"({sum(sizes[name] for name in left_out)} params) that match {excluded} when "
        "counting."
    )
    return sum(size for name, size in sizes.items() if name not in set(left_out))
