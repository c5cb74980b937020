"""The suite is no part of the package: it is found from the tree."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
