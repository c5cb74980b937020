"""The collector's pace while very many objects are made."""

from __future__ import annotations

import gc

import pytest

from fastckpt.base.collector import collecting_rarely
from fastckpt.objects import mapping
from fastckpt.objects.mapping import ObjectGraph


@pytest.fixture(autouse=True)
def usual():
    """A pace of this test's own."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield (700, 10, 10)
    gc.set_threshold(*before)


def test_it_collects_rarely_and_then_as_before(usual):
    with collecting_rarely():
        assert gc.get_threshold()[0] > 10_000
        assert gc.isenabled()
        with collecting_rarely():
            pass
        assert gc.get_threshold()[0] > 10_000
    assert gc.get_threshold() == usual
    with pytest.raises(KeyError), collecting_rarely():
        raise KeyError
    assert gc.get_threshold() == usual


@pytest.mark.parametrize("pace", [0, 1_000_000])
def test_who_collects_never_or_more_rarely_is_left_alone(pace):
    gc.set_threshold(pace, 5, 5)
    with collecting_rarely():
        assert gc.get_threshold() == (pace, 5, 5)
    assert gc.get_threshold() == (pace, 5, 5)


def test_a_pace_that_is_set_meanwhile_stays():
    with collecting_rarely():
        gc.set_threshold(500, 5, 5)
    assert gc.get_threshold() == (500, 5, 5)


def test_object_graphs_are_read_so(monkeypatch, usual):
    seen = []
    known = mapping.parse
    monkeypatch.setattr(
        mapping,
        "parse",
        lambda content: seen.append(gc.get_threshold()[0]) or known(b""),
    )
    assert len(ObjectGraph(b"", {})) == 0
    assert seen[0] > 10_000
    assert gc.get_threshold() == usual
