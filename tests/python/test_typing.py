"""What mypy makes of the package, its stub, and the calls in tests/typing."""

import re
import sys
from pathlib import Path

import pytest

import children

pytest.importorskip("mypy")

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "tests" / "typing").glob("*.py"))


def run_mypy(*arguments: str, module: str = "mypy") -> str:
    child = children.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return child.stdout + child.stderr


@pytest.fixture(scope="module")
def messages(tmp_path_factory) -> dict[tuple[str, int], str]:
    """What mypy says about each line of the files, by file and number."""
    text = run_mypy(
        "--strict",
        "--hide-error-context",
        "--no-error-summary",
        "--no-pretty",
        f"--cache-dir={tmp_path_factory.mktemp('mypy')}",
        *map(str, FILES),
    )
    found: dict[tuple[str, int], str] = {}
    for line in text.splitlines():
        if match := re.match(r"(?:.*/)?(\w+\.py):(\d+): (.*)", line):
            key = match[1], int(match[2])
            found[key] = f"{found.get(key, '')}{match[3]}\n"
    assert found, text
    return found


def plain(text: str) -> str:
    """A type without the prefixes that differ between mypy's versions."""
    return text.replace("builtins.", "").replace("Union[", "").replace("numpy.", "")


def expectations() -> list[tuple[str, int, str]]:
    """Each commented line: file, number, what must be said about it."""
    found = []
    for file in FILES:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if line.lstrip().startswith("reveal_type(") or "  # error:" in line:
                found.append((file.name, number, line.rpartition("  # ")[2]))
    return found


@pytest.mark.parametrize(
    ("file", "number", "expected"), expectations(), ids=lambda value: str(value)
)
def test_checker_sees(messages, file, number, expected):
    said = messages.get((file, number), "nothing")
    if expected.startswith("error: "):
        assert "error: " in said
        assert expected.removeprefix("error: ") in said
    else:
        assert "error: " not in said
        assert plain(expected) in plain(said)


def test_checker_says_nothing_else(messages):
    expected = {(file, number) for file, number, _ in expectations()}
    assert {key: text for key, text in messages.items() if key not in expected} == {}


@pytest.mark.slow  # the step lint of .ci/run has done it before
def test_package_is_strictly_typed(tmp_path):
    text = run_mypy("--strict", f"--cache-dir={tmp_path}", "python/fastckpt")
    assert "Success: no issues found" in text, text


def test_stub_is_what_the_module_exposes():
    allowed = "--allowlist=tests/typing/stubtest_allow.txt"
    text = run_mypy("fastckpt._native", allowed, module="mypy.stubtest")
    assert "Success: no issues found" in text, text
