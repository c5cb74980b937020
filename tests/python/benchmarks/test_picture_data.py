"""What pictures show, before anything is drawn."""

import pytest
import reports
from benchmarks.reports import picture_data
from benchmarks.rows.all import ROWS


def test_ours_comes_first_and_each_family_once():
    (load, listed) = picture_data.paths(reports.whole())
    assert load.name == "load"
    assert [point.family for point in load.points] == [
        "fastckpt",
        "TensorFlow",
        "floor",
    ]
    assert all(point.low <= point.value <= point.high for point in load.points)
    assert [point.label for point in listed.points] == ["fastckpt", "safetensors"]


def test_a_path_of_one_contender_is_left_out():
    report = {"rows": [reports.row("load", fastckpt=[1.0, 1.1])]}
    assert picture_data.paths(report) == []


def test_single_calls_are_drawn_beside_single_calls():
    row = reports.row("rows-embedding", checked=[70e-6], TensorFlow=[0.2])
    row["samples"] |= {"np.memmap": [4e-6], "np.memmap, a single call": [60e-6]}
    (path,) = picture_data.paths({"rows": [row]})
    assert [point.label for point in path.points] == [
        "checked", "TensorFlow", "np.memmap, a single call",
    ]  # fmt: skip
    labels = {row.name: row.contenders for row in ROWS}
    for name, unlike in picture_data._UNLIKE.items():
        assert unlike <= labels[name].keys()


def test_every_path_that_is_drawn_is_a_row_and_has_ours():
    rows = {row.name: row for row in ROWS}
    for name, (_, ours) in picture_data._PATHS.items():
        assert rows[name].measure or ours in rows[name].contenders, name


@pytest.mark.parametrize(
    ("label", "family"),
    [("TensorFlow RestoreV2", "TensorFlow"), ("safetensors.torch", "safetensors"),
     ("torch.load(mmap=True)", "torch"), ("np.take of a memmap", "NumPy"),
     ("zarr 3", "stores"), ("floor, all threads", "floor"), ("checked", "fastckpt")],
)  # fmt: skip
def test_labels_belong_to_families(label, family):
    assert picture_data.family_of(label) == family


def test_speed_ups_are_over_one_thread():
    (points,) = picture_data.scaling(reports.whole()).values()
    assert [point.label for point in points] == ["1", "2"]
    assert points[1].value == pytest.approx(1 / 0.6)


def test_the_caption_says_that_the_machine_was_busy():
    report = reports.whole()
    assert picture_data.caption(report) == "2 CPUs, A CPU, 1 GiB"
    report["conditions"]["busy"] = ["others ran"]
    assert picture_data.caption(report).endswith("; the machine was busy")
