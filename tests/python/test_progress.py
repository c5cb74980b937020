"""Progress of long calls: what a callable is told, and where its errors go."""

import time

import numpy as np
import pytest

import fastckpt
from fastckpt import progress


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(progress, "_INTERVAL", 0.001)


def _fail(done, total):
    raise ZeroDivisionError(f"{done} of {total}")


def _work(done, error=None):
    with progress.watch(_fail):
        time.sleep(0.05)
        if error:
            raise error
        done.append("the work")


def test_an_error_in_a_callable_reaches_the_caller_once_the_work_is_done(impatient):
    done = []
    with pytest.raises(ZeroDivisionError, match="0 of 0"):
        _work(done)
    assert done == ["the work"]


def test_an_error_in_a_callable_hides_no_error_of_the_work(impatient):
    with pytest.raises(KeyError, match="lost"):
        _work([], KeyError("lost"))


def test_small_reads_are_counted_too(tmp_path):
    fastckpt.save(tmp_path / "model", {"a": np.arange(3), "b": np.arange(2)})
    told = []
    with fastckpt.open(tmp_path / "model") as ckpt:
        ckpt.read_many(
            [("a", None, None), ("b", None, None)],
            progress=lambda done, total: told.append((done, total)),
        )
    assert told[-1] == (40, 40)
