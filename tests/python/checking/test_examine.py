"""fastckpt.examine(): what is wrong, by its causes, as plain values."""

from __future__ import annotations

import math
import os
import pickle

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker, shape
from damage import data_file, flip
from fastckpt.reading.findings import find_causes
from fastckpt.reading.results import problem_of
from places import GOLDEN, TESTDATA, items

TENSORS = {f"w{i}": np.full(1000, i, np.float32) for i in range(6)}


@pytest.fixture
def prefix(tmp_path):
    fastckpt.save(tmp_path / "model.ckpt", TENSORS, shards=2)
    return tmp_path / "model.ckpt"


def only_finding(path, **options):
    found = fastckpt.examine(path, **options)
    (finding,) = found.findings
    assert not found.ok
    assert pickle.loads(pickle.dumps(found)) == found
    return finding


@pytest.mark.parametrize("item", items(GOLDEN) + items(TESTDATA), ids=lambda i: i.name)
def test_what_tensorflow_wrote_has_no_findings(item):
    found = fastckpt.examine(item)
    assert isinstance(found, fastckpt.Examination)
    assert (found.findings, found.lost, found.ok) == ([], [], True)


def test_a_damaged_tensor_is_found_with_its_file_and_byte(prefix):
    flip(data_file(prefix, 0), 4500)
    finding = only_finding(prefix)
    assert isinstance(finding, fastckpt.Finding)
    assert finding.cause == "checksum"
    assert (finding.path, finding.offset) == (str(data_file(prefix, 0)), 4000)
    assert finding.tensors == ("w2",)
    assert "use another checkpoint" in finding.advice
    assert fastckpt.examine(prefix).lost == ["w2"]


def test_damaged_tensors_are_found_one_by_one(prefix):
    flip(data_file(prefix, 0), 4500, 100)
    flip(data_file(prefix, 1), 9)
    found = fastckpt.examine(prefix)
    assert {(it.cause, *it.tensors) for it in found.findings} == {
        ("checksum", "w0"),
        ("checksum", "w1"),
        ("checksum", "w2"),
    }
    assert found.lost == ["w0", "w1", "w2"]


def test_a_missing_file_is_one_finding_with_all_its_tensors(prefix):
    data_file(prefix, 1).unlink()
    finding = only_finding(prefix)
    assert finding.cause == "missing file"
    assert finding.path == str(data_file(prefix, 1))
    assert finding.tensors == ("w1", "w3", "w5")
    assert fastckpt.examine(prefix).lost == ["w1", "w3", "w5"]


def test_a_link_that_leads_nowhere_is_a_missing_file(prefix):
    data_file(prefix, 1).unlink()
    data_file(prefix, 1).symlink_to(prefix.with_name("gone"))
    assert only_finding(prefix).cause == "missing file"


def test_a_cut_file_is_one_finding_and_damage_before_the_cut_another(prefix):
    path = data_file(prefix, 1)
    path.write_bytes(path.read_bytes()[:5000])
    finding = only_finding(prefix)
    assert (finding.cause, finding.tensors) == ("cut file", ("w3", "w5"))
    assert "2 tensors are not whole: 'w3', 'w5'" in finding.message
    assert "it has 5,000 bytes of at least 12,000" in finding.advice
    flip(path, 0)
    causes = [it.cause for it in fastckpt.examine(prefix).findings]
    assert causes == ["cut file", "checksum"]


def test_a_file_that_the_system_refuses_is_one_finding(prefix):
    data_file(prefix, 0).unlink()
    data_file(prefix, 0).mkdir()
    (finding,) = fastckpt.examine(prefix).findings
    assert finding.cause in {"unreadable file", "cut file"}
    assert len(finding.tensors) == 3


def test_of_a_file_that_is_read_in_part_the_rest_is_sound(prefix):
    with fastckpt.open(prefix) as opened:
        path = str(data_file(prefix, 1))
        error = OSError(5, "cannot read: Input/output error", path)
        error.tensor = "w3"
        found = find_causes(opened, [error], [problem_of(error)], [None])
    assert [(it.cause, it.tensors) for it in found] == [("unreadable file", ("w3",))]


def test_files_are_read_and_not_mapped(prefix, monkeypatch):
    def open_it(path, **options):
        given.append(options["io"])
        return fastckpt.open(path, **options)

    given = []
    monkeypatch.setattr("fastckpt.checking.examine.open", open_it)
    assert fastckpt.examine(prefix).ok
    assert given == ["read"]


def test_slices_of_strings_are_lost_with_their_file(tmp_path):
    with fastckpt.Writer(tmp_path / "m", shards=2) as writer:
        for row in (0, 1):
            part = np.array([[b"a" * 9, b"b"]], object)
            writer.add_slice("words", part, (2, 2), (row, 0))
            writer.add(f"w{row}", np.ones(9))
    data_file(tmp_path / "m", 0).unlink()
    lost = fastckpt.examine(tmp_path / "m").lost
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    assert "words" in lost
    assert (sorted(report.lost), len(report.saved)) == (sorted(lost), 3 - len(lost))


def test_a_damaged_index_is_found(prefix):
    flip(prefix.with_name("model.ckpt.index"), 3)
    finding = only_finding(prefix)
    assert finding.cause == "index"
    assert finding.path == f"{prefix}.index"


def test_what_the_index_says_wrong_is_the_fault_of_the_index(tmp_path):
    bundle = BundleMaker()
    bundle.add("bad", np.zeros(3), shape=shape((-3,)))
    bundle.add("good", np.zeros(3))
    finding = only_finding(bundle.write(tmp_path))
    assert (finding.cause, finding.tensors) == ("index", ("bad",))


def test_another_programs_file_is_named(tmp_path):
    np.savez(tmp_path / "model.npz", w=np.zeros(3))
    finding = only_finding(tmp_path / "model.npz")
    assert finding.cause == "foreign file"
    assert "no checkpoint, but a NumPy archive" in finding.message
    assert "fastckpt convert" in finding.advice


def test_a_missing_shard_of_v1_is_found(tmp_path):
    for shard in (0, 2):
        name = f"model-{shard:05d}-of-00003"
        fastckpt.save(tmp_path / name, {f"w{shard}": 1}, format="v1")
    finding = only_finding(tmp_path / "model")
    assert finding.cause == "missing file"
    assert finding.path == str(tmp_path / "model-00001-of-00003")


def test_nan_and_infinity_are_looked_for_when_asked(tmp_path):
    values = {"a": [1.0, math.nan, math.inf], "b": [1.0], "c": [1], "s": [b"x"]}
    fastckpt.save(tmp_path / "m", values)
    assert fastckpt.examine(tmp_path / "m").ok
    finding = only_finding(tmp_path / "m", values=True)
    assert (finding.cause, finding.tensors) == ("not finite", ("a",))
    assert "1 NaN and 1 infinite of 3 values" in finding.message
    assert fastckpt.examine(tmp_path / "m", values=True).lost == []


def test_values_of_lost_tensors_are_not_looked_at(prefix):
    flip(data_file(prefix, 0), 4500)
    assert only_finding(prefix, values=True).cause == "checksum"


def test_a_folder_is_examined_with_all_that_is_in_it(tmp_path):
    for step in (1, 2):
        fastckpt.save(tmp_path / f"m-{step}", TENSORS)
    flip(tmp_path / "m-2.data-00000-of-00001", 0)
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "m-3"\n')
    (tmp_path / "n.data-00000-of-00001").write_bytes(b"")
    found = fastckpt.examine(tmp_path)
    assert [it.path for it in found.examined] == [
        str(tmp_path / "m-1"),
        str(tmp_path / "m-2"),
        str(tmp_path),
    ]
    assert [it.cause for it in found.findings] == [
        "checksum",
        "state file",
        "missing file",
    ]
    assert [it.ok for it in found.examined] == [True, False, False]
    assert (found.lost, found.tensors) == (["w0"], 12)
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_foreign_file_in_place_of_a_state_file_is_named(tmp_path):
    fastckpt.save(tmp_path / "m", TENSORS)
    (tmp_path / "checkpoint").write_bytes(b"PK\x03\x04" + bytes(300))
    assert only_finding(tmp_path).cause == "foreign file"


def test_what_an_unfinished_save_left_is_a_note(tmp_path):
    fastckpt.save(tmp_path / "m", TENSORS)
    for path in list(tmp_path.iterdir()):
        path.rename(path.with_name(f"{path.name}.tempstate99"))
    found = fastckpt.examine(tmp_path)
    assert found.ok
    (note,) = found.notes
    assert note.cause == "unfinished save"
    assert "it is complete: 6 tensors" in note.message
    assert "fastckpt" not in note.advice
    assert [save.files[0] for save in found.recoverable] == [note.path]


def test_data_files_of_another_save_are_a_note(prefix):
    stranger = prefix.with_name("model.ckpt.data-00000-of-00001")
    stranger.write_bytes(b"")
    found = fastckpt.examine(prefix)
    assert found.ok
    assert [(it.cause, it.path) for it in found.notes] == [
        ("other save", str(stranger))
    ]


def test_nothing_is_changed(prefix):
    def state():
        return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()}

    folder = prefix.parent
    data_file(prefix, 1).unlink()
    before = state()
    fastckpt.examine(folder, values=True)
    assert state() == before


@pytest.mark.parametrize("name", ["nothing", "."])
def test_where_no_checkpoint_is_the_call_says_so(name, tmp_path):
    with pytest.raises(FileNotFoundError):
        fastckpt.examine(tmp_path / name)


def test_verify_has_findings_beside_its_problems(prefix):
    data_file(prefix, 1).unlink()
    with fastckpt.open(prefix) as ckpt:
        report = ckpt.verify()
    assert len(report.problems) == 3
    (finding,) = report.findings
    assert (finding.cause, len(finding.tensors)) == ("missing file", 3)
    assert pickle.loads(pickle.dumps(report)) == report


class TestWhatTheStateFileNames:
    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / "run"
        fastckpt.save(folder / "m-1", TENSORS)
        return folder

    def name(self, folder, latest, *others):
        lines = [f'model_checkpoint_path: "{latest}"']
        lines += [f'all_model_checkpoint_paths: "{it}"' for it in (*others, latest)]
        (folder / "checkpoint").write_text("\n".join(lines) + "\n")

    def check(self, folder, name, *causes):
        found = fastckpt.examine(folder)
        assert [it.cause for it in found.findings] == [*causes, "state file"]
        assert f"names {str(folder / name)!r}, which is damaged" in (
            found.findings[-1].message
        )
        assert found.newest == str(folder / "m-1")

    @pytest.mark.parametrize("content", [b"", bytes(400), b"\1\2garbage" * 100])
    @pytest.mark.parametrize("ending", ["", ".index"])
    def test_is_damaged_where_nothing_in_the_file_is_ours(
        self, ending, content, folder
    ):
        (folder / f"m-2{ending}").write_bytes(content)
        self.name(folder, "m-2", "m-1")
        found = fastckpt.examine(folder)
        assert found.findings[-1].cause == "state file"
        assert "m-2', which is damaged" in found.findings[-1].message
        assert len(found.findings) == 2
        assert found.newest == str(folder / "m-1")

    @pytest.mark.parametrize("size", [0, 1, 60])
    def test_is_damaged_where_an_index_is_cut_and_has_no_data(self, size, folder):
        fastckpt.save(folder / "m-2", TENSORS)
        (folder / "m-2.data-00000-of-00001").unlink()
        index = folder / "m-2.index"
        index.write_bytes(index.read_bytes()[:size])
        self.name(folder, "m-2", "m-1")
        self.check(folder, "m-2", "cut file")
        (folder / "checkpoint").unlink()
        (finding,) = fastckpt.examine(folder).findings
        assert finding.path == str(index)

    def test_is_told_where_one_of_its_list_is_garbage(self, folder):
        (folder / "m-0").write_bytes(b"garbage")
        self.name(folder, "m-1", "m-0")
        (finding,) = fastckpt.examine(folder).findings
        assert finding.path == str(folder / "m-0")

    def test_is_verified_where_it_lies_in_another_folder(self, folder, tmp_path):
        fastckpt.save(tmp_path / "elsewhere", TENSORS)
        self.name(folder, tmp_path / "elsewhere")
        assert fastckpt.examine(folder).ok
        flip(tmp_path / "elsewhere.data-00000-of-00001", 5)
        found = fastckpt.examine(folder)
        assert [it.cause for it in found.findings] == ["checksum", "state file"]
        assert found.newest == str(folder / "m-1")

    def test_is_told_where_a_v1_shard_of_it_is_lost(self, folder):
        for shard in (0, 1):
            name = f"x-{shard:05d}-of-00002"
            fastckpt.save(folder / name, {f"w{shard}": np.ones(9)}, format="v1")
        (folder / "x-00001-of-00002").unlink()
        self.name(folder, "x-?????-of-00002", "m-1")
        self.check(folder, "x-?????-of-00002", "missing file")
        self.name(folder, "m-1", "x-?????-of-00002")
        assert fastckpt.examine(folder).newest == str(folder / "m-1")

    def test_is_told_where_the_system_keeps_it_back(self, folder, monkeypatch):
        fastckpt.save(folder / "m-2", TENSORS)
        self.name(folder, "m-2", "m-1")
        open_it = fastckpt.checking.examine.open

        def refuse(path, **options):
            if path == str(folder / "m-2"):
                raise PermissionError(13, "Permission denied", f"{path}.index")
            return open_it(path, **options)

        monkeypatch.setattr("fastckpt.checking.examine.open", refuse)
        self.check(folder, "m-2", "unreadable file")

    def test_that_is_a_link_to_nothing_is_told(self, folder):
        (folder / "checkpoint").symlink_to("nowhere")
        found = fastckpt.examine(folder)
        (finding,) = found.findings
        assert (finding.cause, found.newest) == ("state file", str(folder / "m-1"))
        assert "a link to 'nowhere', which is not there" in finding.message

    @pytest.mark.parametrize("kind", ["pipe", "loop"])
    def test_that_the_system_refuses_keeps_nothing_else_back(self, kind, folder):
        if kind == "pipe":
            os.mkfifo(folder / "checkpoint")
        else:
            (folder / "checkpoint").symlink_to("checkpoint")
        fastckpt.save(folder / "m-2", TENSORS)
        flip(folder / "m-2.data-00000-of-00001", 5)
        found = fastckpt.examine(folder)
        causes = [it.cause for it in found.findings]
        assert (causes[0], len(causes)) == ("checksum", 2)
        assert found.findings[1].path == str(folder / "checkpoint")

    def test_a_text_of_another_program_is_no_index(self, folder):
        (folder / "train.tfrecord.index").write_text("0 120\n120 99\n")
        assert fastckpt.examine(folder).ok
