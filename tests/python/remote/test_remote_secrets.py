"""What is secret in a URL is in no message, wherever in the URL it stands."""

from __future__ import annotations

import pytest

import fastckpt
from fastckpt.files.urls import public_name

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

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
