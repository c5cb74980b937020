"""A busy machine is refused, or every number is marked."""

import argparse

import pytest
from benchmarks import run
from benchmarks.machine import quiet
from benchmarks.reports import markdown

CALM = quiet.State(load=0.1, running=0.0, busy=0.01, steal=0.0, disk=0.0, drift=1.01)


def test_a_calm_machine_is_quiet():
    assert quiet.reasons(CALM) == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("load", 2.5, "load average is 2.50"), ("running", 3.0, "3.0 other processes"),
     ("busy", 0.5, "50% of the time"), ("steal", 0.05, "takes 5.0%"),
     ("disk", 9e7, "9e+07 bytes a second"), ("drift", 1.6, "factor of 1.60")],
)  # fmt: skip
def test_what_makes_a_machine_busy_is_said(field, value, words):
    (reason,) = quiet.reasons(CALM._replace(**{field: value}))
    assert words in reason


def test_the_machine_is_looked_at():
    state = quiet.state(0.05)
    assert 0 <= state.busy <= 1
    assert 0 <= state.steal <= 1
    assert state.drift >= 1


def test_a_busy_machine_is_refused_before_any_work(monkeypatch):
    monkeypatch.setattr(quiet, "state", lambda: CALM._replace(steal=0.2))
    monkeypatch.setattr(run, "build_floor", pytest.fail)
    monkeypatch.setattr(run, "ensure", pytest.fail)
    with pytest.raises(SystemExit, match=r"(?s)busy: the host takes 20\.0%.*--busy"):
        run.run(argparse.Namespace(busy=False), [])


def test_every_number_of_a_busy_row_is_marked():
    goal = {"text": "floor", "limit": 1.1, "at_least": False, "verdict": "met",
            "winner": "", "value": 1.0, "low": 0.9, "high": 1.05}  # fmt: skip
    row = {"name": "load", "title": "load", "is_view": False, "goals": [goal],
           "gives": {}, "busy": ["the host takes 20%"]}  # fmt: skip
    table = markdown.goal_table({"rows": [row]})
    assert "| 1 (busy) | 0.9 to 1.05 (busy) |" in table
