"""From the words typed to the exit status: parses, runs, and words what went wrong.

Exit status: 0 fine, or the same; 1 something is wrong with the checkpoint, or they
differ; 2 usage, or a file that cannot be read; 130 interrupted; 141 nobody reads what
is written (as the shell tells it of any other program in a pipe).
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import TextIO

from fastckpt.base.collector import collecting_rarely
from fastckpt.base.deferred import importing
from fastckpt.cli.command_table import COMMANDS, import_command
from fastckpt.cli.errors import INTERRUPTED, PIPE_CLOSED, USAGE, explain_error
from fastckpt.cli.help import HelpFormatter
from fastckpt.cli.options import add_common_arguments
from fastckpt.cli.region import join_region
from fastckpt.cli.render.output import keep_whole, print_error, print_note

__all__ = ["main"]

DESCRIPTION = "Reads, checks, writes and converts TensorFlow checkpoints."
MORE_HELP = "'fastckpt COMMAND --help' tells more of each."


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit status.

    Args:
        arguments: The words after the program's name; None takes ``sys.argv``.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    _tolerate_any_character()
    keep_whole(words)
    try:
        status = _run(words)
        _flush()
        return status
    except KeyboardInterrupt:
        print_error("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _silence_standard_output()
        return PIPE_CLOSED
    except Exception as error:
        message, status = explain_error(error)
        print_error(message)
        return status


def _run(words: list[str]) -> int:
    try:
        args = _parse(words)
    except SystemExit as leaving:  # --help, --version and usage errors leave so
        return leaving.code if isinstance(leaving.code, int) else USAGE
    command = import_command(args.command)
    with warnings.catch_warnings(), collecting_rarely():
        warnings.showwarning = _show_warning
        return command.run(args)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Words a warning for who typed the command: where in the code is no matter."""
    print_note(f"warning: {message}")


def _parse(words: Sequence[str]) -> argparse.Namespace:
    """Parses in two steps, so that only the command that is called is imported.

    (And so that options may stand between a command's positional arguments, which
    argparse's own sub-commands do not allow.)
    """
    parser = _make_parser()
    if not words:
        parser.print_help(sys.stderr)
        parser.exit(USAGE)
    found = parser.parse_args(words)
    module = import_command(found.command)
    command = argparse.ArgumentParser(
        prog=f"fastckpt {found.command}",
        description=module.__doc__,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(command)
    add_common_arguments(command)
    args = command.parse_intermixed_args(join_region(found.arguments))
    args.command = found.command
    return args


def _make_parser() -> argparse.ArgumentParser:
    with importing:
        from fastckpt import __version__

    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        prog="fastckpt",
        description=DESCRIPTION,
        usage="fastckpt [--help] [--version] COMMAND ...",
        epilog="\n".join(["commands:", *lines, "", MORE_HELP]),
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action="version", version=f"fastckpt {__version__}"
    )
    parser.add_argument(
        "command", metavar="COMMAND", choices=COMMANDS, help="one of those below"
    )
    parser.add_argument(
        "arguments", metavar="...", nargs=argparse.REMAINDER, help=argparse.SUPPRESS
    )
    return parser


def _tolerate_any_character() -> None:
    """Lets names be printed where the locale lacks their characters, escaped."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _silence_standard_output() -> None:
    """Points standard output nowhere, so that the flush at exit stays quiet."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return
