"""Which tensors a call means: patterns, exact names, names given anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from fastckpt.base.deferred import importing
from fastckpt.base.late_text import LateText
from fastckpt.errors import MissingKeyError

__all__ = ["Miss", "closest", "find_fitting", "list_some", "match", "missing", "select"]

#: Makes the error for a name that is not there.
Miss = Callable[[object], MissingKeyError]
#: At most about this many names are compared in full for a suggestion.
_MAX_COMPARED = 1000
_MAX_NAME = 200
#: What makes a pattern of a name.
_MAGIC = frozenset("*?[")


def select(
    wanted: Iterable[str] | Mapping[str, str] | str,
    names: Callable[[], list[str]],
    find: Callable[[str], int | None],
    miss: Miss | None = None,
) -> dict[str, int]:
    """Gives {name in the result: slot} for what ``load`` was asked for.

    A name that exists wins over the pattern it also is. A mapping is taken
    literally: {name wanted: name in the checkpoint}.

    Args:
        wanted: Names and patterns, or a mapping.
        names: Gives all names, sorted; asked only for patterns and misses.
        find: Gives the slot of a name; slots are in the order of the names.
        miss: Makes the error for a name; None: ``missing`` does.

    Raises:
        KeyError: A name or pattern that nothing matches, with the closest names.
    """
    if miss is None:
        miss = _miss_in(names)
    if isinstance(wanted, Mapping):
        return {new: _get(old, find, miss) for new, old in wanted.items()}
    matched = match(wanted, names, find, miss)
    return dict(sorted(matched.items(), key=lambda pair: pair[1]))


def match(
    patterns: Iterable[str] | str,
    names: Callable[[], list[str]],
    find: Callable[[str], int | None],
    miss: Miss | None = None,
) -> dict[str, int]:
    """Gives {name: slot} of what patterns fit, in no order; see ``select``.

    Raises:
        KeyError: One fits nothing; the message has the closest names.
    """
    if miss is None:
        miss = _miss_in(names)
    matched: dict[str, int] = {}
    listed: list[str] | None = None
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        if not isinstance(pattern, str):
            raise TypeError(f"a name or pattern must be a str, not {pattern!r}")
        slot = find(pattern)
        if slot is not None:
            matched[pattern] = slot
        elif _MAGIC.isdisjoint(pattern):
            raise miss(pattern)
        else:
            listed = names() if listed is None else listed
            matched.update(_match(pattern, listed, find, miss))
    return matched


def _miss_in(names: Callable[[], list[str]]) -> Miss:
    return lambda name: missing(name, names)


def _match(
    pattern: str, names: list[str], find: Callable[[str], int | None], miss: Miss
) -> dict[str, int]:
    slots = {name: find(name) for name in find_fitting(pattern, names)}
    if not slots:
        raise miss(pattern)
    return {name: slot for name, slot in slots.items() if slot is not None}


def find_fitting(pattern: str, names: Iterable[str]) -> list[str]:
    """Gives the names that a pattern fits, in their order."""
    with importing:
        from fnmatch import translate
        from re import compile as compile_re

    fits = compile_re(translate(pattern)).match
    return [name for name in names if fits(name)]


def list_some(names: Sequence[str], most: int = 5) -> str:
    """Gives names as a message lists them: the first few, and how many more."""
    shown = ", ".join(map(repr, names[:most]))
    more = len(names) - most
    return f"{shown} and {more:,} more" if more > 0 else shown


def _get(name: str, find: Callable[[str], int | None], miss: Miss) -> int:
    slot = find(name)
    if slot is None:
        raise miss(name)
    return slot


def missing(
    name: object,
    names: Callable[[], Iterable[str]],
    lead: Callable[[str], str] | None = None,
) -> MissingKeyError:
    """Makes the KeyError for a name that is not there.

    The closest names are looked for when its text is shown: who asks for a name and
    goes on without it pays for the question alone.

    Args:
        name: What was asked for.
        names: Gives all names, sorted.
        lead: Tells where a name leads that is no tensor's; "" if nowhere.
    """

    def tell() -> str:
        known = list(names())
        if lead is not None and isinstance(name, str) and (text := lead(name)):
            return f"no tensor {_short(name)} among {len(known)}; {text}"
        close = closest(name, known) if isinstance(name, str) else []
        hint = f"; close to it: {', '.join(map(repr, close))}" if close else ""
        return f"no tensor {_short(name)} among {len(known)}{hint}"

    return MissingKeyError(LateText(tell))


def closest(name: str, names: list[str]) -> list[str]:
    """Gives up to three names that look like ``name``."""
    with importing:
        from difflib import get_close_matches

    if len(name) > _MAX_NAME:
        return []
    candidates = [n for n in _alike(name, names) if len(n) <= _MAX_NAME]
    return get_close_matches(name, candidates, n=3, cutoff=0.5)


def _alike(name: str, names: list[str]) -> list[str]:
    """Gives the names, which are sorted, that begin or end as one does."""
    if len(names) <= _MAX_COMPARED:
        return names
    with importing:
        from bisect import bisect_left

    half = _MAX_COMPARED // 2
    at = bisect_left(names, name)
    around = names[max(at - half // 2, 0) : at + half // 2]
    last = name.rpartition("/")[2]
    ending = [other for other in names if other.endswith(last)]
    return list(dict.fromkeys(around + ending[:half]))


def _short(name: object) -> str:
    text = repr(name)
    return text if len(text) <= _MAX_NAME else text[:_MAX_NAME] + "..."
