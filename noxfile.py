"""One command for each kind of check; .ci/run runs the same ones and more."""

import re
from pathlib import Path

import nox

nox.options.sessions = ["lint", "typing", "tests"]
nox.options.reuse_existing_virtualenvs = True

SUITES = Path(__file__).with_name(".ci") / "suites"
THREADED = re.findall(r"^threaded='(.*)'$", SUITES.read_text(), re.MULTILINE)[0]
BUILD_TOOLS = ("cmake", "ninja", "pybind11", "numpy>=2")


def build(session: nox.Session, preset: str, *arguments: str) -> str:
    """Configures and builds a preset of CMakePresets.json; gives its folder."""
    session.install(*BUILD_TOOLS)
    version = "-DSKBUILD_PROJECT_VERSION=0"
    session.run("cmake", "--preset", preset, version, *arguments)
    session.run("cmake", "--build", f"build/{preset}", "-j")
    return f"build/{preset}"


def ctest(session: nox.Session, folder: str, *arguments: str) -> None:
    session.run(
        "ctest",
        "--test-dir",
        folder,
        "--output-on-failure",
        "--no-tests=error",
        "--timeout=300",
        *arguments,
    )


@nox.session
def tests(session: nox.Session) -> None:
    """The Python tests, against the installed package."""
    session.install(".[test]")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def cpp(session: nox.Session) -> None:
    """The C++ tests: plain, then with each sanitizer (asan: fuzz targets, too)."""
    without_python = "-DFASTCKPT_PYTHON=OFF"
    for preset in ("release", "asan"):
        tests_on = "-DFASTCKPT_TESTS=ON"
        ctest(session, build(session, preset, without_python, tests_on))
    ctest(session, build(session, "tsan"), "-R", THREADED)


@nox.session
def lint(session: nox.Session) -> None:
    """Form: ruff and clang-format."""
    session.install("ruff>=0.8")
    session.run("ruff", "check", "python", "tests", "benchmarks")
    session.run("ruff", "format", "--check", "python", "tests", "benchmarks")
    patterns = ("cpp/*.h", "cpp/*.cc", "tests/*.h", "tests/*.cc", "benchmarks/*.cc")
    files = session.run("git", "ls-files", *patterns, external=True, silent=True)
    names = str(files).split()
    session.run("clang-format", "--dry-run", "-Werror", *names, external=True)


@nox.session
def typing(session: nox.Session) -> None:
    """The package and its stub under mypy, and what callers see of both."""
    session.install(".[test]", "mypy>=1.11")
    session.run("mypy", "--strict", "python/fastckpt")
    session.run("python", "-m", "pytest", "tests/python/test_typing.py")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Every fuzz target for a bounded time, from the committed seeds."""
    ctest(session, build(session, "fuzz"))


@nox.session
def bench(session: nox.Session) -> None:
    """The C++ benchmarks; docs/benchmarks.md tells of the others."""
    on = "-DFASTCKPT_BENCHMARKS=ON"
    folder = build(session, "release", "-DFASTCKPT_PYTHON=OFF", on)
    program = f"{folder}/benchmarks/cpp/fastckpt_benchmarks"
    session.run(program, *session.posargs, external=True)


@nox.session
def docs(session: nox.Session) -> None:
    """The blocks and links of the README and of docs/."""
    session.install(".[test]")
    pages = ("tests/python/test_readme.py", "tests/python/test_docs.py")
    session.run("python", "-m", "pytest", *pages)
