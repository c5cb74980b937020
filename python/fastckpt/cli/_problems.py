"""What ``verify`` found, as people want to read it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable

from fastckpt import Problem
from fastckpt.cli._text import format_count

__all__ = ["is_of_missing_file", "join_missing_files"]


def is_of_missing_file(problem: Problem) -> bool:
    """Tells whether a problem is that its file is not there."""
    return problem.path is not None and not os.path.lexists(problem.path)


def join_missing_files(problems: Iterable[Problem]) -> list[Problem]:
    """Makes one problem of all that have the same cause: a file that is missing."""
    problems = list(problems)
    missing = Counter(it.path for it in problems if is_of_missing_file(it))
    joined = [
        Problem(
            f"{path}: this file is missing; it holds {format_count(count, 'tensor')}",
            path,
            None,
            None,
        )
        for path, count in missing.items()
    ]
    return joined + [it for it in problems if not is_of_missing_file(it)]
