"""torch.distributed.checkpoint: two processes that load what each of them holds."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard, empty

import fastckpt.torch
from benchmarks.contenders.case import Case
from benchmarks.data import digest
from benchmarks.data.folder import Data

_RANKS = 2


def _reader(data: Data, who: str) -> Callable[[], Any]:
    if who == "ours":
        return partial(fastckpt.torch.CheckpointReader, data.prefix("bert"))
    if who == "ours, verify=True":
        return partial(
            fastckpt.torch.CheckpointReader, data.prefix("bert"), verify=True
        )
    if who == "own format":
        return partial(dcp.FileSystemReader, data.prefix("bert.dcp"))
    return partial(dcp.HuggingFaceStorageReader, data.prefix("bert.hf"))


def _prepare(data: Data) -> None:
    """Makes what the other readers read, of the same tensors."""
    own, safetensors = (Path(data.prefix(f"bert.{kind}")) for kind in ("dcp", "hf"))
    if not (own / ".metadata").exists():
        tensors = fastckpt.torch.load_file(data.prefix("bert"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that one process saves alone
            dcp.save(dict(tensors), checkpoint_id=own)
    safetensors.mkdir(exist_ok=True)
    link = safetensors / "model.safetensors"
    if not link.exists():
        os.link(data.safetensors("bert"), link)


def _make_state(data: Data, is_split: bool) -> dict[str, DTensor]:
    """Makes tensors whose rows are divided where they can be; else all have all."""
    mesh = init_device_mesh("cpu", (_RANKS,))
    state = {}
    for name, (_, shape) in data.places("bert").items():
        fits = is_split and bool(shape) and shape[0] % _RANKS == 0
        placement = Shard(0) if fits else Replicate()
        state[name] = empty(*shape, device_mesh=mesh, placements=[placement])
    return state


def _prove(state: dict[str, DTensor]) -> str:
    """Gives the digest of the tensors put together, and forgets them."""
    whole = {name: tensor.full_tensor() for name, tensor in state.items()}
    found = digest.of_arrays({name: tensor.numpy() for name, tensor in whole.items()})
    for tensor in state.values():
        tensor.to_local().zero_()
    return found


def _work(
    folder: Path, who: str, is_split: bool, store: str, rank: int, pipe: Connection
) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=_RANKS
    )
    data = Data(folder)
    make_reader, state = _reader(data, who), _make_state(data, is_split)
    pipe.send("ready")
    with suppress(EOFError):  # the parent ended
        while True:
            if pipe.recv() == "run":
                dcp.load(dict(state), storage_reader=make_reader())
                pipe.send("done")
            else:
                pipe.send(_prove(state))
    dist.destroy_process_group()


class _Ranks:
    """The processes, which end with this one."""

    def __init__(self, data: Data, who: str, is_split: bool) -> None:
        self._folder = tempfile.TemporaryDirectory()
        store = os.path.join(self._folder.name, "store")
        processes = get_context("spawn")
        self._pipes = []
        for rank in range(_RANKS):
            here, there = processes.Pipe()
            arguments = (data.folder, who, is_split, store, rank, there)
            processes.Process(target=_work, args=arguments, daemon=True).start()
            there.close()
            self._pipes.append(here)
        self._take()

    def _take(self) -> list[str]:
        return [pipe.recv() for pipe in self._pipes]

    def ask(self, what: str) -> list[str]:
        for pipe in self._pipes:
            pipe.send(what)
        return self._take()


def load(data: Data, who: str, is_split: bool) -> Case:
    _prepare(data)
    ranks = _Ranks(data, who, is_split)
    expected = " ".join([data.entry("bert")["digest"]] * _RANKS)
    return Case(
        lambda: ranks.ask("run"), lambda _: " ".join(ranks.ask("prove")), expected
    )
