"""A file of one's own: measured where it lies, and nothing written there."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from benchmarks.__main__ import main
from benchmarks.machine import quiet
from benchmarks.mine import run as mine_run
from benchmarks.rows.row import Measured
from own_files import state_of

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
    row = row_of(report, "mine-cold")
    readers = {"fastckpt", "np.memmap"}
    if row["samples"]:
        assert readers <= set(row["samples"])
    else:  # as on tmpfs; which of both it is, no test decides
        assert readers <= {n for n, why in row["missing"].items() if "let go" in why}


def test_tensors_that_nobody_is_measured_on_are_counted(measured, report):
    found = report["checkpoint"]
    assert found["tensors"] == len(TENSORS) - 1
    assert list(found["left out"].values()) == [1]
    assert "measured by nobody: 1 tensors (strings" in measured[2]


def test_each_advice_has_a_measurement_or_a_reason(measured, report):
    about = {advice["about"]: advice for advice in report["advice"]}
    assert list(about) == [
        "alignment", "shards, warm", "shards, cold",
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
        "io mode, warm", "io mode, cold", "alignment", "shards, warm", "shards, cold",
        "huge pages", "folios",
    ]  # fmt: skip
    assert len(found["rows"]) == 9


def test_a_cold_run_that_was_not_cold_has_no_times():
    samples = {"fastckpt": [1.0], "npz": [2.0]}
    warm = mine_run._only_cold(Measured(samples, resident=2 << 20), 4 << 20)
    assert warm.samples == {}
    assert set(warm.missing) == set(samples)
    assert "does not let go" in warm.missing["npz"]
    for left in (None, 0, 4096):
        cold = Measured(samples, resident=left)
        assert mine_run._only_cold(cold, 4 << 20) == cold


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_ended_cleans_up(sent, model, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "benchmarks", "mine", model, "--peers", "none"]
    command += ["--out", str(tmp_path / "out"), "--scratch", str(scratch)]
    with children.started(command, cwd=ROOT, stderr=subprocess.PIPE) as child:
        end = time.monotonic() + 60
        while not list(scratch.iterdir()):
            assert time.monotonic() < end
            time.sleep(0.05)
        child.send_signal(sent)
        child.communicate(timeout=60)
    assert child.returncode == 128 + sent
    assert list(scratch.iterdir()) == []
