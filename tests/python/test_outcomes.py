"""What checks of other libraries say, and how a run of all finds Pythons."""

import re
import subprocess

import outcomes
from places import ROOT


def test_only_a_library_that_is_not_there_skips():
    def check(name: str) -> None:
        if name == "broken":
            raise ImportError("it needs another torchvision")

    libraries = {"fine": "json", "broken": "json", "missing": "no_such_library"}
    found = outcomes.of_each(libraries, check)
    assert found["fine"] is None
    assert found["missing"] == "skip: no_such_library is not installed"
    assert "ImportError: it needs another torchvision" in str(found["broken"])


def test_without_a_folder_of_pythons_a_run_goes_on(tmp_path):
    text = (ROOT / ".ci" / "run").read_text()
    found = re.search(r"^find_python\(\) \{.*?^\}", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    script = f'{found[0]}\nfound=$(find_python 9.99)\necho "[$found]"'
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
