"""What a state file never replaces, and where it never goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fastckpt
from fastckpt.files.state_update import StateConflictError

NEW = {"w": np.ones(3, np.float32)}


def update(folder: Path, name: str | None = None) -> None:
    fastckpt.update_checkpoint_state(folder, folder / "m", latest_filename=name)


def save(folder: Path, name: str | None = None) -> None:
    fastckpt.Saver().save(folder / "m", NEW, latest_filename=name)


@pytest.mark.parametrize("way", [update, save])
@pytest.mark.parametrize(
    "content",
    [
        b"notes on which checkpoint is best\n",
        b'{"step": 7}\n',
        b'model_checkpoint_path: "m-1',
        bytes(40),
        b"x" * (5 << 20),
    ],
)
def test_a_file_that_is_no_state_file_is_left_alone(tmp_path, way, content):
    file = tmp_path / "checkpoint"
    file.write_bytes(content)
    with pytest.raises(StateConflictError, match=r"no state file .* remove or rename"):
        way(tmp_path)
    assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("way", [update, save])
@pytest.mark.parametrize(
    "content", [b"", b" \n", b"# none yet\n", b'model_checkpoint_path: "m-1"\n']
)
def test_an_empty_file_and_a_state_file_are_written_anew(tmp_path, way, content):
    (tmp_path / "latest").write_bytes(content)
    way(tmp_path, "latest")
    state = fastckpt.get_checkpoint_state(tmp_path, "latest")
    assert state is not None
    assert state.model_checkpoint_path == str(tmp_path / "m")


@pytest.mark.parametrize("way", [update, save])
@pytest.mark.parametrize("name", ["../x", "sub/x", "/x", "..", "."])
def test_a_name_that_leads_to_another_folder_is_refused(tmp_path, way, name):
    folder = tmp_path / "run"
    (folder / "sub").mkdir(parents=True)
    name = str(tmp_path / "y") if name == "/x" else name
    with pytest.raises(ValueError, match="latest_filename is a name without a folder"):
        way(folder, name)
    assert [it.name for it in tmp_path.iterdir()] == ["run"]
    assert [it.name for it in folder.iterdir()] == ["sub"]
