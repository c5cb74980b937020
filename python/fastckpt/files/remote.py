"""Remote file systems, by fsspec: how a URL's objects are named, seen and listed.

Names here are URLs without what may be secret: neither ``user:password@`` nor the
query of a signed address. What is secret stays in the store, which puts it back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from fastckpt.base.deferred import importing
from fastckpt.files.bucket_listing import names_in, refuse_endless
from fastckpt.files.http_listing import names_listed
from fastckpt.files.identities import Seen, identity_of, is_tagged
from fastckpt.files.remote_errors import (
    UNSUPPORTED,
    Told,
    error_of,
    is_no_listing,
    tell,
)
from fastckpt.files.urls import UrlError, check_url

if TYPE_CHECKING:
    from concurrent.futures import Future

    from fsspec import AbstractFileSystem

    from fastckpt.files.http_ranges import HttpRanges

__all__ = ["PATIENCE", "Store"]

_Result = TypeVar("_Result")

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)(?:([^/?#]*)@)?([^?#]*)(.*)", re.DOTALL)
# So many objects are looked at together.
_AT_ONCE = 128
# Whatever takes longer has failed.
PATIENCE = 300.0


# What a parent has made, and its children must not close: the connections are its.
_inherited: list[Any] = []


class Store:
    """Where the objects of one URL lie, and who may read them.

    It pickles, and makes its file system anew in each process: those of fsspec do not
    survive a fork.

    Args:
        url: One of its objects.
        options: What the file system is made with.

    Attributes:
        name: The URL without what may be secret.
        scheme: The URL's, in small letters.

    Raises:
        UrlError: The URL is a chain, or hides who reads it in a wrong place.
    """

    def __init__(self, url: str, options: Mapping[str, Any] | None = None) -> None:
        check_url(url)
        match = _URL.fullmatch(url)
        assert match is not None, "who calls this has seen that it is a URL"
        start, self._user, rest, self._query = match.groups()
        if not start.lower().startswith("http"):
            rest, self._query = rest + self._query, ""
        self.name = start + rest
        self.scheme = start[:-3].lower()
        self._options = dict(options or {})
        self._pid = 0
        self._made: AbstractFileSystem | None = None
        self._ranges: HttpRanges | None = None
        self._turn: Lock | None = None

    @property
    def is_http(self) -> bool:
        """Whether web servers answer."""
        return self.scheme in ("http", "https")

    @property
    def has_digests(self) -> bool:
        """Whether most small objects are tagged with a digest of their bytes."""
        return self.scheme in ("s3", "s3a")

    def __repr__(self) -> str:
        return f"<Store of {self.name!r}>"

    def __getstate__(self) -> dict[str, Any]:
        return {
            **self.__dict__,
            "_pid": 0,
            "_made": None,
            "_ranges": None,
            "_turn": None,
        }

    @property
    def system(self) -> AbstractFileSystem:
        """This process's file system.

        Raises:
            ImportError: fsspec, or what it needs for this scheme, is not installed.
            UrlError: Nothing is known of the scheme.
        """
        if self._made is None or self._pid != os.getpid():
            if self._made is not None:
                _inherited.append(self._made)
            # Some hold one connection, which is one thread's at a time.
            is_free = self.scheme in ("memory", "file", "local")
            self._turn = None if is_free else Lock()
            self._made, self._pid = self._make(), os.getpid()
        return self._made

    def _make(self) -> AbstractFileSystem:
        with importing:
            try:
                from fsspec.core import url_to_fs
                from fsspec.dircache import DirCache
            except ImportError:
                raise ImportError(
                    f"{self.scheme}:// is read with fsspec, which is not installed: "
                    "pip install fsspec"
                ) from None
        options = dict(self._options)
        if self.is_http:
            # Packed on the way, ranges would have other sizes.
            headers = {"Accept-Encoding": "identity", **options.get("headers", {})}
            options["headers"] = headers
            with importing:
                from fastckpt.files.http_client import make_client

            options.setdefault("get_client", make_client)
        try:
            system, _ = url_to_fs(
                self._real_url(self.name), **{**options, "skip_instance_cache": True}
            )
        except ImportError as error:
            raise ImportError(f"{self.scheme}://: {error}") from None
        except ValueError:
            raise UrlError(
                f"{self.name}: fsspec knows no file system {self.scheme}://",
                path=self.name,
            ) from None
        except Exception as error:  # whatever it is, it may quote credentials
            raise error_of(tell(error, self.name)) from None
        # Objects are replaced while others look.
        system.dircache = DirCache(use_listings_cache=False)
        return system

    def _real_url(self, name: str) -> str:
        if self._user is not None:
            start, _, rest = name.partition("://")
            name = f"{start}://{self._user}@{rest}"
        return name + self._query

    def real(self, name: str) -> str:
        """Gives what the file system calls an object."""
        return str(self.system._strip_protocol(self._real_url(name)))

    def run(self, work: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
        """Runs a coroutine on the loop of the file systems, and waits for it."""
        loop = self.loop
        return asyncio.run_coroutine_threadsafe(work(), loop).result()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that fsspec runs beside the program.

        Raises:
            RuntimeError: The caller is on it, and would wait for itself.
        """
        own = getattr(self.system, "_loop", None)
        with importing:
            from fsspec.asyn import get_loop

        loop: asyncio.AbstractEventLoop = own or get_loop()
        try:
            is_own = asyncio.get_running_loop() is loop
        except RuntimeError:
            is_own = False
        if is_own:
            raise RuntimeError(
                "a checkpoint behind a URL cannot be read from within fsspec's own "
                "event loop"
            )
        return loop

    async def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Calls a method of the file system, on its loop or on a thread."""
        system = self.system
        if system.async_impl:
            return await getattr(system, f"_{method}")(*arguments, **options)
        turn = self._turn or contextlib.nullcontext()

        def work() -> Any:
            with turn:
                return getattr(system, method)(*arguments, **options)

        return await asyncio.get_running_loop().run_in_executor(None, work)

    @property
    def ranges(self) -> HttpRanges:
        """What asks a web server for ranges."""
        system, ranges = self.system, self._ranges
        if ranges is None or ranges.system is not system:
            with importing:
                from fastckpt.files.http_ranges import HttpRanges

            ranges = self._ranges = HttpRanges(system)
        return ranges

    async def look(self, name: str) -> Seen | Told:
        """Looks at one object; gives what is wrong where that is not there."""
        try:
            info = await asyncio.wait_for(self.call("info", self.real(name)), PATIENCE)
        except Exception as error:
            return tell(error, name)
        is_file = info.get("type", "file") == "file"
        if is_file and info.get("size") is None:
            words = "the server does not tell how large the object is"
            return UNSUPPORTED, words, name
        return Seen(is_file, identity_of(info), is_tagged(info))

    def look_at(self, names: Iterable[str]) -> list[Seen | Told]:
        """Looks at many at once."""
        return self.begin_to_look(names).result()

    def begin_to_look(self, names: Iterable[str]) -> Future[list[Seen | Told]]:
        """The same, without waiting."""
        loop = self.loop
        return asyncio.run_coroutine_threadsafe(self.look_at_all([*names]), loop)

    async def look_at_all(self, names: Sequence[str]) -> list[Seen | Told]:
        """The same on the loop, some at a time."""
        found: list[Seen | Told] = []
        for begin in range(0, len(names), _AT_ONCE):
            some = map(self.look, names[begin : begin + _AT_ONCE])
            found += await asyncio.gather(*some)
        return found

    def list(self, folder: str, begin: str = "") -> list[str] | None:
        """Gives the base names in a folder, sorted: all that begin so, maybe others.

        None where there is no such folder, and where listing is refused.

        Raises:
            OSError: It went wrong, so that nobody knows what is there.
            UnsupportedError: They are too many.
        """
        if "://" not in folder:  # above the first
            return None
        real = self.real(folder.rstrip("/") + "/")
        if not self.is_http:  # there, the slash makes the folder
            real = real.rstrip("/")

        async def list_names() -> Any:
            names = await names_in(self.system, real, begin)
            if names is None:
                names = await self.call("ls", real, detail=False)
                refuse_endless(len(names))
            return names

        try:
            found = self.run(lambda: asyncio.wait_for(list_names(), PATIENCE))
        except Exception as error:
            if is_no_listing(error):
                return None
            raise error_of(tell(error, folder)) from None
        if self.is_http:
            return sorted(names_listed(map(str, found), real))
        return sorted({str(it).rstrip("/").rsplit("/", 1)[-1] for it in found} - {""})
