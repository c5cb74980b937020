"""What is wrong with one file: the causes that its tensors were spoiled by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from fastckpt.reading.causes import Cause
from fastckpt.reading.results import Finding, Problem
from fastckpt.reading.stored_pieces import FilePieces, StoredPiece, is_free, size_of

__all__ = [
    "Bad",
    "Damage",
    "Found",
    "count",
    "find_cut",
    "find_damage",
    "is_of_another_save",
    "name_some",
    "tensors_of",
]

_ELSEWHERE = "copy the checkpoint again, to another place"
_DAMAGED = (
    f"if it was copied here, {_ELSEWHERE}; if that is damaged too, use another "
    "checkpoint"
)
_LOST = (
    "the system lost what was in them, as in a crash before they were on the disk; "
    f"{_ELSEWHERE}, or use another checkpoint"
)
_MOST_NAMED = 8
# What lies so near is wrong in one place.
_NEAR = 64
# Of more places a file has one finding.
_MOST_PLACES = 8
_FEW_BYTES = 16


class Damage(NamedTuple):
    """What stored bytes look like whose checksum is wrong.

    Attributes:
        offset, size: Where they lie.
        byte: The byte of the file that alone explains it, or None.
        zeros: Pages (begin, end, whether other bytes are beside them) of zeros.
    """

    offset: int
    size: int
    byte: int | None
    zeros: list[tuple[int, int, bool]]

    @property
    def end(self) -> int:
        """Where they end."""
        return self.offset + self.size

    @property
    def lost_pages(self) -> list[tuple[int, int]]:
        """The pages that were lost, and not saved as zeros, as far as that is seen."""
        lost = [
            (begin, end)
            for begin, end, is_cut_out in self.zeros
            if is_cut_out or (begin <= self.offset and self.end <= end)
        ]
        is_inside = any(begin <= (self.byte or 0) < end for begin, end in lost)
        return lost if self.byte is None or is_inside else []


class Bad(NamedTuple):
    """A problem with stored bytes, by its number in the order of tensors."""

    order: int
    problem: Problem
    damage: Damage


class Found(NamedTuple):
    """A finding, and the number of its first problem."""

    order: int
    finding: Finding


def count(tensors: int) -> str:
    """Gives "1 tensor", "2 tensors"."""
    return f"{tensors:,} tensor{'' if tensors == 1 else 's'}"


def name_some(names: Sequence[str]) -> str:
    """Gives the first of some names, and how many more there are."""
    text = ", ".join(map(repr, names[:_MOST_NAMED]))
    more = len(names) - _MOST_NAMED
    return f"{text} and {more:,} more" if more > 0 else text


def tensors_of(problems: Iterable[Problem]) -> tuple[str, ...]:
    """Gives the tensors of some problems, each once."""
    names = (it.tensor for it in problems if it.tensor is not None)
    return tuple(dict.fromkeys(names))


def find_cut(path: str, problems: Sequence[Problem], file: FilePieces) -> Finding:
    """Gives the finding of a file that ends too soon: from which byte on."""
    first, size = min(problems, key=lambda it: it.offset or 0), size_of(path)
    tensors = tensors_of(problems)
    message = first.message
    if len(tensors) > 1:
        message += f"; {count(len(tensors))} are not whole: {name_some(tensors)}"
    lack = f"it has {size:,} bytes of at least {file.end:,}"
    advice = f"the file is cut: {lack}; {_ELSEWHERE}"
    return Finding(Cause.CUT_FILE, message, advice, path, size, tensors)


def find_damage(path: str, bad: Sequence[Bad], file: FilePieces) -> Iterator[Found]:
    """Gives the findings of one file whose bytes are wrong: lost pages, and places."""
    lost: list[Bad] = []
    rest: list[Bad] = []
    for it in bad:
        (lost if it.damage.lost_pages else rest).append(it)
    if lost:
        yield _find_zeros(path, lost)
    places = _find_places(rest, file, {_key(it) for it in bad}, size_of(path))
    if len(places) > _MOST_PLACES:
        yield _find_scattered(path, places)
    else:
        for place in places:
            yield _find_place(path, place)


def _key(bad: Bad) -> tuple[int, str]:
    return bad.damage.offset, bad.problem.tensor or ""


def _found(cause: Cause, message: str, path: str, offset: int, bad: list[Bad]) -> Found:
    tensors = tensors_of(it.problem for it in sorted(bad))
    advice = _LOST if cause == Cause.ZERO_FILLED else _DAMAGED
    finding = Finding(cause, message, advice, path, offset, tensors)
    return Found(min(it.order for it in bad), finding)


def _find_zeros(path: str, bad: list[Bad]) -> Found:
    runs = sorted({run for it in bad for run in it.damage.lost_pages})
    tensors = tensors_of(it.problem for it in sorted(bad))
    ranges = [f"{begin:,} to {end:,}" for begin, end in runs[:_MOST_NAMED]]
    if len(runs) > _MOST_NAMED:
        ranges.append(f"{len(runs) - _MOST_NAMED:,} more")
    message = (
        f"{path}: whole pages of it are zeros that were not saved, bytes "
        f"{', '.join(ranges)}; {count(len(tensors))} had bytes there: "
        f"{name_some(tensors)}"
    )
    return _found(Cause.ZERO_FILLED, message, path, runs[0][0], bad)


def _find_places(
    bad: list[Bad], file: FilePieces, keys: set[tuple[int, str]], size: int
) -> list[list[Bad]]:
    """Puts together what one event may have damaged, in the order of the file."""
    sound = file.sound(keys, size)
    places: list[list[Bad]] = []
    for it in sorted(bad, key=lambda it: (it.damage.offset, it.order)):
        if places and _is_one_place(places[-1][-1].damage, it.damage, sound):
            places[-1].append(it)
        else:
            places.append([it])
    return places


def _is_one_place(a: Damage, b: Damage, sound: list[StoredPiece]) -> bool:
    if a.offset == b.offset and a.size == b.size:
        return True
    if not is_free(sound, a.end, b.offset):
        return False
    # Of one byte it is known where it is.
    begin = a.end if a.byte is None else a.byte
    end = b.offset if b.byte is None else b.byte
    return end - begin <= _NEAR or (a.byte is None and b.byte is None)


def _find_place(path: str, place: list[Bad]) -> Found:
    first = min(place)
    message = first.problem.message
    tensors = tensors_of(it.problem for it in sorted(place))
    bytes_ = {it.damage.byte for it in place}
    if len(bytes_) == 1 and None not in bytes_:
        message += f"; byte {bytes_.pop():,} of the file alone is wrong"
    if len(tensors) > 1:
        message += f"; {count(len(tensors))} are damaged there: {name_some(tensors)}"
    offset = min(it.damage.offset for it in place)
    return _found(Cause.CHECKSUM, message, path, offset, place)


def _find_scattered(path: str, places: list[list[Bad]]) -> Found:
    bad = [it for place in places for it in place]
    tensors = tensors_of(it.problem for it in sorted(bad))
    message = (
        f"{path}: stored bytes in {len(places):,} places are not what was saved; "
        f"{count(len(tensors))} are damaged: {name_some(tensors)}"
    )
    offset = min(it.damage.offset for it in bad)
    return _found(Cause.CHECKSUM, message, path, offset, bad)


def is_of_another_save(
    path: str, bad: Sequence[Bad], beyond: int, file: FilePieces
) -> bool:
    """Tells whether nothing in a file is right that could be wrong.

    Where no other cause is seen it is another save's, then. What both saves may have
    alike by chance says nothing: a few bytes, or one value again and again.

    Args:
        path: The file.
        bad: What is wrong in it.
        beyond: How many pieces do not even lie in it.
        file: What is to be in it.
    """
    unknown = [it for it in bad if it.damage.byte is None and not it.damage.lost_pages]
    places = {it.damage.offset for it in unknown}
    if len(places) + min(beyond, 1) < 2 or not places or 2 * len(unknown) < len(bad):
        return False
    with open(path, "rb") as stored:
        for begin, end, _ in file.sound({_key(it) for it in bad}, size_of(path)):
            stored.seek(begin)
            if not _is_monotonous(stored.read(min(end - begin, 4096))):
                return False
    return True


def _is_monotonous(content: bytes) -> bool:
    if len(content) <= _FEW_BYTES:
        return True
    return content[:-_FEW_BYTES] == content[_FEW_BYTES:]
