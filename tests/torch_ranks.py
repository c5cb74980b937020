"""Processes that load together: `python torch_ranks.py FOLDER RANK RANKS`."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Replicate, Shard, distribute_tensor

import fastckpt
import fastckpt.torch

W = torch.arange(70 * 33, dtype=torch.float32).reshape(70, 33)
TABLE = torch.arange(30 * 8, dtype=torch.bfloat16).reshape(30, 8)
RANKS = int(sys.argv[3])


class Counting(fastckpt.torch.CheckpointReader):
    """Counts the bytes that a plan asks for."""

    def read_data(self, plan, planner):
        from fastckpt.matching.parts import find_parts
        from fastckpt.torch.reader import _box_of

        self.wanted = 0
        for item in plan.items:
            pair = self._pairs[item.storage_index.fqn]
            shapes = [self._checkpoint.info(name).shape for name in pair.sources]
            for part in find_parts(pair, shapes, _box_of(item)):
                name = pair.sources[part.source]
                region = tuple(slice(*bounds) for bounds in part.box)
                runs = self._checkpoint.byte_runs(name, region)
                self.wanted += sum(nbytes for _, _, nbytes in runs)
        return super().read_data(plan, planner)


def write(folder: Path) -> None:
    with fastckpt.Writer(folder / "m", shards=2) as writer:
        writer.add("w", W)
        writer.add("step", np.array(7))
        writer.add("text", [b"a"])
        writer.add_slice("table", TABLE[:10], (30, 8), (0, 0))
        writer.add_slice("table", TABLE[10:], (30, 8), (10, 0))


def loaded(folder: Path, placements, mesh) -> None:
    state = {
        name: distribute_tensor(torch.zeros_like(value), mesh, placements)
        for name, value in {"w": W, "renamed": TABLE}.items()
    }
    state["step"] = torch.tensor(0)
    reader = Counting(folder / "m", rules={"table": "renamed"})
    assert isinstance(reader, dcp.StorageReader)
    dcp.load(state, storage_reader=reader)
    assert state["step"].item() == 7
    held = 8 + sum(state[n].to_local().nbytes for n in ("w", "renamed"))
    assert reader.wanted == held, (reader.wanted, held)
    assert torch.equal(state["w"].full_tensor(), W)
    assert torch.equal(state["renamed"].full_tensor(), TABLE)


def shards(folder: Path) -> None:
    mesh = init_device_mesh("cpu", (RANKS,))
    for placement in (Shard(0), Shard(1), Replicate()):
        loaded(folder, [placement], mesh)
    if RANKS == 4:
        grid = init_device_mesh("cpu", (2, 2))
        for placements in ([Shard(0), Shard(1)], [Shard(1), Replicate()]):
            loaded(folder, placements, grid)


def transformed(folder: Path) -> None:
    """Rules turn, take and join; each process reads its own all the same."""
    mesh = init_device_mesh("cpu", (RANKS,))
    rules = fastckpt.Rules.parse(
        "w -> top take 0 0:20 transpose\nw -> rest take 0 20:70 transpose\n"
        "one + two -> both concat 0\nthree -> flat reshape 12\n"
    )
    one, three = torch.ones(3, 4), torch.arange(12.0).reshape(3, 4)
    if dist.get_rank() == 0:
        tensors = {"w": W, "one": one, "two": 2 * one, "three": three}
        fastckpt.torch.save_file(tensors, folder / "t")
    dist.barrier()
    wanted = {"top": W[:20].T, "rest": W[20:].T, "both": torch.cat([one, 2 * one])}
    for placement in (Shard(0), Shard(1), Replicate()):
        state = {
            name: distribute_tensor(torch.zeros(value.shape), mesh, [placement])
            for name, value in wanted.items()
        }
        reader = Counting(folder / "t", rules=rules)
        dcp.load(state, storage_reader=reader)
        assert reader.wanted == sum(it.to_local().nbytes for it in state.values())
        for name, value in wanted.items():
            assert torch.equal(state[name].full_tensor(), value), name
    flat = {"flat": distribute_tensor(torch.zeros(12), mesh, [Shard(0)])}
    reader = fastckpt.torch.CheckpointReader(folder / "t", rules=rules)
    dcp.load(flat, storage_reader=reader)
    assert torch.equal(flat["flat"].full_tensor(), three.reshape(12))


def fully_sharded(folder: Path) -> None:
    from torch.distributed.fsdp import fully_shard

    torch.manual_seed(0)
    whole = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Linear(7, 3))
    if dist.get_rank() == 0:
        fastckpt.torch.save_file(whole.state_dict(), folder / "module")
    dist.barrier()
    wanted = whole.state_dict()
    module = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Linear(7, 3))
    fully_shard(module, mesh=init_device_mesh("cpu", (RANKS,)))
    state = module.state_dict()
    dcp.load(state, storage_reader=fastckpt.torch.CheckpointReader(folder / "module"))
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor.full_tensor(), wanted[name])


def fails_everywhere(folder: Path, text: str, **how) -> None:
    """Rank 1 alone meets an error, and every rank learns of it."""
    path = folder / ("broken" if dist.get_rank() == 1 else "m")
    state = {"w": torch.zeros_like(W)}
    try:
        reader = fastckpt.torch.CheckpointReader(path, **how)
        dcp.load(state, storage_reader=reader)
    except CheckpointException as error:
        assert text in str(error), error  # noqa: PT017
    else:
        raise AssertionError("no error")


def missing(folder: Path) -> None:
    fails_everywhere(folder, "broken")


def damaged(folder: Path) -> None:
    if dist.get_rank() == 0:
        for file in folder.glob("m.*"):
            content = bytearray(file.read_bytes())
            if "data-00000" in file.name:
                content[100] ^= 1
            (folder / file.name.replace("m.", "broken.", 1)).write_bytes(content)
    dist.barrier()
    fails_everywhere(folder, "checksum")


# One after the other in the same processes: torch takes long to start.
CASES = (shards, transformed, fully_sharded, missing, damaged)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder}/store",
        rank=int(sys.argv[2]),
        world_size=RANKS,
        timeout=timedelta(seconds=200),
    )
    for case in CASES:
        print(case.__name__, file=sys.stderr)
        case(folder)
        dist.barrier()
    dist.destroy_process_group()
