"""What TensorFlow's checkpoints call the parameters of PyTorch's models.

Each function takes a model's parameters and gives the variables of the checkpoint
that its authors would have published: the way back from what a converter does.
"""

from __future__ import annotations

import re

import numpy as np

_NORM = {"weight": "gamma", "bias": "beta"}
_ADAM = ("adam_m", "adam_v")


def bert(parameters):
    """google-research/bert: two slots of the optimizer and the step beside each."""
    named = _bert_like(parameters)
    slots = {
        f"{name}/{slot}": value + 1 for name, value in named.items() for slot in _ADAM
    }
    return {**named, **slots, "global_step": np.int64(7)}


def electra(parameters):
    """google-research/electra."""
    return _renamed(_bert_like(parameters), {"dense_prediction": "dense_1"})


def rembert(parameters):
    """RemBERT, which calls itself bert."""
    return {f"bert/{name}": value for name, value in _bert_like(parameters).items()}


def mobilebert(parameters):
    """google-research/mobilebert."""
    named = _bert_like(parameters)
    changes = {
        "mobilebert/": "bert/",
        "LayerNorm": "FakeLayerNorm",
        "ffn_0": "ffn_layer_0",
    }
    return _renamed(named, changes)


def albert(parameters):
    """google-research/albert."""
    group = "encoder/transformer/group_0/inner_group_0"
    changes = {
        "albert/": "bert/",
        "encoder/albert_layer_groups/0/albert_layers/0": group,
        "full_layer_layer_norm": "LayerNorm_1",
        f"{group}/attention/": f"{group}/attention_1/self/",
        "self/dense": "output/dense",
        f"{group}/attention_1/self/LayerNorm": f"{group}/LayerNorm",
        f"{group}/ffn_output/": f"{group}/ffn_1/intermediate/output/dense/",
        f"{group}/ffn/": f"{group}/ffn_1/intermediate/dense/",
        "pooler/": "pooler/dense/",
        "predictions/dense": "cls/predictions/transform/dense",
        "predictions/LayerNorm": "cls/predictions/transform/LayerNorm",
        "predictions/output_bias": "cls/predictions/output_bias",
        "sop_classifier/classifier/bias": "cls/seq_relationship/output_bias",
    }
    named = _renamed(_bert_like(parameters), changes)
    weights = named.pop("sop_classifier/classifier/kernel").T
    return {**named, "cls/seq_relationship/output_weights": weights}


def gpt2(parameters):
    """openai/gpt-2: matrices have a leading dimension of 1."""
    named = {}
    for key, value in parameters.items():
        name = re.sub(r"h\.(\d+)", r"h\1", key).replace(".", "/")
        name = name.replace("ln_1/weight", "ln_1/g").replace("ln_2/weight", "ln_2/g")
        name = name.replace("ln_f/weight", "ln_f/g").replace("/bias", "/b")
        is_embedding = name in ("wte/weight", "wpe/weight")
        name = name.removesuffix("/weight") if is_embedding else name
        named["model/" + name.replace("/weight", "/w")] = (
            value[None] if value.ndim == 2 and not is_embedding else value
        )
    return named


def gpt_neo(parameters):
    """EleutherAI/gpt-neo, whose checkpoints hold bfloat16."""
    projections = {"q_proj": "q", "k_proj": "k", "v_proj": "v", "out_proj": "o"}
    named = {}
    for key, value in parameters.items():
        name = re.sub(r"^transformer\.h\.(\d+)", r"gpt2/h\1", key)
        name = name.replace("transformer.", "gpt2/").replace(".", "/")
        name = re.sub(r"ln_([12])", r"norm_\1", name)
        name = re.sub(r"mlp/(c_\w+)/weight", r"mlp/conv1d_main/\1/kernel", name)
        name = re.sub(r"mlp/(c_\w+)/bias", r"mlp/conv1d_main/\1/bias", name)
        name = name.replace("attention/out_proj/bias", "compute_output_bias/o_b")
        for ours, theirs in projections.items():
            name = name.replace(f"attention/{ours}/weight", theirs)
        if re.search(r"attn/[qkvo]$|kernel$", name):
            value = value.T
        name = re.sub(r"(norm_\d|ln_f)/weight", r"\1/g", name)
        name = re.sub(r"(norm_\d|ln_f)/bias", r"\1/b", name)
        named[re.sub(r"(wte|wpe)/weight", r"\1", name)] = value
    return named


def t5(parameters):
    """google-research/text-to-text-transfer-transformer, by Mesh TensorFlow."""
    named = {}
    for key, value in parameters.items():
        name = re.sub(r"(block|layer)\.(\d+)", r"\1_00\2", key).replace(".", "/")
        if name == "shared/weight":
            named["shared/embedding"] = value
            continue
        name = re.sub(r"layer_norm/weight$", "layer_norm/scale", name)
        name = re.sub(r"(wi|wo)/weight$", r"\1/kernel", name)
        named[name.removesuffix("/weight")] = value.T
    slot = {"encoder/block_000/layer_000/SelfAttention/q_slot_v": np.ones(3, "f4")}
    return {**named, **slot, "global_step": np.int64(3)}


def xlnet(parameters):
    """zihangdai/xlnet: biases of all layers in one variable."""
    named, stacked = {}, {}
    for key, value in parameters.items():
        name = re.sub(r"layer\.(\d+)", r"layer_\1", key).replace(".", "/")
        name = name.replace("layer_norm/weight", "LayerNorm/gamma")
        name = name.replace("layer_norm/bias", "LayerNorm/beta")
        if name.endswith(("r_r_bias", "r_w_bias", "r_s_bias", "seg_embed")):
            stacked.setdefault(name.rpartition("/")[2], []).append(value)
        elif re.search(r"rel_attn/[qkvor]$", name):
            named[f"model/{name}/kernel"] = value
        elif re.search(r"ff/layer_\d/weight$", name):
            named["model/" + name.replace("weight", "kernel")] = value.T
        else:
            named[f"model/{name}"] = value
    found = {
        f"model/transformer/{name}": np.stack(them) for name, them in stacked.items()
    }
    changes = {
        "word_embedding/weight": "word_embedding/lookup_table",
        "transformer/mask_emb": "transformer/mask_emb/mask_emb",
    }
    return {**_renamed(named, changes), **found}


def mobilenet_v1(parameters):
    """tensorflow/models, slim: images are NHWC, kernels HWIO."""
    norms = {
        "weight": "gamma",
        "bias": "beta",
        "running_mean": "moving_mean",
        "running_var": "moving_variance",
    }
    named = {}
    for key, value in parameters.items():
        scope, kind = key.removeprefix("mobilenet_v1.").rsplit(".", 1)
        if scope == "classifier":
            top = "MobilenetV1/Logits/Conv2d_1c_1x1/"
            is_bias = kind == "bias"
            named[top + ("biases" if is_bias else "weights")] = (
                value if is_bias else value.T[None, None]
            )
            continue
        number = re.search(r"layer\.(\d+)", scope)
        index = int(number[1]) if number else -1
        suffix = ("_depthwise", "_pointwise")[index % 2] if number else ""
        top = f"MobilenetV1/Conv2d_{index // 2 + 1}{suffix}/"
        if scope.endswith("normalization"):
            named[f"{top}BatchNorm/{norms[kind]}"] = value
        elif suffix == "_depthwise":
            named[top + "depthwise_weights"] = value.transpose(2, 3, 0, 1)
        else:
            named[top + "weights"] = value.transpose(2, 3, 1, 0)
    return named


def _bert_like(parameters):
    return dict(_bert_variable(key, value) for key, value in parameters.items())


def _bert_variable(key, value):
    scope, _, kind = re.sub(r"\.(layer|ffn)\.(\d+)", r".\1_\2", key).rpartition(".")
    scope = scope.replace(".", "/")
    last = scope.rpartition("/")[2]
    if last.endswith("_embeddings"):
        return scope, value
    if "norm" in last.lower():
        return f"{scope}/{_NORM[kind]}", value
    if last == "predictions":
        return f"{scope}/output_bias", value
    if last == "seq_relationship":
        return f"{scope}/output_{'weights' if kind == 'weight' else 'bias'}", value
    return (
        (f"{scope}/kernel", value.T) if kind == "weight" else (f"{scope}/bias", value)
    )


def _renamed(named, changes):
    renamed = {}
    for name, value in named.items():
        for old, new in changes.items():
            name = name.replace(old, new)
        renamed[name] = value
    return renamed
