"""Each damage has exactly its one cause, with the tensors that it really spoils."""

from __future__ import annotations

import os
import random
import shutil
import subprocess

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker, shape
from command_line import run, run_json
from damage import data_file, flip
from damage_events import PAGE, Victim, copy_folder
from places import TESTDATA, items

SEED = 19
V2 = [it for it in items(TESTDATA) if list(it.rglob("*.index"))]


def save(prefix, seed, shards=1, count=6, size=3000, **more):
    generator = np.random.default_rng(seed)
    tensors = {
        f"w{i}": generator.standard_normal(size, np.float32) for i in range(count)
    }
    fastckpt.save(prefix, tensors | more, shards=shards)
    return prefix


def victims(folder):
    return [Victim(index.with_suffix("")) for index in folder.rglob("*.index")]


def check(victim, damaged, cause):
    """Exactly one finding, of this cause, with what is really lost; in verify, too."""
    lost = victim.lost(damaged)
    found = victim.examine(damaged)
    if not lost:
        assert found.findings == []
        return None
    assert [it.cause for it in found.findings] == [cause]
    (finding,) = found.findings
    assert set(finding.tensors) == set(lost)
    assert found.lost == list(lost)
    return finding


@pytest.fixture(params=V2, ids=lambda it: it.name)
def real(request, tmp_path):
    """The data files of a real checkpoint, each by itself to be damaged."""
    return victims(copy_folder(request.param, tmp_path / "it s"))


def test_a_cut_anywhere_is_a_cut_file_from_that_byte(real):
    source = random.Random(SEED)
    for victim in real:
        for path in victim.files:
            size = len(victim.content[path])
            lengths = {0, 1, size - 1, *(source.randrange(size) for _ in range(6))}
            for length in sorted(lengths & set(range(size))):
                finding = check(victim, victim.cut(path, length), "cut file")
                assert finding is None or finding.offset == length


def test_wrong_bits_anywhere_are_damage_in_one_place(real):
    source = random.Random(SEED)
    for victim in real:
        for path in victim.files:
            for _ in range(12):
                at = source.randrange(len(victim.content[path]))
                bits = source.choice([1, 0x80, 0xFF, source.randrange(1, 256)])
                check(victim, victim.flip(path, at, bits), "checksum")


def test_zeros_in_the_place_of_pages_are_lost_pages(real):
    source = random.Random(SEED)
    for victim in real:
        for path in victim.files:
            count = -(-len(victim.content[path]) // PAGE)
            if len(victim.content[path]) < 16:
                continue
            for _ in range(6):
                first = source.randrange(count)
                pages = range(first, min(count, first + source.choice([1, 1, 2, 40])))
                damaged = victim.zero(path, pages)
                if len(victim.content[path]) - first * PAGE < 16:
                    continue  # too few bytes to tell lost ones from saved ones
                check_zeros(victim, damaged, path)


def check_zeros(victim, damaged, path):
    """As ``check``; what cannot be told from other damage may pass for that.

    So it is where one byte alone was no zero, and where the zeros that were saved reach
    up to the lost pages on both sides.
    """
    before, after = victim.content[path], damaged[path]
    changed = [
        at for at, (a, b) in enumerate(zip(before, after, strict=True)) if a != b
    ]
    cause = "zero-filled"
    if changed:
        begin, end = changed[0] // PAGE * PAGE, -(-(changed[-1] + 1) // PAGE) * PAGE
        is_blurred = not any(
            before[max(0, begin - 16) : begin] + before[end : end + 16]
        )
        if len(changed) == 1 or is_blurred:
            cause = victim.examine(damaged).findings[0].cause
            assert cause in ("zero-filled", "checksum")
    check(victim, damaged, cause)


def test_a_lost_file_is_one_finding(real):
    for victim in real:
        for path in victim.files:
            if any(begin < end for begin, end, _ in victim.pieces[path]):
                finding = check(victim, {path: None}, "missing file")
                assert finding.path == str(path)


def test_a_file_under_another_name_is_found_and_the_command_brings_it_back(real):
    for victim in real:
        for path in victim.files:
            for name in (
                f"{path.name}.tempstate17",
                "a copy's name",
                victim.prefix.name,
            ):
                other = path.with_name(name)
                if not other.exists() and victim.lost({path: None}):
                    path.rename(other)
                    finding = check_renamed(victim, path, other)
                    command = finding.advice.partition(": ")[2]
                    assert os.system(command) == 0
                    other.unlink()
                    assert fastckpt.examine(victim.prefix).ok


def check_renamed(victim, path, other):
    found = fastckpt.examine(victim.prefix)
    (finding,) = found.findings
    assert (finding.cause, finding.path) == ("renamed file", str(other))
    assert set(finding.tensors) == set(victim.lost({path: None}))
    assert [it.cause for it in fastckpt.examine(victim.prefix.parent).findings] == [
        "renamed file"
    ]
    return finding


@pytest.mark.parametrize("shards", [1, 2])
def test_scrambled_bytes_in_one_place_are_one_finding(shards, tmp_path):
    victim = Victim(save(tmp_path / "m", 1, shards, count=8))
    source = random.Random(SEED)
    for _ in range(60):
        path = source.choice(victim.files)
        at = source.randrange(len(victim.content[path]))
        size = source.choice([2, 16, 512, PAGE])
        check(victim, victim.scramble(path, at, size, source), "checksum")


class TestOtherSaves:
    def test_a_file_of_another_save_is_told_with_that_save(self, tmp_path):
        save(tmp_path / "m-1", 1, shards=2)
        victim = Victim(save(tmp_path / "m-2", 2, shards=2))
        for shard in (0, 1):
            other = data_file(tmp_path / "m-1", shard).read_bytes()
            path = data_file(victim.prefix, shard)
            finding = check(victim, {path: other}, "other save")
            assert f"data file {shard} of {str(tmp_path / 'm-1')!r}" in finding.message
            assert finding.path == str(path)

    def test_it_is_told_of_a_checkpoint_of_one_file_too(self, tmp_path):
        save(tmp_path / "m-1", 1)
        victim = Victim(save(tmp_path / "m-2", 2))
        (path,) = victim.files
        other = (tmp_path / "m-1.data-00000-of-00001").read_bytes()
        finding = check(victim, {path: other}, "other save")
        assert f"data file 0 of {str(tmp_path / 'm-1')!r}" in finding.message

    def test_what_both_saves_have_alike_does_not_matter(self, tmp_path):
        same = {"step": np.int64(7), "zeros": np.zeros(5000), "a": np.arange(900.0)}
        save(tmp_path / "m-1", 1, **same)
        victim = Victim(save(tmp_path / "m-2", 2, **same))
        (path,) = victim.files
        other = (tmp_path / "m-1.data-00000-of-00001").read_bytes()
        finding = check(victim, {path: other}, "other save")
        assert len(finding.tensors) == 6

    def test_without_that_save_the_neighbours_prove_it(self, tmp_path):
        save(tmp_path / "elsewhere" / "m-1", 1, shards=2)
        victim = Victim(save(tmp_path / "m-2", 2, shards=2, step=np.int64(7)))
        other = data_file(tmp_path / "elsewhere" / "m-1", 1).read_bytes()
        path = data_file(victim.prefix, 1)
        finding = check(victim, {path: other}, "other save")
        assert "while the other data files do" in finding.message

    def test_two_data_files_that_changed_places_are_told(self, tmp_path):
        victim = Victim(save(tmp_path / "m", 2, shards=2))
        first, second = (victim.content[path] for path in victim.files)
        damaged = dict(zip(victim.files, (second, first), strict=True))
        found = victim.examine(damaged)
        assert [it.cause for it in found.findings] == ["other save"] * 2
        assert f"data file 1 of {str(victim.prefix)!r}" in found.findings[0].message

    @pytest.mark.parametrize("shards", [1, 2])
    def test_an_index_of_another_run_is_one_finding(self, shards, tmp_path):
        save(tmp_path / "elsewhere" / "m", 1, shards=shards)
        save(tmp_path / "m", 2, shards=shards)
        shutil.copy(tmp_path / "elsewhere" / "m.index", tmp_path / "m.index")
        found = fastckpt.examine(tmp_path / "m")
        (finding,) = found.findings
        assert finding.cause == "index of another run"
        assert finding.path == str(tmp_path / "m.index")
        assert len(finding.tensors) == 6
        assert "different saves" in finding.message

    def test_the_run_of_an_index_is_named_if_it_lies_beside(self, tmp_path):
        save(tmp_path / "m-1", 1)
        save(tmp_path / "m-2", 2)
        shutil.copy(tmp_path / "m-1.index", tmp_path / "m-2.index")
        (finding,) = fastckpt.examine(tmp_path).findings
        assert finding.cause == "index of another run"
        assert repr(str(tmp_path / "m-1")) in finding.message

    @pytest.mark.parametrize("size", [100, 9000])
    def test_an_index_of_tensors_of_other_sizes_is_told(self, size, tmp_path):
        save(tmp_path / "elsewhere" / "m", 1, size=size)
        save(tmp_path / "m", 2)
        shutil.copy(tmp_path / "elsewhere" / "m.index", tmp_path / "m.index")
        (finding,) = fastckpt.examine(tmp_path / "m").findings
        assert finding.cause == "index of another run"
        assert len(finding.tensors) == 6

    def test_an_index_of_another_number_of_files_is_told(self, tmp_path):
        save(tmp_path / "elsewhere" / "m", 1, shards=3)
        save(tmp_path / "m", 2, shards=2)
        shutil.copy(tmp_path / "elsewhere" / "m.index", tmp_path / "m.index")
        found = fastckpt.examine(tmp_path / "m")
        assert [it.cause for it in found.findings] == ["index of another run"]
        assert len(found.lost) == 6
        assert found.notes == []

    def test_a_backup_is_no_other_run(self, tmp_path):
        save(tmp_path / "m", 1)
        for ending in (".index", ".data-00000-of-00001"):
            shutil.copy(tmp_path / f"m{ending}", tmp_path / f"backup{ending}")
        flip(tmp_path / "m.data-00000-of-00001", 5)
        (finding,) = fastckpt.examine(tmp_path).findings
        assert finding.cause == "checksum"


class TestPlaces:
    def test_the_byte_that_is_wrong_is_named(self, tmp_path):
        save(tmp_path / "m", 1)
        flip(tmp_path / "m.data-00000-of-00001", 4321)
        (finding,) = fastckpt.examine(tmp_path / "m").findings
        assert "byte 4,321 of the file alone is wrong" in finding.message

    def test_two_places_are_two_findings_also_in_neighbours(self, tmp_path):
        save(tmp_path / "m", 1)
        flip(tmp_path / "m.data-00000-of-00001", 4321, 14_000)
        found = fastckpt.examine(tmp_path / "m").findings
        assert [(it.cause, it.tensors) for it in found] == [
            ("checksum", ("w0",)),
            ("checksum", ("w1",)),
        ]

    def test_many_places_of_one_file_are_one_finding(self, tmp_path):
        save(tmp_path / "m", 1, count=40)
        flip(tmp_path / "m.data-00000-of-00001", *range(100, 480_000, 24_000))
        (finding,) = fastckpt.examine(tmp_path / "m").findings
        assert (finding.cause, len(finding.tensors)) == ("checksum", 20)
        assert "in 20 places" in finding.message

    def test_zeros_that_were_saved_are_none_that_were_lost(self, tmp_path):
        zeros = {f"z{i}": np.zeros(5000) for i in range(3)}
        victim = Victim(save(tmp_path / "m", 1, **zeros))
        (path,) = victim.files
        source = random.Random(SEED)
        for _ in range(60):
            at = source.randrange(72_000, len(victim.content[path]) - 64)
            check(victim, victim.scramble(path, at, 64, source), "checksum")
            check(victim, victim.flip(path, at, 1 << source.randrange(8)), "checksum")

    def test_pages_lost_among_zeros_that_were_saved_are_told(self, tmp_path):
        zeros = {"w0z": np.zeros(5000), "w3z": np.zeros(777)}
        victim = Victim(save(tmp_path / "m", 1, **zeros))
        (path,) = victim.files
        count = len(victim.content[path]) // PAGE
        for page in range(count):
            for more in (1, 2, 5):
                check(
                    victim, victim.zero(path, range(page, page + more)), "zero-filled"
                )

    def test_every_range_of_lost_pages_is_named(self, tmp_path):
        victim = Victim(save(tmp_path / "m", 1, count=20))
        (path,) = victim.files
        finding = check(victim, victim.zero(path, [1, 2, 9]), "zero-filled")
        assert "bytes 4,096 to 12,288, 36,864 to 40,960" in finding.message
        assert finding.offset == 4096


class TestOfV1:
    @pytest.fixture
    def path(self, tmp_path):
        """Blocks of one large tensor, and some of many small ones."""
        generator = np.random.default_rng(3)
        tensors = {f"w{i:02}": generator.standard_normal(9000) for i in range(12)}
        tensors |= {f"x{i:03}": generator.standard_normal(99) for i in range(900)}
        fastckpt.save(tmp_path / "v1", tensors | {"zero": np.zeros(90000)}, format="v1")
        return tmp_path / "v1"

    def test_damage_in_one_block_is_one_finding_with_all_its_tensors(self, path):
        content, source = path.read_bytes(), random.Random(SEED)
        most = 0
        for _ in range(40):
            flip(path, source.randrange(400_000, len(content) - 3000))
            found = fastckpt.examine(path)
            assert [it.cause for it in found.findings] == ["checksum"]
            assert found.lost == list(found.findings[0].tensors) == read_all(path)
            most = max(most, len(found.lost))
            path.write_bytes(content)
        assert most > 100

    def test_pages_that_were_lost_are_told(self, path):
        content, source = path.read_bytes(), random.Random(SEED)
        for _ in range(20):
            page = source.randrange(400_000 // PAGE, len(content) // PAGE - 2)
            damaged = bytearray(content)
            damaged[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
            path.write_bytes(damaged)
            found = fastckpt.examine(path)
            if damaged != content:
                assert [it.cause for it in found.findings] == ["zero-filled"]
                assert found.lost == read_all(path)

    def test_a_cut_anywhere_is_a_cut_file(self, path):
        content, source = path.read_bytes(), random.Random(SEED)
        for _ in range(40):
            size = source.randrange(len(content))
            path.write_bytes(content[:size])
            (finding,) = fastckpt.examine(path).findings
            assert (finding.cause, finding.offset) == ("cut file", size)


def read_all(path):
    """The tensors that cannot be read, in their order."""
    lost = []
    with fastckpt.open(path) as checkpoint:
        for name in checkpoint:
            try:
                checkpoint.read(name)
            except fastckpt.CorruptionError:
                lost.append(name)
    return lost


class TestOfTheIndex:
    def test_a_cut_index_is_a_cut_file(self, tmp_path):
        save(tmp_path / "m", 1)
        index = tmp_path / "m.index"
        content = index.read_bytes()
        for size in range(0, len(content), 7):
            index.write_bytes(content[:size])
            (finding,) = fastckpt.examine(tmp_path / "m").findings
            assert (finding.cause, finding.offset) == ("cut file", size)
            assert finding.path == str(index)

    def test_wrong_bytes_of_an_index_are_its_own_cause(self, tmp_path):
        save(tmp_path / "m", 1)
        index = tmp_path / "m.index"
        content = index.read_bytes()
        for at in range(len(content)):
            flip(index, at)
            causes = {it.cause for it in fastckpt.examine(tmp_path / "m").findings}
            assert causes <= {"index"}
            index.write_bytes(content)

    @pytest.mark.parametrize("page", [0, 1, -1])
    def test_pages_of_an_index_that_were_lost_are_told(self, page, tmp_path):
        save(tmp_path / "m", 1, count=600, size=2)
        index = tmp_path / "m.index"
        content = bytearray(index.read_bytes())
        begin = page * PAGE if page >= 0 else len(content) // PAGE * PAGE
        content[begin : begin + PAGE] = bytes(len(content[begin : begin + PAGE]))
        index.write_bytes(content)
        (finding,) = fastckpt.examine(tmp_path / "m").findings
        assert (finding.cause, finding.offset) == ("zero-filled", begin)

    @pytest.mark.parametrize("name", ["m.index.bak", "my m", "m"])
    def test_an_index_under_another_name_is_found(self, name, tmp_path):
        folder = tmp_path / "a folder's"
        save(folder / "m", 1, shards=2)
        (folder / "m.index").rename(folder / name)
        for path in (folder, folder / "m"):
            (finding,) = fastckpt.examine(path).findings
            assert (finding.cause, finding.path) == ("renamed file", str(folder / name))
        assert os.system(finding.advice.partition(": ")[2]) == 0
        assert fastckpt.examine(folder / "m").ok

    def test_an_index_that_is_lost_is_a_missing_file(self, tmp_path):
        save(tmp_path / "m", 1)
        (tmp_path / "m.index").unlink()
        for path in (tmp_path, tmp_path / "m", tmp_path / "m.data-00000-of-00001"):
            (finding,) = fastckpt.examine(path).findings
            assert finding.cause == "missing file"
            assert finding.path == str(tmp_path / "m.index")


class TestOfManyTensors:
    def test_verify_doctor_json_and_examine_have_the_same_numbers(
        self, tmp_path, capsys
    ):
        save(tmp_path / "m", 1, shards=2, count=1200, size=3)
        path = data_file(tmp_path / "m", 0)
        path.write_bytes(path.read_bytes()[:-1])
        data_file(tmp_path / "m", 1).unlink()
        found = fastckpt.examine(tmp_path / "m")
        numbers = [(it.cause, len(it.tensors)) for it in found.findings]
        assert sorted(numbers) == [("cut file", 1), ("missing file", 600)]
        _, verified = run_json(capsys, "verify", tmp_path / "m")
        _, doctored = run_json(capsys, "doctor", tmp_path / "m")
        for findings in (verified["findings"], doctored["examined"][0]["problems"]):
            assert [(it["cause"], len(it["tensors"])) for it in findings] == numbers
        assert sorted(verified["lost"]) == sorted(found.lost)
        out = run(capsys, "verify", tmp_path / "m").out
        assert "2 problems, 601 tensors lost" in out
        assert "2 problems" in run(capsys, "doctor", tmp_path / "m").out

    @pytest.mark.slow
    def test_a_hundred_thousand_tensors_are_one_finding(self, tmp_path):
        values = np.ones((100_000, 4), np.float32)
        names = {f"w {i}": row for i, row in enumerate(values)}
        fastckpt.save(tmp_path / "m", names)
        data = tmp_path / "m.data-00000-of-00001"
        for content, cause in (
            (data.read_bytes()[:3], "cut file"),
            (bytes(data.stat().st_size), "zero-filled"),
            (None, "missing file"),
        ):
            data.unlink()
            if content is not None:
                data.write_bytes(content)
            (finding,) = fastckpt.examine(tmp_path / "m").findings
            assert (finding.cause, len(finding.tensors)) == (cause, 100_000)


class TestHostile:
    """What is there is not ours, or was made to mislead."""

    def test_advice_is_safe_for_names_that_no_terminal_shows(self, tmp_path, capsys):
        folder = tmp_path / "-a 'b\x1b\udcff; rm x"
        save(folder / "m", 1)
        data = folder / "m.data-00000-of-00001"
        data.rename(folder / "-rf $HOME `x`\n")
        out = run(capsys, "doctor", folder).out
        assert "\x1b" not in out
        (line,) = [it for it in out.splitlines() if "cp -n -- " in it]
        command = line.partition("keeps the other: ")[2]
        assert subprocess.run(["bash", "-c", command], timeout=60).returncode == 0
        assert fastckpt.examine(folder / "m").ok

    def test_a_folder_with_a_slash_behind_it_has_its_newest(self, tmp_path):
        save(tmp_path / "m-1", 1)
        found = fastckpt.examine(f"{tmp_path}/")
        assert os.path.samefile(f"{found.newest}.index", tmp_path / "m-1.index")

    def test_pipes_and_broken_files_beside_are_passed_over(self, tmp_path):
        save(tmp_path / "m", 1)
        data = tmp_path / "m.data-00000-of-00001"
        os.mkfifo(tmp_path / "pipe")
        os.mkfifo(tmp_path / "l.index")
        (tmp_path / "n.index").write_bytes(b"no index at all" * 9)
        (tmp_path / "o.index").symlink_to("nowhere")
        data.write_bytes(random.Random(1).randbytes(data.stat().st_size))
        (finding,) = fastckpt.examine(tmp_path / "m").findings
        assert finding.cause == "index of another run"
        data.unlink()
        (finding,) = fastckpt.examine(tmp_path / "m").findings
        assert finding.cause == "missing file"

    def test_a_file_that_only_looks_like_the_missing_one_is_not_taken(self, tmp_path):
        save(tmp_path / "m", 1)
        data = tmp_path / "m.data-00000-of-00001"
        content = bytearray(data.read_bytes())
        content[-1] ^= 1
        data.unlink()
        (tmp_path / f"{data.name}.bak").write_bytes(content)
        (finding,) = fastckpt.examine(tmp_path / "m").findings
        assert finding.cause == "missing file"

    def test_an_index_that_only_looks_like_the_lost_one_is_not_taken(self, tmp_path):
        save(tmp_path / "m", 1)
        save(tmp_path / "n", 2)
        (tmp_path / "m.index").unlink()
        (tmp_path / "n.index").rename(tmp_path / "m.index.bak")
        (finding,) = fastckpt.examine(tmp_path / "m").findings
        assert finding.cause == "missing file"

    def test_files_of_an_older_save_do_not_hide_what_is_renamed(self, tmp_path):
        save(tmp_path / "m", 1)
        save(tmp_path / "old" / "m", 2, shards=2)
        for shard in (0, 1):
            shutil.copy(data_file(tmp_path / "old" / "m", shard), tmp_path)
        data = tmp_path / "m.data-00000-of-00001"
        data.rename(tmp_path / "elsewhere")
        (finding,) = fastckpt.examine(tmp_path / "m").findings
        assert finding.cause == "renamed file"

    def test_wrong_entries_beside_strangers_are_the_indexs_fault(self, tmp_path):
        bundle = BundleMaker()
        bundle.add("bad", np.zeros(3), shape=shape((-3,)))
        prefix = bundle.write(tmp_path)
        for shard in (0, 1):
            data_file(prefix, shard).write_bytes(b"stranger")
        (finding,) = fastckpt.examine(prefix).findings
        assert (finding.cause, finding.tensors) == ("index", ("bad",))

    def test_damage_in_many_checkpoints_of_a_folder_asks_few_neighbours(self, tmp_path):
        for step in range(60):
            save(tmp_path / f"m-{step:02}", step, size=9)
        for step in range(1, 60):
            source = tmp_path / f"m-{step - 1:02}.data-00000-of-00001"
            target = tmp_path / f"m-{60 - step:02}.data-00000-of-00001"
            target.write_bytes(random.Random(step).randbytes(source.stat().st_size))
        found = fastckpt.examine(tmp_path)
        causes = {it.cause for it in found.findings}
        assert (causes, len(found.findings)) == ({"index of another run"}, 59)
        assert found.newest == str(tmp_path / "m-00")


def test_each_event_of_real_checkpoints_at_random(tmp_path):
    """Many events, with the cause that each must have."""
    source = random.Random(SEED)
    found = [copy_folder(it, tmp_path / it.name) for it in V2]
    pool = [victim for folder in found for victim in victims(folder)]
    for _ in range(150):
        victim = source.choice(pool)
        path = source.choice(victim.files)
        size = len(victim.content[path])
        at = source.randrange(size)
        if source.random() < 0.5:
            check(victim, victim.cut(path, at), "cut file")
        else:
            bits = 1 << source.randrange(8)
            check(victim, victim.flip(path, at, bits), "checksum")
