"""Which object of the checkpoint the model is."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastckpt.keras.fitting import Fit
from fastckpt.keras.stored import StoredObjects
from fastckpt.keras.walk import Walk

__all__ = ["Chosen", "choose_root"]

_MOST_TOLD = 10


class Chosen(NamedTuple):
    """An object, by its path, and how it fits."""

    path: str
    fit: Fit


def choose_root(
    model: Any, stored: StoredObjects, root: str | None, allow_partial: bool
) -> Chosen:
    """Chooses the object that is loaded.

    Raises:
        ValueError: None fits, or several do.
        KeyError: There is nothing at ``root``.
    """
    top = 0 if root is None else stored.find(root)
    chosen = Chosen(root or "", Fit(model, stored, Walk(model, stored, top)))
    if not chosen.fit.differences:
        return chosen
    if root is None:
        others = _find_others(model, stored)
        fitting = [it for it in others if not it.fit.differences]
        if fitting:
            return _choose_only(fitting)
        if not chosen.fit.has_met and not others:
            raise ValueError(_word_nothing(model, stored))
        chosen = _choose_best([chosen, *others], allow_partial)
    if not allow_partial or not chosen.fit.assignments:
        raise ValueError(_word_differences(model, chosen, allow_partial))
    return chosen


def _find_others(model: Any, stored: StoredObjects) -> list[Chosen]:
    """Gives all objects below the root, those that are the model twice once."""
    found: dict[Any, Chosen] = {}
    for node in stored.list_objects():
        if node:
            walk = Walk(model, stored, node)
            if walk.pairs:
                it = Chosen(stored.get_path(node), Fit(model, stored, walk))
                found.setdefault((it.fit.identity, not it.fit.differences), it)
    return list(found.values())


def _choose_best(found: list[Chosen], is_loaded: bool) -> Chosen:
    """Chooses the object of which most would be loaded, the root before others."""
    most = max(len(it.fit.assignments) for it in found)
    best = [it for it in found if len(it.fit.assignments) == most]
    if found[0] in best and found[0].fit.has_met:
        return found[0]
    best = [it for it in best if it.fit.has_met]
    return _choose_only(best) if is_loaded else best[0]


def _choose_only(fitting: list[Chosen]) -> Chosen:
    if len(fitting) > 1:
        paths = " and ".join(f"root={it.path!r}" for it in fitting)
        raise ValueError(f"several objects of the checkpoint fit; say which: {paths}")
    return fitting[0]


def _word_differences(model: Any, chosen: Chosen, allow_partial: bool) -> str:
    told = chosen.fit.differences
    lines = [f"- {text}" for text in told[:_MOST_TOLD]]
    if len(told) > _MOST_TOLD:
        lines.append(f"- and {len(told) - _MOST_TOLD:,} more")
    where = repr(chosen.path) if chosen.path else "the checkpoint's root"
    remedy = (
        "no layer fits"
        if allow_partial
        else "allow_partial=True loads the layers that fit"
    )
    return "\n".join(
        (
            f"{where} is not the model {model.name!r}, which is as it was ({remedy}; "
            "root= says where the model is):",
            *lines,
        )
    )


def _word_nothing(model: Any, stored: StoredObjects) -> str:
    names = sorted({name for name, _ in stored.edges(0)})
    return (
        f"no object of the checkpoint is the model {model.name!r}, which is as it was; "
        f"its root holds {names[:_MOST_TOLD]}"
    )
