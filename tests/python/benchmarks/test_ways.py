"""Floors: picked on one half of the samples, judged on the other."""

from benchmarks.rows.row import Child, Goal, Measured, Row
from benchmarks.timing import judge, ways
from benchmarks.timing.intervals import quotient
from benchmarks.timing.turns import plan_turns

GOAL = Goal("floor", 1.1, "fastckpt", ("floor",))
TITLE = {"bert": "400 tensors"}


def measured(ours: list[float], floor: list[float]) -> Measured:
    samples = {"fastckpt": ours, "floor: 1 map": floor, "floor": ways.judged(floor)}
    return Measured(samples, {"floor": "floor: 1 map"})


def test_the_slow_ways_go_after_the_trial():
    tried = {f"way {i}": float(i) for i in range(9)}
    assert ways.keep(tried) == ["way 0", "way 1", "way 2", "way 3"]


def test_a_way_that_is_lucky_when_it_is_picked_is_judged_by_the_rest():
    samples = {"lucky": [1.0, 9.0] * 5, "steady": [2.0, 2.0] * 5}
    assert ways.pick(samples, ["lucky", "steady"]) == "lucky"
    assert ways.judged(samples["lucky"]) == [9.0] * 5


def test_ours_is_compared_in_the_turns_that_picked_nothing():
    found = judge.of_goal(GOAL, measured([7.0, 3.0] * 5, [1.0, 2.0] * 5))
    assert found["value"] == 1.5
    assert found["winner"] == "floor: 1 map"


def test_a_floor_that_is_slower_than_ours_is_wrong():
    row = Row("load", "{bert}", {"fastckpt": Child("ours", "load")}, (GOAL,))
    slow = judge.of_row(row, measured([0.9, 0.91] * 6, [1.0, 1.02] * 6), TITLE)
    (text,) = judge.wrong_floors([slow])
    assert text.startswith("the floor is wrong: load: fastckpt takes 0.892")


def test_a_floor_that_noise_makes_slower_is_not_wrong():
    noisy = [1.0, 0.8, 1.0, 1.2, 1.0, 1.1] * 2
    row = Row("load", "{bert}", {"fastckpt": Child("ours", "load")}, (GOAL,))
    found = judge.of_row(row, measured(noisy, noisy[::-1]), TITLE)
    assert judge.wrong_floors([found]) == []
    assert not ways.is_wrong(quotient([0.99] * 9, [1.0] * 9))


def test_a_goal_of_which_a_side_is_missing_is_left_out():
    assert judge.of_goal(GOAL, Measured({"fastckpt": [1.0]})) is None


def test_paired_contenders_take_part_in_every_turn_and_slow_ones_in_few():
    turns = plan_turns(
        {"fastckpt": 0.1, "floor": 0.1, "TF": 30.0}, {"fastckpt", "floor"}, 8
    )
    assert turns["fastckpt"] == turns["floor"] == 40
    assert turns["TF"] == 3


def test_what_takes_long_has_the_turns_that_were_asked_for():
    turns = plan_turns({"fastckpt": 9.0, "floor": 9.0}, {"fastckpt", "floor"}, 8)
    assert turns == {"fastckpt": 8, "floor": 8}
