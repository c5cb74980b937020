"""Records names and shapes: `PYTHONPATH=python python tests/record_timm.py`.

Where timm is not installed the rules are checked against these. Writes
tests/timm_shapes.json: by rules, a checkpoint's shapes and timm's model's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

RECORDED = Path(__file__).with_name("timm_shapes.json")


def main() -> None:
    sys.argv[1:] = ["", ""]
    import torch

    import vision_child

    found = {}
    for name, (library, make, original, names, size, _) in vision_child.CASES.items():
        if library != "timm":
            continue
        vision_child.keras.utils.clear_session()
        sources = {key: list(it.shape) for key, it in names(original(size)).items()}
        with torch.device("meta"):
            state = make().state_dict()
        targets = {
            key: list(it.shape)
            for key, it in state.items()
            if not key.endswith("num_batches_tracked")
        }
        found[name] = {"sources": sources, "targets": targets}
    lines = [
        f"{json.dumps(name)}: {json.dumps(it, separators=(',', ':'))}"
        for name, it in sorted(found.items())
    ]
    RECORDED.write_text("{" + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main()
