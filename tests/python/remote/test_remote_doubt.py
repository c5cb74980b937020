"""What a store does not tell is an error: never another checkpoint, never "none"."""

from __future__ import annotations

import fnmatch

import numpy as np
import pytest

import fastckpt

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

from range_server import RangeServer


def files_of(folder, prefix, value, **options):
    """The files of a checkpoint of one tensor, by their names."""
    path = folder / prefix
    path.parent.mkdir(parents=True, exist_ok=True)
    fastckpt.save(path, {"w": np.full(3, value, np.float32)}, **options)
    found = (it for it in folder.rglob("*") if it.is_file())
    return {it.relative_to(folder).as_posix(): it.read_bytes() for it in found}


def value_of(url):
    with fastckpt.open(url) as ckpt:
        return ckpt["w"][0]


class Secretive(RangeServer):
    """Says 403 for whatever is not there, folders too, as S3 does without a right."""

    open_to = ()

    def begin(self, method, name):
        fault = super().begin(method, name)
        is_told = any(fnmatch.fnmatchcase(name, it) for it in self.open_to)
        return fault or (None if name in self.files or is_told else "403")


@pytest.fixture
def two(tmp_path):
    """A state file that names one of two checkpoints of the same base name."""
    files_of(tmp_path, "archive/m", 0)
    with RangeServer(files_of(tmp_path, "run/m", 1)) as server:
        state = f'model_checkpoint_path: "{server.url}/archive/m"\n'
        server.put("run/checkpoint", state.encode())
        yield server


@pytest.fixture
def secretive(tmp_path):
    files = files_of(tmp_path, "run/m", 1)
    files["run/checkpoint"] = b'model_checkpoint_path: "m"\n'
    with Secretive(files) as server:
        yield server


def test_state_file_names_a_checkpoint_elsewhere(two):
    assert value_of(f"{two.url}/run") == 0


@pytest.mark.parametrize("status", ["403", "500", "503"])
@pytest.mark.parametrize("open_it", [value_of, fastckpt.latest_checkpoint])
def test_failure_of_a_moment_opens_no_other_checkpoint(open_it, status, two):
    two.misbehave(status, "archive/*", times=4)
    with pytest.raises(OSError, match=status):
        open_it(f"{two.url}/run")


def test_checkpoint_that_is_gone_from_elsewhere_is_the_one_here(two):
    for name in [it for it in two.files if it.startswith("archive/")]:
        two.put(name, None)
    assert value_of(f"{two.url}/run") == 1


@pytest.mark.parametrize("status", ["403", "503"])
def test_v1_file_that_cannot_be_asked_for_is_not_absent(status, tmp_path):
    with RangeServer(files_of(tmp_path, "m", 1, format="v1")) as server:
        assert fastckpt.checkpoint_exists(f"{server.url}/m")
        server.misbehave(status, "m")
        with pytest.raises(OSError, match=status):
            fastckpt.checkpoint_exists(f"{server.url}/m")


@pytest.mark.parametrize("status", ["429", "500", "503"])
def test_listing_that_fails_is_no_empty_folder(status, tmp_path):
    with RangeServer(files_of(tmp_path, "run/m", 1)) as server:
        assert value_of(f"{server.url}/run") == 1
        server.misbehave(status, "run/")
        with pytest.raises(OSError, match=status) as e:
            fastckpt.open(f"{server.url}/run")
        assert not isinstance(e.value, FileNotFoundError)


@pytest.mark.parametrize("end", ["", "/"])
def test_folder_of_a_server_that_wants_the_slash_is_listed(end, tmp_path):
    with RangeServer(files_of(tmp_path, "run/m", 1)) as server:
        assert value_of(f"{server.url}/run{end}") == 1


@pytest.mark.parametrize(
    "options",
    [{"token": "x"}, {"headers": {"Authorization": 3}}],
    ids=["unknown", "of another type"],
)
def test_wrong_options_are_no_missing_checkpoint(options, tmp_path):
    with RangeServer(files_of(tmp_path, "m", 1)) as server:
        with pytest.raises(OSError, match="TypeError") as e:
            fastckpt.open(f"{server.url}/m", storage_options=options)
        assert not isinstance(e.value, FileNotFoundError)


@pytest.mark.parametrize(
    "name", ["run/m", "run/m.index", "run/m.data-00000-of-00001", "run", "run/"]
)
def test_store_that_refuses_what_is_missing_is_read(name, secretive):
    assert value_of(f"{secretive.url}/{name}") == 1


@pytest.mark.parametrize(
    "ask", [fastckpt.open, fastckpt.checkpoint_exists, fastckpt.latest_checkpoint]
)
def test_refusal_is_raised_where_nothing_else_is_found(ask, secretive):
    with pytest.raises(PermissionError, match="403"):
        ask(f"{secretive.url}/run/none")


def test_refused_name_of_a_state_file_is_no_other_checkpoint(secretive):
    state = f'model_checkpoint_path: "{secretive.url}/archive/m"\n'
    secretive.put("run/checkpoint", state.encode())
    for ask in (fastckpt.open, fastckpt.latest_checkpoint):
        with pytest.raises(PermissionError, match="403"):
            ask(f"{secretive.url}/run")


def test_refused_object_that_a_listing_shows_is_no_missing_one(tmp_path):
    files = files_of(tmp_path, "run/m", 1)
    files |= {f"run/m/{name[4:]}": data for name, data in files.items()}
    with RangeServer(files) as server:
        server.misbehave("403", "run/m.index")
        with pytest.raises(PermissionError):
            fastckpt.open(f"{server.url}/run/m")


def test_page_of_a_folder_without_a_length_is_no_object(tmp_path):
    files = files_of(tmp_path, "run/m", 1)
    files["run/checkpoint"] = b'model_checkpoint_path: "m"\n'
    files["run"] = b"<html><a href='m.index'>m</a></html>"
    with RangeServer(files) as server:
        server.misbehave("chunked", "run")
        assert value_of(f"{server.url}/run") == 1
        assert fastckpt.checkpoint_exists(f"{server.url}/run")
        server.put("run/checkpoint", None)
        server.misbehave("404", "run/")
        with pytest.raises(fastckpt.UnsupportedError, match="how large"):
            fastckpt.open(f"{server.url}/run")
