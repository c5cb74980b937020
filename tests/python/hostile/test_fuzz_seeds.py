"""The seeds of the fuzz targets are what their script makes, and are right."""

from pathlib import Path

import pytest

import fastckpt

FUZZ = Path(__file__).parents[2] / "fuzz"
SEEDS = FUZZ / "seeds"


def _stored_seeds():
    return {
        target.name: {seed.name: seed.read_bytes() for seed in target.iterdir()}
        for target in SEEDS.iterdir()
    }


def _bundle_files(seed):
    size = int.from_bytes(seed[:2], "little")
    return {
        "m.index": seed[2 : 2 + size],
        "m.data-00000-of-00001": seed[2 + size :],
    }


def test_stored_seeds_are_what_the_script_makes(monkeypatch):
    monkeypatch.syspath_prepend(str(FUZZ))
    import make_seeds

    assert make_seeds.all_seeds() == _stored_seeds()


@pytest.mark.parametrize("seed", sorted(SEEDS.glob("bundle/*")), ids=lambda p: p.name)
def test_every_bundle_seed_is_a_right_checkpoint(seed, tmp_path):
    for name, data in _bundle_files(seed.read_bytes()).items():
        (tmp_path / name).write_bytes(data)
    with fastckpt.open(tmp_path / "m") as ckpt:
        assert ckpt.verify().problems == []
        assert list(ckpt.load()) == list(ckpt)


@pytest.mark.parametrize("seed", sorted(SEEDS.glob("v1/*")), ids=lambda p: p.name)
def test_every_v1_seed_is_a_right_checkpoint(seed):
    with fastckpt.open(seed) as ckpt:
        assert ckpt.verify().problems == []
        assert list(ckpt.load()) == list(ckpt)
