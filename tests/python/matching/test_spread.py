"""What rules make of a checkpoint where nobody knows the model yet."""

import numpy as np
import pytest

import fastckpt
from fastckpt import Rules
from fastckpt.matching.spread import spread

W = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def make(tmp_path):
    def make_pairs(rules, left_out=(), **tensors):
        fastckpt.save(tmp_path / "m", tensors)
        with fastckpt.open(tmp_path / "m") as ckpt:
            infos = {info.name: info for info in ckpt.infos()}
        pairs = spread(Rules.parse(rules), infos, left_out)
        return {target: str(pair) for target, pair in pairs.items()}

    return make_pairs


def test_what_no_line_fits_keeps_its_name(make):
    assert make("a -> x transpose", a=W, b=W) == {"x": "a transpose", "b": "b"}


def test_optional_lines_and_those_that_follow_all_count(make):
    found = make("a -> p.x optional\na -> x\na + n -> j optional\n", a=W)
    assert found == {"p.x": "a", "x": "a"}


def test_patterns_take_nothing_that_only_training_needs(make):
    found = make("* -> x", ["slot"], a=W, slot=W)
    assert found == {"x": "a", "slot": "slot"}
    assert make("slot -> x", ["slot"], slot=W) == {"x": "slot"}


def test_what_an_earlier_line_leaves_alone_is_not_there(make):
    assert make("- -> x\na -> x\n- -> b\n", a=W, b=W) == {}
    assert make("a -> x\n- -> x\n", a=W) == {"x": "a"}


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ("* -> x", "'a' and 'b' would both become 'x'"),
        ("a -> b", "'a' would become 'b', which is there"),
        ("a + n -> x", r"line 1, 'a \+ n -> x': a source of 'x' is not there"),
        ("a -> x reshape 5", "line 1, 'a -> x reshape 5': .*12 elements"),
        ("a -> x take 0 0:1\na -> y take 0 2:3", "1:2 of axis 0 goes nowhere"),
        ("a -> x take 0 0:1", "1:3 of axis 0 goes nowhere"),
        ("*aa* -> x*.*\nb -> -", "'aaa' has two readings"),
    ],
)
def test_rules_that_do_not_fit_are_refused(rules, text, make):
    with pytest.raises(ValueError, match=text):
        make(rules, **({"aaa": W} if "aaa" in text else {"a": W, "b": W}))


def test_a_part_is_left_out_by_a_line(make):
    rules = "a -> x take 0 0:1\na -> - take 0 1:3\n"
    assert make(rules, a=W) == {"x": "a take 0 :1"}


def test_a_part_that_is_left_out_and_an_optional_one_are_all_of_it(make):
    rules = "a -> x take 0 0:1 optional\na -> y take 0 1:2\na -> - take 0 2:3\n"
    assert make(rules, a=W) == {"x": "a take 0 :1", "y": "a take 0 1:2"}


def test_of_optional_parts_that_overlap_a_model_may_have_one(make):
    rules = "a -> x take 0 0:1\na -> y take 0 1:3 optional\na -> z take 0 1:3 optional"
    assert make(rules, a=W).keys() == {"x", "y", "z"}


def test_what_no_line_takes_goes_nowhere_beside_optional_parts_too(make):
    rules = "a -> x take 0 0:1 optional\na -> - take 0 2:3\n"
    with pytest.raises(ValueError, match="1:2 of axis 0 goes nowhere"):
        make(rules, a=W)


def test_of_optional_parts_nobody_knows_the_rest(make):
    rules = "a -> x take 0 0:1\na -> y take 0 1:3 optional\n"
    assert make(rules, a=W) == {"x": "a take 0 :1", "y": "a take 0 1:3"}
