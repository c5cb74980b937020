"""A pytest plugin: tests marked `serial` run alone, others beside each other.

pytest-xdist spreads tests over processes and knows nothing of the kind. Here every
process takes a lock on one file around each test: shared, or for a serial one
exclusive. Who waits for it holds a gate, so that the others cannot pass one after
another and leave a serial test waiting until they are through.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = [
    "Turnstile",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_runtest_protocol",
    "pytest_unconfigure",
]

FOLDER = pytest.StashKey[str]()
LOCK = pytest.StashKey["Turnstile | None"]()


class Turnstile:
    """Lets many in, or one alone, in the order in which they come."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._gate = os.open(Path(folder, "gate"), os.O_RDWR | os.O_CREAT, 0o600)
        self._room = os.open(Path(folder, "room"), os.O_RDWR | os.O_CREAT, 0o600)

    @contextmanager
    def inside(self, is_alone: bool) -> Iterator[None]:
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        fcntl.flock(self._room, fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH)
        fcntl.flock(self._gate, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._room, fcntl.LOCK_UN)


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {}).get("turnstile")
    config.stash[LOCK] = Turnstile(given) if given else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a process of pytest-xdist, before it begins, where the locks are."""
    stash = node.config.stash
    if FOLDER not in stash:
        stash[FOLDER] = tempfile.mkdtemp(prefix="fastckpt-turnstile-")
    node.workerinput["turnstile"] = stash[FOLDER]


def pytest_unconfigure(config: pytest.Config) -> None:
    if FOLDER in config.stash:
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    turnstile = item.config.stash[LOCK]
    if turnstile is None:
        return (yield)
    with turnstile.inside(item.get_closest_marker("serial") is not None):
        return (yield)
