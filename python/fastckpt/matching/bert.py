"""google-research/bert's names, as Hugging Face's models have them.

Source: what transformers' convert_bert_original_tf_checkpoint_to_pytorch does.
"""

from __future__ import annotations

__all__ = ["TEXT"]

_LAYER = "encoder/layer_{n}"
_DENSE = (
    ("attention/self/query", "attention.self.query"),
    ("attention/self/key", "attention.self.key"),
    ("attention/self/value", "attention.self.value"),
    ("attention/output/dense", "attention.output.dense"),
    ("intermediate/dense", "intermediate.dense"),
    ("output/dense", "output.dense"),
)
_NORMS = (
    ("attention/output/LayerNorm", "attention.output.LayerNorm"),
    ("output/LayerNorm", "output.LayerNorm"),
)


def _dense(source: str, target: str) -> list[tuple[str, str, str]]:
    return [
        (f"{source}/kernel", f"{target}.weight", " transpose"),
        (f"{source}/bias", f"{target}.bias", ""),
    ]


def _norm(source: str, target: str) -> list[tuple[str, str, str]]:
    return [
        (f"{source}/gamma", f"{target}.weight", ""),
        (f"{source}/beta", f"{target}.bias", ""),
    ]


def _body() -> list[tuple[str, str, str]]:
    rules = [
        (f"embeddings/{name}_embeddings", f"embeddings.{name}_embeddings.weight", "")
        for name in ("word", "position", "token_type")
    ]
    rules += _norm("embeddings/LayerNorm", "embeddings.LayerNorm")
    for source, target in _DENSE:
        rules += _dense(f"{_LAYER}/{source}", f"encoder.layer.{{n}}.{target}")
    for source, target in _NORMS:
        rules += _norm(f"{_LAYER}/{source}", f"encoder.layer.{{n}}.{target}")
    return rules


def _make_text() -> str:
    lines = ["# google-research/bert to Hugging Face"]
    for source, target, how in _body():
        lines += [
            f"bert/{source} -> bert.{target}{how} optional",
            f"bert/{source} -> {target}{how}",
        ]
    heads = _dense("bert/pooler/dense", "bert.pooler.dense")
    heads += _dense("bert/pooler/dense", "pooler.dense")
    heads += [("cls/predictions/output_bias", "cls.predictions.bias", "")]
    heads += _dense(
        "cls/predictions/transform/dense", "cls.predictions.transform.dense"
    )
    heads += _norm(
        "cls/predictions/transform/LayerNorm", "cls.predictions.transform.LayerNorm"
    )
    heads += [
        ("cls/seq_relationship/output_weights", "cls.seq_relationship.weight", ""),
        ("cls/seq_relationship/output_bias", "cls.seq_relationship.bias", ""),
        ("cls/squad/output_weights", "qa_outputs.weight", ""),
        ("cls/squad/output_bias", "qa_outputs.bias", ""),
        ("output_weights", "classifier.weight", ""),
        ("output_bias", "classifier.bias", ""),
    ]
    lines += [f"{source} -> {target}{how} optional" for source, target, how in heads]
    lines += [f"{source} -> -" for source in ("bert/pooler/dense/*", "cls/*")]
    lines += ["output_weights -> -", "output_bias -> -"]
    return "\n".join(lines) + "\n"


TEXT = _make_text()
