"""What a contender needs, and what is said where it is not there."""

from pathlib import Path

import pytest
from benchmarks.machine import needs


@pytest.mark.parametrize(
    ("words", "reason"),
    [("", ""), ("numpy", ""), ("no_such_module", "no_such_module is not installed"),
     ("cpus=1", ""), ("cpus=99999", f"the machine has {needs.available_cpus()} CPUs"),
     ("numpy cpus=1", ""), ("no.such", "no.such is not installed"),
     ("cpus=1 no_such", "no_such is not installed")],
)  # fmt: skip
def test_the_first_thing_that_lacks_is_said(words, reason):
    assert needs.lacking(words) == reason


def test_a_machine_without_a_gpu_says_so(monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert needs.lacking("gpu") == "the machine has no GPU"
    assert needs.wants_gpu("torch gpu")
    assert not needs.wants_gpu("torch")


def test_the_reasons_of_older_reports_are_modules():
    assert needs.in_words("h5py") == "h5py is not installed"
    assert needs.in_words("the machine has no GPU") == "the machine has no GPU"
