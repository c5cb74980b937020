"""fastckpt.salvage on what TensorFlow wrote; what it saves TensorFlow reads."""

from __future__ import annotations

import pickle
import random
import shutil

import pytest

import fastckpt
import salvage_child
from fastckpt.objects.message import GRAPH_KEY
from places import GOLDEN

TAIL = "/.ATTRIBUTES/VARIABLE_VALUE"

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def salvaged(tmp_path_factory):
    """Damages a checkpoint of TensorFlow's in many ways; gives what was saved."""
    folder = tmp_path_factory.mktemp("salvage")
    golden = GOLDEN / "objects" / "model-1"
    index = golden.with_name("model-1.index").read_bytes()
    data = golden.with_name("model-1.data-00000-of-00001").read_bytes()
    reports = {}

    def attempt(name, new_index, new_data):
        prefix = folder / name / "m"
        prefix.parent.mkdir()
        prefix.with_name("m.index").write_bytes(new_index)
        prefix.with_name("m.data-00000-of-00001").write_bytes(new_data)
        try:
            report = fastckpt.salvage(prefix, prefix.with_name("to"), fsync=False)
        except fastckpt.CheckpointError:
            return
        finally:
            if not list(prefix.parent.glob("to*")):
                shutil.rmtree(prefix.parent)
        reports[report.path] = name, report

    generator = random.Random(7)
    for number in range(12):
        attempt(f"bit-{number}", _flip(index, 1, generator), data)
        attempt(f"bits-{number}", _flip(index, 3, generator), data)
        attempt(f"data-{number}", index, _flip(data, 1, generator))
        attempt(f"both-{number}", _flip(index, 1, generator), _flip(data, 1, generator))
        attempt(f"cut-{number}", index[: generator.randrange(len(index))], data)
    prefixes = [str(golden), *reports]
    (folder / "prefixes").write_bytes(pickle.dumps(prefixes))
    salvage_child.run(folder)
    contents = pickle.loads((folder / "contents").read_bytes())
    restored = pickle.loads((folder / "restored").read_bytes())
    values = contents.pop(str(golden))
    assert restored.pop(str(golden))
    return reports, values, contents, restored


def _flip(content, count, generator):
    damaged = bytearray(content)
    for _ in range(count):
        bit = generator.randrange(8 * len(content))
        damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def test_tensorflow_reads_all_that_was_saved_and_its_values(salvaged):
    reports, values, contents, _ = salvaged
    assert len(contents) == len(reports) > 30
    for path, (_, report) in reports.items():
        assert sorted(contents[path]) == sorted(report.saved)
        for name in {*report.saved} - {*report.unproved, GRAPH_KEY}:
            assert contents[path][name] == values[name], (path, name)
        for name in report.unproved:
            assert contents[path][name][2] in [value[2] for value in values.values()]


def test_one_flipped_bit_loses_nothing(salvaged):
    reports, values, contents, _ = salvaged
    for path, (name, report) in reports.items():
        if name.startswith("bit-"):
            assert report.ok
            assert report.unproved == {}
            assert contents[path] == values
    assert sum(name.startswith("bit-") for name, _ in reports.values()) == 12


def test_what_is_left_is_restored_by_objects(salvaged):
    reports, values, contents, restored = salvaged
    assert len(restored) > 20
    for path, variables in restored.items():
        kept = {
            n
            for n in reports[path][1].saved
            if n not in ("save_counter" + TAIL, GRAPH_KEY)
        }
        found = {contents[path][name][2] for name in kept}
        # What is lost is as the program made it; so is what has another name now.
        assert sum(it in found for it in variables) >= len(kept & values.keys())
