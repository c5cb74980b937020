"""Rules: what a line means, and what is no rule."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastckpt
from fastckpt import Rules
from fastckpt.matching.patterns import Pattern, Reader, escape, tell_readings
from places import ROOT


def pairs(rules, tensors, targets, folder):
    fastckpt.save(folder / "m", tensors)
    return fastckpt.match(folder / "m", targets, Rules.parse(rules))


@pytest.mark.parametrize(
    ("pattern", "name", "values"),
    [
        ("a/b", "a/b", ()),
        ("h{n}/w", "h12/w", ("12",)),
        ("h{n}/w", "hx/w", None),
        ("{name}/w", "a.b/w", ("a.b",)),
        ("{name}/w", "a/b/w", None),
        ("{name}.w", "a.w", ("a",)),
        ("{name}.w", "a.b.w", None),
        ("*.w", "a.b.w", ("a.b",)),
        ("x*", "x", ("",)),
        (r"a\{n\}\*\\", "a{n}*\\", ()),
        ("a?[b]", "a?[b]", ()),
        ("{layer}_{n}", "conv_3", ("conv", "3")),
    ],
)
def test_a_pattern_fits(pattern, name, values):
    assert Pattern.parse(pattern).match(name) == values


PIECES = st.sampled_from(["{n}", "{name}", "*", "a", "/", ".", "1", "_", "ab"])


@given(
    st.lists(PIECES, min_size=1, max_size=6).map("".join),
    st.text("a1/._b", max_size=9),
    st.booleans(),
)
def test_a_pattern_takes_what_an_expression_takes(text, name, is_greedy):
    pattern = Pattern.parse(text)
    forms = {"n": "[0-9]+", "*": ".*", "part": "[^/]+" if "/" in text else "[^/.]+"}
    few = "" if is_greedy else "?"
    expression = re.escape(pattern.literals[0])
    for kind, literal in zip(pattern.kinds, pattern.literals[1:], strict=True):
        expression += f"({forms[kind]}{few}){re.escape(literal)}"
    found = re.fullmatch(expression, name, re.DOTALL)
    assert pattern.match(name, is_greedy) == (found and found.groups())


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*/*/*/kernel", "/" * 20_000),
        ("*/*/*/{n}kernel", "/" * 20_000 + "kernel"),
        ("{n}{n}{n}{n}{n}x{n}x", "1" * 20_000 + "xx"),
        ("*{name}*{name}*{name}/{name}x", "a" * 20_000 + "/x"),
    ],
)
def test_a_name_that_almost_fits_in_many_ways_is_soon_told(pattern, name):
    # An expression that goes back would go on for hours.
    assert Pattern.parse(pattern).match(name) is None


def test_two_readings_of_which_first_and_last_make_one_name_name_none():
    source, target = Pattern.parse("*a*"), Pattern.parse("x*aa*")
    found = Reader(source, target).read("aaa")
    assert found == (("aa", ""), ("", "aa"))
    told = tell_readings("aaa", target, *found)
    assert told.startswith("'aaa' has two readings, which")
    assert "xaaaa" not in told


@given(st.text(min_size=1))
def test_an_escaped_name_is_itself_and_nothing_else(name):
    pattern = Pattern.parse(escape(name))
    assert pattern.name == name
    (rule,) = Rules.parse(f"{escape(name)} -> {escape(name)}\n")
    assert rule.sources[0].name == rule.target.name == name


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("a", "form"),
        ("a -> b -> c", "form"),
        ("-> b", "form"),
        ("a ->", "form"),
        ("a b -> c", "form"),
        ("a + -> c", "form"),
        ("- -> -", "one source"),
        ("a + b -> -", "one source"),
        ("a -> - transpose", "no transforms but take"),
        ("a -> - take 0 0:1 transpose", "take stands last"),
        ("a -> - take 0 0:1 take 1 0:1", "once"),
        ("a -> - take 0 0:1 optional", "no transforms"),
        ("a -> - take 0 0:1 concat 0", "no transforms"),
        ("- -> a squeeze", "no transforms"),
        ("a{n -> b", "placeholder"),
        ("a\\ -> b\\", "form"),
        ("a -> b turn", "'turn' is no transform"),
        ("a -> b permute", "lacks"),
        ("a -> b permute 1,1", "twice"),
        ("a -> b permute x", "integers"),
        ("a -> b reshape -1,-1", "negative"),
        ("a -> b take 0", "lacks"),
        ("a -> b take 0 1-3", "0:768"),
        ("a -> b take -1 0:3", "negative"),
        ("a -> b take 0 0:1 take 1 0:1", "once"),
        ("a -> b concat 0", "several"),
        ("a + b -> c transpose", "concat"),
        ("a + b -> c concat 0 concat 1", "twice"),
        ("a + b -> c concat 0 take 0 0:1", "once, before"),
        ("a -> b{n}", "k-th"),
        ("a* -> b{n}", "k-th"),
        ("a{n} + b* -> c{n}", "other placeholders"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_line(line, why):
    text = f"# a comment\n\n{line}"
    with pytest.raises(ValueError, match=rf"line 3, .*{re.escape(why)}"):
        Rules.parse(text)


def test_str_is_the_text_and_equal_rules_are_equal():
    text = "# why\na  ->  b   transpose\n"
    rules = Rules.parse(text)
    assert str(rules) == text
    assert rules == Rules.parse("a -> b transpose")
    assert rules != Rules.parse("a -> b")
    assert len(rules) == 1


def test_the_first_line_that_fits_counts(tmp_path):
    tensors = {"a/1": np.ones(1), "a/2": np.ones(2)}
    plan = pairs("a/1 -> x\na/* -> y\n", tensors, {"x": (1,), "y": (2,)}, tmp_path)
    assert {n: it.sources for n, it in plan.pairs.items()} == {
        "x": ("a/1",),
        "y": ("a/2",),
    }


def test_an_optional_line_counts_only_where_its_target_is(tmp_path):
    rules = "w -> bert.w optional\nw -> w\n"
    for target in ("bert.w", "w"):
        plan = pairs(rules, {"w": np.ones(1)}, {target: (1,)}, tmp_path)
        assert plan.is_finished
        assert [*plan.load()] == [target]


STEPS = [
    ("transpose", lambda a: a.T),
    ("permute 2,0,1", lambda a: a.transpose(2, 0, 1)),
    ("reshape 6,-1", lambda a: a.reshape(6, -1)),
    ("reshape 4,6 transpose reshape 3,8", lambda a: a.reshape(4, 6).T.reshape(3, 8)),
    ("take 1 1:3", lambda a: a[:, 1:3]),
    ("permute 1,0,2 take 0 :2 transpose", lambda a: a.transpose(1, 0, 2)[:2].T),
    ("take 2 1: squeeze", lambda a: a[:, :, 1:]),
]


LEFT = {
    "take 1 1:3": "a -> - take 1 0:1",
    "permute 1,0,2 take 0 :2 transpose": "a -> - permute 1,0,2 take 0 2:",
    "take 2 1: squeeze": "a -> - take 2 :1",
}


@pytest.mark.parametrize(("steps", "expected"), STEPS)
def test_transforms_are_done_from_left_to_right(steps, expected, tmp_path):
    array = np.arange(24.0).reshape(2, 3, 4)
    wanted = expected(array)
    rules = f"a -> b {steps}\n{LEFT.get(steps, '')}"
    plan = pairs(rules, {"a": array}, {"b": wanted}, tmp_path)
    assert plan.is_finished, plan
    found = plan.load()["b"]
    assert found.shape == wanted.shape
    assert np.array_equal(found, wanted)


def test_squeeze_drops_axes_of_size_one(tmp_path):
    array = np.arange(6.0).reshape(1, 2, 1, 3)
    plan = pairs("a -> b squeeze transpose", {"a": array}, {"b": (3, 2)}, tmp_path)
    assert np.array_equal(plan.load()["b"], array.squeeze().T)


def test_sources_are_joined_in_the_lines_order(tmp_path):
    one, two = np.arange(6.0).reshape(2, 3), np.arange(8.0).reshape(2, 4)
    tensors = {"z/1/k": one, "a/1/v": two}
    rules = "z/{n}/k + a/{n}/v -> kv.{n} transpose concat 0 reshape 14"
    plan = pairs(rules, tensors, {"kv.1": (14,)}, tmp_path)
    wanted = np.concatenate([one.T, two.T]).reshape(14)
    assert np.array_equal(plan.load()["kv.1"], wanted)


FILES = sorted((ROOT / "docs" / "matching").glob("*.rules"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_rules_of_the_page_are_rules(path):
    assert len(Rules.parse(path.read_text())) > 5
    assert f"(matching/{path.name})" in (ROOT / "docs" / "matching.md").read_text()


def test_the_rules_for_bert_take_the_prefix_that_the_model_has(tmp_path):
    w = np.ones((4, 3), np.float32)
    tensors = {"bert/embeddings/word_embeddings": w, "cls/predictions/output_bias": w}
    fastckpt.save(tmp_path / "m", tensors)
    for prefix in ("bert.", ""):
        name = f"{prefix}embeddings.word_embeddings.weight"
        plan = fastckpt.match(tmp_path / "m", {name: w}, Rules.bert())
        assert plan.is_finished
        assert plan.left_out == ["cls/predictions/output_bias"]
