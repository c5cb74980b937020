"""The command line: ``fastckpt COMMAND ...`` and ``python -m fastckpt``.

Each command is one module of this package, named in ``commands.COMMANDS`` and imported
only when it is called. The modules with a leading underscore are what they share.
"""

from __future__ import annotations

from fastckpt.cli.main import main

__all__ = ["main"]
