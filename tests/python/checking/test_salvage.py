"""fastckpt.salvage: what is sound is saved, and nothing that was not in the file."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from damage import data_file, flip
from fastckpt.objects.message import GRAPH_KEY, parse
from places import GOLDEN, TESTS

TENSORS = {f"w{i}": np.arange(1000, dtype=np.float32) + i for i in range(4)}
NAME = "name, type and shape"
NAMES = ["merged", "objects", "odd_names", "one_tensor", "sliced", "string_tensors"]


def copy_golden(name: str, folder: Path) -> Path:
    """Copies a checkpoint that TensorFlow wrote; gives its prefix."""
    shutil.copytree(GOLDEN / name, folder / name)
    (index,) = sorted((folder / name).glob("*.index"))[:1]
    return index.with_suffix("")


def values_of(prefix: Path) -> dict[str, tuple[str, tuple[int, ...], object]]:
    """Everything that a checkpoint says of its tensors."""
    with fastckpt.open(prefix, io="read") as opened:
        return {
            name: (opened.info(name).tf_dtype, value.shape, _bits(value))
            for name, value in opened.load().items()
        }


def _bits(value: np.ndarray) -> object:
    return value.ravel().tolist() if value.dtype == object else value.tobytes()


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def assert_saved(
    report,
    to: Path,
    original,
    *,
    lost: set[str] = frozenset(),
    unproved: str | None = None,
) -> None:
    """Asserts that what was saved is what was there, and that no more is lost.

    Args:
        report, to, original: What is said, where it is, what is to be there.
        lost: The names that are lost.
        unproved: What is not proved, of any; None: all is.
    """
    saved = values_of(to)
    assert set(report.saved) == set(saved) == set(original) - lost
    assert set(report.lost) == lost
    assert report.ok is not bool(lost or unproved)
    if unproved:
        assert report.unproved == dict.fromkeys(sorted(original), unproved)
    for name, value in saved.items():
        if name != GRAPH_KEY or not lost:
            assert value == original[name]


def index_of(prefix: Path) -> Path:
    return prefix.with_name(f"{prefix.name}.index")


@pytest.fixture
def prefix(tmp_path) -> Path:
    fastckpt.save(tmp_path / "in" / "m", TENSORS, shards=2)
    return tmp_path / "in" / "m"


def test_of_a_sound_checkpoint_all_is_saved(prefix, tmp_path):
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert_saved(report, tmp_path / "to", values_of(prefix))
    assert (report.source, report.path) == (str(prefix), str(tmp_path / "to"))
    assert report.repaired == []
    assert report.unproved == {}


def test_what_data_damage_spoils_is_lost_and_the_source_is_as_it_was(prefix, tmp_path):
    original = values_of(prefix)
    flip(data_file(prefix, 0), 4500)
    before = files_in(prefix.parent)
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert_saved(report, tmp_path / "to", original, lost={"w2"})
    assert files_in(prefix.parent) == before
    assert report.is_whole


@pytest.mark.parametrize("size", [None, 5000])
def test_of_a_lost_or_cut_shard_the_rest_is_saved(prefix, size, tmp_path):
    original = values_of(prefix)
    path = data_file(prefix, 1)
    content = path.read_bytes()
    path.unlink()
    if size is not None:
        path.write_bytes(content[:size])
    report = fastckpt.salvage(prefix, tmp_path / "to")
    lost = {"w1", "w3"} if size is None else {"w3"}
    assert_saved(report, tmp_path / "to", original, lost=lost)


def test_the_object_graph_fits_what_is_left(tmp_path):
    prefix = copy_golden("objects", tmp_path)
    original = values_of(prefix)
    with fastckpt.open(prefix) as opened:
        victim = next(it for it in opened.infos() if it.name != GRAPH_KEY and it.nbytes)
    flip(prefix.with_name(f"{prefix.name}.data-00000-of-00001"), victim.offset)
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert report.lost == [victim.name]
    assert_saved(report, tmp_path / "to", original, lost={victim.name})
    with fastckpt.open(tmp_path / "to") as saved:
        nodes = parse(saved[GRAPH_KEY][()])
    keys = {value.key for node in nodes for value in node.values}
    assert victim.name not in keys
    assert keys <= set(report.saved)


def test_of_v1_the_sound_blocks_are_saved(tmp_path):
    tensors = {f"w{i}": np.arange(70_000, dtype=np.float32) + i for i in range(6)}
    fastckpt.save(tmp_path / "m", tensors, format="v1")
    original = values_of(tmp_path / "m")
    content = (tmp_path / "m").read_bytes()
    flip(tmp_path / "m", len(content) // 2)
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    lost = set(report.lost)
    assert 1 <= len(lost) <= 2
    assert_saved(report, tmp_path / "to", original, lost=lost)


@pytest.mark.parametrize("left", [0.5, 0.8, 0.999])
def test_of_a_v1_file_that_is_cut_the_blocks_before_are_saved(left, tmp_path):
    tensors = {f"w{i}": np.arange(70_000, dtype=np.float32) + i for i in range(6)}
    fastckpt.save(tmp_path / "m", tensors, format="v1")
    original = values_of(tmp_path / "m")
    content = (tmp_path / "m").read_bytes()
    (tmp_path / "m").write_bytes(content[: int(len(content) * left)])
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    lost = set(original) - set(report.saved)
    assert len(report.saved) >= 2
    assert_saved(report, tmp_path / "to", original, lost=lost)


def test_of_v1_shards_those_that_are_there_are_saved(tmp_path):
    for shard in (0, 2):
        name = tmp_path / f"m-{shard:05d}-of-00003"
        fastckpt.save(name, {f"w{shard}": np.arange(5)}, format="v1")
    for number, name in enumerate(["m", "m-00000-of-00003", "m-?????-of-00003"]):
        to = tmp_path / f"to{number}"
        report = fastckpt.salvage(tmp_path / name, to)
        assert sorted(values_of(to)) == report.saved == ["w0", "w2"]
        assert not report.is_whole
        assert not report.ok


@pytest.mark.parametrize("name", NAMES)
def test_one_flipped_bit_of_an_index_is_flipped_back(name, tmp_path):
    prefix = copy_golden(name, tmp_path)
    original = values_of(prefix)
    index = index_of(prefix)
    content = index.read_bytes()
    generator = random.Random(1)
    for number in range(30):
        bit = generator.randrange(8 * len(content))
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        index.write_bytes(damaged)
        to = tmp_path / f"to{number}"
        report = fastckpt.salvage(prefix, to, fsync=False)
        assert report.unproved == {}
        assert_saved(report, to, original)


@pytest.mark.parametrize("name", NAMES)
def test_of_more_damage_nothing_is_saved_that_was_not_there(name, tmp_path):
    prefix = copy_golden(name, tmp_path)
    original = values_of(prefix)
    index = index_of(prefix)
    content = index.read_bytes()
    generator = random.Random(2)
    saved = 0
    for number in range(25):
        damaged = bytearray(content)
        for _ in range(2 + number % 3):
            bit = generator.randrange(8 * len(content))
            damaged[bit // 8] ^= 1 << bit % 8
        index.write_bytes(
            damaged[: generator.choice([len(content), len(content) // 2])]
        )
        saved += is_saved_as_it_was(prefix, tmp_path / f"to{number}", original)
    assert saved


@pytest.mark.parametrize("name", NAMES)
def test_of_one_changed_byte_nothing_is_saved_that_was_not_there(name, tmp_path):
    prefix = copy_golden(name, tmp_path)
    original = values_of(prefix)
    content = index_of(prefix).read_bytes()
    generator = random.Random(4)
    saved = 0
    for number in range(25):
        damaged = bytearray(content)
        damaged[generator.randrange(len(content))] = generator.randrange(256)
        index_of(prefix).write_bytes(damaged)
        saved += is_saved_as_it_was(prefix, tmp_path / f"to{number}", original)
    assert saved


def is_saved_as_it_was(prefix, to, original) -> bool:
    """Asserts that what is not said to be unproved has its value, if any is saved."""
    data = [path.read_bytes() for path in prefix.parent.glob(f"{prefix.name}.data-*")]
    values = [value[2] for value in original.values()]
    try:
        report = fastckpt.salvage(prefix, to, fsync=False)
    except fastckpt.CheckpointError:
        return False
    for name, value in values_of(to).items():
        if name == GRAPH_KEY:
            continue
        if "name" in report.unproved.get(name, ""):
            # A slice whose name is damaged may pass for a tensor of its own.
            parts = value[2] if isinstance(value[2], list) else [value[2]]
            is_part = all(any(part in each for each in data) for part in parts)
            assert value[2] in values or is_part
        elif "order" not in report.unproved.get(name, ""):
            assert value == original[name]
    return True


def test_sound_blocks_of_an_index_of_several_are_taken_without_its_end(tmp_path):
    tensors = {
        f"{i * 7919 % 99991:05d}{'layer' * 12}": np.int32(i) for i in range(9000)
    }
    fastckpt.save(tmp_path / "m", tensors)
    original = values_of(tmp_path / "m")
    index = tmp_path / "m.index"
    content = bytearray(index.read_bytes())
    assert len(content) > 600_000
    content[300_000] ^= 0x11
    index.write_bytes(content[:-100])
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    saved = values_of(tmp_path / "to")
    assert len(saved) > 8900
    proved = set(saved) - set(report.unproved)
    assert all(saved[name] == original[name] for name in proved)
    # The second block is damaged, whose names nothing proves.
    assert 3000 < len(report.unproved) < 6000


def test_names_that_the_object_graph_has_are_proved_by_it_if_it_misses_none(tmp_path):
    prefix = copy_golden("objects", tmp_path)
    content = bytearray(index_of(prefix).read_bytes())
    content[0] ^= 0x11  # of the header's entry
    index_of(prefix).write_bytes(content)
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert (report.lost, set(report.unproved.values())) == ([], {"type and shape"})


def test_names_of_the_object_graph_are_unproved_where_it_misses_some(tmp_path):
    prefix = copy_golden("objects", tmp_path)
    content = bytearray(index_of(prefix).read_bytes())
    # In the message behind the first name of a variable.
    content[content.index(b"VARIABLE_VALUE") + 22] ^= 0x11
    index_of(prefix).write_bytes(content)
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert set(report.unproved.values()) == {NAME}
    assert len(report.saved) > len(report.lost)


def test_names_are_unproved_where_one_is_there_that_the_object_graph_has_not(tmp_path):
    prefix = copy_golden("objects", tmp_path)
    with fastckpt.open(prefix) as opened:
        tensors = {name: opened[name] for name in opened}
    fastckpt.save(tmp_path / "m", {**tensors, "layers/0": np.ones(2)})
    content = bytearray(index_of(tmp_path / "m").read_bytes())
    content[0] ^= 0x11  # of the header's entry
    index_of(tmp_path / "m").write_bytes(content)
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    assert (report.lost, set(report.unproved.values())) == ([], {NAME})


def test_damage_in_many_places_of_an_index_loses_what_is_there_alone(tmp_path):
    tensors = {f"layer{i:04d}/kernel": np.int32(i) for i in range(3000)}
    fastckpt.save(tmp_path / "m", tensors)
    original = values_of(tmp_path / "m")
    content = bytearray(index_of(tmp_path / "m").read_bytes())
    # Of keys, from there to the next that is whole; one of 16 is.
    for place in range(1000, len(content) - 1000, len(content) // 20):
        content[content.index(b"kernel", place) + 2] ^= 0x11
        content[content.index(b"\0\x10", place + 500) + 6] ^= 0x03
    index_of(tmp_path / "m").write_bytes(content)
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    saved = values_of(tmp_path / "to")
    assert sum(saved[name] == original.get(name) for name in saved) > 2200
    assert set(report.unproved) == set(saved)


def put_parts(prefix: Path, suffix: str = "_temp") -> Path:
    """Writes what TensorFlow's save in two shards is before its parts are merged."""
    folder = prefix.with_name(f"{prefix.name}{suffix}")
    for shard in (0, 1):
        part = {name: TENSORS[name] for name in list(TENSORS)[shard::2]}
        fastckpt.save(folder / f"part-{shard:05d}-of-00002", part)
    return folder


def put_tempstate(prefix: Path, *, data: bool) -> None:
    """Writes a checkpoint whose index, and maybe data, lack their names."""
    fastckpt.save(prefix, TENSORS)
    os.rename(f"{prefix}.index", f"{prefix}.index.tempstate1742139226030316918")
    if data:
        name = f"{prefix}.data-00000-of-00001"
        os.rename(name, f"{name}.tempstate12177816340329424898")


@pytest.mark.parametrize("name", ["m", "m_temp", "."])
def test_parts_of_a_save_in_shards_are_merged(name, tmp_path):
    put_parts(tmp_path / "in" / "m")
    report = fastckpt.salvage(tmp_path / "in" / name, tmp_path / "to")
    assert report.ok
    saved = values_of(tmp_path / "to")
    assert sorted(saved) == sorted(TENSORS)
    for name, value in TENSORS.items():
        assert saved[name][2] == value.tobytes()
    assert "m_temp" in report.repaired[0]
    assert report.source == str(tmp_path / "in" / "m")


def test_of_parts_that_are_not_complete_what_is_there_is_saved(tmp_path):
    folder = put_parts(tmp_path / "m")
    (folder / "part-00001-of-00002.index").unlink()
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    assert (len(report.saved), report.ok) == (2, False)


@pytest.mark.parametrize("data", [False, True])
def test_tempstate_files_are_read_under_the_names_they_were_to_have(data, tmp_path):
    put_tempstate(tmp_path / "m", data=data)
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    assert report.ok
    assert sorted(values_of(tmp_path / "to")) == sorted(TENSORS)
    assert ".tempstate" in report.repaired[0]


def test_files_that_a_save_set_aside_are_read(prefix, tmp_path):
    original = values_of(prefix)
    for path in prefix.parent.iterdir():
        path.rename(f"{path}.fastckpt-0123abcd.old")
    assert_saved(fastckpt.salvage(prefix, tmp_path / "to"), tmp_path / "to", original)


@pytest.mark.parametrize("ending", ["tempstate77", "fastckpt-0123abcd.old"])
@pytest.mark.parametrize("stray", [False, True])
def test_a_bit_of_an_index_under_such_a_name_is_flipped_back(
    stray, ending, prefix, tmp_path
):
    original = values_of(prefix)
    for path in list(prefix.parent.iterdir()):
        path.rename(f"{path}.{ending}")
    if stray:  # of another save, of as many files as there are shards
        for number in (1, 3):
            (prefix.parent / f"m.data-00000-of-0000{number}").write_bytes(b"x" * 9)
    flip(prefix.parent / f"m.index.{ending}", 9)
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert_saved(report, tmp_path / "to", original)


@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
def test_a_file_under_the_name_of_the_prefix_is_taken_for_the_missing_one(
    part, tmp_path
):
    fastckpt.save(tmp_path / "m", TENSORS)
    original = values_of(tmp_path / "m")
    (tmp_path / f"m.{part}").rename(tmp_path / "m")
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    assert_saved(report, tmp_path / "to", original)
    assert "taken for" in report.repaired[0]


def test_a_lost_index_is_taken_from_a_sibling_that_agrees(prefix, tmp_path):
    original = values_of(prefix)
    for path in list(prefix.parent.iterdir()):
        shutil.copy(path, str(path).replace("/m.", "/copy."))
    index_of(prefix).unlink()
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert_saved(report, tmp_path / "to", original, unproved=NAME)
    assert "every checksum of which agrees" in report.repaired[0]


def test_a_sibling_of_other_values_is_taken_only_where_it_is_trusted(prefix, tmp_path):
    original = values_of(prefix)
    sibling = prefix.with_name("sibling")
    fastckpt.save(sibling, {n: v + 1 for n, v in TENSORS.items()}, shards=2)
    index_of(prefix).unlink()
    with pytest.raises(fastckpt.CorruptionError, match="trust_sibling"):
        fastckpt.salvage(prefix, tmp_path / "to")
    report = fastckpt.salvage(prefix, tmp_path / "to", trust_sibling=sibling)
    everything = "name, type, shape and bytes"
    assert_saved(report, tmp_path / "to", original, unproved=everything)
    assert "TRUSTED" in report.repaired[0]


def test_a_sibling_is_asked_where_the_own_index_is_of_no_use(prefix, tmp_path):
    original = values_of(prefix)
    for path in list(prefix.parent.iterdir()):
        shutil.copy(path, str(path).replace("/m.", "/copy."))
    index_of(prefix).write_bytes(bytes(500))
    report = fastckpt.salvage(prefix, tmp_path / "to")
    assert_saved(report, tmp_path / "to", original, unproved=NAME)


def test_nothing_is_trusted_where_a_data_file_is_lost_too(prefix, tmp_path):
    sibling = prefix.with_name("sibling")
    fastckpt.save(sibling, {n: v + 1 for n, v in TENSORS.items()}, shards=2)
    index_of(prefix).unlink()
    data_file(prefix, 0).unlink()
    with pytest.raises(fastckpt.CorruptionError, match="all data files are needed"):
        fastckpt.salvage(prefix, tmp_path / "to", trust_sibling=sibling)


def test_a_sibling_that_is_trusted_must_be_as_long(prefix, tmp_path):
    sibling = prefix.with_name("sibling")
    fastckpt.save(sibling, {"w": np.zeros(7)}, shards=2)
    index_of(prefix).unlink()
    with pytest.raises(fastckpt.CorruptionError, match="bytes"):
        fastckpt.salvage(prefix, tmp_path / "to", trust_sibling=sibling)


def test_a_sibling_whose_strings_lie_elsewhere_is_refused(tmp_path):
    names = {"w": np.zeros(3), "s": np.array([b"abc", b"d"], object)}
    fastckpt.save(tmp_path / "m", names)
    names["s"] = np.array([b"ab", b"cd"], object)
    fastckpt.save(tmp_path / "sibling", names)
    (tmp_path / "m.index").unlink()
    sibling = tmp_path / "sibling"
    assert fastckpt.salvage(tmp_path / "m", tmp_path / "to", sibling).unproved
    swapped = {"s": names["s"], "w": names["w"]}
    fastckpt.save(tmp_path / "swapped", swapped)
    with pytest.raises(fastckpt.CorruptionError, match="strings"):
        fastckpt.salvage(tmp_path / "m", tmp_path / "to2", tmp_path / "swapped")


def test_bytes_that_are_all_alike_do_not_tell_whose_they_are(tmp_path):
    fastckpt.save(tmp_path / "m", {"mine": np.zeros(10)})
    fastckpt.save(tmp_path / "other", {"yours": np.zeros(10)})
    (tmp_path / "m.index").unlink()
    with pytest.raises(
        fastckpt.CorruptionError, match="its index is lost, or of no use"
    ):
        fastckpt.salvage(tmp_path / "m", tmp_path / "to")


def test_of_a_folder_the_newest_that_can_be_saved_is(tmp_path):
    folder = tmp_path / "in"
    for step in (1, 2, 3):
        fastckpt.save(folder / f"m-{step}", {"step": np.int64(step)})
        for path in folder.glob(f"m-{step}.*"):
            os.utime(path, (9000 - step, 9000 - step))
    (folder / "m-3.data-00000-of-00001").write_bytes(b"")
    report = fastckpt.salvage(folder, tmp_path / "to")
    assert report.source == str(folder / "m-2")
    assert fastckpt.load(tmp_path / "to")["step"] == 2


def test_a_state_file_stands_for_the_checkpoint_that_it_names(tmp_path):
    folder = tmp_path / "in"
    for step in (1, 2):
        fastckpt.save(folder / f"m-{step}", {"step": np.int64(step)})
    (folder / "checkpoint").write_text('model_checkpoint_path: "m-1"\n')
    flip(folder / "m-1.index", 9)
    report = fastckpt.salvage(folder / "checkpoint", tmp_path / "to")
    assert report.source == str(folder / "m-1")
    assert (report.ok, len(report.repaired)) == (True, 1)


def test_one_that_cannot_be_read_is_passed_over_in_a_folder(tmp_path):
    folder = tmp_path / "in"
    for step in (1, 2):
        fastckpt.save(folder / f"m-{step}", {"step": np.int64(step)})
        os.utime(folder / f"m-{step}.index", (step * 1000, step * 1000))
    (folder / "m-2.index").unlink()
    os.mkfifo(folder / "m-2.index")
    report = fastckpt.salvage(folder, tmp_path / "to")
    assert report.source == str(folder / "m-1")


def test_of_an_index_with_a_page_of_zeros_the_rest_is_saved(tmp_path):
    numbers = [f"{i * 7919 % 99991:05d}" for i in range(1000)]
    tensors = {number + "layer" * 12: np.int32(number) for number in numbers}
    fastckpt.save(tmp_path / "m", tensors)
    original = values_of(tmp_path / "m")
    content = bytearray((tmp_path / "m.index").read_bytes())
    for page in (0, 4):
        damaged = content[:]
        damaged[page * 4096 : (page + 1) * 4096] = bytes(4096)
        (tmp_path / "m.index").write_bytes(damaged)
        report = fastckpt.salvage(tmp_path / "m", tmp_path / f"to{page}")
        saved = values_of(tmp_path / f"to{page}")
        assert len(saved) > 900
        assert all(saved[name][2] == original[name][2] for name in saved)
        assert not report.ok


def test_a_sibling_that_is_not_there_is_an_error(prefix, tmp_path):
    with pytest.raises(FileNotFoundError):
        fastckpt.salvage(prefix, tmp_path / "to", trust_sibling=tmp_path / "none")


def test_of_two_siblings_that_agree_and_differ_none_is_taken(prefix, tmp_path):
    for name, copy in (("w", "b"), ("v", "c")):
        tensors = {key.replace("w", name): value for key, value in TENSORS.items()}
        fastckpt.save(prefix.with_name(copy), tensors, shards=2)
    index_of(prefix).unlink()
    with pytest.raises(fastckpt.CorruptionError, match="fit them, and differ"):
        fastckpt.salvage(prefix, tmp_path / "to")


def test_a_tensor_whose_damaged_name_is_no_utf_8_is_lost(tmp_path):
    fastckpt.save(tmp_path / "m", {"a": np.arange(3), "w": np.arange(4)})
    path = tmp_path / "m.index"
    content = bytearray(path.read_bytes())
    content[content.index(b"w")] ^= 0x81  # two bits: none is flipped back
    path.write_bytes(content)
    report = fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    assert (report.saved, report.lost) == (["a"], ["\udcf6"])
    assert not report.ok


def test_a_name_that_is_taken_is_refused(prefix, tmp_path):
    before = files_in(tmp_path)
    with pytest.raises(FileExistsError, match="that is the source"):
        fastckpt.salvage(prefix, prefix)
    with pytest.raises(FileExistsError, match="that is the source"):
        fastckpt.salvage(index_of(prefix), prefix)
    fastckpt.save(tmp_path / "to", {"x": 1})
    with pytest.raises(FileExistsError, match="name that is free"):
        fastckpt.salvage(prefix, tmp_path / "to")
    (tmp_path / "to.index").unlink()
    with pytest.raises(FileExistsError, match="name that is free"):
        fastckpt.salvage(prefix, tmp_path / "to")
    (tmp_path / "to.data-00000-of-00001").unlink()
    assert files_in(tmp_path) == before


def test_where_nothing_is_or_nothing_can_be_had_it_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        fastckpt.salvage(tmp_path / "nothing", tmp_path / "to")
    with pytest.raises(FileNotFoundError):
        fastckpt.salvage(tmp_path, tmp_path / "to")
    (tmp_path / "m.index").write_bytes(b"nonsense" * 100)
    (tmp_path / "m.data-00000-of-00001").write_bytes(b"x" * 100)
    with pytest.raises(fastckpt.CorruptionError):
        fastckpt.salvage(tmp_path / "m", tmp_path / "to")
    assert not list(tmp_path.glob("to*"))


def test_whatever_is_in_the_files_it_ends_in_a_report_or_an_error(tmp_path):
    generator = random.Random(3)
    seeds = sorted((TESTS / "fuzz" / "seeds" / "bundle").iterdir())
    for number in range(60):
        content = bytearray(generator.choice(seeds).read_bytes())
        size = int.from_bytes(content[:2], "little")
        index, data = content[2 : 2 + size], content[2 + size :]
        for _ in range(generator.randrange(1, 6)):
            place = generator.randrange(len(index))
            end = place + generator.randrange(1, 9)
            index[place:end] = generator.choice(
                [generator.randbytes(4), bytes(8), b"\xff" * 8, index[:40], b""]
            )
        (tmp_path / "m.index").write_bytes(index)
        (tmp_path / "m.data-00000-of-00001").write_bytes(data)
        try:
            fastckpt.salvage(tmp_path / "m", tmp_path / f"to{number}", fsync=False)
        except fastckpt.CheckpointError:
            continue
        with fastckpt.open(tmp_path / f"to{number}") as saved:
            assert saved.verify().ok


def test_names_of_any_kind_are_saved(tmp_path):
    names = ["a b", "-drop", "*", "[x]", "w\n", "w\0x", "\udcff\udcfe", "ü" * 200]
    maker = BundleMaker()
    for number, name in enumerate(names):
        maker.add(name, np.arange(4) + number)
    prefix = maker.write(tmp_path, "a model's")
    original = values_of(prefix)
    flip(prefix.with_name("a model's.data-00000-of-00001"), 1)
    report = fastckpt.salvage(prefix, tmp_path / "to there")
    assert_saved(report, tmp_path / "to there", original, lost={"a b"})
