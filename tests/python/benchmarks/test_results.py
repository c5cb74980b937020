"""What the run puts into RESULTS.md and the README."""

import pytest
from benchmarks.data.facts import facts
from benchmarks.reports import files, markdown, results
from benchmarks.rows.all import ROWS
from benchmarks.rows.row import Measured
from benchmarks.timing import judge

FACTS = dict.fromkeys(facts(1 << 20, 100), "some")
CONDITIONS = {
    "commit": "abc", "data": {"nbytes": 1 << 20}, "cpus": 2, "cpu": "A CPU",
    "memory": "1 kB", "kernel": "6", "huge pages": "never", "fastckpt": "1",
    "cpu features": ["avx512f", "vpclmulqdq"], "crc32c": "avx512-vpclmul",
    "python": "3", "packages": {"numpy": "2"}, "flags": {"type": "Release"},
    "state": {"load": 0.1}, "busy": [],
}  # fmt: skip


def found(busy: list[str]) -> dict:
    """A report in which every contender took a second."""
    rows = []
    for row in ROWS:
        labels = [*row.contenders, *(goal.top for goal in row.goals)]
        if row.name == "new-process":
            labels += ["TensorFlow", "safetensors", "NumPy"]
        samples = {label: [1.0] * 8 for label in labels}
        floors = {"floor": "floor: 2 map"} if "floor" in labels else {}
        measured = Measured(samples, floors)
        rows.append(judge.of_row(row, measured, FACTS))
        rows[-1] |= {"busy": busy, "share": None}
    rows[0]["share"] = {"limit": "memory read", "rate": 2e10, "share": 0.5}
    return {
        "command": "python -m benchmarks", "conditions": CONDITIONS | {"busy": busy},
        "limits": {"memory read": {"rate": 4e10, "threads": 2}}, "rows": rows,
        "wrong floors": [], "growth": [],
    }  # fmt: skip


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Gives a function that writes a report; it gives both files' text."""
    files = (tmp_path / "RESULTS.md", tmp_path / "README.md")
    marks = (results._MEASURED, results._FIVE)
    for file, (begin, end) in zip(files, marks, strict=True):
        file.write_text(f"before\n{begin}\nold\n{end}\nafter\n")
    monkeypatch.setattr(results, "_RESULTS", files[0])
    monkeypatch.setattr(results, "_README", files[1])

    def write(whole: dict) -> list[str]:
        results.write(whole)
        return [file.read_text() for file in files]

    return write


def test_the_readme_says_who_gives_views_and_who_copies(written):
    readme = written(found([]))[1]
    (line,) = [x for x in readme.splitlines() if "`load()`, checked |" in x]
    assert line.endswith("| 1 s, views | 1 s, copies | 1 s, copies | 1 s |")
    (line,) = [x for x in readme.splitlines() if "names + dtypes" in x]
    assert "(view: no byte is touched)" in line


def test_the_results_hold_every_row_that_takes_time(written):
    text = written(found([]))[0]
    medians = text.split("What everybody took")[1]
    for row in ROWS:
        few = 0 < len(row.contenders) <= 16
        assert (f"\n| {row.name} | " in medians) or not few, row.name


def test_the_results_of_a_report_before_there_were_checks_are_made(written):
    whole = found([])
    assert "checks" not in whole
    assert "\n| fastckpt | views |  | 1 s | 1 | 1 to 1 |" in written(whole)[0]


def test_what_stands_around_the_tables_stays(written):
    for text in written(found([])):
        assert text.startswith("before\n")
        assert text.endswith("after\n")
        assert "\nold\n" not in text


@pytest.mark.parametrize("around", ["{0}\nold\nrest\n", "{1}\n{0}\n", "{0}{1}{0}{1}"])
def test_a_file_whose_marks_are_not_there_once_is_left_alone(around, tmp_path):
    file = tmp_path / "README.md"
    text = around.format(*results._FIVE)
    file.write_text(text)
    with pytest.raises(SystemExit, match=r"must be there once each"):
        results._put(file, results._FIVE, "new")
    assert file.read_text() == text


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path, monkeypatch):
    file = tmp_path / "README.md"
    file.write_text(text := "a\n{}\nold\n{}\nb\n".format(*results._FIVE))

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(files.Refusal, match="No space left"):
        results._put(file, results._FIVE, "new")
    assert file.read_text() == text
    assert list(tmp_path.iterdir()) == [file]


def test_the_kernel_and_the_features_of_the_cpu_are_named(written):
    text = written(found([]))[0]
    assert "avx512f, vpclmulqdq; CRC32C by the kernel `avx512-vpclmul`" in text
    assert "| memory read | 40 | 2 | load | 20 | 50% |" in text


def test_a_busy_machine_shows_in_every_cell(written):
    whole = found(["the host takes 20%"])
    text, readme = written(whole)
    assert "**busy**: the host takes 20%" in text
    assert readme.count("1 s (busy)") == readme.count("1 s")
    assert "1 (busy)" in markdown.to_markdown(whole)


def test_a_report_of_some_rows_is_refused(written):
    whole = found([])
    whole["rows"] = whole["rows"][1:]
    with pytest.raises(SystemExit, match=r"lacks rows: load$"):
        written(whole)


def test_who_is_not_installed_is_named(written):
    whole = found([])
    assert "Not measured" not in written(whole)[0]
    whole["rows"][0]["missing"] = {"h5py": "h5py"}
    line = "Not measured: load: h5py (h5py is not installed)."
    assert line in written(whole)[0].splitlines()
    assert "- not measured: h5py: h5py is not installed" in markdown.to_markdown(whole)
