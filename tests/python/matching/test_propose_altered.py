"""Models of which layers are missing: what counting alone would pair is left open."""

import pytest

import altered_models
from fastckpt.matching.propose import Target, propose
from model_families import FAMILIES

#: Each of these was paired wrong once, by another way of counting.
SEEDS = {
    "residual": [478, *range(24)],
    "unet": [126, 256, *range(12)],
    "densenet": range(16),
    "inception": range(12),
    "transformer": range(16),
    "gan": [919, *range(24)],
    "recurrent": range(24),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_of_a_model_that_lacks_layers_is_paired_wrong(family):
    proposed = 0
    for seed in SEEDS[family]:
        model = altered_models.make(family, seed)
        pairs = propose(model.sources, model.targets).pairs
        wrong = {t: it.source for t, it in pairs.items() if it.source != model.truth[t]}
        assert not wrong, seed
        proposed += len(pairs)
    assert proposed > 0


def conv(inner: int, outer: int) -> tuple[tuple[int, ...], Target]:
    return (3, 3, inner, outer), Target((outer, inner, 3, 3), "conv2d")


def pairs_of(theirs, ours):
    sources = {f"{name}/kernel": shape for name, (shape, _) in theirs.items()}
    targets = {f"{name}.weight": target for name, (_, target) in ours.items()}
    pairs = propose(sources, targets).pairs
    return {name: it.source for name, it in pairs.items()}


def test_a_shape_that_one_side_has_more_often_is_not_counted():
    sizes = {0: (3, 8), 1: (8, 8), 2: (8, 16), 3: (16, 32)}
    whole = {f"net/conv_{at}": conv(*size) for at, size in sizes.items()}
    model = {f"body.{at}": conv(*size) for at, size in sizes.items()}
    assert len(pairs_of(whole, model)) == 4
    # Another layer of 8 and 8: the model may have lost the one or the other.
    assert "body.1.weight" not in pairs_of(whole | {"net/extra_9": conv(8, 8)}, model)


def test_the_first_of_default_names_is_no_other_where_the_second_is_missing():
    theirs = {name: conv(8, 16) for name in ("net/conv2d", "net/conv2d_2")}
    ours = {f"body.{at}": conv(8, 16) for at in (1, 2)}
    assert "body.1.weight" not in pairs_of(theirs, ours)


def test_a_number_that_others_have_is_not_a_shortcut():
    theirs = {f"a/block_0/conv_{at}": conv(8, 8 * at) for at in (1, 2, 3)}
    ours = {
        "layer.0.downsample": conv(8, 8),
        "layer.0.conv2": conv(8, 16),
        "layer.0.conv3": conv(8, 24),
        "layer.1.conv1": conv(5, 5),
    }
    assert "layer.0.downsample.weight" not in pairs_of(theirs, ours)


@pytest.mark.parametrize("lost", range(4))
@pytest.mark.parametrize("other", range(4))
def test_of_two_towers_alike_that_each_lack_another_layer_none_is_crossed(lost, other):
    scopes = {"generator": "g.main", "discriminator": "d.main"}
    theirs = {f"{it}/conv_{at}": conv(8, 8 + at) for it in scopes for at in range(4)}
    ours = {
        f"{it}.{3 * at}": conv(8, 8 + at) for it in scopes.values() for at in range(4)
    }
    del theirs[f"generator/conv_{lost}"], ours[f"d.main.{3 * other}"]
    for target, source in pairs_of(theirs, ours).items():
        assert source.startswith("g" if target.startswith("g") else "d")
