"""Stub until the proposals are merged."""

from typing import NamedTuple


class Target(NamedTuple):
    shape: tuple
    layer: str | None = None


class Proposal(NamedTuple):
    pairs: dict
    ambiguous: dict


def propose(sources, targets):
    return Proposal({}, {})
