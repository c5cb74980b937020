"""How pictures look: on light and on dark pages, and alike each time they are made."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["MARKERS", "THEMES", "Theme", "settings"]


class Theme(NamedTuple):
    """Colours; those of families are told apart by who sees no red or green, too."""

    ink: str
    faint: str
    grid: str
    families: dict[str, str]


THEMES = {
    "light": Theme(
        "#1f2328", "#59636e", "#d1d9e0",
        {"fastckpt": "#0969da", "TensorFlow": "#d4620b", "safetensors": "#11865b",
         "torch": "#8250df", "NumPy": "#9a6700", "stores": "#bf3989",
         "floor": "#818b98"},
    ),
    "dark": Theme(
        "#e6edf3", "#9198a1", "#3d444d",
        {"fastckpt": "#58a6ff", "TensorFlow": "#f0883e", "safetensors": "#3fb98a",
         "torch": "#bc8cff", "NumPy": "#d6b13a", "stores": "#f778ba",
         "floor": "#9198a1"},
    ),
}  # fmt: skip
MARKERS = {
    "fastckpt": "o", "TensorFlow": "s", "safetensors": "D", "torch": "^",
    "NumPy": "v", "stores": "P", "floor": "|",
}  # fmt: skip


def settings(theme: Theme) -> dict[str, Any]:
    """Gives what matplotlib is told; letters become shapes, so that no font is asked
    for, and the ids in the file are the same each time."""
    return {
        "svg.hashsalt": "fastckpt",
        "svg.fonttype": "path",
        "font.family": "DejaVu Sans",
        "font.size": 9.5,
        "text.color": theme.ink,
        "axes.edgecolor": theme.grid,
        "axes.labelcolor": theme.faint,
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        "axes.titlecolor": theme.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": theme.grid,
        "grid.linewidth": 0.6,
        "xtick.color": theme.faint,
        "ytick.color": theme.faint,
        "xtick.labelcolor": theme.faint,
        "ytick.labelcolor": theme.ink,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "legend.frameon": False,
        "lines.linewidth": 1.6,
        "lines.markersize": 6.5,
    }
