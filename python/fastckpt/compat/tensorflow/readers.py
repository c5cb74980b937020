"""TensorFlow's readers of checkpoints.

Source: tensorflow/python/training/py_checkpoint_reader.py and checkpoint_utils.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fastckpt.compat.tensorflow._translate as _translate
import fastckpt.compat.tensorflow.gfile as gfile
from fastckpt.compat.tensorflow._dtype import DType, as_dtype
from fastckpt.compat.tensorflow._management import latest_checkpoint
from fastckpt.compat.tensorflow._opened import opened, opened_url
from fastckpt.compat.tensorflow._paths import local_path, text_of
from fastckpt.compat.tensorflow.errors import UnimplementedError
from fastckpt.files.urls import remote_url

if TYPE_CHECKING:
    from fastckpt.reading.results import TensorInfo

__all__ = [
    "CheckpointReader",
    "NewCheckpointReader",
    "list_variables",
    "load_checkpoint",
    "load_variable",
]


class CheckpointReader:
    """A checkpoint that is open for reading.

    Args:
        filename: The prefix of a V2 checkpoint, a V1 file, or the pattern of V1
            shards: str, bytes or path-like; a URL of one of these.

    Raises:
        NotFoundError: Nothing of this name is there.
        DataLossError: What is there is no checkpoint, or a damaged V1 file.
        OpError: A damaged V2 index.

    Threads: safe; reading releases the GIL.
    """

    def __init__(self, filename: Any) -> None:
        url = remote_url(filename)
        if url is None:
            self._checkpoint = opened(local_path(filename))
        else:
            self._checkpoint = opened_url(url)

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """Returns the shape of each tensor, as a list."""
        return {info.name: list(info.shape) for info in self._checkpoint.infos()}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        """Returns the type of each tensor.

        Raises:
            UnimplementedError: One has a type that TensorFlow 2.21 does not know.
        """
        dtypes: dict[str, DType] = {}
        found = {}
        for info in self._checkpoint.infos():
            if info.tf_dtype not in dtypes:
                dtypes[info.tf_dtype] = _dtype_of(info)
            found[info.name] = dtypes[info.tf_dtype]
        return found

    def has_tensor(self, tensor_str: str | bytes) -> bool:
        """Tells whether a tensor is there."""
        return text_of(tensor_str) in self._checkpoint

    def get_tensor(self, tensor_str: str | bytes) -> Any:
        """Returns a tensor's value.

        Args:
            tensor_str: Its name.

        Returns:
            COPY: a writable array of the caller's own; of strings an object array of
            bytes. A tensor without dimensions is a NumPy scalar, or bytes.

        Raises:
            NotFoundError: It is not in the checkpoint.
            OpError: Its bytes are damaged, or a file with them is not there.
            InternalError: Its type has no form in NumPy.
            UnimplementedError: It cannot be read for another reason.
        """
        name = text_of(tensor_str)
        with _translate.reading(self._checkpoint, name):
            value = self._checkpoint.read(name)
        return value if value.ndim else value[()]

    def debug_string(self) -> bytes:
        """Returns a line for each tensor: name, type and shape, in UTF-8.

        For a partitioned tensor V2 has a line for each part, under the key that it is
        stored by. A V1 file's lines come in the order of TensorFlow's hash table.
        """
        return self._checkpoint._reader.debug_string()


def _dtype_of(info: TensorInfo) -> DType:
    try:
        return as_dtype(info.tf_dtype)
    except TypeError as error:
        message = f"Data type not supported: tensor {info.name!r} is {info.tf_dtype}"
        raise UnimplementedError(None, None, message) from error


def NewCheckpointReader(filepattern: Any) -> CheckpointReader:
    """Opens a checkpoint: `CheckpointReader` by the name that scripts call."""
    return CheckpointReader(filepattern)


def load_checkpoint(ckpt_dir_or_file: Any) -> CheckpointReader:
    """Opens a checkpoint, or the newest one of a folder.

    Args:
        ckpt_dir_or_file: What `CheckpointReader` takes, or a folder with a state
            file.

    Raises:
        ValueError: The folder has no checkpoint.
    """
    found = ckpt_dir_or_file
    if gfile.isdir(found):
        found = latest_checkpoint(found)
    if found is None:
        raise ValueError(
            "Couldn't find 'checkpoint' file or checkpoints in given directory "
            f"{ckpt_dir_or_file}"
        )
    return CheckpointReader(found)


def load_variable(ckpt_dir_or_file: Any, name: str) -> Any:
    """Returns a tensor's value.

    A checkpoint stays open for the next call, as long as its files are the same, so
    a call for each name does not read the index each time.

    Args:
        ckpt_dir_or_file: What `load_checkpoint` takes.
        name: The tensor's name; one ``:0`` at its end is dropped.

    Returns:
        COPY: what `CheckpointReader.get_tensor` gives.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(
        name[:-2] if name.endswith(":0") else name
    )


def list_variables(ckpt_dir_or_file: Any) -> list[tuple[str, list[int]]]:
    """Returns name and shape of each tensor, in order of names.

    Args:
        ckpt_dir_or_file: What `load_checkpoint` takes.
    """
    shapes = load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map()
    return sorted(shapes.items())
