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


LIMITED = """
import errno, os, resource, sys
import numpy as np
import fastckpt

folder, what = sys.argv[1:]
COUNT, LIMIT = 300, 128
tensors = {f"t{number:04d}": np.array([1.0]) for number in range(COUNT)}
fastckpt.save(f"{folder}/old", tensors, shards=COUNT, fsync=False)
fastckpt.save(f"{folder}/one", tensors, fsync=False)
names = sorted(os.listdir(folder))
old_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, old_limit[1]))
old, one, new = f"{folder}/old", f"{folder}/one", f"{folder}/new"
calls = {
    "save": lambda: fastckpt.save(new, tensors, shards=COUNT),
    "rewrite": lambda: fastckpt.rewrite(one, new, shards=COUNT),
    "cast": lambda: fastckpt.convert(one, new, shards=COUNT, dtype="float32"),
    "merge": lambda: fastckpt.merge([one], new, shards=COUNT),
    "average": lambda: fastckpt.average([old, one], new),
    "load": lambda: fastckpt.load(old),
}
try:
    calls[what]()
except OSError as error:
    resource.setrlimit(resource.RLIMIT_NOFILE, old_limit)
    assert error.errno == errno.EMFILE, error
    assert "RLIMIT_NOFILE" in str(error) and "ulimit -n" in str(error), error
    assert what == "load" or " 128 (" in str(error), error
    assert sorted(os.listdir(folder)) == names
    print("refused")
"""


@pytest.mark.parametrize(
    "what", ["save", "rewrite", "cast", "merge", "average", "load"]
)
def test_more_open_files_than_there_may_be_are_an_error_that_says_so(what, tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path, what],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (child.returncode, child.stdout) == (0, "refused\n"), child.stderr[-3000:]
