"""Other libraries that hold the same tensors: who they are, and what each needs.

Each reads a file of its own format as its own documentation advises; `page` is where
that stands. The functions are in `peer_readers`, under the same names.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PEERS", "Peer"]


class Peer(NamedTuple):
    """A way to read all tensors of a file.

    Attributes:
        reader: The function of `peer_readers`.
        format: What it reads, written by a function of `peer_writers`;
            "" for the checkpoint itself.
        gives: What the caller has in the end.
        needs: What it is not measured without; see `needs`.
        page: The page of its documentation that says how.
    """

    reader: str
    format: str
    gives: str
    needs: str
    page: str


PEERS: dict[str, Peer] = {
    "TensorFlow": Peer(
        "tensorflow_reader", "", "copies", "tensorflow", "tf.train.load_checkpoint"
    ),
    "TensorFlow RestoreV2": Peer(
        "tensorflow_restore", "", "copies", "tensorflow", "tf.raw_ops.RestoreV2"
    ),
    "safetensors": Peer(
        "safetensors_numpy", "safetensors", "copies", "safetensors",
        "Safetensors: Numpy API",
    ),
    "safetensors.torch": Peer(
        "safetensors_torch", "safetensors", "views", "safetensors torch",
        "Safetensors: Torch API",
    ),
    "torch.load": Peer("torch_load", "torch", "copies", "torch", "torch.load"),
    "torch.load(mmap=True)": Peer(
        "torch_load_mmap", "torch", "views", "torch",
        "PyTorch tutorials: Tips for Loading an nn.Module from a Checkpoint",
    ),
    "np.memmap": Peer("numpy_memmap", "", "views", "", "numpy.memmap"),
    "np.load(mmap_mode)": Peer("numpy_load_mmap", "npy", "views", "", "numpy.load"),
    "np.load": Peer("numpy_load", "npy", "copies", "", "numpy.load"),
    "npz": Peer("numpy_npz", "npz", "copies", "", "numpy.load"),
    "h5py": Peer("hdf5", "hdf5", "copies", "h5py", "h5py: Datasets"),
    "zarr 3": Peer(
        "zarr3", "zarr", "copies", "zarr", "Zarr: Optimizing performance"
    ),
    "TensorStore": Peer(
        "tensorstore", "zarr", "copies", "tensorstore zarr", "tensorstore.Batch"
    ),
    "Orbax": Peer(
        "orbax", "orbax", "copies", "jax orbax.checkpoint",
        "Orbax: Checkpointing PyTrees of Arrays",
    ),
}  # fmt: skip
