"""What is measured on a file of one's own depends on the file."""

import os

import numpy as np
import pytest
from benchmarks.contenders import ours_on_file, with_peers
from benchmarks.contenders.peers import PEERS
from benchmarks.mine import rows as mine_rows
from benchmarks.mine import subject as mine_subject

import fastckpt


def subject_of(tmp_path, tensors: dict, **how: object) -> mine_subject.Subject:
    path = tmp_path / "model"
    fastckpt.save(path, tensors, **how)
    return mine_subject.examine(str(path))


def rows_of(subject: mine_subject.Subject, tmp_path, peers=()) -> dict:
    return {row.name: row for row in mine_rows.rows_of(subject, peers, tmp_path)}


def test_an_aligned_file_is_not_rewritten_to_be_aligned(tmp_path):
    subject = subject_of(tmp_path, {"w": np.zeros(8, np.float32)}, align=64)
    assert "mine-align" not in rows_of(subject, tmp_path)


def test_a_copy_of_v1_says_that_it_is_v2(tmp_path):
    # Three bytes of a varint's neighbour, so that the floats are not aligned.
    tensors = {"a": np.arange(3, dtype=np.int32), "w": np.arange(9, dtype=np.float32)}
    subject = subject_of(tmp_path, tensors, format="v1")
    assert subject.shards == 0
    row = rows_of(subject._replace(unaligned=1), tmp_path)["mine-align"]
    assert list(row.contenders) == ["as it is", "rewritten as V2 with align=64"]


@pytest.mark.parametrize(
    ("shards", "label"),
    [(1, "rewritten into 4 files"), (3, "rewritten into 1 file")],
)
def test_a_large_file_is_tried_in_several_and_several_in_one(shards, label, tmp_path):
    tensors = {f"w{i}": np.zeros(64, np.float32) for i in range(6)}
    subject = subject_of(tmp_path, tensors, shards=shards)
    assert subject.shards == shards
    assert "mine-shards" not in rows_of(subject, tmp_path)
    subject.entry["stored"] = 1 << 30
    rows = rows_of(subject, tmp_path)
    for name in ("mine-shards", "mine-shards-cold"):
        assert list(rows[name].contenders) == ["as it is", label]


def test_copies_on_another_disk_are_not_compared(tmp_path, monkeypatch):
    subject = subject_of(tmp_path, {"w": np.zeros(64, np.float32)})
    subject = subject._replace(unaligned=1)
    subject.entry["stored"] = 1 << 30
    copies = {"mine-align", "mine-shards", "mine-shards-cold"}
    assert copies <= rows_of(subject, tmp_path).keys()
    assert mine_rows.needless(subject, tmp_path) == {}
    monkeypatch.setattr(mine_rows, "_disk", lambda path: str(path))
    assert not copies & rows_of(subject, tmp_path).keys()
    found = mine_rows.needless(subject, tmp_path)
    assert found.keys() == copies
    assert all("--scratch" in why for why in found.values())


def test_what_auto_reads_gives_copies(tmp_path):
    subject = subject_of(tmp_path, {"w": np.zeros(64, np.float32)})
    read = subject._replace(explanation=subject.explanation._replace(io="read"))
    for each, gives in ((subject, "views"), (read, "copies")):
        for name in ("mine-load", "mine-cold"):
            assert rows_of(each, tmp_path)[name].contenders["fastckpt"].gives == gives


def test_the_index_is_read_anew_too_where_nothing_is_to_be_cached(tmp_path):
    subject = subject_of(tmp_path, {"w": np.zeros(64, np.float32)})
    data = mine_subject.prepare(tmp_path, subject)
    copied = {"rewritten": {"shards": 2}}
    for how in ({}, copied):
        case = ours_on_file.load(data, cold=True, **how)
        assert [file for file in case.cold if file.endswith(".index")]
        assert len(case.cold) == (3 if how else 2)
    case = with_peers.load(data, "np.memmap", "mine", cold=True)
    assert {os.path.basename(file) for file in case.cold} == {
        "model.index",
        "model.data-00000-of-00001",
    }


def test_cold_times_of_others_need_their_files_on_the_same_disk(tmp_path, monkeypatch):
    subject = subject_of(tmp_path, {"w": np.zeros(8, np.float32)})
    assert set(PEERS) <= set(rows_of(subject, tmp_path, PEERS)["mine-cold"].contenders)
    monkeypatch.setattr(mine_rows, "_disk", lambda path: str(path))
    rows = rows_of(subject, tmp_path, PEERS)
    own = {label for label, peer in PEERS.items() if not peer.format}
    assert set(rows["mine-cold"].contenders) == own | {"fastckpt"}
    assert set(PEERS) <= set(rows["mine-load"].contenders)
    assert os.path.exists(subject.entry["files"][0])
