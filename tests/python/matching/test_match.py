"""match with rules: what a plan says, and when it may not load."""

import numpy as np
import pytest

import fastckpt
from fastckpt import Rules

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


@pytest.fixture
def make(tmp_path):
    def make_plan(tensors, targets, rules):
        fastckpt.save(tmp_path / "m", tensors)
        return fastckpt.match(tmp_path / "m", targets, Rules.parse(rules))

    return make_plan


def refuses(plan, text):
    assert not plan.is_finished
    with pytest.raises(ValueError, match=text):
        plan.load()


W = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_a_tensor_that_goes_nowhere_is_refused(make):
    plan = make({"a": W, "b": W}, {"x": (2, 3)}, "a -> x\nb -> y\n")
    assert plan.unused == ["b"]
    refuses(plan, r"nothing is made of 'b' \(b -> - leaves it out\)")
    plan = make({"a": W, "b c": W}, {"x": (2, 3)}, "a -> x")
    refuses(plan, r"nothing is made of 'b c' \(b\\ c -> - leaves it out\)")


def test_a_parameter_without_a_source_is_refused(make):
    plan = make({"a": W}, {"x": (2, 3), "y": (9,)}, "a -> x")
    assert plan.missing == ["y"]
    refuses(plan, r"nothing becomes 'y' \(- -> y leaves it as it is\)")


def test_two_tensors_for_one_parameter_are_refused(make):
    plan = make({"a/1": W, "a/2": W + 1}, {"x": (2, 3)}, "a/{n} -> x")
    assert plan.ambiguous == {"x": ["a/1", "a/2"]}
    refuses(plan, "'x' could be 'a/1', 'a/2'")


def test_a_shape_that_does_not_fit_is_refused_with_both(make):
    plan = make({"a": W}, {"x": (2, 3)}, "a -> x transpose")
    refuses(plan, r"line 1.*\(2, 3\) becomes \(3, 2\), but 'x' is \(2, 3\)")
    refuses(make({"a": W}, {"x": (4,)}, "a -> x reshape 4"), "6 elements")
    refuses(make({"a": W}, {"x": (2, 4)}, "a -> x take 1 0:4"), "no such part")


def test_a_line_that_lacks_a_source_is_refused(make):
    plan = make({"q/1": W}, {"qk.1": (4, 3)}, "q/{n} + k/{n} -> qk.{n}")
    refuses(plan, "'qk.1' lacks a source such as 'k/")


def test_sources_of_several_dtypes_are_not_joined(make):
    plan = make({"q": W, "k": W.astype("float64")}, {"x": (4, 3)}, "q + k -> x")
    refuses(plan, "several dtypes: float32, float64")


TAKES = "a -> x take 1 0:1\na -> y take 1 {}\n"


@pytest.mark.parametrize(
    ("second", "size", "text"),
    [
        ("0:2", 2, "0:1 of axis 1 is taken twice"),
        ("2:3", 1, "1:2 of axis 1 goes nowhere"),
        ("1:2", 1, "2:3 of axis 1 goes nowhere"),
    ],
)
def test_parts_are_all_of_a_tensor_once(second, size, text, make):
    plan = make({"a": W}, {"x": (2, 1), "y": (2, size)}, TAKES.format(second))
    refuses(plan, text)


def test_a_part_whose_parameter_is_not_there_is_missed(make):
    plan = make({"a": W}, {"x": (2, 1)}, TAKES.format("1:3"))
    refuses(plan, "1:3 of axis 1 goes nowhere")


def test_one_part_alone_is_refused_until_a_line_leaves_the_rest_out(make, tmp_path):
    plan = make({"a": W}, {"x": (2, 2)}, "a -> x take 1 0:2")
    line = "a -> - take 1 2:3"
    refuses(plan, "the part 2:3 of axis 1 goes nowhere; .* SOURCE -> - take 1 2:3")
    rules = Rules.parse(f"a -> x take 1 0:2\n{line}\n")
    plan = fastckpt.match(tmp_path / "m", {"x": (2, 2)}, rules)
    assert plan.load()["x"].tolist() == W[:, :2].tolist()
    assert "a take 1 2:3 is left out" in str(plan)
    assert line in str(plan.to_rules())
    again = fastckpt.match(tmp_path / "m", {"x": (2, 2)}, plan.to_rules())
    assert str(again) == str(plan)


def test_parts_that_are_left_out_count_as_others_do(make):
    targets = {"x": (2, 2)}
    rules = "a -> x take 1 0:2\na -> - take 1 {}\n"
    refuses(make({"a": W}, targets, rules.format("1:")), "1:2 of axis 1 is taken twice")
    refuses(make({"a": W}, targets, rules.format("2:4")), "of 'a': .*no such part")
    plan = make({"a": W}, {}, "a -> - take 1 0:2\na -> - take 1 2:\n")
    assert plan.is_finished, plan
    refuses(make({"a": W}, {}, "a -> - take 1 0:2"), "2:3 of axis 1 goes nowhere")
    rules = "v -> x reshape 3,4 take 0 0:1"
    v = np.arange(12, dtype=np.float32)
    plan = make({"v": v}, {"x": (1, 4)}, rules)
    line = "v -> - reshape 3,4 take 0 1:3"
    refuses(plan, line.removeprefix("v"))
    plan = make({"v": v}, {"x": (1, 4)}, f"{rules}\n{line}")
    assert plan.load()["x"].tolist() == v.reshape(3, 4)[:1].tolist()


READINGS = [
    ("*b* -> *x*", "abcbd", "axcbd", "abcxd"),
    ("{p}_{q} -> {p}.{q}", "a_b_c", "a.b_c", "a_b.c"),
    ("a*/b/* -> x*", "a1/b/2/b/3", "x1", "x1/b/2"),
    ("{n}{n} -> {n}.{n}", "123", "1.23", "12.3"),
]


@pytest.mark.parametrize(("rule", "name", "one", "other"), READINGS)
def test_a_name_with_two_readings_is_refused_with_both(rule, name, one, other, make):
    for target in (one, other):
        plan = make({name: W}, {target: (2, 3)}, rule)
        assert plan.pairs == {}
        refuses(plan, "has two readings, and would become .* or ")
        assert repr(one) in str(plan.misfits)
        assert repr(other) in str(plan.misfits)
        plan = make({name: W}, {target: (2, 3)}, f"{name} -> {target}\n{rule}")
        assert plan.is_finished, plan


@pytest.mark.parametrize(
    ("rule", "name", "target"),
    [
        ("*/b/* -> net/*/b/*", "a/b/c/b/d", "net/a/b/c/b/d"),
        ("*b* -> x", "abcbd", "x"),
        ("a*/b/* -> -", "a1/b/2/b/3", None),
        ("{layer}_{n} -> {layer}.{n}", "a_b_3", "a_b.3"),
        ("a/*/{n} -> *.{n}", "a/1/2/3", "1/2.3"),
        ("*b -> *c", "abb", "abc"),
    ],
)
def test_readings_that_make_one_name_are_none(rule, name, target, make):
    plan = make({name: W}, {target: (2, 3)} if target else {}, rule)
    assert plan.is_finished, plan
    assert [*plan.pairs] == ([target] if target else [])


def test_an_optional_line_with_two_readings_decides_nothing(make):
    for target in ("x.b_c", "x_b.c"):
        plan = make({"x_b_c": W}, {target: (2, 3)}, "{p}_{q} -> {p}.{q} optional")
        refuses(plan, "has two readings")
    plan = make({"x_b_c": W}, {}, "{p}_{q} -> {p}.{q} optional")
    refuses(plan, "nothing is made of 'x_b_c'")


def test_what_is_wrong_a_thousand_times_is_told_briefly(make):
    tensors = {f"a_{n}_b": W for n in range(1_000)}
    plan = make(tensors, {"x": (2, 3)}, "{p}_{q} -> {p}.{q}")
    assert len(plan.misfits) == 1_000
    with pytest.raises(ValueError, match="995 more do not fit") as told:
        plan.load()
    assert len(str(told.value)) < 2_000


def test_many_equals_are_listed_briefly(make):
    tensors = {f"w{n % 7}x{n}/kernel": np.ones((3, 3, 2, 2)) for n in range(300)}
    targets = {f"t{n}.weight": (2, 2, 3, 3) for n in range(300)}
    plan = make(tensors, targets, "")
    assert len(plan.ambiguous["t7.weight"]) == 300
    assert "| and 280 more" in str(plan)
    assert len(str(plan)) < 300_000


def test_of_joined_tensors_each_has_one_reading(make):
    tensors = {"q1b2b3": W, "k1b2b3": W}
    plan = make(tensors, {"x1.2b3": (4, 3)}, "q*b* + k*b* -> x*.*")
    refuses(plan, "has two readings")


def test_what_only_training_needs_counts_as_left_out(make):
    counter = "save_counter/.ATTRIBUTES/VARIABLE_VALUE"
    tensors = {"w": W, "w/Adam": W, "w/Adam_1": W, "global_step": np.int64(1)}
    plan = make({**tensors, counter: np.int64(3)}, {"x": (2, 3)}, "w* -> x")
    assert plan.left_out == sorted([*tensors.keys() - {"w"}, counter])
    assert plan.is_finished


def test_a_line_with_its_very_name_takes_it_all_the_same(make):
    tensors = {"w": W, "w/Adam": W + 1}
    plan = make(tensors, {"x": (2, 3), "m": (2, 3)}, "w -> x\nw/Adam -> m\n")
    assert plan.is_finished
    assert plan.load()["m"].tolist() == (W + 1).tolist()


def test_lines_leave_tensors_out_and_parameters_alone(make):
    rules = "b* -> -\n- -> own.*\na -> x\n"
    targets = {"x": (2, 3), "own.1": (4,), "own.2": (4,)}
    plan = make({"a": W, "b1": W, "b2": W}, targets, rules)
    assert (plan.left_out, plan.untouched) == (["b1", "b2"], ["own.1", "own.2"])
    assert [*plan.load()] == ["x"]


def test_a_parameter_that_an_earlier_line_leaves_alone_gets_nothing(make):
    plan = make({"a": W}, {"x": (2, 3)}, "- -> x\na -> x\n")
    assert (plan.untouched, plan.unused) == (["x"], ["a"])


def test_views_stay_views_and_casts_are_copies(make, tmp_path):
    plan = make({"a": W}, {"x": (3, 2)}, "a -> x transpose")
    found = plan.load()["x"]
    assert not found.flags.owndata
    assert not found.flags.writeable
    half = plan.load(dtype="float16")["x"]
    assert (half.dtype, half.tolist()) == (np.float16, W.T.tolist())


def test_to_rules_gives_the_same_plan_again(make, tmp_path):
    tensors = {"a/1": W, "b 1": W[0], "odd\n\\{n}": W[1], "skip": W, "#c": W}
    rules = "a/{n} -> x.{n} take 1 :2 transpose\nb* -> y reshape 3,1\nskip -> -\n"
    rules += "odd* -> z\n- -> own\n\\#c -> c\na/{n} -> - take 1 2:\n"
    targets = {"x.1": (2, 2), "y": (3, 1), "z": (3,), "own": (), "c": W}
    plan = make(tensors, targets, rules)
    assert plan.is_finished, plan
    again = fastckpt.match(tmp_path / "m", targets, Rules.parse(str(plan.to_rules())))
    assert str(again) == str(plan)
    assert again.pairs == plan.pairs


def test_what_is_open_stands_in_comments(make):
    plan = make({"a/1": W, "a/2": W}, {"x": (2, 3)}, "a/{n} -> x")
    assert str(plan.to_rules()).startswith("# open: 'x' could be 'a/1', 'a/2'")
    assert str(plan).endswith("not finished: 1 ambiguous")


def test_what_is_open_stands_last(make):
    tensors = {"a": W, "b": W, "step": np.int64(1), "c/1": W, "c/2": W}
    rules = "a -> x\n- -> own\nstep -> -\nc/{n} -> z\nnone -> y\n"
    plan = make(tensors, {"x": (2, 3), "own": (1,), "y": (4,), "z": (2, 3)}, rules)
    assert str(plan).splitlines() == [
        "x <- a",
        "own stays as it is",
        "step is left out",
        "z <- ? c/1 | c/2",
        "y <- nothing",
        "b -> nothing",
        "line 5 fits no tensor: none -> y",
        "not finished: 1 matched, 1 ambiguous, 1 missing, 1 unused, 1 untouched, "
        "1 left out",
    ]


def test_wrong_calls_are_type_errors(tmp_path):
    fastckpt.save(tmp_path / "m", {"a": W})
    with pytest.raises(TypeError, match="neither a shape nor an array"):
        fastckpt.match(tmp_path / "m", {"x": "abc"})
    with pytest.raises(TypeError, match=r"fastckpt\.Rules"):
        fastckpt.match(tmp_path / "m", {"x": (1,)}, "a -> x")


def test_damage_is_found_before_anything_is_given(make, tmp_path):
    plan = make({"a": W}, {"x": (3, 2)}, "a -> x transpose")
    data = tmp_path / "m.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[3] ^= 1
    data.write_bytes(content)
    with pytest.raises(fastckpt.CorruptionError):
        plan.load()


def test_what_no_rule_fits_is_proposed(make):
    tensors = {f"layer_{n}/dense/kernel": np.ones((3, 2 + n)) for n in range(3)}
    tensors |= {f"layer_{n}/dense/bias": np.ones(2 + n) for n in range(3)}
    targets = {f"layer.{n}.dense.weight": (2 + n, 3) for n in range(3)}
    targets |= {f"layer.{n}.dense.bias": (2 + n,) for n in range(3)}
    plan = make(tensors, targets, "layer_1/dense/bias -> -\n- -> layer.1.dense.bias\n")
    assert plan.is_finished, plan
    assert len(plan.pairs) == 5
    assert str(plan.pairs["layer.2.dense.weight"]) == "layer_2/dense/kernel transpose"


def test_equals_are_never_guessed_and_a_rule_decides(make, tmp_path):
    tensors = {"first/kernel": np.ones((3, 2)), "second/kernel": np.zeros((3, 2))}
    targets = {"a.weight": (2, 3), "b.weight": (2, 3)}
    plan = make(tensors, targets, "")
    both = [*tensors]
    assert plan.ambiguous == {"a.weight": both, "b.weight": both}
    refuses(plan, "'a.weight' could be 'first/kernel', 'second/kernel': a rule")
    rules = Rules.parse("first/kernel -> b.weight transpose")
    assert "b.weight" in fastckpt.match(tmp_path / "m", targets, rules).pairs


CONV = np.ones((3, 3, 8, 8), np.float32)
TURNED = (8, 8, 3, 3)


def test_what_rules_settle_makes_no_rival_certain(make):
    tensors = {f"block{n}/kernel": CONV for n in range(4)}
    targets = {f"layers.{n}.weight": TURNED for n in range(4)}
    rules = "block{n}/kernel -> layers.{n}.weight permute 3,2,0,1\n"
    plan = make(
        {**tensors, "aux/kernel": CONV}, {**targets, "adapter.weight": TURNED}, rules
    )
    assert plan.proposed == []
    assert not plan.is_finished
    plan = make(
        {"old/kernel": CONV, "other/kernel": CONV},
        {"new.weight": TURNED},
        "other/kernel -> -",
    )
    assert not plan.is_finished


def test_rules_of_what_is_open_decide_nothing(make, tmp_path):
    tensors = {"bn/kernel": CONV, "bn/b/kernel": CONV}
    targets = {"b.weight": TURNED, "layer_0.h0.weight": TURNED}
    plan = make(tensors, targets, "")
    assert not plan.is_finished
    again = fastckpt.match(tmp_path / "m", targets, plan.to_rules())
    assert again.pairs.keys() == plan.pairs.keys()
    assert not again.is_finished


def test_parts_are_compared_in_the_tensors_own_axes(make):
    w = np.arange(64, dtype=np.float32).reshape(8, 8)
    rules = "w -> a take 0 0:4\nw -> b transpose take {} 4:8\n"
    targets = {"a": (4, 8), "b": (4, 8)}
    refuses(make({"w": w}, targets, rules.format(0)), "overlap")
    plan = make({"w": w}, {"a": (4, 8), "b": (8, 4)}, rules.format(1))
    assert np.array_equal(plan.load()["b"], w[4:].T)
    v = np.arange(12, dtype=np.float32)
    rules = "v -> a reshape 3,4 take 0 0:1\nv -> b take 0 1:3\n"
    refuses(make({"v": v}, {"a": (1, 4), "b": (2,)}, rules), "nothing tells")
    rules = "v -> a reshape 3,4 take 0 0:1\nv -> b reshape 3,4 take 0 1:3\n"
    assert make({"v": v}, {"a": (1, 4), "b": (2, 4)}, rules).is_finished


def test_no_numbers_are_no_parameters(make):
    tensors = {"s": np.array([b"a", b"b"], object), "n": np.arange(2), "w": np.ones(2)}
    targets = {"x": (2,), "y": (2,)}
    refuses(make(tensors, targets, "s -> x\nn -> y\nw -> -"), "'s' is string")
    plan = make({"dense/bias": np.arange(2)}, {"dense.bias": (2,)}, "")
    assert plan.unused == ["dense/bias"]


def test_a_plan_says_what_it_proposes_and_which_lines_are_idle(make):
    tensors = {"dense/kernel": np.ones((3, 2)), "e": np.ones((5, 2))}
    rules = "dense/kernal -> dense.weight transpose\ne -> x take 0 0:4\n"
    rules += "e -> - take 0 4:\n"
    plan = make(tensors, {"dense.weight": (2, 3), "x": (4, 2)}, rules)
    assert plan.proposed == ["dense.weight"]
    assert "dense.weight <- dense/kernel transpose (proposed)" in str(plan)
    assert "line 1 fits no tensor: dense/kernal" in str(plan)
    assert "x <- e take 0 :4\n" in str(plan)


@pytest.mark.parametrize("shape", ["22", (2.0, 3.0), [2, "3"]])
def test_only_whole_numbers_make_a_shape(shape, tmp_path):
    fastckpt.save(tmp_path / "m", {"a": W})
    with pytest.raises(TypeError, match="neither a shape"):
        fastckpt.match(tmp_path / "m", {"x": shape})
