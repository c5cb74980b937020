"""What samples tell: intervals, verdicts, and the digits that decide."""

import numpy as np
import pytest
from benchmarks.timing.intervals import (
    CANNOT_TELL,
    MET,
    MISSED,
    deciding,
    quotient,
    verdict,
)


def noisy(median: float, seed: int, count: int = 20) -> list[float]:
    return (median * np.random.default_rng(seed).normal(1, 0.03, count)).tolist()


def test_an_interval_holds_the_true_quotient():
    found = quotient(noisy(2, 1), noisy(4, 2))
    assert found.low < 0.5 < found.high
    assert found.low < found.value < found.high < found.highest


def test_a_slow_spell_that_hits_both_sides_drops_out():
    spell = np.where(np.arange(20) < 8, 3.0, 1.0)
    top, bottom = np.array(noisy(1, 1)) * spell, np.array(noisy(1, 2)) * spell
    found = quotient(top.tolist(), bottom.tolist())
    assert 0.9 < found.low < found.high < 1.1


def test_a_single_sample_is_exact():
    assert quotient([3.0])[:3] == (3.0, 3.0, 3.0)


def test_the_same_samples_give_the_same_interval():
    assert quotient(noisy(1, 1), noisy(1, 2, 9)) == quotient(
        noisy(1, 1), noisy(1, 2, 9)
    )


@pytest.mark.parametrize(
    ("top", "at_least", "expected"),
    [(0.5, False, MET), (2.0, False, MISSED), (1.0, False, CANNOT_TELL),
     (0.5, True, MISSED), (2.0, True, MET), (1.0, True, CANNOT_TELL)],
)  # fmt: skip
def test_a_bound_within_the_interval_leaves_the_verdict_open(top, at_least, expected):
    assert verdict(quotient(noisy(top, 1), noisy(1, 2)), 1.0, at_least) == expected


def test_a_bound_that_is_reached_exactly_is_met():
    assert verdict(quotient([1.5]), 1.5) == MET
    assert verdict(quotient([1.5]), 1.5, at_least=True) == MET


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.1501, "1.1501"), (1.15, "1.15"), (1.1499999, "1.1499999"), (0.73, "0.73"),
     (1.15 + 1e-12, "1.150000000001")],
)  # fmt: skip
def test_a_value_has_the_digits_that_tell_it_from_its_bound(value, text):
    assert deciding(value, 1.15) == text
