"""Rules such as old->new."""

from __future__ import annotations

import pytest

from fastckpt.cli.errors import UsageError
from fastckpt.cli.rename_rules import apply_rules

NAMES = ["dense/bias", "dense/kernel", "dense_1/kernel", "step"]


def test_a_name_is_renamed():
    assert apply_rules(NAMES, ["step->global_step"]) == {"step": "global_step"}


def test_a_star_carries_over_what_it_stood_for():
    assert apply_rules(NAMES, ["dense/*->fc/*"]) == {
        "dense/bias": "fc/bias",
        "dense/kernel": "fc/kernel",
    }
    assert apply_rules(NAMES, ["*/ker*->*/w*"]) == {
        "dense/kernel": "dense/wnel",
        "dense_1/kernel": "dense_1/wnel",
    }


def test_the_first_rule_that_fits_is_the_only_one():
    rules = ["dense/kernel->k", "dense/*->k/*", "k->never"]
    with pytest.raises(UsageError, match="'k->never' fits no tensor"):
        apply_rules(NAMES, rules)
    assert apply_rules(NAMES, rules[:2]) == {
        "dense/kernel": "k",
        "dense/bias": "k/bias",
    }


def test_two_names_can_be_swapped():
    assert apply_rules(["a", "b"], ["a->b", "b->a"]) == {"a": "b", "b": "a"}


def test_a_name_with_a_star_in_it_is_first_of_all_a_name():
    assert apply_rules(["a*", "ab"], ["a*->c"]) == {"a*": "c"}


def test_a_rule_may_use_the_escaped_form_that_is_printed():
    assert apply_rules(["a\nb"], [r"a\nb->a\tb"]) == {"a\nb": "a\tb"}


def test_a_regular_expression_replaces_each_place_where_it_is_found():
    assert apply_rules(NAMES, [r"dense(_\d)?/->fc\1/"], is_regex=True) == {
        "dense/bias": "fc/bias",
        "dense/kernel": "fc/kernel",
        "dense_1/kernel": "fc_1/kernel",
    }


def test_what_keeps_its_name_is_not_listed():
    assert apply_rules(NAMES, ["dense/*->dense/*"]) == {}


def test_numbers_and_parts_of_paths_stand_in_patterns():
    names = ["h1/a/w", "h2/b/w", "hx/b/w", "h3/b/c/w", "odd{n}"]
    rules = ["h{n}/{name}/w->blocks/{n}/{name}.w", "odd{n}->odd"]
    assert apply_rules(names, rules) == {
        "h1/a/w": "blocks/1/a.w",
        "h2/b/w": "blocks/2/b.w",
        "odd{n}": "odd",
    }


@pytest.mark.parametrize(
    ("rule", "is_regex", "message"),
    [
        ("step", False, "not of the form"),
        ("a->b->c", False, "not of the form"),
        ("->b", False, "lacks a name"),
        ("step->", False, "lacks a name"),
        ("none->b", False, "fits no tensor"),
        ("dense/*->*/*", False, r"\* \* for \*"),
        ("(->b", True, "unterminated subpattern"),
        (r"step->\1", True, "invalid group reference"),
        (r"step->\g<name>", True, "unknown group name"),
        (".+->x", True, "both 'dense/bias' and 'dense/kernel' would be named 'x'"),
        ("dense/*->step", False, "would be named 'step'"),
        (r"(x?)step->\1", True, "would lose its name"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule, is_regex, message):
    with pytest.raises(UsageError, match=message):
        apply_rules(NAMES, [rule], is_regex)


def test_a_name_with_two_readings_is_refused_with_both():
    with pytest.raises(UsageError, match=r"'a/b/c/b/d' has two readings.*'a/x/c/b/d'"):
        apply_rules(["a/b/c/b/d"], ["*/b/*->*/x/*"])
    assert apply_rules(["a/b/c/b/d"], ["*/b/*->new/*/b/*"]) == {
        "a/b/c/b/d": "new/a/b/c/b/d"
    }
    rules = ["a/b/c/b/*->a/b/c/x/*", "*/b/*->*/x/*"]
    assert apply_rules(["a/b/c/b/d", "e/b/f"], rules) == {
        "a/b/c/b/d": "a/b/c/x/d",
        "e/b/f": "e/x/f",
    }
