"""Two results side by side."""

import json

import pytest
import reports
from benchmarks.__main__ import main
from benchmarks.reports import compare
from benchmarks.reports.files import write_json


def lines(found: dict) -> dict:
    return {(line["row"], line["who"]): line for line in found["lines"]}


def changed(**factors: float) -> dict:
    report = reports.whole()
    for row in report["rows"]:
        factor = factors.get(row["name"].replace("-", "_"), 1.0)
        for label, samples in row["samples"].items():
            row["samples"][label] = [sample * factor for sample in samples]
    return report


def test_what_differs_beyond_the_intervals_is_marked():
    found = lines(compare.compare(reports.whole(), changed(load=0.5, list=2.0)))
    assert found["load", "fastckpt"]["verdict"] == "less"
    assert found["load", "fastckpt"]["b / a"] == pytest.approx(0.5)
    assert found["list", "fastckpt"]["verdict"] == "more"
    assert found["peers", "npz"]["verdict"] == "cannot tell"


def test_turns_of_two_runs_are_not_taken_for_the_same_turns():
    # One run slows down, the other speeds up: paired, each quotient would be sure.
    a, b = changed(), changed()
    a["rows"][0]["samples"]["fastckpt"] = [1.0, 1.2, 1.4, 1.6, 1.8, 2.0] * 2
    b["rows"][0]["samples"]["fastckpt"] = [1.1, 1.3, 1.5, 1.7, 1.9, 2.1] * 2
    assert lines(compare.compare(a, b))["load", "fastckpt"]["verdict"] == "cannot tell"


def test_one_sample_tells_nothing():
    a, b = changed(), changed()
    a["rows"][0]["samples"]["fastckpt"], b["rows"][0]["samples"]["fastckpt"] = (
        [1.0],
        [9.0],
    )
    assert lines(compare.compare(a, b))["load", "fastckpt"]["verdict"] == "cannot tell"


def test_other_machines_versions_and_data_are_said():
    b = changed()
    b["conditions"] |= {"cpu": "Another", "packages": {"numpy": "3"},
                        "data": {"nbytes": 5}, "available": "now"}  # fmt: skip
    found = compare.compare(reports.whole(), b)
    assert found["differences"] == [
        f"data nbytes: {1 << 30} | 5", "cpu: A CPU | Another", "packages numpy: 2 | 3",
    ]  # fmt: skip
    assert "Not from the same machine" in "\n".join(compare.in_words(found))


def test_rows_and_contenders_of_one_side_alone_are_said():
    b = changed()
    del b["rows"][1]
    del b["rows"][0]["samples"]["TensorFlow"]
    found = compare.compare(reports.whole(), b)
    assert "list: only in A" in found["alone"]
    assert "load: TensorFlow: not in both" in found["alone"]


CHECKPOINT = {
    "path": "/m", "format": "v2", "tensors": 3, "nbytes": 9, "digest": "d",
    "left out": {}, "unaligned": 0, "data files": 1, "file system": "ext4",
    "io": "mmap: a local file",
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("io", "read: no mmap", "checkpoint io: mmap: a local file | read: no mmap"),
     ("data files", 4, "checkpoint data files: 1 | 4"),
     ("unaligned", 3, "checkpoint unaligned: 0 | 3"),
     ("digest", "e", "checkpoint digest: d | e"),
     ("left out", {"quantized": 1}, "checkpoint left out quantized: unknown | 1")],
)  # fmt: skip
def test_all_that_is_other_about_a_checkpoint_is_said(key, value, said):
    a, b = (changed() | {"checkpoint": dict(CHECKPOINT)} for _ in range(2))
    assert compare.compare(a, b)["differences"] == []
    b["checkpoint"][key] = value
    found = compare.compare(a, b)
    assert found["differences"] == [said]
    assert "data are the same" not in "\n".join(compare.in_words(found))


@pytest.mark.parametrize("key", ["title", "unit"])
def test_rows_of_other_work_or_units_are_not_compared(key):
    a, b = changed(), changed(load=0.5)
    b["rows"][0][key] = "other"
    found = compare.compare(a, b)
    assert not [line for line in found["lines"] if line["row"] == "load"]
    assert f"load: {a['rows'][0][key]} | other" in found["alone"]


def test_a_sample_of_0_has_no_quotient_and_that_is_said():
    b = changed()
    b["rows"][0]["samples"]["fastckpt"][0] = 0.0
    found = compare.compare(reports.whole(), b)
    assert "load: fastckpt: a sample is 0" in found["alone"]


def test_the_command_writes_both_forms(tmp_path, capsys):
    for name, report in (("a", reports.whole()), ("b", changed(load=0.5))):
        write_json(tmp_path / f"{name}.json", report)
    out = tmp_path / "new" / "folder"
    command = ["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    assert main([*command, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "| load | fastckpt | 30.4 ms | 15.2 ms | 0.5 |" in said
    found = json.loads((out / "compare.json").read_text())
    assert found["schema"] == "fastckpt-benchmarks/compare/1"
    assert (out / "compare.md").read_text() in said + "\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), (b"\x00\xff", "no report"), (b"[]", "it has no rows"),
     (b'{"rows": []}', "it has no conditions"),
     (b'{"rows": [{"name": "x"}], "conditions": {}}', "a row lacks samples"),
     (b'{"rows": [1], "conditions": {}}', "a row lacks samples"),
     (b"[" * 100_000, "no report")],
)  # fmt: skip
def test_what_is_no_report_is_one_line(content, words, tmp_path, capsys):
    file = tmp_path / "a.json"
    if content is not None:
        file.write_bytes(content)
    assert main(["compare", str(file), str(file), "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_run_is_not_compared_with_a_file_of_ones_own(tmp_path, capsys):
    mine = reports.whole() | {"schema": "fastckpt-benchmarks/mine/1"}
    write_json(tmp_path / "a.json", reports.whole())
    write_json(tmp_path / "b.json", mine)
    command = ["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    assert main([*command, "--out", str(tmp_path)]) == 2
    assert "two kinds of results" in capsys.readouterr().err
