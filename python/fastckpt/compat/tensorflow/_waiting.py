"""``tf.train.checkpoints_iterator``: wait for the next checkpoint.

Source: tensorflow/python/training/checkpoint_utils.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import fastckpt.compat.tensorflow.logging as logging
from fastckpt.compat.tensorflow._management import latest_checkpoint


def wait_for_new_checkpoint(
    checkpoint_dir: Any,
    last_checkpoint: str | None = None,
    seconds_to_sleep: float = 1,
    timeout: float | None = None,
) -> str | None:
    """Waits until a folder's newest checkpoint is another one.

    Args:
        checkpoint_dir: the folder.
        last_checkpoint: the prefix that is known already.
        seconds_to_sleep: how long to wait between looks.
        timeout: after how many seconds to give up; None for never.

    Returns:
        The prefix, or None after `timeout`.
    """
    logging.info("Waiting for new checkpoint at %s", checkpoint_dir)
    stop = None if timeout is None else time.time() + timeout
    while True:
        found = latest_checkpoint(checkpoint_dir)
        if found is not None and found != last_checkpoint:
            logging.info("Found new checkpoint at %s", found)
            return found
        if stop is not None and time.time() + seconds_to_sleep > stop:
            return None
        time.sleep(seconds_to_sleep)


def checkpoints_iterator(
    checkpoint_dir: Any,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], object] | None = None,
) -> Iterator[str]:
    """Goes through a folder's newest checkpoints as they appear.

    Args:
        checkpoint_dir: the folder.
        min_interval_secs: the least time between two of them, in seconds.
        timeout: how many seconds to wait for the next one; None for ever.
        timeout_fn: is asked after `timeout` and after each checkpoint whether
            this is the end; without it, `timeout` is.

    Yields:
        Their prefixes. One that came and was followed by another while the caller
        was busy is left out.
    """
    last = None
    while True:
        found = wait_for_new_checkpoint(checkpoint_dir, last, timeout=timeout)
        if found:
            start = time.time()
            last = found
            yield found
            time.sleep(max(0.0, start + min_interval_secs - time.time()))
        elif timeout_fn is None:
            logging.info("Timed-out waiting for a checkpoint (without timeout_fn).")
            return
        if timeout_fn is not None and timeout_fn():
            logging.info("Done. No new checkpoints will be generated.")
            return
