"""Statistics of many tensors, some at a time; what is damaged has its error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastckpt.base.progress import ProgressArgument
from fastckpt.checking.statistics import Statistics, statistics
from fastckpt.checking.unreadable import UNREADABLE, find_unreadable, look_by_halves

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastckpt.formats.opened import Source

__all__ = ["Measured", "measure_some"]

Measured = Statistics | str | None
"""What was found of a tensor's values: the error where they cannot be read, nothing
where they are no numbers."""

_TOGETHER = 4096


def measure_some(
    source: Source,
    names: Sequence[str],
    threads: int | None,
    progress: Callable[[int, int], None] | None,
) -> Iterator[tuple[list[str], dict[str, Measured]]]:
    """Gives names, some at a time and in order, and what was found of their values.

    Memory holds the statistics of these alone.

    Args:
        source: An open checkpoint, or a file of another format.
        names: Its tensors.
        threads: As in ``statistics``.
        progress: Is called with bytes done and bytes in all.
    """
    measure = _Measure(source, threads, progress, _sizes(source, names))
    for start in range(0, max(len(names), 1), _TOGETHER):
        some = list(names[start : start + _TOGETHER])
        yield some, measure.find(some)


def _sizes(source: Source, names: Sequence[str]) -> dict[str, int]:
    """Gives the sizes of the tensors that can be read, as far as the index knows."""
    infos = {info.name: info for info in source.infos()}
    return {
        name: infos[name].nbytes or 0 for name in names if infos[name].problem is None
    }


class _Measure:
    """Looks at values, and at the whole checkpoint where some cannot be read."""

    def __init__(
        self,
        source: Source,
        threads: int | None,
        progress: Callable[[int, int], None] | None,
        sizes: dict[str, int],
    ) -> None:
        self._source, self._threads, self._progress = source, threads, progress
        self._sizes, self._done, self._total = sizes, 0, sum(sizes.values())
        self._bad: dict[str, str] | None = None

    def find(self, names: list[str]) -> dict[str, Measured]:
        """Gives what was found of the values of some tensors."""
        found: dict[str, Measured] = {}
        for name in names:
            found[name] = self._source.info(name).problem
        found.update(self._look([name for name in names if name in self._sizes]))
        self._done += sum(self._sizes.get(name, 0) for name in names)
        return found

    def _look(self, names: list[str]) -> dict[str, Measured]:
        if self._bad is None:
            try:
                return {**self._measure(names)}
            except UNREADABLE:
                self._bad = find_unreadable(self._source, self._threads)
        bad = {name: self._bad[name] for name in names if name in self._bad}
        sound = [name for name in names if name not in bad]
        found = look_by_halves(sound, self._measure, bad)
        return {**found, **bad}

    def _measure(self, names: list[str]) -> dict[str, Statistics]:
        if not names:
            return {}
        nbytes = sum(self._sizes[name] for name in names)
        progress: ProgressArgument = None
        if (tell := self._progress) is not None:

            def progress(done: int, total: int) -> None:
                part = nbytes * done // max(total, 1)
                tell(self._done + part, self._total)

        return statistics(
            self._source,
            {name: name for name in names},
            threads=self._threads,
            progress=progress,
        )
