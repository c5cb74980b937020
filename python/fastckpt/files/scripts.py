"""Python in one line that makes a checkpoint of another library's file or folder.

Nothing that a file holds is run: torch loads weights alone, NumPy no pickles.
"""

from __future__ import annotations

from fastckpt.files.shell import quote

__all__ = ["LIBRARIES", "make_script"]

#: A tree's arrays and numbers by their paths; lists count, and bare arrays have a name.
_FLATTEN = (
    'f = lambda t, p="": {p[:-1] or "array": t} '
    'if hasattr(t, "shape") or isinstance(t, (int, float)) else '
    '{k: v for n, u in (t.items() if hasattr(t, "items") else enumerate(t) '
    'if isinstance(t, (list, tuple)) else ()) for k, v in f(u, f"{p}{n}/").items()}'
)
_GROUPS = (
    'f = lambda g, p="": {**{p + n: a[...] for n, a in g.arrays()}, '
    '**{k: v for n, h in g.groups() for k, v in f(h, f"{p}{n}/").items()}}'
)
_TORCH = 'f(torch.load(source, map_location="cpu", weights_only=True))'

# The module of a library, what is done first, and what gives the arrays.
_STEPS = {
    "npy": ("numpy", '{"array": numpy.load(source)}', ()),
    "hdf5": (
        "h5py",
        "d",
        (
            "d = {}",
            "h5py.File(source).visititems(lambda n, o: d.update({n: o[()]}) "
            'if getattr(o, "shape", None) is not None else None)',
        ),
    ),
    "torch": ("torch", _TORCH, (_FLATTEN,)),
    "old torch": ("torch", _TORCH, (_FLATTEN,)),
    "msgpack": (
        "flax.serialization",
        'f(flax.serialization.msgpack_restore(open(source, "rb").read()))',
        (_FLATTEN,),
    ),
    "orbax": (
        "os, orbax.checkpoint",
        "f(orbax.checkpoint.PyTreeCheckpointer().restore(os.path.abspath(source)))",
        (_FLATTEN,),
    ),
    "zarr": (
        "zarr",
        'f(z) if hasattr(z, "arrays") else {"array": z[...]}',
        (_GROUPS, 'z = zarr.open(source, mode="r")'),
    ),
}

LIBRARIES = {
    "npy": "NumPy",
    "hdf5": "h5py",
    "torch": "PyTorch",
    "old torch": "PyTorch",
    "msgpack": "Flax",
    "orbax": "Orbax",
    "zarr": "Zarr",
}
"""Who reads the files of a kind for which there is a script."""


def make_script(kind: str, source: str, target: str) -> str:
    """Gives a command for the shell that makes a checkpoint of a file or folder."""
    modules, arrays, before = _STEPS[kind]
    steps = (
        # No module that came with the files is imported in place of a library.
        "import sys",
        "sys.path = [p for p in sys.path if p]",
        f"import fastckpt, {modules}",
        "source, target = sys.argv[1:]",
        *before,
        f"fastckpt.save(target, {arrays})",
    )
    return f"python3 -c '{'; '.join(steps)}' {quote(source)} {quote(target)}"
