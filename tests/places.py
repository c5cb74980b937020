"""Where the tests find their files."""

from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
GOLDEN = TESTS / "golden"
# Real checkpoints of other projects; they lie beside the repository or not at all.
TESTDATA = ROOT.parent / "shared" / "testdata"


def items(folder: Path) -> list[Path]:
    """Gives the folders that hold a checkpoint and its expected contents."""
    return sorted(path.parent for path in folder.glob("*/expected.json"))
