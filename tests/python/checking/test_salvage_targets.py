"""fastckpt.salvage: where it writes; what has the name stays, whenever it came."""

from __future__ import annotations

import os
import types
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from damage import flip
from fastckpt.checking import rescue

TENSORS = {"w": np.arange(50, dtype=np.float32), "b": np.ones(3)}
OLD = ".fastckpt-0123abcd.old"


@pytest.fixture
def prefix(tmp_path) -> Path:
    fastckpt.save(tmp_path / "in" / "m", TENSORS)
    return tmp_path / "in" / "m"


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(it): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def leave_data(to: Path) -> None:
    """What a save that was killed had set aside, and whose index is gone."""
    fastckpt.save(to, TENSORS)
    os.rename(f"{to}.data-00000-of-00001", f"{to}.data-00000-of-00001{OLD}")
    os.unlink(f"{to}.index")


def leave_tempstate(to: Path) -> None:
    fastckpt.save(to, TENSORS)
    for ending in (".index", ".data-00000-of-00001"):
        os.rename(f"{to}{ending}", f"{to}{ending}.tempstate77")


def leave_parts(to: Path) -> None:
    fastckpt.save(f"{to}_temp/part-00000-of-00001", TENSORS)


def leave_new(to: Path) -> None:
    """What a save that was killed lacked only the names of."""
    fastckpt.save(to, TENSORS)
    for ending in (".index", ".data-00000-of-00001"):
        os.rename(f"{to}{ending}", f"{to}{ending}.fastckpt-0123abcd.tmp")


@pytest.mark.parametrize("leave", [leave_data, leave_tempstate, leave_parts, leave_new])
def test_a_name_under_which_a_save_left_files_is_refused(leave, prefix, tmp_path):
    to = tmp_path / "to"
    leave(to)
    before = files_in(tmp_path)
    for source in (prefix, tmp_path / "in"):
        with pytest.raises(FileExistsError, match="did not finish"):
            fastckpt.salvage(source, to)
    assert files_in(tmp_path) == before


def test_what_a_killed_salvage_was_writing_keeps_no_name(prefix, tmp_path):
    (tmp_path / "to.data-00000-of-00001.fastckpt-0123abcd.tmp").write_bytes(b"half")
    assert fastckpt.salvage(prefix, tmp_path / "to").ok
    names = {"to.index", "to.data-00000-of-00001"}
    assert {it.name for it in tmp_path.glob("to*")} == names


def test_a_link_to_an_index_that_is_not_there_is_refused(prefix, tmp_path):
    (tmp_path / "to.index").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError, match="name that is free"):
        fastckpt.salvage(prefix, tmp_path / "to")
    assert (tmp_path / "to.index").is_symlink()


def test_what_comes_while_it_is_written_is_not_replaced(prefix, tmp_path, monkeypatch):
    def rewrite(**options):
        fastckpt.save(tmp_path / "to", {"precious": np.ones(3)})
        native.rewrite(**options)

    native = rescue._native
    monkeypatch.setattr(rescue, "_native", types.SimpleNamespace(rewrite=rewrite))
    with pytest.raises(FileExistsError, match="a checkpoint has this name"):
        fastckpt.salvage(prefix, tmp_path / "to")
    assert list(fastckpt.load(tmp_path / "to")) == ["precious"]
    assert len(list(tmp_path.glob("to*"))) == 2


def test_nor_is_it_by_a_v1_file(tmp_path, monkeypatch):
    fastckpt.save(tmp_path / "m", TENSORS, format="v1")

    def write(*args):
        fastckpt.save(tmp_path / "to", {"precious": np.ones(3)}, format="v1")
        write_it(*args)

    write_it = rescue.write
    monkeypatch.setattr(rescue, "write", write)
    with pytest.raises(FileExistsError, match="a checkpoint has this name"):
        fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    assert list(fastckpt.load(tmp_path / "to")) == ["precious"]
    assert len(list(tmp_path.glob("to*"))) == 1


def test_a_folder_that_is_named_like_that_of_parts_is_one_like_others(tmp_path):
    folder = tmp_path / "run_temp"
    fastckpt.save(folder / "m-1", TENSORS)
    flip(folder / "m-1.index", 9)
    report = fastckpt.salvage(folder, tmp_path / "to")
    assert (report.source, report.ok) == (str(folder / "m-1"), True)


def test_a_tempstate_is_called_so(tmp_path):
    leave_tempstate(tmp_path / "m")
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    assert "read from .tempstate files" in report.repaired[0]
