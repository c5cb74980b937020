"""Every command names the file of another program, and says what to do with it."""

from __future__ import annotations

import os

import numpy as np
import pytest

import fastckpt
from command_line import run, run_json
from fastckpt.cli.command_table import COMMANDS
from foreign_files import FILES, FOLDERS, make_folder
from installed import is_installed

GRAPHS = {"text graph", "graph", "meta graph", "saved model"}
TENSORS = {"npz", "safetensors"}
READ_TENSORS = {"ls", "show", "diff", "stats", "convert", "verify"}
READ_GRAPHS = {"graph": 0, "freeze": 2}  # this one has no outputs to freeze
ENDINGS = {"text graph": "pb", "graph": "pb", "meta graph": "pb", "saved model": "pb"}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("good") / "model"
    fastckpt.save(prefix, {"w": np.arange(6.0).reshape(2, 3)})
    prefix.with_suffix(".json").write_text('{"w": [2, 3]}')
    return prefix


def words_of(command, path, good, target) -> list[object]:
    """A command's words that name the file where a checkpoint is meant."""
    others = {
        "diff": [good, path],
        "convert": [path, target],
        "strip": [path, target],
        "rename": [path, target, "w->v"],
        "average": [good, path, "--to", target],
        "merge": [path, good, "--to", target],
        "freeze": [path, "--to", f"{target}.pb"],
        "match": [path, f"{good}.json"],
    }
    return [command, *others.get(command, [path])]


def check(capsys, words, what, advice) -> int:
    """Checks what a command says, and that it says so in a line of its own."""
    done = run(capsys, *words)
    said = done.out + done.err
    assert what in said
    assert advice in said
    assert "Traceback" not in said
    if words[0] not in ("doctor", "verify"):
        assert done.out == ""
        assert done.err.count("\n") == 1
    return done.status


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_every_kind_of_file(command, kind, good, tmp_path, capsys):
    content, what, advice = FILES[kind]
    path = tmp_path / "it's a file" / f"model.{ENDINGS.get(kind, 'ckpt')}"
    path.parent.mkdir()
    path.write_bytes(content)
    words = words_of(command, path, good, tmp_path / "new")
    if command in READ_TENSORS and kind in TENSORS:
        if kind == "npz" or is_installed("safetensors"):
            done = run(capsys, *words)
            is_unknown = command == "verify" and kind == "safetensors"
            assert done.status == (2 if is_unknown else 0)
            assert ("has no checksums" in done.err) == is_unknown
    elif command in READ_GRAPHS and kind in GRAPHS:
        assert run(capsys, *words).status == READ_GRAPHS[command]
    else:
        assert check(capsys, words, what, advice) == 1
        assert not list(tmp_path.glob("new*"))


@pytest.mark.parametrize("kind", FOLDERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_every_kind_of_folder(
    command, kind, good, tmp_path, capsys
):
    _, what, advice = FOLDERS[kind]
    make_folder(tmp_path / "model", kind)
    words = words_of(command, tmp_path / "model", good, tmp_path / "new")
    if command in READ_GRAPHS and kind == "graph folder":
        assert run(capsys, *words).status == READ_GRAPHS[command]
    else:
        assert check(capsys, words, what, advice) == 2
        assert not list(tmp_path.glob("new*"))


@pytest.mark.parametrize("kind", ["html", "pointer", "gzip"])
def test_an_index_that_is_another_file_is_named(kind, tmp_path, capsys):
    content, what, _ = FILES[kind]
    (tmp_path / "model.index").write_bytes(content)
    done = run(capsys, "ls", tmp_path / "model")
    assert done.status == 1
    assert f"model.index: no checkpoint, but {what}" in done.err


@pytest.mark.parametrize("size", [3, 3000])  # the pointer has some 60 bytes
@pytest.mark.parametrize("command", ["show", "verify", "doctor", "convert", "diff"])
def test_a_data_file_that_is_a_pointer_is_named(command, size, good, tmp_path, capsys):
    fastckpt.save(tmp_path / "model", {"w": np.zeros(size)})
    content, what, _ = FILES["pointer"]
    (tmp_path / "model.data-00000-of-00001").write_bytes(content)
    words = words_of(command, tmp_path / "model", good, tmp_path / "new")
    done = run(capsys, *words, *(["w"] if command == "show" else []))
    assert done.status == 1
    assert what in done.out + done.err
    found = fastckpt.examine(tmp_path / "model")
    assert [it.cause for it in found.findings] == ["foreign file"]


def test_a_data_file_that_lies_packed_is_told_to_be_unpacked(tmp_path, capsys):
    fastckpt.save(tmp_path / "model", {"w": np.zeros(3)})
    data = tmp_path / "model.data-00000-of-00001"
    data.unlink()
    (tmp_path / f"{data.name}.gz").write_bytes(FILES["gzip"][0])
    for command in ("show", "diff", "doctor"):
        more = {"show": ["w"], "diff": [tmp_path / "model"]}.get(command, [])
        done = run(capsys, command, tmp_path / "model", *more)
        assert done.status == 1
        assert f"gunzip -c < {data}.gz > {data}" in done.out + done.err


def test_a_folder_with_a_checkpoint_is_named_where_there_is_none(tmp_path, capsys):
    fastckpt.save(tmp_path / "bert" / "model", {"w": np.zeros(3)})
    (tmp_path / "notes").write_text("text")
    for path in (tmp_path, tmp_path / "bert.ckpt"):
        done = run(capsys, "ls", path)
        assert done.status == 2
        assert "no checkpoint, but 'bert' (a folder with a checkpoint)" in done.err
        assert f"name it '{tmp_path / 'bert'}'" in done.err
    assert run(capsys, "ls", tmp_path / "bert").status == 0
    fastckpt.save(tmp_path / "xlnet" / "model", {"w": np.zeros(3)})
    done = run(capsys, "ls", tmp_path)
    assert f"name one of them, such as '{tmp_path / 'bert'}'" in done.err
    done = run(capsys, "ls", tmp_path / "note")  # what is named alike comes first
    assert "no checkpoint, but 'notes', 'bert' (a folder" in done.err


@pytest.fixture(params=["npz", "safetensors"])
def tensors(request, tmp_path):
    if request.param == "safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path / "weights"  # the bytes tell the format, not the name
    path.write_bytes(FILES[request.param][0])
    return path


def test_ls_lists_the_arrays_of_another_format(tensors, capsys):
    status, listed = run_json(capsys, "ls", tensors)
    assert status == 0
    (tensor,) = listed["tensors"]
    assert (tensor["name"], tensor["dtype"], tensor["shape"], tensor["nbytes"]) == (
        "w",
        "float64",
        [2, 3],
        48,
    )
    assert listed["path"] == os.fspath(tensors)
    assert run(capsys, "ls", tensors, "v").status == 2


def test_show_shows_the_values_of_another_format(tensors, capsys):
    overview = run(capsys, "show", tensors)
    assert (overview.status, overview.err) == (0, "")
    status, shown = run_json(capsys, "show", tensors, "w", "--region", "1:,0")
    assert status == 0
    assert shown["tensors"][0]["values"] == [3.0]
    assert run(capsys, "show", tensors, "w").out.endswith("[3. 4. 5.]]\n")


def test_diff_compares_other_formats_with_checkpoints(tensors, good, tmp_path, capsys):
    assert run(capsys, "diff", tensors, good).status == 0
    fastckpt.save(tmp_path / "other", {"w": np.ones((2, 3)), "b": np.ones(2)})
    done = run(capsys, "diff", tensors, tmp_path / "other")
    assert done.status == 1
    assert "! w  float64 (2, 3): 5 differ, by 4 at most" in done.out
    assert "+ b  float64 (2,)" in done.out


def test_arrays_that_no_checkpoint_holds_are_shown_and_compared(tmp_path, capsys):
    texts = {"text": np.array(["a", "bc"]), "day": np.array(["2020-01-01"], "M8[D]")}
    np.savez(tmp_path / "a.npz", **texts)
    np.savez(tmp_path / "b.npz", **texts, more=np.ones(2))
    shown = run(capsys, "show", tmp_path / "a.npz", "text", "day")
    assert (shown.status, shown.err) == (0, "")
    assert "['a' 'bc']" in shown.out
    assert run_json(capsys, "show", tmp_path / "a.npz", "day")[0] == 0
    assert run(capsys, "diff", tmp_path / "a.npz", tmp_path / "b.npz").out.startswith(
        "+ more  float64 (2,)\n2 tensors the same"
    )


def test_a_damaged_archive_is_an_error_in_a_line(tmp_path, capsys):
    path = tmp_path / "a.npz"
    content = bytearray(FILES["npz"][0])
    content[content.index(np.float64(5).tobytes())] ^= 1
    path.write_bytes(content)
    for words in (("show", path, "w"), ("diff", path, path), ("verify", path)):
        done = run(capsys, *words)
        assert done.status == 1
        assert "Bad CRC-32" in done.out + done.err


def test_verify_names_every_array_whose_checksum_is_wrong(tmp_path, capsys):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(1e5), b=np.arange(1e5) + 0.5, c=np.ones(2))
    content = bytearray(path.read_bytes())
    for value in (99999.0, 99999.5):
        content[content.index(np.float64(value).tobytes())] ^= 1
    path.write_bytes(content)
    status, report = run_json(capsys, "verify", path)
    assert (status, report["format"], report["tensors"]) == (1, "npz", 3)
    assert [problem["tensor"] for problem in report["problems"]] == ["a", "b"]


def test_an_archive_that_is_cut_is_told_so_by_every_command(tmp_path, good, capsys):
    path = tmp_path / "a.npz"
    path.write_bytes(FILES["npz"][0][:-30])
    for command in ("ls", "show", "verify", "diff", "convert", "doctor"):
        done = run(capsys, *words_of(command, path, good, tmp_path / "new"))
        assert done.status == 1
        assert " is cut" in done.out + done.err
        assert "fastckpt convert" not in done.out + done.err
