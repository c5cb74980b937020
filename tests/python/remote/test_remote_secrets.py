"""What is secret in a URL is in no message, wherever in the URL it stands."""

from __future__ import annotations

import numpy as np
import pytest

import fastckpt
from command_line import run
from fastckpt.files.urls import public_name

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

from range_handler import Handler
from range_server import RangeServer

PLACE = "127.0.0.1:1/m"


def save_nothing(url):
    fastckpt.save(url, {})


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:sec@secret@{PLACE}",
        f"http://user:sec/secret@{PLACE}",
        f"https://user:sec?secret@{PLACE}",
        f"http://user:sec#secret@{PLACE}",
        f"zip://m::http://user:secret@{PLACE}",
    ],
)
@pytest.mark.parametrize(
    "verb", [fastckpt.open, fastckpt.checkpoint_exists, save_nothing]
)
def test_password_of_any_form_is_not_told(verb, url):
    with pytest.raises((OSError, fastckpt.UnsupportedError)) as e:
        verb(url)
    for error in (e.value, e.value.__cause__, e.value.__context__):
        assert "sec" not in repr(error)
        assert "sec" not in str(getattr(error, "path", ""))


@pytest.mark.parametrize(
    "url",
    [
        "http://host:80/a@b:c",
        "http://host/a:b@c",
        "http://[2001:db8:1:2:3:4:5:6]:80/m",
        "https://host:/m",
        "s3://bucket/a@c:d",
        "gs://bucket/a:b",
    ],
)
def test_what_is_no_secret_stays(url):
    assert public_name(url) == url
    assert public_name(url.replace("://", "://us:er@x@")) == url


def test_chain_is_refused_as_one():
    with pytest.raises(fastckpt.UnsupportedError, match="chain"):
        fastckpt.open("zip://m::memory://a.zip")


SECRET = "s3cr3t"


def test_commands_and_sources_do_not_tell_it(tmp_path, capsys):
    saver = fastckpt.Saver()
    for step in (1, 2):
        saver.save(tmp_path / "run" / "m", {"w": np.ones(3)}, global_step=step)
    (tmp_path / "shapes.json").write_text('{"w": [3]}')
    with RangeServer(tmp_path / "run") as server:
        folder = server.url.replace("http://", f"http://user:{SECRET}@")
        url, to = f"{folder}/m-2", str(tmp_path / "new")
        with pytest.raises(ValueError, match="stands for its latest") as caught:
            fastckpt.average([folder], to)
        assert SECRET not in str(caught.value)
        with pytest.raises(ValueError, match="are wanted") as caught:
            fastckpt.average([folder], to, last=3)
        assert SECRET not in str(caught.value)
        assert fastckpt.average([folder], to, last=2).checkpoints == [
            f"{server.url}/m-1", f"{server.url}/m-2",
        ]  # fmt: skip
        fastckpt.merge([url], tmp_path / "merged")
        for words in (
            ["ls", url], ["show", url], ["stats", url], ["verify", url],
            ["diff", url, url], ["doctor", url], ["merge", url, "--to", to],
            ["match", url, str(tmp_path / "shapes.json")], ["strip", url, to],
            ["rename", url, to, "w->v"], ["convert", url, to],
            ["average", folder, "--last", "2", "--to", f"{to}2"],
        ):  # fmt: skip
            for options in ([], ["--json"]):
                done = run(capsys, *words, *options)
                assert done.status in (0, 1), (words, done)
                assert SECRET not in done.out + done.err, words


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"headers": {"Authorization": SECRET}}, None),
        ({"headers": {"X-Api-Key": SECRET}}, "X-Api-Key"),
        ({"client_kwargs": {"cookies": {"key": SECRET}}}, "Cookie"),
    ],
)
def test_a_redirect_takes_along_what_the_docs_say(options, sent, tmp_path, monkeypatch):
    fastckpt.save(tmp_path / "m", {"w": np.ones(3)})
    seen, make = set(), Handler._make

    def redirect(handler, fault):
        if handler.server is not first:
            found = handler.headers.items()
            seen.update(name for name, value in found if SECRET in value)
            return make(handler, fault)
        answer = handler._say(302)
        answer.headers["Location"] = f"{other.url}/{handler.name}"
        return handler._without_name(answer)

    monkeypatch.setattr(Handler, "_make", redirect)
    with RangeServer(tmp_path) as other, RangeServer({}) as first:
        found = fastckpt.load(f"{first.url}/m", storage_options=options)
    assert found["w"].tolist() == [1, 1, 1]
    assert seen == ({sent} if sent else set())
