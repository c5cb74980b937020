"""What tests of `mine` ask of a folder, and of what was said."""

from __future__ import annotations

from pathlib import Path

from benchmarks.__main__ import main


def state_of(folder: Path) -> dict:
    return {
        file.name: (file.stat().st_mtime_ns, file.read_bytes())
        for file in folder.iterdir()
    }


def refused(capsys, *arguments: str) -> tuple[int, str]:
    """The exit status and the only line that was said."""
    status = main(["mine", *arguments])
    out, error = capsys.readouterr()
    assert out == ""
    assert error.count("\n") == 1
    return status, error
