"""What everything that writes has in common."""

from __future__ import annotations

import inspect

import pytest

import fastckpt

WRITERS = (
    fastckpt.save,
    fastckpt.Writer,
    fastckpt.Saver,
    fastckpt.merge,
    fastckpt.rewrite,
    fastckpt.convert,
    fastckpt.strip,
    fastckpt.average,
    fastckpt.salvage,
    fastckpt.update_checkpoint_state,
    fastckpt.freeze,
)


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__)
def test_what_was_written_is_on_the_disk_unless_told_otherwise(writer):
    assert inspect.signature(writer).parameters["fsync"].default is True


@pytest.mark.parametrize("name", fastckpt.__all__)
def test_no_other_writer_leaves_it_open(name):
    made = getattr(fastckpt, name)
    if inspect.isfunction(made) and "fsync" in inspect.signature(made).parameters:
        assert made in WRITERS
