"""The scripts that are advised make checkpoints of what libraries themselves wrote."""

from __future__ import annotations

import os
import sys

import pytest

import children
from advice import follow, new_checkpoint
from fastckpt.files.next_steps import find_foreign, find_foreign_folder
from fastckpt.files.scripts import LIBRARIES
from installed import is_installed

TREE = (
    "{'a': {'w': numpy.ones((2, 3), numpy.float32)}, 'list': [numpy.ones(2)], 'n': 3}"
)
IN_TREE = {"a/w": (2, 3), "list/0": (2,), "n": ()}
MAKERS = {
    "hdf5": (
        "h5py",
        "f = h5py.File('it', 'w'); f['a/w'] = numpy.ones((2, 3)); f['n'] = 3; "
        "f['text'] = 'text'; f['none'] = h5py.Empty('f')",
        {"a/w": (2, 3), "n": (), "text": ()},
    ),
    "torch": (
        "torch",
        "torch.save({'a': {'w': torch.ones(2, 3, dtype=torch.bfloat16)}, "
        "'list': [torch.ones(2), None, 'x'], 'n': 3}, 'it')",
        IN_TREE,
    ),
    "old torch": (
        "torch",
        "torch.save(torch.ones(2), 'it', _use_new_zipfile_serialization=False)",
        {"array": (2,)},
    ),
    "msgpack": (
        "flax.serialization",
        f"open('it', 'wb').write(flax.serialization.msgpack_serialize("
        f"flax.serialization.to_state_dict({TREE})))",
        IN_TREE,
    ),
    "orbax": (
        "orbax.checkpoint",
        f"orbax.checkpoint.PyTreeCheckpointer().save(os.path.abspath('it'), {TREE})",
        IN_TREE,
    ),
    "zarr": (
        "zarr",
        "zarr.open_group('it', mode='w').create_group('a').create_array('w', "
        "data=numpy.ones((2, 3)))",
        {"a/w": (2, 3)},
    ),
}


def is_there(module) -> bool:
    package = module.partition(".")[0]
    try:  # Orbax's package is one that others may be in, too
        return is_installed(module if package == "orbax" else package)
    except ModuleNotFoundError:
        return False


def test_every_library_with_a_script_has_a_maker():
    assert {*MAKERS, "npy"} == LIBRARIES.keys()


@pytest.mark.frameworks
@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_advised_for_a_librarys_own_file_works(kind, tmp_path):
    module, statement, shapes = MAKERS[kind]
    if not is_there(module):
        pytest.skip(f"{module} is not installed")
    script = f"import os, numpy, {module}; {statement}"
    children.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=120)
    path = os.fspath(tmp_path / "it")
    found = find_foreign_folder(path) if os.path.isdir(path) else find_foreign(path)
    assert found is not None
    assert found.kind == kind
    follow(found.advice, tmp_path, tmp_path)
    assert {n: it.shape for n, it in new_checkpoint(tmp_path).items()} == shapes
