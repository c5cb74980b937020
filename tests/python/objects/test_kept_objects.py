"""ckpt.objects is read once, and holds no file open."""

from __future__ import annotations

import gc
import pickle
import weakref

import pytest

import fastckpt
from fastckpt.objects import mapping
from object_graphs import VALUE, GraphMaker

pytest.importorskip("google.protobuf")


@pytest.fixture
def prefix(tmp_path):
    graph = GraphMaker()
    graph.add(graph.add(0, "model"), "w", f"w{VALUE}", "w")
    return graph.save(tmp_path / "p")


@pytest.fixture
def parsed(monkeypatch):
    """What was parsed."""
    found = []

    def parse(content):
        found.append(content)
        return known(content)

    known = mapping.parse
    monkeypatch.setattr(mapping, "parse", parse)
    return found


def test_the_objects_are_read_once(prefix, parsed):
    with fastckpt.open(prefix) as ckpt:
        assert ckpt.objects is ckpt.objects
        with pytest.raises(KeyError) as caught:
            ckpt["model/w"]
        assert f"the key 'w{VALUE}'" in str(caught.value)
        assert str(caught.value) == str(caught.value)
    assert len(parsed) == 1


def test_a_name_that_is_missing_costs_one_look(prefix, parsed):
    with fastckpt.open(prefix) as ckpt:
        errors = []
        for _ in range(2):
            with pytest.raises(KeyError) as caught:
                ckpt["model/w"]
            errors.append(caught.value)
        assert parsed == []
        for _ in range(3):
            assert f"the key 'w{VALUE}'" in str(errors[0])
    assert len(parsed) == 1


def test_the_values_of_objects_end_with_the_checkpoint(prefix):
    ckpt = fastckpt.open(prefix)
    objects = ckpt.objects
    assert objects["model/w"].value().tolist() == [1, 1]
    ckpt.close()
    assert objects.names() == {"model/w": f"w{VALUE}"}
    with pytest.raises(ValueError, match="closed"):
        objects["model/w"].value()
    with pytest.raises(ValueError, match="closed"):
        ckpt.objects  # noqa: B018


def test_a_checkpoint_with_objects_goes_without_the_collector(prefix):
    gc.disable()
    try:
        ckpt = fastckpt.open(prefix)
        assert list(ckpt.objects) == ["model/w"]
        gone = weakref.ref(ckpt)
        del ckpt
        assert gone() is None
    finally:
        gc.enable()


def test_objects_do_not_travel(prefix):
    with fastckpt.open(prefix) as ckpt:
        before = len(pickle.dumps(ckpt))
        assert len(ckpt.objects) == 1
        assert len(pickle.dumps(ckpt)) == before
        with pickle.loads(pickle.dumps(ckpt)) as again:
            assert list(again.objects) == ["model/w"]
