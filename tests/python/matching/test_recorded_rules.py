"""Rules for timm's models: every name and shape, as timm 1.0 has them.

`tests/record_timm.py` recorded these; test_compat_vision.py compares values where timm
is installed.
"""

import json

import numpy as np
import pytest

import fastckpt
from places import ROOT, TESTS

RECORDED = json.loads((TESTS / "timm_shapes.json").read_text())


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_the_rules_fill_every_parameter_of_the_model(name, tmp_path):
    shapes = {key: tuple(it) for key, it in RECORDED[name]["sources"].items()}
    arrays = {key: np.zeros(shape, np.int8) for key, shape in shapes.items()}
    fastckpt.save(tmp_path / "c", arrays)
    rules = fastckpt.Rules.parse(
        (ROOT / "docs" / "matching" / f"{name}.rules").read_text()
    )
    targets = {key: tuple(it) for key, it in RECORDED[name]["targets"].items()}
    plan = fastckpt.match(tmp_path / "c", targets, rules)
    assert plan.is_finished, f"{plan}"[-2000:]
    assert not plan.proposed
    assert not [it for it in plan.idle if "Average" not in it]
    used = [source for pair in plan.pairs.values() for source in pair.sources]
    assert len(used) == len(set(used))
    filled = {key: it.shape for key, it in plan.load().items()}
    assert {it: targets[it] for it in plan.untouched} | filled == targets
