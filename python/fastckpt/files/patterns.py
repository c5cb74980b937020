"""File name patterns as TensorFlow matches them.

``*`` and ``?`` match anything but ``/``, a leading dot included; ``[a-c]``,
``[^a]`` and ``[!a]`` match one character; ``\\`` takes the next one literally.

Source: tensorflow/core/platform/file_system_helper.cc, fnmatch(3) with
FNM_PATHNAME.
"""

from __future__ import annotations

import os
import re

__all__ = ["fits", "is_pattern", "matching_paths"]

_WILDCARDS = re.compile(r"[*?\[\\]")


def is_pattern(path: str) -> bool:
    """Tells whether a path has signs that mean others."""
    return _WILDCARDS.search(path) is not None


def fits(name: str, pattern: str) -> bool:
    """Tells whether a file's name fits the last part of a pattern."""
    try:
        return re.fullmatch(_regex(os.path.basename(pattern)), name) is not None
    except re.error:  # a range that runs backwards
        return False


def matching_paths(pattern: str, literal_folders: bool = False) -> list[str]:
    """Returns the paths that match, in order.

    A folder that cannot be listed holds no match. A pattern without wildcards
    matches itself if it is there.
    """
    if not _WILDCARDS.search(pattern):
        return [pattern] if os.path.exists(pattern) else []
    # Without a folder in the pattern TensorFlow starts from "./", and says so.
    bases = ["" if "/" in pattern else "./"]
    *folders, last = pattern.rstrip("/").split("/")
    for folder in folders:
        step = _step_literally if literal_folders else _step
        bases = [path + "/" for base in bases for path in step(base, folder)]
    return sorted(path for base in bases for path in _step(base, last))


def _step_literally(base: str, part: str) -> list[str]:
    return [base + part] if os.path.isdir(base + part) else _step(base, part)


def _step(base: str, part: str) -> list[str]:
    if not part:
        return [base]
    if not _WILDCARDS.search(part):
        return [base + part] if os.path.lexists(base + part) else []
    try:
        matches = re.compile(_regex(part)).fullmatch
        return [base + name for name in os.listdir(base or ".") if matches(name)]
    except (OSError, re.error):  # no folder; a range that runs backwards
        return []


def _regex(part: str) -> str:
    tokens = re.compile(r"\\(.)|\[([!^]?)(\]?[^\]]*)\]|(.)", re.DOTALL)
    return "(?s)" + "".join(_token(match) for match in tokens.finditer(part))


def _token(match: re.Match[str]) -> str:
    escaped, negated, members, plain = match.groups()
    if members is not None:
        members = members.replace("\\", "\\\\").replace("[", "\\[")
        members = members.replace("]", "\\]").replace("^", "\\^")
        return f"[{'^' if negated else ''}{members}]"
    if escaped is not None:
        return re.escape(escaped)
    return {"*": ".*", "?": "."}.get(plain, re.escape(plain))
