"""All families of bad input once more, under a limit of memory and of time."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
ADDRESS_SPACE = 2 * 2**30
SECONDS_PER_CASE = 5
PYTEST = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not slow"]


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def is_sanitized() -> bool:
    """Tells whether AddressSanitizer, which reserves terabytes, is in this process."""
    with open("/proc/self/maps") as maps:
        return "libasan" in maps.read()


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="needs Linux")
@pytest.mark.skipif("FASTCKPT_CASE_SECONDS" in os.environ, reason="is running already")
def test_no_bad_input_needs_much_memory_or_time():
    if is_sanitized():
        pytest.skip("the sanitizer needs more address space than the limit")
    families = [path for path in HERE.parent.glob("test_hostile_*.py") if path != HERE]
    environment = os.environ | {
        "FASTCKPT_CASE_SECONDS": str(SECONDS_PER_CASE),
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, *PYTEST, *map(str, families)],
        cwd=HERE.parents[2],
        env=environment,
        preexec_fn=limit_memory,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert len(families) >= 11
