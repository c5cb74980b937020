"""What a name that is not there costs, and what its error says."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastckpt
import fastckpt.compat.tensorflow as tf
from fastckpt.base import names
from fastckpt.base.late_text import LateText
from fastckpt.errors import MissingKeyError

COUNT = 50
SLOTS = {f"layer_{i:02}/kernel": i for i in range(COUNT)}


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    fastckpt.save(tmp_path / "m.ckpt", {name: np.ones(1) for name in SLOTS})
    return tmp_path / "m.ckpt"


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names for which close ones were looked for."""
    asked: list[str] = []
    close = names.closest

    def closest(name: str, known: list[str]) -> list[str]:
        asked.append(name)
        return close(name, known)

    monkeypatch.setattr(names, "closest", closest)
    return asked


def never() -> list[str]:
    raise AssertionError("all names were asked for")


@pytest.mark.parametrize(
    "wanted", [["layer_07/kernel", "layer_03/kernel"], {"a": "layer_03/kernel"}]
)
def test_names_that_are_there_list_no_others(wanted: Any) -> None:
    found = names.select(wanted, never, SLOTS.get)
    assert list(found.values()) == ([3] if "a" in wanted else [3, 7])


@pytest.mark.parametrize("wanted", [["layer"], {"a": "layer"}, ["layer_07/kernel", ""]])
def test_a_plain_name_that_is_not_there_lists_no_others(wanted: Any) -> None:
    with pytest.raises(KeyError):
        names.select(wanted, never, SLOTS.get)


def test_patterns_give_the_order_of_the_checkpoint() -> None:
    asked = ["layer_4?/kernel", "layer_01/kernel", "layer_[0]2/*"]
    found = names.select(asked, lambda: list(SLOTS), SLOTS.get)
    assert list(found.values()) == [1, 2, *range(40, 50)]


MISSES: dict[str, Callable[[fastckpt.Checkpoint], Any]] = {
    "[]": lambda ckpt: ckpt["layer_1/kernel"],
    "get": lambda ckpt: ckpt.get("layer_1/kernel"),
    "in": lambda ckpt: "layer_1/kernel" in ckpt,
    "info": lambda ckpt: ckpt.info("layer_1/kernel"),
    "read": lambda ckpt: ckpt.read("layer_1/kernel"),
    "read out": lambda ckpt: ckpt.read("layer_1/kernel", out=np.ones(1)),
    "read_many": lambda ckpt: ckpt.read_many([("layer_1/kernel", None, None)]),
    "tensor": lambda ckpt: ckpt.tensor("layer_1/kernel"),
    "layout": lambda ckpt: ckpt.layout("layer_1/kernel"),
    "byte_runs": lambda ckpt: ckpt.byte_runs("layer_1/kernel"),
    "load": lambda ckpt: ckpt.load(["layer_1/kernel"]),
    "load {}": lambda ckpt: ckpt.load({"a": "layer_1/kernel"}),
    "load dtype": lambda ckpt: ckpt.load(dtype={"layer_1/kernel": "float32"}),
    "load pattern": lambda ckpt: ckpt.load(["layer_1/*"]),
    "load drop": lambda ckpt: ckpt.load(drop=["layer_1/kernel"]),
    "statistics": lambda ckpt: fastckpt.statistics(ckpt, ["layer_1/kernel"]),
    "restore": lambda ckpt: fastckpt.Saver(["layer_1/kernel"]).restore(
        ckpt.path, into={"layer_1/kernel": np.ones(1)}
    ),
    "has_tensor": lambda ckpt: tf.train.load_checkpoint(ckpt.path).has_tensor("layer"),
    "get_tensor": lambda ckpt: tf.train.load_checkpoint(ckpt.path).get_tensor("layer"),
    "load_variable": lambda ckpt: tf.train.load_variable(ckpt.path, "layer_1/kernel"),
}


@pytest.mark.parametrize("way", MISSES)
def test_no_close_names_are_looked_for_before_a_miss_is_shown(
    way: str, prefix: Path, compared: list[str]
) -> None:
    with fastckpt.open(prefix) as ckpt:
        try:
            assert not MISSES[way](ckpt)
            said = None
        except (KeyError, tf.errors.NotFoundError) as error:
            said = error
        assert compared == []
        if said is not None:
            assert "close to it: 'layer_" in str(said)


def test_a_miss_is_told_after_its_checkpoint_was_closed(prefix: Path) -> None:
    with pytest.raises(KeyError) as caught, fastckpt.open(prefix) as ckpt:
        ckpt["layer_1/kernel"]
    close = "; close to it: 'layer_41/kernel', 'layer_31/kernel', 'layer_21/kernel'"
    assert str(caught.value) == f"no tensor 'layer_1/kernel' among {COUNT}{close}"


def test_the_text_of_a_missing_key_is_not_quoted() -> None:
    assert str(MissingKeyError("there is no 'w'")) == "there is no 'w'"
    assert str(MissingKeyError()) == ""


def test_a_missing_key_pickles_with_its_text() -> None:
    error = names.missing("w", lambda: ["w1"])
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is MissingKeyError
    assert str(copied) == str(error) == "no tensor 'w' among 1; close to it: 'w1'"


def test_a_missing_key_of_compat_pickles_with_its_text(prefix: Path) -> None:
    with pytest.raises(tf.errors.NotFoundError) as caught:
        tf.train.load_variable(prefix, "layer_1/kernel")
    copied = pickle.loads(pickle.dumps(caught.value))
    assert copied.message == str(caught.value)
    assert copied.message.startswith("Key layer_1/kernel not found in checkpoint; no ")


def test_a_late_text_is_made_once_and_lets_go_of_its_maker() -> None:
    made: list[int] = []

    def make() -> str:
        made.append(1)
        return "told"

    text = LateText(make)
    assert made == []
    assert (str(text), repr(text), str(text)) == ("told", "'told'", "told")
    assert made == [1]
    assert text._make is None


@pytest.mark.parametrize(
    "ask",
    [
        lambda ckpt: ckpt.objects,
        lambda ckpt: ckpt.load(["layer_00/kernel"], out={}),
        lambda ckpt: fastckpt.Saver(["w"]).save("none", {}),
    ],
)
def test_no_message_of_a_key_error_arrives_quoted(
    ask: Callable[[fastckpt.Checkpoint], Any], prefix: Path
) -> None:
    with fastckpt.open(prefix) as ckpt, pytest.raises(KeyError) as caught:
        ask(ckpt)
    assert str(caught.value)[0] + str(caught.value)[-1] not in ("''", '""')
