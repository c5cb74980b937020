"""Calls that checkpoint code makes of TensorFlow, to compare the stand-in with.

``python -m tensorflow_calls tensorflow|fastckpt SAMPLES SCRATCH`` makes them all, of
TensorFlow or of the stand-in, and prints what came of each as JSON.
"""

from __future__ import annotations

from tensorflow_calls import (
    broken,
    errors,
    file_io,
    files,
    flags,
    management,
    names,
    patterns,
    readers,
    records,
    state,
    stored,
    types,
)

CALLS = {
    **readers.CALLS,
    **stored.CALLS,
    **state.CALLS,
    **management.CALLS,
    **errors.CALLS,
    **types.CALLS,
    **files.CALLS,
    **file_io.CALLS,
    **names.CALLS,
    **patterns.CALLS,
    **records.CALLS,
    **flags.CALLS,
    **broken.CALLS,
}
