"""What zarr, xarray and Dask make of references: each a program of its own.

`python zarr_users.py USER REFS [REFS ...]` ends with 0 if what it got from references
is what REFS.pickle, a dict of arrays, has under the same names.
"""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np


def zarr(refs: str, expected: dict[str, np.ndarray]) -> None:
    """Every array of a group, whole, and some of its rows."""
    group = _open_group(refs)
    names = group.attrs["tensors"]
    assert sorted(names) == sorted(expected)
    assert sorted(group.array_keys()) == sorted(names.values())
    for name, wanted in expected.items():
        array = group[names[name]]
        assert array.shape == wanted.shape, name
        _assert_same(array[...], wanted, name)
        if wanted.ndim and len(wanted) > 2:
            _assert_same(array[1:-1], wanted[1:-1], name)


def _open_group(refs: str) -> Any:
    import zarr as library

    options = _options(refs)
    return library.open_group("reference://", mode="r", storage_options=options)


def _options(refs: str) -> dict[str, Any]:
    """Gives what the file system needs; REFS.options has more for other machines'."""
    more = Path(f"{refs}.options")
    return {"fo": refs} | (json.loads(more.read_text()) if more.exists() else {})


def _assert_same(found: Any, wanted: np.ndarray, name: str) -> None:
    found = np.asarray(found)
    assert found.dtype.newbyteorder("=") == wanted.dtype, name
    np.testing.assert_array_equal(found, wanted, err_msg=name)


def xarray(refs: str, expected: dict[str, np.ndarray]) -> None:
    """A data set, whose variables are arrays as they were saved: nothing is decoded."""
    with _open_dataset(refs) as data:
        names = data.attrs["tensors"]
        assert sorted(data.variables) == sorted(names.values())
        assert not data.coords
        for name, wanted in expected.items():
            _assert_same(data[names[name]].values, wanted, name)


def _open_dataset(refs: str, **options: Any) -> Any:
    import xarray as library

    return library.open_dataset(
        "reference://",
        engine="zarr",
        backend_kwargs={"storage_options": _options(refs)},
        **options,
    )


def distributed(refs: str, expected: dict[str, np.ndarray]) -> None:
    """Two processes that each compute on what they read by themselves."""
    import os

    import dask
    from dask.distributed import Client, LocalCluster

    cluster = LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        host="127.0.0.1",
        protocol="tcp",
    )
    with cluster, Client(cluster) as client, _open_dataset(refs, chunks={}) as data:
        workers = set(client.run(os.getpid).values())
        assert len(workers) == 2
        assert os.getpid() not in workers
        names = data.attrs["tensors"]
        table = data[names["table"]].astype(np.float64)
        arrays = [data[names[name]] for name in expected]
        *found, total = dask.compute(*arrays, table.sum())
        assert total == expected["table"].astype(np.float64).sum()
        for array, (name, wanted) in zip(found, expected.items(), strict=True):
            _assert_same(array.values, wanted, name)


def gone(refs: str, expected: dict[str, np.ndarray]) -> None:
    """The file is not there, or is shorter: an error, and no array of zeros."""
    group = _open_group(refs)
    for name in expected:
        array = group[group.attrs["tensors"][name]]
        try:
            found = array[...]
        except Exception as error:
            print(type(error).__name__)
        else:
            raise AssertionError(f"{name}: {found!r}")


if __name__ == "__main__":
    for path in sys.argv[2:]:
        arrays = pickle.loads(Path(f"{path}.pickle").read_bytes())
        globals()[sys.argv[1]](path, arrays)
