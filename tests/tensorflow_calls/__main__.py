"""Makes all calls of one library and prints what came of them."""

from __future__ import annotations

import json
import os
import sys

from tensorflow_calls import CALLS
from tensorflow_calls.describe import attempt
from tensorflow_calls.place import Place


def main(library, samples, scratch):
    if library == "fastckpt":
        import fastckpt.compat.tensorflow

        fastckpt.compat.tensorflow.install()
    import tensorflow as tf

    os.makedirs(scratch)
    place = Place(tf, samples, scratch)
    outcomes = {name: attempt(call, place) for name, call in CALLS.items()}
    printed = json.dumps(outcomes)
    print(printed.replace(scratch, "<scratch>").replace(samples, "<samples>"))


main(*sys.argv[1:])
