"""Prints the parameters of real models: {model: {name: shape}}, as JSON.

The models hold no values. Keras runs on torch, so that no TensorFlow is needed.
"""

import json
import os

os.environ.update(KERAS_BACKEND="torch", USE_TF="0", USE_FLAX="0")

import keras
import torch
from transformers import BertConfig, BertModel, GPT2Config, GPT2Model


def main() -> None:
    shapes = {}
    with torch.device("meta"):
        models = {
            "bert": BertModel(BertConfig(num_hidden_layers=2)),
            "gpt2": GPT2Model(GPT2Config(n_layer=2)),
        }
    for name, model in models.items():
        state = model.state_dict()
        shapes[name] = {key: list(value.shape) for key, value in state.items()}
    applications = keras.applications
    for make in (
        applications.ResNet50,
        applications.MobileNetV2,
        applications.DenseNet121,
    ):
        weights = make(weights=None).weights
        shapes[make.__name__] = {it.path: list(it.shape) for it in weights}
    print(json.dumps(shapes))


main()
