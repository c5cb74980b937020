"""What fastckpt.torch.match does: `python torch_match_child.py FOLDER`."""

from __future__ import annotations

import json
import re
import sys
import traceback
import warnings
from pathlib import Path

import ml_dtypes
import numpy as np
import torch

import fastckpt
import fastckpt.torch
from fastckpt import Rules

SELF = Path(__file__)
RULES = Rules.parse("{layer}/kernel -> {layer}.weight transpose\n*/bias -> *.bias")


def refuses(kind: type[BaseException], text: str, call) -> None:
    try:
        call()
    except kind as error:
        assert text in str(error), error  # noqa: PT017
    else:
        raise AssertionError(f"no {kind.__name__}: {text}")


def filled(shape: tuple[int, ...], seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def two_layers() -> torch.nn.Module:
    return torch.nn.ModuleDict(
        {"a": torch.nn.Linear(4, 4), "b": torch.nn.Linear(4, 4, bias=False)}
    )


def state_of(module: torch.nn.Module) -> dict[str, list]:
    return {name: it.tolist() for name, it in module.state_dict().items()}


def a_module_is_filled_in_place(folder: Path) -> None:
    tensors = {
        "a/kernel": filled((4, 4)),
        "a/bias": filled((4,)),
        "b/kernel": filled((4, 4), 2),
    }
    fastckpt.save(folder / "m", tensors)
    module = two_layers()
    memory = {name: it.data_ptr() for name, it in module.state_dict().items()}
    plan = fastckpt.torch.match(folder / "m", module, RULES)
    assert plan.is_finished, plan
    assert plan.load() is None
    assert {name: it.data_ptr() for name, it in module.state_dict().items()} == memory
    given = torch.from_numpy(filled((2, 4), 9))
    wanted = given.numpy() @ tensors["a/kernel"] + tensors["a/bias"]
    assert np.allclose(module["a"](given).detach().numpy(), wanted, atol=1e-5)
    assert np.array_equal(module["b"].weight.detach().numpy(), tensors["b/kernel"].T)
    assert module["a"].weight.requires_grad


def parameters_keep_their_dtypes(folder: Path) -> None:
    large = np.full((4, 4), 1e30, np.float32)
    tensors = {"a/kernel": large, "a/bias": filled((4,)), "b/kernel": filled((4, 4))}
    fastckpt.save(
        folder / "m", {**tensors, "b/kernel": tensors["b/kernel"].astype("f8")}
    )
    module = two_layers()
    module["a"].half()
    module["b"].bfloat16()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fastckpt.torch.match(folder / "m", module, RULES).load()
    (only,) = caught
    assert str(only.message).startswith("16 numbers in 1 tensor ")
    assert only.filename == __file__
    bits = tensors["b/kernel"].T.astype(ml_dtypes.bfloat16).astype(np.float32)
    assert np.array_equal(module["b"].weight.detach().float().numpy(), bits)


def what_does_not_fit_leaves_the_module_as_it_was(folder: Path) -> None:
    tensors = {
        "a/kernel": filled((4, 4)),
        "a/bias": filled((4,)),
        "b/kernel": filled((4, 4)),
    }
    module = two_layers()
    before = state_of(module)
    fastckpt.save(folder / "m", {**tensors, "c/kernel": filled((4, 4))})
    plan = fastckpt.torch.match(folder / "m", module, RULES)
    refuses(ValueError, "nothing is made of 'c/kernel'", plan.load)
    fastckpt.save(
        folder / "m",
        {**tensors, "a/bias": np.full(4, 0.5), "b/kernel": np.full((4, 4), 2**60 + 1)},
    )
    refuses(
        ValueError, "b.weight", fastckpt.torch.match(folder / "m", module, RULES).load
    )
    fastckpt.save(folder / "m", tensors)
    data = folder / "m.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[-1] ^= 1
    data.write_bytes(content)
    refuses(
        fastckpt.CorruptionError,
        "b/kernel",
        fastckpt.torch.match(folder / "m", module, RULES).load,
    )
    assert state_of(module) == before
    meta = torch.nn.Linear(2, 2, device="meta")
    refuses(ValueError, "to_empty", lambda: fastckpt.torch.match(folder / "m", meta))
    refuses(TypeError, "Module", lambda: fastckpt.torch.match(folder / "m", {}))


def torch_keeps_what_is_its_own(folder: Path) -> None:
    module = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.Embedding(3, 3))
    module.append(torch.nn.Linear(3, 3, bias=False))
    module[2].weight = module[1].weight
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    tensors = {f"bn/{name}": filled((3,), n) for n, name in enumerate(names)}
    fastckpt.save(folder / "m", {**tensors, "table": filled((3, 3))})
    text = "bn/gamma -> 0.weight\nbn/beta -> 0.bias\nbn/moving_mean -> 0.running_mean\n"
    text += "bn/moving_variance -> 0.running_var\n"
    plan = fastckpt.torch.match(
        folder / "m", module, Rules.parse(text + "table -> 1.weight")
    )
    assert plan.untouched == ["0.num_batches_tracked", "2.weight"], plan
    plan.load()
    assert np.array_equal(module[2].weight.detach().numpy(), filled((3, 3)))
    # The other one of the two will do as well.
    plan = fastckpt.torch.match(
        folder / "m", module, Rules.parse(text + "table -> 2.weight")
    )
    assert plan.is_finished, plan
    fastckpt.save(
        folder / "m", {**tensors, "table": filled((3, 3)), "more": filled((3, 3))}
    )
    text += "table -> 1.weight\nmore -> 2.weight\n"
    plan = fastckpt.torch.match(folder / "m", module, Rules.parse(text))
    refuses(ValueError, "are one memory", plan.load)


def fused_weights_are_taken_apart_and_joined(folder: Path) -> None:
    fastckpt.save(
        folder / "m",
        {"qkv/w": filled((4, 12)), "x/w": filled((4, 2)), "y/w": filled((4, 2), 2)},
    )
    module = torch.nn.ModuleDict(
        {n: torch.nn.Linear(4, 4, bias=False) for n in ("q", "k", "v", "j")}
    )
    text = "".join(
        f"qkv/w -> {n}.weight take 1 {i * 4}:{i * 4 + 4} transpose\n"
        for i, n in enumerate("qkv")
    )
    plan = fastckpt.torch.match(
        folder / "m",
        module,
        Rules.parse(text + "x/w + y/w -> j.weight transpose concat 0"),
    )
    plan.load()
    for i, name in enumerate("qkv"):
        wanted = filled((4, 12))[:, i * 4 : i * 4 + 4].T
        assert np.array_equal(module[name].weight.detach().numpy(), wanted)
    wanted = np.concatenate([filled((4, 2)).T, filled((4, 2), 2).T])
    assert np.array_equal(module["j"].weight.detach().numpy(), wanted)


def a_module_that_changed_is_matched_again(folder: Path) -> None:
    fastckpt.save(folder / "m", {"m": np.full(3, 5, np.float32)})
    module = torch.nn.Module()
    module.register_buffer("m", torch.zeros(3))
    plan = fastckpt.torch.match(folder / "m", module, Rules.parse("m -> m"))
    module.m = torch.ones(3)
    plan.load()
    assert module.m.tolist() == [5, 5, 5]
    module.half()
    refuses(ValueError, "match it again", plan.load)


def memory_that_is_not_a_modules_own_is_refused(folder: Path) -> None:
    fastckpt.save(folder / "m", {"a": np.ones(4, np.float32)})
    match = lambda it: fastckpt.torch.match(folder / "m", it)  # noqa: E731
    copies = torch.nn.Linear(2, 2)
    copies._register_state_dict_hook(
        lambda own, state, prefix, data: {n: it.clone() for n, it in state.items()}
    )
    refuses(ValueError, "gives a copy", lambda: match(copies))
    buffer = torch.zeros(6)
    parts = torch.nn.Module()
    parts.register_buffer("a", buffer[:4])
    parts.register_buffer("b", buffer[2:])
    refuses(ValueError, "share a part", lambda: match(parts))
    strided = torch.nn.Module()
    strided.register_buffer("a", buffer[::2])
    strided.register_buffer("b", buffer[1::2])
    assert match(strided).missing == ["a", "b"]
    wide = torch.nn.Module()
    wide.register_buffer("a", torch.zeros(1).expand(4))
    refuses(ValueError, "expand", lambda: match(wide))
    freed = torch.nn.Linear(2, 2)
    freed.weight.untyped_storage().resize_(0)
    refuses(ValueError, "lost its memory", lambda: match(freed))


def numbers_that_a_parameter_does_not_hold_are_misfits(folder: Path) -> None:
    values = {"f": np.ones(2, np.float32), "c": np.ones(2, np.complex64)}
    with fastckpt.Writer(folder / "m") as writer:
        for name, value in values.items():
            writer.add(name, value)
        writer.add("q", np.ones(2, np.int8), "qint8")
    module = torch.nn.Module()
    module.register_buffer("i", torch.zeros(2, dtype=torch.int64))
    module.register_buffer("f", torch.zeros(2))
    module.register_buffer("g", torch.zeros(2))
    rules = Rules.parse("f -> i\nc -> f\nq -> g\n")
    plan = fastckpt.torch.match(folder / "m", module, rules)
    assert len(plan.misfits) == 3, plan
    assert "scale" in plan.misfits[2]


def bert_tensors(config) -> dict[str, np.ndarray]:
    """What google-research/bert saves: names, shapes, values at random."""
    size, inner = config.hidden_size, config.intermediate_size
    shapes: dict[str, tuple[int, ...]] = {
        "bert/embeddings/word_embeddings": (config.vocab_size, size),
        "bert/embeddings/position_embeddings": (config.max_position_embeddings, size),
        "bert/embeddings/token_type_embeddings": (config.type_vocab_size, size),
        "cls/predictions/output_bias": (config.vocab_size,),
        "cls/seq_relationship/output_weights": (2, size),
        "cls/seq_relationship/output_bias": (2,),
    }
    dense = {
        "bert/pooler/dense": (size, size),
        "cls/predictions/transform/dense": (size, size),
    }
    norms = ["bert/embeddings/LayerNorm", "cls/predictions/transform/LayerNorm"]
    for layer in (f"bert/encoder/layer_{n}" for n in range(config.num_hidden_layers)):
        dense |= {
            f"{layer}/attention/self/{it}": (size, size)
            for it in ("query", "key", "value")
        }
        dense |= {f"{layer}/attention/output/dense": (size, size)}
        dense |= {
            f"{layer}/intermediate/dense": (size, inner),
            f"{layer}/output/dense": (inner, size),
        }
        norms += [f"{layer}/attention/output/LayerNorm", f"{layer}/output/LayerNorm"]
    for name, shape in dense.items():
        shapes |= {f"{name}/kernel": shape, f"{name}/bias": shape[1:]}
    for name in norms:
        shapes |= {f"{name}/gamma": (size,), f"{name}/beta": (size,)}
    tensors = {name: filled(shape, n) for n, (name, shape) in enumerate(shapes.items())}
    slots = {
        f"{name}/{slot}": it
        for name, it in tensors.items()
        for slot in ("adam_m", "adam_v")
    }
    return {**tensors, **slots, "global_step": np.int64(7)}


def bert_is_what_its_own_converter_makes(folder: Path) -> None:
    import fastckpt.compat.tensorflow

    fastckpt.compat.tensorflow.install()
    from transformers import BertConfig, BertForMaskedLM, BertForPreTraining, BertModel
    from transformers.models.bert.modeling_bert import load_tf_weights_in_bert

    config = BertConfig(
        vocab_size=50,
        hidden_size=12,
        num_hidden_layers=11,
        num_attention_heads=3,
        intermediate_size=20,
        max_position_embeddings=16,
    )
    tensors = bert_tensors(config)
    fastckpt.save(folder / "m", tensors)
    own = BertForPreTraining(config)
    load_tf_weights_in_bert(own, config, str(folder / "m"))
    wanted = own.state_dict()
    for kind in (BertForPreTraining, BertForMaskedLM, BertModel):
        model = (
            kind(config, add_pooling_layer=False) if kind is BertModel else kind(config)
        )
        plan = fastckpt.torch.match(folder / "m", model, Rules.bert())
        assert plan.is_finished, plan
        plan.load()
        for name, tensor in model.state_dict().items():
            key = f"bert.{name}" if kind is BertModel else name
            assert torch.equal(tensor, wanted[key]), name
        assert len(plan.pairs) > 160
    with fastckpt.open(folder / "m") as ckpt:
        again = fastckpt.torch.match(ckpt, own, plan_rules(ckpt, own))
        assert again.is_finished, again


def plan_rules(ckpt, model) -> Rules:
    return fastckpt.torch.match(ckpt, model, Rules.bert()).to_rules()


def run_all(folder: Path) -> dict:
    """Gives {case: what went wrong, or None}."""
    found = {}
    cases = re.findall(r"^def (\w+)\(folder: Path\) -> None:", SELF.read_text(), re.M)
    for case in cases:
        own = folder / case
        own.mkdir()
        try:
            globals()[case](own)
        except Exception:
            found[case] = traceback.format_exc()
        else:
            found[case] = None
    return found


if __name__ == "__main__":
    print(json.dumps(run_all(Path(sys.argv[1]))))
