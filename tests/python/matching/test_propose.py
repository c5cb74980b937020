"""Proposals without rules: what is known, what is open, and never anything wrong."""

import json
import random
import re
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import children
import model_names
import model_names_keras
import model_names_timm
from fastckpt.matching import likeness
from fastckpt.matching.layers import read_sources
from fastckpt.matching.partners import pair_partners
from fastckpt.matching.propose import Target, propose
from fastckpt.matching.words import number_first_ones, parse_name
from installed import is_installed

MODELS = {
    "bert": (model_names.bert, 0.95),
    "gpt2": (model_names.gpt2, 0.9),
    "resnet50 of keras": (lambda: model_names.resnet50(False), 0.9),
    "resnet50 of slim": (lambda: model_names.resnet50(True), 0.9),
    "mobilenet v1": (model_names.mobilenet_v1, 0.8),
    "mobilenet v2": (
        lambda: model_names.mobilenet_v2(model_names.as_torchvision),
        0.8,
    ),
    "mobilenet v2 of timm": (
        lambda: model_names.mobilenet_v2(model_names.as_timm),
        0.8,
    ),
    "vgg16": (model_names_keras.vgg16, 0.85),
    "densenet121": (model_names_keras.densenet121, 0.95),
    "efficientnet of keras": (lambda: model_names_timm.efficientnet(False), 0.55),
    "efficientnet of tpu": (lambda: model_names_timm.efficientnet(True), 0.7),
    "resnet v2 of keras": (lambda: model_names_timm.resnet_v2(False), 0.95),
    "resnet v2 of slim": (lambda: model_names_timm.resnet_v2(True), 0.95),
}
SMALL = {
    "bert": model_names.bert(3, 8),
    "gpt2": model_names.gpt2(3, 8),
    **{name: make() for name, (make, _) in MODELS.items() if "net" in name},
}
CONV = (3, 3, 8, 8)
TURNED = Target((8, 8, 3, 3), "conv2d")
DEPTHWISE = ("depthwise", "depthwise")
SQUARE = Target((8, 8), "linear")


def wrong_pairs(pairs, truth) -> dict[str, str]:
    """What is proposed and is not so; `truth` may allow several sources."""
    return {
        target: pair.source
        for target, pair in pairs.items()
        if pair.source not in (truth.get(target), *truth.get((target,), ()))
    }


def steps_of(proposal) -> dict[str, tuple[str, list[str]]]:
    return {
        target: (pair.source, [str(step) for step in pair.steps])
        for target, pair in proposal.pairs.items()
    }


@pytest.mark.parametrize(
    ("name", "rank", "tokens", "role"),
    [
        ("a/layer_0/LayerNorm/gamma", 1, ("a", "layer", 0, "norm"), "scale"),
        ("layer1.0.downsample.1.var", 1, ("layer", 1, 0, "shortcut", 1), "variance"),
        ("bn/running_mean", 1, ("norm",), "mean"),
        ("Conv2d_1_dw/depthwise_weights", 4, ("conv", 1, *DEPTHWISE), "kernel"),
        ("e/word_embeddings", 2, ("e", "word", "embedding"), "embedding"),
        ("embed/embeddings", 2, ("embedding",), "embedding"),
        ("h0/attn/c_attn/w", 3, ("h", 0, "attention", "c", "attention"), "kernel"),
        ("v1/v/b", 1, ("v", 1, "value"), "bias"),
        ("Conv2d_1c_1x1/biases", 1, ("conv", "1c", "1x1"), "bias"),
        ("self/b", 2, ("self", "b"), "other"),
        ("dense/kernel/Adam_1", 2, ("dense", "kernel", "adam", 1), "other"),
        ("bn/num_batches_tracked", 0, ("norm", "num", "batches", "tracked"), "other"),
    ],
)
def test_a_name_is_words_numbers_and_a_role(name, rank, tokens, role):
    found = parse_name(name, rank)
    assert (found.tokens, found.role) == (tokens, role)


def test_the_first_of_layers_that_are_counted_has_a_number_too():
    names = ["a/dense/kernel", "a/dense_1/kernel", "b/dense/kernel", "c_1/w"]
    assert list(number_first_ones(names).values()) == [
        "a/dense_0/kernel",
        *names[1:],
    ]


@pytest.mark.parametrize("is_plain", [False, True], ids=["kinds", "shapes"])
@pytest.mark.parametrize("name", MODELS)
def test_most_of_a_known_model_is_proposed_and_nothing_wrong(name, is_plain):
    make, share = MODELS[name]
    model = make()
    targets = model.plain() if is_plain else model.targets
    proposal = propose(model.sources, targets)
    assert wrong_pairs(proposal.pairs, model.truth) == {}
    assert len(proposal.pairs) >= share * len(model.tracked)


@pytest.mark.parametrize("name", SMALL)
def test_the_steps_of_a_pair_give_the_parameters_shape(name):
    model = SMALL[name]
    pairs = propose(model.sources, model.targets).pairs
    assert pairs
    for target, pair in pairs.items():
        shape = model.sources[pair.source]
        for step in pair.steps:
            shape = step.shape_of(shape)
        assert shape == model.targets[target].shape


def test_no_tensor_is_in_two_pairs():
    for model in SMALL.values():
        used = [
            it.source for it in propose(model.sources, model.targets).pairs.values()
        ]
        assert len(used) == len(set(used))


def test_two_swapped_convolutions_of_one_shape_are_ambiguous():
    sources = {"first/kernel": CONV, "second/kernel": CONV}
    proposal = propose(sources, {"b.weight": TURNED, "a.weight": TURNED})
    assert proposal.pairs == {}
    both = ["first/kernel", "second/kernel"]
    assert proposal.ambiguous == {"a.weight": both, "b.weight": both}


@pytest.mark.parametrize("theirs", ["abc", "012"])
def test_attention_under_neutral_names_is_ambiguous(theirs):
    blocks = range(3)
    sources = {f"layer_{n}/self/{x}/kernel": (8, 8) for n in blocks for x in theirs}
    targets = {f"layer.{n}.self.{x}.weight": SQUARE for n in blocks for x in "xyz"}
    proposal = propose(sources, targets)
    assert proposal.pairs == {}
    assert proposal.ambiguous["layer.1.self.y.weight"] == [
        f"layer_1/self/{x}/kernel" for x in theirs
    ]


def test_attention_whose_words_say_which_is_proposed():
    names = {"q": "query", "k": "key", "v": "value"}
    sources = {f"l{n}/attn/{x}/kernel": (8, 8) for n in range(3) for x in names}
    targets = {
        f"blocks.{n}.attention.{word}.weight": SQUARE
        for n in range(3)
        for word in names.values()
    }
    pairs = propose(sources, targets).pairs
    assert {target: pair.source for target, pair in pairs.items()} == {
        f"blocks.{n}.attention.{word}.weight": f"l{n}/attn/{x}/kernel"
        for n in range(3)
        for x, word in names.items()
    }


def test_counting_from_one_becomes_counting_from_none():
    sources = {f"block_{n}/conv/kernel": CONV for n in (1, 2, 3)}
    targets = {f"block.{n}.conv.weight": TURNED for n in (0, 1, 2)}
    pairs = propose(sources, targets).pairs
    assert pairs["block.0.conv.weight"].source == "block_1/conv/kernel"
    assert len(pairs) == 3


def test_blocks_of_which_the_first_or_the_last_is_missing_are_open():
    sources = {f"block_{n}/conv/kernel": CONV for n in (1, 2, 3)}
    targets = {f"block.{n}.conv.weight": TURNED for n in (0, 1, 2, 3)}
    proposal = propose(sources, targets)
    assert proposal.pairs == {}
    assert proposal.ambiguous.keys() == targets.keys()


@pytest.mark.parametrize("counts", [("", "_1"), ("_5", "_6")])
def test_default_names_of_keras_tell_no_order(counts):
    sources = {f"conv2d{count}/kernel": CONV for count in counts}
    targets = {"conv.0.weight": TURNED, "conv.1.weight": TURNED}
    proposal = propose(sources, targets)
    assert proposal.pairs == {}
    assert proposal.ambiguous.keys() == targets.keys()


def test_default_names_of_different_shapes_are_told_apart_by_these():
    sources = {"dense/kernel": (9, 7), "dense_1/kernel": (7, 5)}
    targets = {
        "0.weight": Target((7, 9), "linear"),
        "2.weight": Target((5, 7), "linear"),
    }
    assert steps_of(propose(sources, targets)) == {
        "0.weight": ("dense/kernel", ["transpose"]),
        "2.weight": ("dense_1/kernel", ["transpose"]),
    }


@pytest.mark.parametrize(
    ("kind", "source", "steps"),
    [
        ("linear", (8, 8), ["transpose"]),
        ("transposed_linear", (8, 8), []),
        ("transposed_linear", (1, 8, 8), ["squeeze"]),
        ("conv1d", (8, 8, 8), ["permute 2,1,0"]),
        ("conv2d", (8, 8, 8, 8), ["permute 3,2,0,1"]),
        ("conv3d", (8, 8, 8, 8, 8), ["permute 4,3,0,1,2"]),
        ("conv_transpose2d", (8, 8, 8, 8), ["permute 3,2,0,1"]),
    ],
)
def test_the_kind_of_layer_says_what_becomes_of_a_square_kernel(kind, source, steps):
    shape = source[1:] if source[0] == 1 else source
    proposal = propose({"it/kernel": source}, {"it.weight": Target(shape, kind)})
    assert steps_of(proposal) == {"it.weight": ("it/kernel", steps)}


def test_a_square_table_is_not_transposed():
    sources = {"words/embeddings": (8, 8)}
    targets = {"words.weight": Target((8, 8), "embedding")}
    assert steps_of(propose(sources, targets)) == {
        "words.weight": ("words/embeddings", [])
    }


def test_a_depthwise_filter_has_its_channels_first():
    sources = {"one/depthwise_kernel": (3, 3, 8, 1)}
    targets = {"one.depthwise.weight": Target((8, 1, 3, 3), "conv2d")}
    assert steps_of(propose(sources, targets)) == {
        "one.depthwise.weight": ("one/depthwise_kernel", ["permute 2,3,0,1"])
    }


def test_a_square_kernel_of_no_known_kind_is_open_until_another_says_how():
    sources = {"dense/kernel": (8, 8), "dense/bias": (8,)}
    targets = {"dense.weight": Target((8, 8)), "dense.bias": Target((8,))}
    proposal = propose(sources, targets)
    assert steps_of(proposal) == {"dense.bias": ("dense/bias", [])}
    assert proposal.ambiguous == {"dense.weight": ["dense/kernel"]}
    sources["out/kernel"] = (8, 4)
    proposal = propose(sources, {**targets, "out.weight": Target((4, 8))})
    assert steps_of(proposal)["dense.weight"] == ("dense/kernel", ["transpose"])
    proposal = propose(sources, {**targets, "out.weight": Target((8, 4))})
    assert steps_of(proposal)["dense.weight"] == ("dense/kernel", [])


def test_kernels_that_contradict_each_other_say_nothing_of_a_square_one():
    sources = {"a/kernel": (8, 4), "it/kernel": (8, 8), "b/kernel": (8, 5)}
    shapes = {"a.weight": (4, 8), "it.weight": (8, 8), "b.weight": (8, 5)}
    targets = {name: Target(shape) for name, shape in shapes.items()}
    proposal = propose(sources, targets)
    assert proposal.ambiguous == {"it.weight": ["it/kernel"]}


def test_the_trees_of_flax_are_as_tensorflow_has_them():
    model = model_names.bert(2, 8)
    words = {"query", "key", "value", "dense"}
    targets, truth = {}, {}
    for name, source in model.truth.items():
        *above, layer, leaf = name.split(".")
        if leaf == "weight":
            leaf = "kernel" if layer in words else "scale"
            leaf = "embedding" if layer.endswith("embeddings") else leaf
        ours = "/".join(["params", *above, layer, leaf])
        targets[ours] = Target(model.sources[source])
        truth[ours] = source
    proposal = propose(model.sources, targets)
    assert {key: pair.source for key, pair in proposal.pairs.items()} == truth
    assert not any(pair.steps for pair in proposal.pairs.values())


def test_recurrent_kernels_are_never_proposed():
    sources = {
        "lstm/lstm_cell/kernel": (4, 32),
        "lstm/lstm_cell/recurrent_kernel": (8, 32),
        "lstm/lstm_cell/bias": (32,),
    }
    targets = {
        "lstm.weight_ih_l0": Target((32, 4), "recurrent"),
        "lstm.weight_hh_l0": Target((32, 8)),
        "lstm.bias_ih_l0": Target((32,)),
        "lstm.kernel": Target((4, 32)),
    }
    assert propose(sources, targets) == ({}, {})


def test_of_two_models_in_one_checkpoint_none_is_proposed():
    model = SMALL["gpt2"]
    scopes = ("teacher", "student")
    sources = {f"{s}/{n}": shape for s in scopes for n, shape in model.sources.items()}
    assert propose(sources, model.targets).pairs == {}
    # Nor is what one of them alone has.
    del sources["student/model/h1/attn/c_attn/w"]
    del sources["student/model/wte"]
    proposal = propose(sources, model.targets)
    assert proposal.pairs == {}
    assert len(proposal.ambiguous) > len(model.targets) / 2


def test_of_two_models_that_one_is_proposed_that_has_the_models_name():
    model = SMALL["gpt2"]
    scopes = ("teacher", "student")
    sources = {f"{s}/{n}": shape for s in scopes for n, shape in model.sources.items()}
    targets = {f"student.{name}": target for name, target in model.targets.items()}
    truth = {f"student.{name}": f"student/{it}" for name, it in model.truth.items()}
    pairs = propose(sources, targets).pairs
    assert {target: pair.source for target, pair in pairs.items()} == truth


def test_a_tensor_of_the_same_shape_does_not_take_the_place_of_one_that_is_missing():
    model = model_names.bert(2, 8)
    del (
        model.sources["bert/pooler/dense/kernel"],
        model.sources["bert/pooler/dense/bias"],
    )
    proposal = propose(model.sources, model.targets)
    assert model.targets.keys() - proposal.pairs.keys() == {
        "pooler.dense.weight",
        "pooler.dense.bias",
    }


def test_bn1_is_not_what_comes_first_by_chance():
    # In the first block, which does not widen, bn1 is the depthwise filter's; 17
    # shapes agree, and 16 pairs would be wrong.
    model = SMALL["mobilenet v2 of timm"]
    names = {
        name: name.replace("expand", "one").replace("project", "three")
        for name in model.sources
    }
    sources = {names[name]: shape for name, shape in model.sources.items()}
    truth = {target: names[name] for target, name in model.truth.items()}
    proposal = propose(sources, model.targets)
    assert wrong_pairs(proposal.pairs, truth) == {}
    assert "blocks.1.0.bn1.weight" in proposal.ambiguous


def renamed(model, *changes):
    """Gives a model's sources and truth under other words."""
    names = {}
    for name in model.sources:
        names[name] = name
        for old, new in changes:
            names[name] = names[name].replace(old, new)
    sources = {names[name]: shape for name, shape in model.sources.items()}
    return sources, {target: names[name] for target, name in model.truth.items()}


def test_two_normalizations_of_a_block_are_told_apart_by_numbers_alone():
    model = SMALL["resnet v2 of slim"]
    sources, _ = renamed(
        model,
        ("conv1/BatchNorm", "one/BatchNorm"),
        ("conv2/BatchNorm", "two/BatchNorm"),
    )
    proposal = propose(sources, model.targets)
    for number in (2, 3):
        target = f"stages.1.blocks.1.norm{number}.weight"
        assert target not in proposal.pairs
        scope = "resnet_v2_50/block2/unit_2/bottleneck_v2"
        assert {f"{scope}/{it}/BatchNorm/gamma" for it in ("one", "two")} <= set(
            proposal.ambiguous[target]
        )


def test_a_third_normalization_of_that_size_makes_two_doubtful():
    model = SMALL["resnet v2 of slim"]
    extra = {
        name.replace("conv2/", "conv3/"): shape
        for name, shape in model.sources.items()
        if "conv2/BatchNorm" in name
    }
    pairs = propose({**model.sources, **extra}, model.targets).pairs
    assert not [name for name in pairs if "norm2" in name or "norm3" in name]


def test_a_normalization_before_a_block_is_not_the_one_behind_its_filter():
    # One that has the size of what comes in may be either.
    model = SMALL["efficientnet of keras"]
    pairs = propose(model.sources, model.targets).pairs
    assert pairs["blocks.1.0.bn2.weight"].source == "block2a_bn/gamma"
    assert "blocks.0.0.bn1.weight" not in pairs
    sources = {
        name: (16,) if re.match("block2a_bn/", name) else shape
        for name, shape in model.sources.items()
    }
    pairs = propose(sources, model.targets).pairs
    assert not [name for name in pairs if name.startswith("blocks.1.0.bn")]


def test_of_two_normalizations_without_a_filter_none_is_chosen():
    model = SMALL["efficientnet of keras"]
    sources, truth = renamed(model, ("a_project_bn", "a_other_bn"))
    pairs = propose(sources, model.targets).pairs
    assert wrong_pairs(pairs, truth) == {}
    assert not [name for name in pairs if re.match(r"blocks\.\d\.0\.bn[12]", name)]


def test_letters_count_blocks_and_nothing_else():
    assert parse_name("block2a_expand_conv/kernel", 4).tokens == (
        *("block", 2, 0),
        *("expand", "conv"),
    )
    for name in (
        "conv2d/kernel",
        "branch2a/kernel",
        "Mixed_5b/kernel",
        "block2/kernel",
    ):
        assert 0 not in parse_name(name, 4).tokens


def test_names_that_say_nothing_are_taken():
    names = ["", "/", ".", "...", "a//b", "0", "a/", "/a", "\u00e9", "kernel", "weight"]
    sources = dict.fromkeys(names, (2, 2))
    targets = {name: Target((2, 2)) for name in names}
    assert propose({}, targets) == ({}, {})
    assert propose(sources, {}) == ({}, {})
    propose(sources, targets)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("is_numbered", [False, True])
def test_thousands_of_names_of_one_shape_are_no_matter(is_numbered):
    letters = "abcdefhijkmnopqrstuw"
    words = [f"x{letters[n % 20]}{letters[n // 20 % 20]}y" * 2 for n in range(400)]
    words = [f"{word}{letter}" for word in words for letter in letters[:5]]
    if is_numbered:
        words = [f"a_{n // 200}/b_{n // 10 % 20}/c_{n % 10}" for n in range(2000)]
    sources = {f"model/{word}/kernel": (8, 8) for word in words}
    targets = {f"net.{word.replace('/', '.x')}.weight": SQUARE for word in words}
    proposal = propose(sources, targets)
    assert len(proposal.pairs) + len(proposal.ambiguous) == len(targets)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("is_told", [False, True])
def test_more_than_can_be_compared_take_no_memory(is_told):
    # A table of 6,000 by 6,000, and one of as many words, would be larger than that.
    letters = "abcdefhijkmnopqrstuw"
    words = [
        "x" + "".join(letters[n // 20**at % 20] for at in range(4)) for n in range(6000)
    ]
    sources = {f"{word}/bias": (2,) for word in words}
    targets = {
        f"y{word if is_told else at}.bias": Target((2,))
        for at, word in enumerate(words)
    }
    tracemalloc.start()
    proposal = propose(sources, targets)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert proposal.pairs == {}
    assert peak < 200 << 20


def letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:05d}")


def test_what_is_too_much_to_compare_pairs_nothing_that_has_no_word_in_common():
    sources, targets = {"m/aardvark/kernel": (16, 8)}, {}
    targets["n.zebra.weight"] = Target((8, 16), "linear")
    for number in range(2700):  # each fits the other side's, none of them the first
        sources[f"m/s{letters(number)}/kernel"] = (8, 16)
        targets[f"n.t{letters(number)}.weight"] = Target((16, 8), "linear")
    assert propose(sources, targets).pairs == {}


def test_runs_that_are_too_many_to_compare_are_not_chosen_by_it(monkeypatch):
    sources = {f"m/aardvark/c_{at}/kernel": (8, 16) for at in range(2)}
    targets = {f"n.zebra.{at}.weight": Target((16, 8), "linear") for at in range(2)}
    for word in ("one", "two"):  # fit each other, and not the first
        for at in range(2):
            sources[f"m/{word}/c_{at}/kernel"] = (16, 8)
            targets[f"n.{word}x.{at}.weight"] = Target((8, 16), "linear")
    assert propose(sources, targets).pairs == {}
    monkeypatch.setattr(likeness, "MOST", 30)  # but for all of them
    assert propose(sources, targets).pairs == {}


def test_a_scope_of_many_filters_is_not_gone_through_for_each_normalization():
    looks = 0

    class Sort(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal looks
            looks += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    layers = []
    for number in range(300):
        name = letters(number)
        layers += read_sources(
            {
                **{f"m/x{name}/{it}": (8,) for it in ("gamma", "beta", "moving_mean")},
                f"m/k{name}/kernel": (3, 3, 8, 8),
            }
        )
    for layer in layers:
        layer.sort = Sort(layer.sort)
    pair_partners(layers, [], {})
    assert looks < 20 * len(layers)


LEAVES = {"kernel", "weights", "bias", "biases", "gamma", "beta", "w", "g", "b"}


class Changes:
    """Changes a checkpoint at random, and keeps what became of each name."""

    def __init__(self, model, draw: random.Random) -> None:
        self.sources = dict(model.sources)
        self.truth = dict(model.truth)
        self._draw = draw

    def drop(self) -> None:
        for name in self._draw.sample(sorted(self.sources), 3):
            del self.sources[name]

    def drop_layer(self) -> None:
        layer = self._draw.choice(sorted(self.sources)).rpartition("/")[0]
        self.sources = {
            name: shape
            for name, shape in self.sources.items()
            if name.rpartition("/")[0] != layer
        }

    def add(self) -> None:
        for name in self._draw.sample(sorted(self.sources), 3):
            leaf = name.rpartition("/")[2]
            if leaf in LEAVES:
                foreign = f"{self._word()}/{self._word()}/{leaf}"
                self.sources[foreign] = self.sources[name]

    def swap(self) -> None:
        """Exchanges two: either may be what a name or a shape asks for."""
        one, other = self._draw.sample(sorted(self.sources), 2)
        shapes = self.sources
        shapes[one], shapes[other] = shapes[other], shapes[one]
        for target, source in list(self.truth.items()):
            if source in (one, other):
                self.truth[(target,)] = (one, other)

    def shuffle(self) -> None:
        names = list(self.sources)
        self._draw.shuffle(names)
        self.sources = {name: self.sources[name] for name in names}

    def rename_words(self) -> None:
        words = sorted({it for name in self.sources for it in name.split("/")[:-1]})
        new = {it: self._word() for it in words if self._draw.random() < 0.3}
        self._rename(
            {
                name: "/".join(
                    [*(new.get(it, it) for it in name.split("/")[:-1]), leaf]
                )
                for name in self.sources
                for leaf in [name.rpartition("/")[2]]
            }
        )

    def rename_layers(self) -> None:
        share = self._draw.choice([0.1, 0.3, 1])
        layers = sorted({name.rpartition("/")[0] for name in self.sources})
        new = {it: self._word() for it in layers if self._draw.random() < share}
        self._rename(
            {
                name: f"{new.get(layer, layer)}/{leaf}"
                for name in self.sources
                for layer, _, leaf in [name.rpartition("/")]
            }
        )

    def _rename(self, new: dict[str, str]) -> None:
        if len(set(new.values())) == len(new):
            self.sources = {new[name]: shape for name, shape in self.sources.items()}
            self.truth = {
                target: new.get(name, name) if isinstance(name, str) else name
                for target, name in self.truth.items()
            }

    def _word(self) -> str:
        return "".join(self._draw.choices("bcdfgjlmpt", k=9))


CHANGES = [name for name in vars(Changes) if not name.startswith("_")]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    name=st.sampled_from(sorted(SMALL)),
    changes=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=2, unique=True),
    seed=st.integers(0, 10_000),
    is_plain=st.booleans(),
)
def test_whatever_is_changed_nothing_wrong_is_proposed(name, changes, seed, is_plain):
    model = SMALL[name]
    changed = Changes(model, random.Random(seed))
    # A name that is changed after a swap would be looked for in vain.
    for change in sorted(changes, key="swap".__eq__):
        getattr(changed, change)()
    targets = model.plain() if is_plain else model.targets
    proposal = propose(changed.sources, targets)
    assert wrong_pairs(proposal.pairs, changed.truth) == {}
    used = [pair.source for pair in proposal.pairs.values()]
    assert len(used) == len(set(used))
    assert not proposal.pairs.keys() & proposal.ambiguous.keys()


WORDS = st.sampled_from(
    [
        "a",
        "conv",
        "bn",
        "layer",
        "0",
        "1",
        "2",
        "kernel",
        "weight",
        "w",
        "bias",
        "b",
        "gamma",
        "mean",
        "moving_mean",
        "embeddings",
        "conv_1",
        "Conv2d",
        "x1",
    ]
)
SHAPES = st.lists(st.sampled_from([1, 2, 3]), max_size=4).map(tuple)
KINDS = st.sampled_from([None, "linear", "conv2d", "embedding", "norm", "recurrent"])


def names_of(values: st.SearchStrategy) -> st.SearchStrategy:
    names = st.lists(WORDS, min_size=1, max_size=4).map("/".join)
    return st.dictionaries(names, values, max_size=25)


@settings(max_examples=100, deadline=None)
@given(sources=names_of(SHAPES), targets=names_of(st.builds(Target, SHAPES, KINDS)))
def test_any_names_and_shapes_give_pairs_that_fit(sources, targets):
    proposal = propose(sources, targets)
    for target, pair in proposal.pairs.items():
        shape = sources[pair.source]
        for step in pair.steps:
            shape = step.shape_of(shape)
        assert shape == targets[target].shape
    used = [pair.source for pair in proposal.pairs.values()]
    assert len(used) == len(set(used))


def test_a_model_renamed_at_random_gives_few_proposals():
    model = SMALL["bert"]
    changed = Changes(model, random.Random(1))
    layers = sorted({name.rpartition("/")[0] for name in model.sources})
    names = {
        name: f"{layers.index(layer) * 7919 % 1009:x}zz/{leaf}"
        for name in model.sources
        for layer, _, leaf in [name.rpartition("/")]
    }
    changed._rename(names)
    proposal = propose(changed.sources, model.targets)
    assert wrong_pairs(proposal.pairs, changed.truth) == {}
    assert len(proposal.pairs) < len(model.targets) / 4


@pytest.mark.frameworks
def test_the_names_that_are_matched_here_are_those_of_the_libraries():
    for library in ("torch", "transformers", "keras"):
        if not is_installed(library):
            pytest.skip(f"{library} is not installed")
    script = Path(model_names.__file__).with_name("model_names_child.py")
    child = children.run([sys.executable, script], capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    shapes = json.loads(child.stdout.splitlines()[-1])
    bert, gpt = model_names.bert(2, heads=False), model_names.gpt2(2)
    resnet = model_names.resnet50(False)
    mobilenet = model_names.mobilenet_v2(model_names.as_timm)
    for ours, name in ((bert, "bert"), (gpt, "gpt2")):
        assert {key: list(it.shape) for key, it in ours.targets.items()} == shapes[name]
    densenet = model_names_keras.densenet121()
    for ours, name in (
        (resnet, "ResNet50"),
        (mobilenet, "MobileNetV2"),
        (densenet, "DenseNet121"),
    ):
        found = {key: list(shape) for key, shape in ours.sources.items()}
        assert {
            key: shape
            for key, shape in shapes[name].items()
            if key in found or not key.startswith("predictions")
        } == found
