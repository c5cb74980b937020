"""The models: how small they are, and which function of transformers loads them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from converters import names


class Family(NamedTuple):
    """A model of transformers and the checkpoint that it is loaded from."""

    module: str
    model: str
    config: str
    loader: str
    sizes: dict[str, Any]
    variables: Callable[[dict[str, Any]], dict[str, Any]]
    tied: tuple[str, ...] = ()
    dtype: str = "float32"
    format: str = "v2"

    def make(self):
        """Gives the model with its configuration, the same each time."""
        import torch

        torch.manual_seed(0)
        package = importlib.import_module("transformers")
        config = getattr(package, self.config)(**self.sizes)
        return getattr(package, self.model)(config), config

    def load(self, model, config, path):
        """Loads a checkpoint into the model, as the package does it."""
        module = importlib.import_module(f"transformers.models.{self.module}")
        getattr(module, self.loader)(model, config, path)

    def parameters(self, model):
        """Gives the parameters that are in a checkpoint of the model."""
        return {
            key: value.numpy()
            for key, value in model.state_dict().items()
            if not key.endswith(self.tied or ("never",))
        }


_TEXT = {
    "vocab_size": 31,
    "hidden_size": 8,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 7,
}
_BERT = Family(
    "bert.modeling_bert",
    "BertForPreTraining",
    "BertConfig",
    "load_tf_weights_in_bert",
    _TEXT,
    names.bert,
    ("decoder.weight", "decoder.bias"),
)

FAMILIES = {
    "bert": _BERT,
    "bert_v1": _BERT._replace(format="v1"),
    "gpt2": Family(
        "gpt2.modeling_gpt2",
        "GPT2Model",
        "GPT2Config",
        "load_tf_weights_in_gpt2",
        {"vocab_size": 31, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 7},
        names.gpt2,
    ),
    "t5": Family(
        "t5.modeling_t5",
        "T5ForConditionalGeneration",
        "T5Config",
        "load_tf_weights_in_t5",
        {
            "vocab_size": 31,
            "d_model": 8,
            "d_kv": 4,
            "d_ff": 12,
            "num_layers": 2,
            "num_heads": 2,
        },
        names.t5,
        ("embed_tokens.weight", "lm_head.weight"),
    ),
    "xlnet": Family(
        "xlnet.modeling_xlnet",
        "XLNetLMHeadModel",
        "XLNetConfig",
        "load_tf_weights_in_xlnet",
        {
            "vocab_size": 31,
            "d_model": 8,
            "n_layer": 2,
            "n_head": 2,
            "d_inner": 12,
            "untie_r": True,
        },
        names.xlnet,
        ("lm_loss.weight",),
    ),
    "albert": Family(
        "albert.modeling_albert",
        "AlbertForPreTraining",
        "AlbertConfig",
        "load_tf_weights_in_albert",
        {**_TEXT, "embedding_size": 4},
        names.albert,
        ("decoder.weight", "decoder.bias"),
    ),
    "electra": Family(
        "electra.modeling_electra",
        "ElectraForPreTraining",
        "ElectraConfig",
        "load_tf_weights_in_electra",
        {**_TEXT, "embedding_size": 4},
        names.electra,
    ),
    "mobilebert": Family(
        "mobilebert.modeling_mobilebert",
        "MobileBertForPreTraining",
        "MobileBertConfig",
        "load_tf_weights_in_mobilebert",
        {**_TEXT, "embedding_size": 8, "intra_bottleneck_size": 8},
        names.mobilebert,
        ("decoder.weight", "decoder.bias", "predictions.dense.weight"),
    ),
    "rembert": Family(
        "rembert.modeling_rembert",
        "RemBertModel",
        "RemBertConfig",
        "load_tf_weights_in_rembert",
        {**_TEXT, "input_embedding_size": 4, "output_embedding_size": 4},
        names.rembert,
    ),
    "gpt_neo": Family(
        "gpt_neo.modeling_gpt_neo",
        "GPTNeoForCausalLM",
        "GPTNeoConfig",
        "load_tf_weights_in_gpt_neo",
        {
            "vocab_size": 31,
            "hidden_size": 8,
            "num_layers": 2,
            "attention_types": [[["global", "local"], 1]],
            "num_heads": 2,
            "intermediate_size": 12,
            "max_position_embeddings": 7,
        },
        names.gpt_neo,
        ("lm_head.weight",),
        dtype="bfloat16",
    ),
    "mobilenet_v1": Family(
        "mobilenet_v1.modeling_mobilenet_v1",
        "MobileNetV1ForImageClassification",
        "MobileNetV1Config",
        "load_tf_weights_in_mobilenet_v1",
        {"depth_multiplier": 0.25, "num_labels": 5},
        names.mobilenet_v1,
        ("num_batches_tracked",),
    ),
}
