"""Processes, threads and loops that read a checkpoint behind a URL."""

from __future__ import annotations

import pickle
import sys
import threading
import time

import numpy as np
import pytest

import children
import fastckpt
from places import TESTS

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

from range_server import RangeServer  # noqa: E402 (needs aiohttp)
from remote_stores import in_memory  # noqa: E402 (needs fsspec)


@pytest.fixture
def server(tmp_path):
    rows = np.arange(60_000.0).reshape(600, 100)
    fastckpt.save(tmp_path / "m", {"a": np.arange(5.0), "rows": rows})
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with RangeServer(files, latency=0.005) as running:
        yield running


def test_processes_threads_and_loops_read_it(server):
    command = [sys.executable, str(TESTS / "remote_workers.py"), f"{server.url}/m"]
    ran = children.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.split() == [
        "read_in_threads",
        "read_after_forks",
        "read_in_workers",
        "read_in_a_loop",
        "interrupt",
    ]
    assert "Traceback" not in ran.stderr


def test_pickle_knows_another_checkpoint_in_its_place(server):
    with fastckpt.open(f"{server.url}/m") as ckpt:
        stored = pickle.dumps(ckpt)
    server.put("m.index", server.files["m.index"] + b"x")
    with pytest.raises(fastckpt.CorruptionError, match="since the checkpoint was pick"):
        pickle.loads(stored)
    server.put("m.index", None)
    with pytest.raises(FileNotFoundError):
        pickle.loads(stored)


def test_pickle_has_what_its_file_system_is_made_with(server):
    server.misbehave("403", "m.data*", method="GET")
    options = {"headers": {"X-Who": "me"}}
    with fastckpt.open(f"{server.url}/m", storage_options=options) as ckpt:
        again = pickle.loads(pickle.dumps(ckpt))
    assert again._remote.store.system.kwargs["headers"]["X-Who"] == "me"
    with pytest.raises(PermissionError):
        again["rows"]


def test_file_system_of_one_connection_does_one_thing_at_a_time(tmp_path):
    from fsspec.implementations.memory import MemoryFileSystem

    most = []
    using = threading.Semaphore()
    crossed = threading.Event()

    def alone(name):
        def method(self, path, **options):
            if not using.acquire(blocking=False):
                crossed.set()
                using.acquire()
            most.append(name)
            time.sleep(0.002)
            using.release()
            plain = "memory" + path.removeprefix("wire")
            return getattr(fsspec.filesystem("memory"), name)(plain, **options)

        return method

    class OneWire(MemoryFileSystem):
        protocol = "wire"
        info, ls, cat_file = map(alone, ("info", "ls", "cat_file"))

        @classmethod
        def _strip_protocol(cls, path):
            return path

    fsspec.register_implementation("wire", OneWire, clobber=True)
    tensors = {f"w{i}": np.full((200, 200), i, np.float32) for i in range(8)}
    fastckpt.save(tmp_path / "m", tensors)
    url = in_memory(tmp_path).replace("memory://", "wire://")
    with fastckpt.open(f"{url}/m") as ckpt:
        regions = [(name, np.s_[::50, :3], None) for name in ckpt]
        readers = [
            threading.Thread(target=ckpt.read_many, args=(regions,)) for _ in range(3)
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert ckpt["w7"][0, 0] == 7
    assert "cat_file" in most
    assert not crossed.is_set()
