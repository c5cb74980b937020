"""Makes the checkpoints, or loads them and prints digests of the parameters."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sys
from pathlib import Path

import numpy as np

from converters.families import FAMILIES

RULES = Path(__file__).resolve().parents[2] / "docs" / "matching"


def random_parameters(family, model):
    generator = np.random.default_rng(len(family.module))
    return {
        key: _random(generator, value.shape, family.dtype)
        for key, value in family.parameters(model).items()
    }


def _random(generator, shape, dtype):
    value = generator.standard_normal(shape, np.float32)
    if dtype == "bfloat16":  # values that both types have
        value = (value.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    return value


def digests(parameters):
    return {
        key: hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        for key, value in parameters.items()
    }


def write(folder):
    import tensorflow as tf

    written = {}
    for name, family in FAMILIES.items():
        parameters = random_parameters(family, family.make()[0])
        written[name] = digests(parameters)
        variables = family.variables(parameters)
        values = [
            tf.cast(value, family.dtype) if value.dtype == np.float32 else value
            for value in map(np.asarray, variables.values())
        ]
        os.makedirs(f"{folder}/{name}")
        _save(tf, family.format, f"{folder}/{name}/model.ckpt", list(variables), values)
    print(json.dumps(written))


def _save(tf, format, prefix, names, values):
    whole = [""] * len(names)
    if format == "v1":
        tf.raw_ops.SaveSlices(
            filename=prefix, tensor_names=names, shapes_and_slices=whole, data=values
        )
    else:
        tf.raw_ops.SaveV2(
            prefix=prefix, tensor_names=names, shape_and_slices=whole, tensors=values
        )


def load(library, folder):
    if library == "fastckpt":
        import fastckpt.compat.tensorflow

        fastckpt.compat.tensorflow.install()
    loaded = {}
    for name, family in FAMILIES.items():
        model, config = family.make()
        with contextlib.redirect_stdout(io.StringIO()):  # the loaders are talkative
            family.load(model, config, f"{folder}/{name}/model.ckpt")
        loaded[name] = digests(family.parameters(model))
    used = sys.modules["tensorflow"].__file__
    assert ("fastckpt" in used) == (library == "fastckpt"), used
    print(json.dumps(loaded))


def match(folder):
    """Loads by the rules of docs/matching, and nothing else."""
    import fastckpt
    import fastckpt.torch

    loaded = {}
    for name, family in FAMILIES.items():
        model, _ = family.make()
        rules = fastckpt.Rules.bert()
        if not name.startswith("bert"):
            rules = fastckpt.Rules.parse((RULES / f"{name}.rules").read_text())
        plan = fastckpt.torch.match(f"{folder}/{name}/model.ckpt", model, rules)
        plan.load()
        loaded[name] = digests(family.parameters(model))
    print(json.dumps(loaded))


{"write": write, "load": load, "match": match}[sys.argv[1]](*sys.argv[2:])
