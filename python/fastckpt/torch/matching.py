"""``match``: a checkpoint's tensors into a module's parameters, in place."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastckpt.base.callers import callers_level
from fastckpt.base.cast import Losses, check_cast, is_floating
from fastckpt.base.deferred import importing
from fastckpt.matching.match import make_plan
from fastckpt.matching.pair import Pair
from fastckpt.matching.plan import MatchPlan
from fastckpt.reading.casts import load_as
from fastckpt.reading.checkpoint import Checkpoint, open
from fastckpt.torch.dtypes import array_of, find_numpy, tensor_of
from fastckpt.torch.modules import Parameters, list_parameters

if TYPE_CHECKING:
    from fastckpt.matching.rules import Rules

__all__ = ["ModulePlan", "match"]

_Array = np.ndarray[Any, Any]


def match(
    source: str | bytes | os.PathLike[Any] | Checkpoint,
    module: Any,
    rules: Rules | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
) -> ModulePlan:
    """Plans which tensor of a checkpoint becomes which parameter of a module.

    As ``fastckpt.match``; whether a kernel is transposed is told by the layer's type.
    Of tied parameters one needs a source; ``num_batches_tracked`` and buffers that are
    in no state dict are left as they are.

    Args:
        source: What ``fastckpt.open`` accepts, or an open checkpoint.
        module: A ``torch.nn.Module``.
        rules: What is known beforehand.
        storage_options: As in ``fastckpt.open``.

    Returns:
        The plan, whose ``load`` fills the module.

    Raises:
        TypeError: ``module`` is none, or has what is no dense tensor.
        ValueError: A parameter has no memory of its own, or ``state_dict()`` gives
            copies.
        ImportError: torch is not installed.
        CheckpointError, OSError: As ``fastckpt.match``.
    """
    parameters = list_parameters(module)
    if not isinstance(source, Checkpoint):
        source = open(source, storage_options=storage_options)
    plan = make_plan(
        source,
        parameters.targets,
        rules,
        ModulePlan,
        parameters.kept,
        parameters.tied,
        {name: _dtype_of(tensor) for name, tensor in parameters.tensors.items()},
    )
    plan._module = module
    plan._planned = parameters
    return plan


class ModulePlan(MatchPlan):
    """Which tensors become which parameters of a module; see ``match``."""

    _module: Any
    _planned: Parameters
    _tensors: dict[str, Any]

    def load(self) -> None:  # type: ignore[override]
        """Fills the module's parameters, in place, in one parallel checked pass.

        What is read straight into them is checked before the first is written, and
        whatever must be put together is put together before. Floats are cast to the
        parameters' dtypes, other numbers only where that is exact.

        Raises:
            ValueError: The plan is not finished; a number does not fit its parameter;
            the module has other parameters than when it was matched.
            CorruptionError, OSError: As ``Checkpoint.load``.

        Warns:
            RuntimeWarning: A dtype could not hold some numbers.

        Threads: nobody else may use the module meanwhile.
        """
        self._check_finished()
        self._tensors = self._find_tensors()
        places = {
            target: self._place(pair, self._tensors[target])
            for target, pair in self.pairs.items()
        }
        losses = Losses()
        made = self._make([name for name, it in places.items() if it is None], losses)
        self._fill({n: it for n, it in places.items() if it is not None}, losses)
        with importing:
            import torch

        with torch.no_grad():
            for target, array in made.items():
                self._tensors[target].copy_(tensor_of(np.array(array, order="C")))
        losses.warn(callers_level() + 1)

    def _find_tensors(self) -> dict[str, Any]:
        """Gives the module's tensors of now: ``module.half()`` makes new ones."""
        now = list_parameters(self._module)
        before = self._planned
        dtypes = [
            {name: it.dtype for name, it in each.tensors.items()}
            for each in (before, now)
        ]
        if (now.targets, now.tied) != (before.targets, before.tied) or (
            dtypes[0] != dtypes[1]
        ):
            raise ValueError(
                "the module is no longer the one that was matched: its parameters have "
                "other names, shapes, dtypes or ties; match it again"
            )
        return now.tensors

    def _place(self, pair: Pair, tensor: Any) -> _Array | None:
        """Gives where the source's numbers go as they are, if there is such a place."""
        tensor = tensor.detach()
        if len(pair.sources) > 1 or tensor.device.type != "cpu":
            return None
        if tensor.is_conj() or tensor.is_neg():
            return None
        info = self._checkpoint.info(pair.sources[0])
        array = array_of(tensor)
        if array is None or info.dtype is None or array.dtype.hasobject:
            return None
        is_cast = is_floating(info.dtype) and is_floating(array.dtype)
        if info.dtype != array.dtype and not is_cast:
            return None
        return _find_place(array, pair, info.shape)

    def _make(self, targets: Sequence[str], losses: Losses) -> dict[str, _Array]:
        """Gives the values of parameters that are put together beforehand."""
        sources = {name for target in targets for name in self.pairs[target].sources}
        found = self._checkpoint.load(sources) if sources else {}
        made = {}
        for target in targets:
            pair = self.pairs[target]
            values = pair.apply([found[name] for name in pair.sources])
            wanted = _dtype_of(self._tensors[target])
            if values.dtype != wanted:
                check_cast(target, values.dtype, wanted)
                values = losses.cast(target, values, wanted)
            made[target] = values
        return made

    def _fill(self, places: dict[str, _Array], losses: Losses) -> None:
        """Reads straight into the parameters."""
        reader = self._checkpoint._reader
        slots: dict[str, int] = {}
        for name in places:
            slot = reader.find(self.pairs[name].sources[0])
            assert slot is not None
            slots[name] = slot
        dtypes = {slots[name]: place.dtype for name, place in places.items()}

        def find_target(slot: int) -> np.dtype[Any] | None:
            wanted = dtypes[slot]
            return None if wanted == reader.info(slot).dtype else wanted

        load_as(
            reader,
            [*slots],
            [*slots.values()],
            find_target,
            False,
            places,
            self._checkpoint._threads,
            None,
            losses,
        )


def _find_place(array: _Array, pair: Pair, shape: tuple[int, ...]) -> _Array | None:
    shapes = [shape]
    for step in pair.before:
        shapes.append(step.shape_of(shapes[-1]))
    place: _Array | None = array
    for step, before in zip(reversed(pair.before), reversed(shapes[:-1]), strict=True):
        if place is None:
            return None
        place = step.place(place, before)
    return place


def _dtype_of(tensor: Any) -> np.dtype[Any]:
    """Gives the dtype that NumPy has for a tensor's, wherever that lies."""
    found = find_numpy(tensor.dtype)
    if found is None:
        raise TypeError(f"a parameter of {tensor.dtype} has no form in NumPy")
    return found
