"""Checkpoints of TensorFlow, damaged: the cause, and what TensorFlow cannot read."""

from __future__ import annotations

from pathlib import Path

import pytest

import damage_child
import fastckpt

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def made():
    folder, events = damage_child.make()
    return Path(folder.name), events


def test_sound_checkpoints_have_no_findings(made):
    for kind in ("sharded", "objects"):
        found = fastckpt.examine(made[0] / "sound" / kind)
        assert (found.findings, found.notes) == ([], [])
        assert found.newest.endswith("-2")


def test_each_event_has_its_cause_and_what_tensorflow_cannot_read(made):
    folder, events = made
    assert len(events) > 50
    for place, name, cause, lost in events:
        prefix = folder / place / name
        found = fastckpt.examine(prefix)
        causes = [it.cause for it in found.findings]
        assert causes == ([cause] if lost else []), prefix
        assert found.lost == lost, prefix
        assert all(set(it.tensors) == set(lost) for it in found.findings)
        with fastckpt.open(prefix) as checkpoint:
            assert checkpoint.verify().findings == found.findings


def test_the_folder_names_the_sound_one(made):
    folder, events = made
    for place, _, _, lost in events[::7]:
        found = fastckpt.examine(folder / place)
        assert found.newest.endswith("-1" if lost else "-2")
