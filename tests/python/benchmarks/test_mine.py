"""A file of one's own: measured where it lies, and nothing written there."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from benchmarks import mine_run, mine_subject, quiet, room
from benchmarks.__main__ import main
from benchmarks.contenders import peer_writers, with_peers
from benchmarks.data import Data
from benchmarks.measure import Ended
from benchmarks.needs import NotHere
from benchmarks.row import Measured

import children
import fastckpt

ROOT = Path(__file__).parents[3]
CALM = quiet.State(load=0.1, running=0.0, busy=0.01, steal=0.0, disk=0.0, drift=1.01)
# Three bytes first, so that nothing after them is aligned.
TENSORS = {
    "odd": np.arange(3, dtype=np.int8),
    "../up": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a [b] *": np.arange(4, dtype=np.int64),
    "half": np.arange(5, dtype=np.float32).astype(ml_dtypes.bfloat16),
    "none": np.zeros((0, 4), np.float64),
    "one": np.array(2.5, np.float32),
    "surrogate\udcff": np.arange(100_000, dtype=np.float32),
    "words": np.array([b"a", b"b"], object),
}


def state_of(folder: Path) -> dict:
    return {
        file.name: (file.stat().st_mtime_ns, file.read_bytes())
        for file in folder.iterdir()
    }


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A checkpoint that was measured: its folder's state before, what was said, out."""
    folder, out, scratch = (tmp_path_factory.mktemp(n) for n in ("own", "out", "tmp"))
    fastckpt.save(folder / "model", TENSORS)
    before = state_of(folder)
    arguments = ["--peers", "np.memmap,npz", "--out", str(out)]
    arguments += ["--rows", "mine-align,mine-load,mine-cold"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quiet, "state", lambda *_: CALM)
        said: list[str] = []
        patch.setattr("builtins.print", lambda *words, **_: said.extend(words))
        status = main(
            ["mine", str(folder / "model"), *arguments, "--scratch", str(scratch)]
        )
    assert status == 0
    return folder, before, "\n".join(said), out, scratch


@pytest.fixture
def report(measured):
    return json.loads((measured[3] / "mine.json").read_text())


def row_of(report: dict, name: str) -> dict:
    return next(row for row in report["rows"] if row["name"] == name)


def test_nothing_is_written_beside_the_checkpoint(measured):
    folder, before, *_ = measured
    assert state_of(folder) == before


def test_nothing_stays_in_the_temporary_folder(measured):
    assert list(measured[4].iterdir()) == []


def test_the_result_has_a_schema_and_every_sample(report):
    assert report["schema"] == "fastckpt-benchmarks/mine/1"
    load = row_of(report, "mine-load")["samples"]
    assert set(load) >= {"fastckpt", "fastckpt, copy=True", "np.memmap", "npz"}
    assert all(len(samples) >= 3 for samples in load.values())


def test_who_reads_the_checkpoint_itself_is_measured_cold(report):
    assert {"fastckpt", "np.memmap"} <= set(row_of(report, "mine-cold")["samples"])


def test_tensors_that_nobody_is_measured_on_are_counted(measured, report):
    found = report["checkpoint"]
    assert found["tensors"] == len(TENSORS) - 1
    assert list(found["left out"].values()) == [1]
    assert "measured by nobody: 1 tensors (strings" in measured[2]


def test_each_advice_has_a_measurement_or_a_reason(measured, report):
    about = {advice["about"]: advice for advice in report["advice"]}
    assert list(about) == [
        "alignment", "shards, warm",
    ]  # fmt: skip
    assert "rewritten with align=64" in about["alignment"]["text"]
    assert about["shards, warm"]["verdict"] == "not measured"
    for advice in report["advice"]:
        assert advice["text"] in measured[2]


def test_there_is_a_page(measured):
    page = (measured[3] / "mine.html").read_bytes()
    assert b"What would make it faster" in page


def test_two_results_can_be_compared(measured, capsys):
    file = str(measured[3] / "mine.json")
    assert main(["compare", file, file, "--out", str(measured[3])]) == 0
    said = capsys.readouterr().out
    assert "The machine, the versions and the data are the same." in said
    assert "**" not in said


@pytest.mark.slow
def test_everything_that_is_tried_on_ones_own_file_has_its_advice(model, tmp_path):
    out = tmp_path / "out"
    command = ["mine", model, "--peers", "none", "--out", str(out)]
    assert main([*command, "--scratch", str(tmp_path)]) == 0
    found = json.loads((out / "mine.json").read_text())
    assert [advice["about"] for advice in found["advice"]] == [
        "io mode, warm", "io mode, cold", "alignment", "shards, warm", "huge pages",
        "folios",
    ]  # fmt: skip
    assert len(found["rows"]) == 9


def test_a_row_that_is_none_is_refused(model, tmp_path, capsys):
    arguments = ["--rows", "load", "--out", str(tmp_path), "--peers", "none"]
    status = main(["mine", model, *arguments])
    assert status == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("no such row here: load; there are: mine-folios, ")


def refused(capsys, *arguments: str) -> tuple[int, str]:
    """The exit status and the only line that was said."""
    status = main(["mine", *arguments])
    out, error = capsys.readouterr()
    assert out == ""
    assert error.count("\n") == 1
    return status, error


@pytest.fixture
def model(tmp_path) -> str:
    (tmp_path / "own").mkdir()
    fastckpt.save(tmp_path / "own" / "model", {"w": np.arange(64, dtype=np.float32)})
    return str(tmp_path / "own" / "model")


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


def test_a_cold_run_that_was_not_cold_has_no_times():
    samples = {"fastckpt": [1.0], "npz": [2.0]}
    warm = mine_run._only_cold(Measured(samples, resident=2 << 20), 4 << 20)
    assert warm.samples == {}
    assert set(warm.missing) == set(samples)
    assert "does not let go" in warm.missing["npz"]
    for left in (None, 0, 4096):
        cold = Measured(samples, resident=left)
        assert mine_run._only_cold(cold, 4 << 20) == cold


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


def test_a_run_that_is_ended_cleans_up(model, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "benchmarks", "mine", model, "--peers", "none"]
    command += ["--out", str(tmp_path / "out"), "--scratch", str(scratch)]
    with children.started(command, cwd=ROOT, stderr=subprocess.PIPE) as child:
        end = time.monotonic() + 60
        while not list(scratch.iterdir()):
            assert time.monotonic() < end
            time.sleep(0.05)
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)
    assert child.returncode == 143
    assert list(scratch.iterdir()) == []
