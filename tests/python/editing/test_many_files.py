"""Many more files than a process may open: copying keeps few of them open."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
import numpy as np
import fastckpt

folder, what = sys.argv[1:]
COUNT, LIMIT = 300, 64
names = [f"t{number:04d}" for number in range(COUNT)]
tensors = {name: np.array([number]) for number, name in enumerate(names)}

def limit():
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT + 64, LIMIT + 64))

if what.startswith("merge"):
    parts = [f"{folder}/part-{name}" for name in names]
    for part, (name, value) in zip(parts, tensors.items()):
        fastckpt.save(part, {name: value}, fsync=False)
    limit()
    shards = 2 if what == "merge_shards" else None
    fastckpt.merge(parts, f"{folder}/new", shards=shards)
else:
    fastckpt.save(f"{folder}/old", tensors, shards=COUNT, fsync=False)
    limit()
    fastckpt.rewrite(f"{folder}/old", f"{folder}/new")
resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT + 64, LIMIT + 64))
ckpt = fastckpt.open(f"{folder}/new")
assert list(ckpt) == names
for number in (0, 150, 299):
    assert ckpt[names[number]] == [number]
print("done")
"""


@pytest.mark.parametrize("what", ["merge", "merge_shards", "rewrite"])
def test_files_beyond_the_limit_of_the_process_are_copied(what, tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path, what],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (child.returncode, child.stdout) == (0, "done\n"), child.stderr[-3000:]
