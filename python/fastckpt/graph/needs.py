"""What a graph needs to run that is not in TensorFlow: other libraries' operations.

A file names operations and not who has them. These are the families that are met most
often; a name such as ``Addons>Resampler`` tells its library itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Need", "find_needs"]

_FAMILIES = {
    r"(?:Eager)?PyFunc(?:Stateless)?": "Python code of the program that wrote the "
    "graph, which is in no file",
    r"TRTEngineOp|CreateTRTResourceHandle|InitializeTRTResource": "TensorFlow built "
    "with TensorRT",
    r"SimpleML\w+": "the package tensorflow_decision_forests",
    r"Sentencepiece\w*Op|\w*Wordpiece\w+|CaseFoldUTF8|NormalizeUTF8\w*"
    r"|RegexSplitWithOffsets|SplitMergeTokenize\w+|WhitespaceTokenize\w+"
    r"|UnicodeScriptTokenize\w+|TFText>.+": "the package tensorflow_text",
    r"Addons>.+": "the package tensorflow_addons",
    r"Horovod\w+": "the package horovod",
    r"IO>.+": "the package tensorflow_io",
    r"XlaCallModule|Tpu\w+|TPU\w+": "XLA, perhaps on the device that it was made for",
}
_COMPILED = {re.compile(text): what for text, what in _FAMILIES.items()}


class Need(NamedTuple):
    """What a graph needs beside TensorFlow.

    Attributes:
        what: What has the operations.
        ops: Their kinds.
    """

    what: str
    ops: list[str]


def find_needs(ops: Iterable[str]) -> list[Need]:
    """Gives what has operations of these kinds, as far as that is known."""
    found: dict[str, list[str]] = {}
    for op in sorted(set(ops)):
        what = _find_family(op)
        if what is not None:
            found.setdefault(what, []).append(op)
    return [Need(what, names) for what, names in found.items()]


def _find_family(op: str) -> str | None:
    for pattern, what in _COMPILED.items():
        if pattern.fullmatch(op):
            return what
    library, is_named, _ = op.partition(">")
    return f"the library of {library}" if is_named and library else None
