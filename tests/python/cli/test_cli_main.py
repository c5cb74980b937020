"""The frame of the command line: help, usage, pipes, signals, errors in one line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import children
import fastckpt
from command_line import PROGRAM, Run, run, run_on_terminal, run_process
from fastckpt.cli.command_table import COMMANDS, import_command


@pytest.fixture
def prefix(tmp_path):
    fastckpt.save(tmp_path / "model.ckpt", {"w": np.zeros(3, np.float32)})
    return tmp_path / "model.ckpt"


def test_the_version_is_the_packages(capsys):
    done = run(capsys, "--version")
    assert done == Run(0, f"fastckpt {fastckpt.__version__}\n", "")


def test_the_help_names_every_command_in_a_line(capsys):
    done = run(capsys, "--help")
    assert done.status == 0
    for name, summary in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(summary)}$", done.out, re.MULTILINE)
    assert all(len(line) <= 80 for line in done.out.splitlines())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    done = run(capsys, name, "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"usage: fastckpt {name} ")
    assert import_command(name).__doc__ in done.out + "\n"
    for option in ("--help", "--json", "--threads N"):
        assert option in done.out


def test_without_a_command_the_help_goes_to_standard_error(capsys):
    done = run(capsys)
    assert (done.status, done.out) == (2, "")
    assert "commands:" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lss"], "invalid choice: 'lss'"),
        (["ls"], "required: PATH"),
        (["ls", "x", "--sorted"], "unrecognized arguments: --sorted"),
        (["ls", "x", "--sort", "colour"], "invalid choice: 'colour'"),
        (["ls", "x", "--threads", "0"], "'0' is no number of at least 1"),
        (["ls", "x", "--threads", "many"], "'many' is no number of at least 1"),
        (["--json", "ls", "x"], "--json"),
    ],
)
def test_wrong_usage_is_status_2_and_says_what_is_wrong(words, message, capsys):
    done = run(capsys, *words)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


@pytest.mark.parametrize("command", ["ls", "show", "verify"])
def test_a_prefix_that_is_not_there_is_status_2_in_one_line(command, tmp_path, capsys):
    done = run(capsys, command, tmp_path / "model.ckpt")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"fastckpt: error: {tmp_path / 'model.ckpt'}: ")
    assert done.err.count("\n") == 1
    assert "Errno" not in done.err


@pytest.mark.parametrize("command", ["ls", "show"])
def test_a_damaged_index_is_status_1_in_one_line(command, prefix, capsys):
    index = prefix.with_name("model.ckpt.index")
    index.write_bytes(index.read_bytes()[:-1])
    done = run(capsys, command, prefix)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"fastckpt: error: {index}: ")
    assert done.err.count("\n") == 1


def test_options_may_stand_anywhere(prefix, capsys):
    for words in (
        ["ls", "--json", prefix, "w"],
        ["ls", prefix, "--json", "w"],
        ["ls", prefix, "w", "--json", "--threads", "1"],
    ):
        assert run(capsys, *words).out.startswith('{"path"')


def test_names_that_begin_with_a_dash_come_after_two(tmp_path, capsys):
    fastckpt.save(tmp_path / "p", {"-w": 1})
    assert "-w" in run(capsys, "ls", tmp_path / "p", "--", "-w").out


def test_the_module_is_the_program(prefix):
    done = run_process("ls", prefix)
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith("1 tensor, 3 values, 12 bytes\n")
    assert "usage: fastckpt ls " in run_process("ls", "--help").out


def test_a_reader_that_stops_early_is_nothing_to_talk_about(tmp_path):
    tensors = {f"layer_{i:05}/w": np.zeros(1, np.int8) for i in range(20_000)}
    fastckpt.save(tmp_path / "p", tensors, fsync=False)
    command = [*PROGRAM, "ls", tmp_path / "p"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with children.started(command, **pipes) as program:
        assert program.stdout.readline().startswith(b"name ")
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait(60) == 141


def test_closed_standard_output_is_no_error(prefix):
    command = " ".join([*PROGRAM, "ls", str(prefix), ">&-"])
    done = children.run(["sh", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_under_standard_output_is_status_2(prefix):
    with open("/dev/full", "w") as full:
        done = children.run(
            [*PROGRAM, "ls", prefix], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2
    assert done.stderr == (
        "fastckpt: error: No space left on device; free some space, then try again\n"
    )


@pytest.mark.serial
def test_an_interrupt_ends_with_130_and_no_traceback(tmp_path):
    os.mkfifo(tmp_path / "ready")
    code = (
        "import fastckpt, signal, sys, time\n"
        "from fastckpt.cli import main\n"
        # What a shell starts in the background begins with SIGINT ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def wait(*_, **__):\n"
        f"    open({str(tmp_path / 'ready')!r}, 'w').close()\n"
        "    time.sleep(60)\n"
        "fastckpt.open = wait\n"
        "sys.exit(main(['strip', 'x', 'y']))\n"
    )
    command = [sys.executable, "-c", code]
    with children.started(command, stderr=subprocess.PIPE) as program:
        (tmp_path / "ready").read_bytes()  # returns when the program opens its end
        time.sleep(0.05)
        program.send_signal(signal.SIGINT)
        assert program.stderr.read() == b"fastckpt: error: interrupted\n"
        assert program.wait(60) == 130


def test_what_nobody_foresaw_is_one_line_too(prefix, capsys, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("the moon\x1b is full")

    monkeypatch.setattr(fastckpt, "open", fail)
    done = run(capsys, "strip", prefix, "new")
    assert done.status == 2
    assert done.err == "fastckpt: error: RuntimeError: the moon\\x1b is full\n"


def test_memory_that_runs_out_is_one_line(prefix, capsys, monkeypatch):
    def fail(*_, **__):
        raise MemoryError("4 TiB asked for")

    monkeypatch.setattr(fastckpt, "open", fail)
    done = run(capsys, "strip", prefix, "new")
    assert (done.status, done.out) == (2, "")
    assert done.err == "fastckpt: error: out of memory: 4 TiB asked for\n"


def test_a_folder_that_must_not_be_read_is_status_2(tmp_path, capsys, monkeypatch):
    def fail(*_, **__):
        raise PermissionError(13, "Permission denied", "model.index")

    monkeypatch.setattr(fastckpt, "open", fail)
    done = run(capsys, "strip", tmp_path, "new")
    assert done == Run(2, "", "fastckpt: error: model.index: Permission denied\n")


def test_only_the_command_that_is_called_is_imported(prefix):
    code = (
        "import sys\n"
        "from fastckpt.cli import main\n"
        f"main(['ls', {str(prefix)!r}])\n"
        "names = ['fastckpt.cli.commands.show', 'fastckpt.cli.commands.verify',\n"
        "    'rich',\n"
        "         'concurrent.futures', 'importlib.metadata', 'ml_dtypes', 'difflib']\n"
        "print([name for name in names if name in sys.modules])\n"
    )
    done = children.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("\n[]\n")


def test_errors_are_coloured_on_a_terminal_alone(tmp_path):
    done = run_on_terminal("ls", tmp_path / "nothing")
    assert done.out.startswith("fastckpt: \x1b[1;31merror:\x1b[m")
    plain = run_on_terminal("ls", tmp_path / "nothing", env={"NO_COLOR": "1"})
    assert "\x1b" not in plain.out
