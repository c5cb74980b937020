"""Imports that wait until somebody needs them, in a block ``with importing:``.

Python locks a module while it is imported, and a child that is forked meanwhile by
another thread waits for that lock for ever. A fork therefore waits for the blocks
that other threads are in; why nobody can wait in a circle is argued in the core, at
``ImportGate``. Every import that is not at the top of a module goes through here,
also those by name; a test reads the sources and watches the calls.

Nothing that takes long otherwise belongs in a block, and no call of a user's code.
"""

from __future__ import annotations

import os

from fastckpt._native import ImportGate

__all__ = ["importing"]

importing = ImportGate()
"""What ``with`` takes; the same thread may be in several blocks at once."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=ImportGate.begin_fork,
        after_in_parent=ImportGate.end_fork_in_parent,
        after_in_child=ImportGate.end_fork_in_child,
    )
