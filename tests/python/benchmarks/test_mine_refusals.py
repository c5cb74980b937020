"""What cannot be measured is one clear line, before anything is written."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from benchmarks.__main__ import main
from benchmarks.contenders import peer_writers, with_peers
from benchmarks.data.folder import Data
from benchmarks.machine import room
from benchmarks.machine.needs import NotHere
from benchmarks.mine import run as mine_run
from benchmarks.mine import subject as mine_subject
from benchmarks.timing.process import Ended
from own_files import refused, state_of

import fastckpt


def test_a_row_that_is_none_is_refused(model, tmp_path, capsys):
    arguments = ["--rows", "load", "--out", str(tmp_path), "--peers", "none"]
    status = main(["mine", model, *arguments])
    assert status == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("no such row here: load; there are: mine-folios, ")


@pytest.mark.parametrize("option", ["--out", "--scratch"])
@pytest.mark.parametrize("below", [".", "results", "../own"])
def test_the_checkpoints_own_folder_is_refused(option, below, model, tmp_path, capsys):
    folder = tmp_path / "own" / below
    before = state_of(tmp_path / "own")
    out = [] if option == "--out" else ["--out", str(tmp_path)]
    status, said = refused(capsys, model, option, str(folder), *out)
    assert status == 2
    assert "nothing is written there" in said
    assert option in said
    assert state_of(tmp_path / "own") == before


def test_a_link_into_the_checkpoints_folder_is_refused(model, tmp_path, capsys):
    (tmp_path / "link").symlink_to(tmp_path / "own")
    status, said = refused(capsys, model, "--out", str(tmp_path / "link" / "x"))
    assert status == 2
    assert "nothing is written there" in said


def test_a_checkpoint_behind_links_has_the_folder_of_its_files(model, tmp_path, capsys):
    links = tmp_path / "links"
    links.mkdir()
    for file in (tmp_path / "own").iterdir():
        (links / file.name).symlink_to(file)
    for out in (tmp_path / "own", links):
        status, _ = refused(capsys, str(links / "model"), "--out", str(out))
        assert status == 2


def test_a_file_that_is_not_there(tmp_path, capsys):
    status, said = refused(capsys, str(tmp_path / "no"), "--out", str(tmp_path))
    assert status == 2
    assert str(tmp_path / "no") in said


def test_a_file_of_something_else(tmp_path, capsys):
    file = tmp_path / "weights.npz"
    np.savez(file, w=np.zeros(3))
    status, said = refused(capsys, str(file), "--out", str(tmp_path))
    assert status in (1, 2)
    assert "weights.npz" in said


def test_a_damaged_file_is_measured_by_nobody(model, tmp_path, capsys):
    data = Path(f"{model}.data-00000-of-00001")
    content = bytearray(data.read_bytes())
    content[17] ^= 1
    data.write_bytes(content)
    status, said = refused(capsys, model, "--out", str(tmp_path / "out"))
    assert status == 1
    assert "'w'" in said or '"w"' in said
    assert "nothing was measured" in said
    assert not (tmp_path / "out").exists()


def test_a_cut_file_is_measured_by_nobody(model, tmp_path, capsys):
    os.truncate(f"{model}.data-00000-of-00001", 100)
    status, said = refused(capsys, model, "--out", str(tmp_path))
    assert status == 1
    assert "nothing was measured" in said


def test_a_checkpoint_without_arrays_is_refused(tmp_path, capsys):
    fastckpt.save(tmp_path / "words", {"w": np.array([b"x"], object)})
    status, said = refused(
        capsys, str(tmp_path / "words"), "--out", str(tmp_path / "o")
    )
    assert status == 2
    assert "no tensor that has an array" in said


def test_a_url_is_refused(tmp_path, capsys):
    status, said = refused(capsys, "s3://bucket/model", "--out", str(tmp_path))
    assert status == 2
    assert "a URL" in said


def test_a_peer_that_is_none_is_refused(model, tmp_path, capsys):
    status, said = refused(capsys, model, "--peers", "pickle", "--out", str(tmp_path))
    assert status == 2
    assert "no such peer: pickle; there are: TensorFlow, " in said


@pytest.mark.parametrize("option", ["--out", "--scratch"])
def test_a_folder_that_cannot_be_made_is_one_line(option, model, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    other = ["--out", str(tmp_path / "out")] if option == "--scratch" else []
    folder = str(tmp_path / "file" / "folder")
    status, said = refused(capsys, model, option, folder, *other)
    assert status == 2
    assert option in said


def test_what_would_not_fit_into_memory_is_refused(
    model, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(mine_subject, "available_memory", lambda: 100)
    status, said = refused(capsys, model, "--out", str(tmp_path / "out"))
    assert status == 2
    assert "need 281 B of memory, and 100 B are available" in said


def test_a_disk_that_fills_up_is_said_and_what_filled_it_is_gone(tmp_path, monkeypatch):
    def fill(path: Path, _: object) -> None:
        path.write_bytes(b"x")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(peer_writers.WRITERS, "npz", fill)
    with pytest.raises(NotHere, match="cannot be written: No space left on device"):
        peer_writers.write("npz", tmp_path / "file", None)
    assert list(tmp_path.iterdir()) == []


def test_a_format_that_lacks_a_dtype_is_said(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise TypeError("no such dtype: x\nand more")

    monkeypatch.setitem(peer_writers.WRITERS, "npz", refuse)
    with pytest.raises(
        NotHere, match=r"does not hold these tensors: no such dtype: x$"
    ):
        peer_writers.write("npz", tmp_path / "file", None)


def test_an_interrupt_is_no_traceback(monkeypatch, capsys, tmp_path):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mine_run, "run", interrupt)
    assert main(["mine", "model", "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_what_has_no_space_is_not_measured(tmp_path, monkeypatch):
    entry = {"path": "model", "stored": 1 << 30}
    (tmp_path / "manifest.json").write_text(json.dumps({"mine": entry}))
    monkeypatch.setattr(with_peers, "free_disk", lambda _: 1 << 20)
    with pytest.raises(NotHere, match=r"needs 1\.1 GiB in .*, where 1 MiB are free"):
        with_peers.path_of(Data(tmp_path), "mine", "npz")
    assert room.free_disk(tmp_path / "not" / "there") > 0


def test_a_file_that_changes_meanwhile_is_one_line(
    model, tmp_path, capsys, monkeypatch
):
    def ended(*_: object) -> None:
        raise Ended("fastckpt ended with status 1")

    monkeypatch.setattr(mine_run, "run_row", ended)
    arguments = ["--peers", "none", "--out", str(tmp_path)]
    assert main(["mine", model, *arguments, "--scratch", str(tmp_path)]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == "mine-folios: fastckpt ended with status 1; did the file change?"
    assert {file.name for file in tmp_path.iterdir()} == {"own"}
