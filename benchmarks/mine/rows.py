"""What is measured on somebody's own checkpoint."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from benchmarks.contenders.peers import PEERS
from benchmarks.mine.subject import Subject
from benchmarks.rows.row import Child, Row

__all__ = ["needless", "rows_of"]

_OURS = "ours_on_file"
_ALIGN = 64
_SHARDS = 4
_WORTH_SHARDS = 64 << 20
"""Below so many bytes files of their own cost more than they could bring."""

_OF_COPIES = ("mine-align", "mine-shards", "mine-shards-cold")
_OTHER_DISK = (
    "the copy would lie on another disk: give --scratch a folder on the checkpoint's"
)
_AS_IT_IS = "as it is"


def _rewritten(subject: Subject, how: str) -> str:
    """Gives the label of a copy; those of V1 checkpoints are V2."""
    return f"rewritten{'' if subject.shards else ' as V2'} {how}"


def _load(subject: Subject, **how: object) -> Child:
    io = how.get("io", subject.explanation.io)
    gives = "copies" if how.get("copy") is True or io == "read" else "views"
    return Child(_OURS, "load", how, gives)


def _peer(label: str, cold: bool) -> Child:
    peer = PEERS[label]
    arguments = {"who": label, "name": "mine", "cold": cold}
    return Child("with_peers", "load", arguments, peer.gives, peer.needs)


def _disk(path: str | Path) -> int:
    return os.stat(path).st_dev


def _on_one_disk(label: str, subject: Subject, scratch: Path) -> bool:
    """Whether what a peer reads lies on the checkpoint's disk."""
    if not PEERS[label].format:
        return True
    return _disk(subject.entry["files"][0]) == _disk(scratch)


def _of_everybody(subject: Subject, peers: Iterable[str], scratch: Path) -> list[Row]:
    warm = {label: _peer(label, False) for label in peers}
    cold = {
        label: _peer(label, True)
        for label in peers
        if _on_one_disk(label, subject, scratch)
    }
    return [
        Row(
            "mine-load",
            "open and load everything, and sum every byte",
            {
                "fastckpt": _load(subject),
                "fastckpt, copy=True": _load(subject, copy=True),
                "fastckpt, verify=False": _load(subject, verify=False),
                **warm,
            },
        ),
        Row(
            "mine-cold",
            "the same with nothing of it in the page cache",
            {"fastckpt": _load(subject, cold=True), **cold},
        ),
    ]


def _of_ours(subject: Subject, scratch: Path) -> list[Row]:
    """Gives what only fastckpt is measured on, and what differs in one thing."""
    found = [
        Row(
            "mine-open",
            "open, and names, dtypes and shapes",
            {"fastckpt": Child(_OURS, "opened")},
            is_view=True,
        ),
        Row(
            "mine-verify",
            "`verify()`",
            {"fastckpt": Child(_OURS, "verify")},
        ),
    ]
    for name, title, cold in (
        ("mine-io", "the io modes", False),
        ("mine-io-cold", "the io modes, nothing in the page cache", True),
    ):
        modes = {
            f'io="{io}"': _load(subject, io=io, cold=cold) for io in ("mmap", "read")
        }
        found.append(Row(name, title, modes))
    huge = {
        "huge pages": _load(subject, copy=True, touches=False),
        "no huge pages": _load(subject, copy=True, touches=False, huge_pages=False),
    }
    found.append(Row("mine-huge-pages", "`load(copy=True)`", huge))
    without = needless(subject, scratch)
    if "mine-align" not in without:
        aligned = {
            _AS_IT_IS: _load(subject),
            _rewritten(subject, f"with align={_ALIGN}"): _load(
                subject, rewritten={"align": _ALIGN}
            ),
        }
        found.append(Row("mine-align", "load and sum, by alignment", aligned))
    if "mine-shards" not in without:
        count = 1 if subject.shards > 1 else _SHARDS
        label = _rewritten(
            subject, "into 1 file" if count == 1 else f"into {count} files"
        )
        for name, title, cold in (
            ("mine-shards", "load and sum, by data files", False),
            ("mine-shards-cold", "the same with nothing in the page cache", True),
        ):
            sharded = {
                _AS_IT_IS: _load(subject, cold=cold),
                label: _load(subject, cold=cold, rewritten={"shards": count}),
            }
            found.append(Row(name, title, sharded))
    return found


def needless(subject: Subject, scratch: Path) -> dict[str, str]:
    """Gives {row: why this file has nothing to try there}.

    Args:
        subject: The checkpoint.
        scratch: Where copies are made: on another disk they tell about that disk.
    """
    found = {}
    if _disk(subject.entry["files"][0]) != _disk(scratch):
        found = dict.fromkeys(_OF_COPIES, _OTHER_DISK)
    if not subject.unaligned:
        found["mine-align"] = "every tensor is aligned as it is"
    if subject.entry["stored"] < _WORTH_SHARDS:
        why = "the file is too small for several, or one, to bring anything"
        found |= {"mine-shards": why, "mine-shards-cold": why}
    return found


def rows_of(subject: Subject, peers: Iterable[str], scratch: Path) -> list[Row]:
    """Gives the rows; how the page cache holds the file comes first, while it does as
    the user left it."""
    folios = [
        Row(
            "mine-folios",
            "`load()` of the file as the page cache holds it, and read anew in order",
            measure="mine.folios.measure",
        ),
        Row(
            "mine-faults",
            "page faults of these loads",
            measure="mine.folios.faults",
            unit="faults",
        ),
    ]
    everybody = _of_everybody(subject, list(peers), scratch)
    return [*folios, *_of_ours(subject, scratch), *everybody]
