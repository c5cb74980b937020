"""Progress: on a terminal, after a second, and not in the way."""

from __future__ import annotations

import io
import sys

import pytest

from fastckpt.cli.render import progress as _progress
from fastckpt.cli.render.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(_progress, "monotonic", lambda: now[0])
    return now


def become_terminal(monkeypatch):
    """Makes standard error a terminal, until the test ends."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    return stream


def test_within_a_second_nothing_is_shown(clock, monkeypatch):
    terminal = become_terminal(monkeypatch)
    with Progress("verifying") as progress:
        clock[0] += 0.9
        progress(5, 10)
    assert terminal.getvalue() == ""


def test_after_a_second_there_is_a_bar_with_bytes(clock, monkeypatch):
    terminal = become_terminal(monkeypatch)
    with Progress("verifying") as progress:
        clock[0] += 1.1
        progress(512 << 20, 1 << 30)
    assert "verifying" in terminal.getvalue()
    assert "0.5/1.0 GiB" in terminal.getvalue()


def test_in_a_pipe_nothing_is_shown(monkeypatch, clock):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress("verifying") as progress:
        clock[0] += 100
        progress(5, 10)
    assert stream.getvalue() == ""


def test_without_rich_one_line_names_the_extra(clock, monkeypatch):
    terminal = become_terminal(monkeypatch)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with Progress("verifying") as progress:
        clock[0] += 2
        for done in range(10):
            progress(done, 10)
    assert terminal.getvalue() == (
        "fastckpt: verifying ...; for a progress bar: pip install rich\n"
    )


def test_the_bar_is_taken_away_when_an_error_ends_the_work(clock, monkeypatch):
    terminal = become_terminal(monkeypatch)

    def work():
        with Progress("verifying") as progress:
            clock[0] += 2
            progress(1, 10)
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert terminal.getvalue().endswith("\x1b[2K")
