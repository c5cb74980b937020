"""What TensorFlow finds in folders that killed saves left; see `test_kill_states.py`.

`python kill_states_child.py FOLDER...` prints for each folder what TensorFlow has under
the prefix "m": the first value of "w", or "none".
"""

from __future__ import annotations

import sys


def main(folders: list[str]) -> None:
    """Asks TensorFlow."""
    import tensorflow as tf

    for folder in folders:
        prefix = f"{folder}/m"
        is_known = tf.compat.v1.train.checkpoint_exists(prefix)
        try:
            first = str(tf.train.load_checkpoint(prefix).get_tensor("w")[0])
        except (ValueError, tf.errors.OpError):
            first = "none"
        assert is_known == (first != "none"), (folder, is_known, first)
        print(first)


if __name__ == "__main__":
    main(sys.argv[1:])
