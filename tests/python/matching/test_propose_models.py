"""Whole models whose blocks count their layers: nothing of them is paired wrong."""

import pytest

import residual_names
from fastckpt.matching.propose import Target, propose

DEPTHS = ((2, 2, 2), (3, 4, 2), (2, 2), (1, 1))


def find_wrong(model: residual_names.Model) -> dict[str, str]:
    proposal = propose(model.sources, model.targets)
    pairs = proposal.pairs.items()
    return {t: it.source for t, it in pairs if it.source != model.truth[t]}


@pytest.mark.parametrize("depths", DEPTHS, ids=str)
@pytest.mark.parametrize(
    ("naming", "targets"),
    [
        (one, other)
        for one in residual_names.NAMINGS
        for other in residual_names.TARGETS
    ],
)
def test_nothing_of_a_whole_residual_network_is_paired_wrong(naming, targets, depths):
    for comes_first in (True, False):
        for expansion in (1, 4):
            model = residual_names.make(naming, targets, depths, expansion, comes_first)
            assert not find_wrong(model), (comes_first, expansion)


def test_number_1_of_blocks_of_two_and_of_three_is_no_one_layer():
    sources = {
        "block_0/conv2d/kernel": (3, 3, 64, 64),
        "block_0/conv2d_1/kernel": (3, 3, 64, 64),
        "block_1/conv2d/kernel": (1, 1, 64, 128),
        "block_1/conv2d_1/kernel": (3, 3, 64, 128),
        "block_1/conv2d_2/kernel": (3, 3, 128, 128),
    }
    targets = {
        "layer1.0.conv1.weight": (64, 64, 3, 3),
        "layer1.0.conv2.weight": (64, 64, 3, 3),
        "layer2.0.downsample.0.weight": (128, 64, 1, 1),
        "layer2.0.conv1.weight": (128, 64, 3, 3),
        "layer2.0.conv2.weight": (128, 128, 3, 3),
    }
    pairs = propose(
        sources, {it: Target(targets[it], "conv2d") for it in targets}
    ).pairs
    first = pairs.get("layer1.0.conv1.weight")
    second = pairs.get("layer1.0.conv2.weight")
    assert first is None or first.source == "block_0/conv2d/kernel"
    assert second is None or second.source == "block_0/conv2d_1/kernel"


@pytest.mark.parametrize("names", ["block1{}_{}_conv", "block1_{}/conv_{}"])
def test_of_two_blocks_that_may_be_the_second_filter_s_neither_is_chosen(names):
    letters = "ab" if "conv_" not in names else "01"
    first, second = letters
    sources = {
        f"{names.format(first, 1)}/kernel": (1, 1, 8, 16),
        f"{names.format(first, 3)}/kernel": (1, 1, 16, 16),
        f"{names.format(second, 1)}/kernel": (1, 1, 16, 16),
    }
    conv1, conv3 = (f"stages.0.blocks.0.conv{at}.weight" for at in (1, 3))
    proposal = propose(
        sources,
        {
            conv1: Target((16, 8, 1, 1), "conv2d"),
            conv3: Target((16, 16, 1, 1), "conv2d"),
        },
    )
    wrong = f"{names.format(second, 1)}/kernel"
    assert proposal.pairs.get(conv3, (None,))[0] != wrong


@pytest.mark.parametrize(
    ("targets", "norm"),
    [
        ("torchvision", "layer1.2.bn2"),
        ("stages", "layers.0.2.bn2"),
        ("flat", "blocks.3.bn1"),
    ],
)
def test_numbers_of_blocks_that_lack_a_layer_tell_nothing(targets, norm):
    model = residual_names.make("flax", targets, (3, 2), 1, True)
    del model.sources["block_0/Conv_0/kernel"]
    for name in [it for it in model.targets if it.startswith(f"{norm}.")]:
        del model.targets[name]
    assert not find_wrong(model)


def test_where_blocks_are_left_out_of_a_run_those_of_the_other_are_not_moved_up():
    layers = ("1_1", "1_2", "1_3", "2_1", "2_2", "2_3", "4_2", "4_3")
    sources = {}
    for layer in layers:
        size = {"1_1": 8, "2_1": 64}.get(layer, 32)
        for leaf in ("gamma", "beta", "moving_mean", "moving_variance"):
            sources[f"conv2_block{layer}_bn/{leaf}"] = (size,)
    sources["conv2_block3_3_conv/kernel"] = (1, 1, 32, 64)
    targets = {"layer1.0.downsample.0.weight": Target((64, 8, 1, 1), "conv2d")}
    norms = ("0.bn1", "0.bn2", "0.bn3", "1.bn1", "1.bn2", "3.bn1", "3.bn2", "3.bn3")
    for layer in norms:
        size = {"0.bn1": 8, "1.bn1": 64, "3.bn1": 64}.get(layer, 32)
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            targets[f"layer1.{layer}.{leaf}"] = Target((size,), "norm")
    # Block 3 of the model is block 4 of the checkpoint, which has lost its first norm.
    pairs = propose(sources, targets).pairs
    assert "layer1.3.bn1.weight" not in pairs
