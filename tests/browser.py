"""A browser without a window, over the DevTools protocol on two pipes.

Chromium reads commands on descriptor 3 and writes answers on 4, JSON each, ended by a
null byte (``--remote-debugging-pipe``).
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import children

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--remote-debugging-pipe", "--no-first-run", "--disable-extensions"),
    *("--hide-scrollbars", "--mute-audio", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-default-apps"),
    # Whatever a page might ask of a network is not there.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
SECONDS = 60


def find() -> str | None:
    """The program, or None where there is none; FASTCKPT_BROWSER=1 asks for one."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    assert found or not os.environ.get("FASTCKPT_BROWSER"), "there is no Chromium"
    return found


class Tab:
    """A page that is open."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        made = browser.call("Target.createTarget", url="about:blank")
        self._target = made["targetId"]
        attached = browser.call(
            "Target.attachToTarget", targetId=self._target, flatten=True
        )
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Any:
        """Asks the page's side of the browser."""
        return self._browser.call(method, self._session, **parameters)

    def look(self, width: int, height: int, scheme: str = "light") -> None:
        """Sets the size of the window, and whether its user likes it dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def open(self, path: Path, anchor: str = "") -> None:
        """Opens a file, and waits until its script has laid it out."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=path.absolute().as_uri() + anchor)
        self.wait("document.readyState === 'complete'")
        if self.run("document.body.classList.contains('data')"):
            self.wait("document.documentElement.dataset.ready !== undefined")

    def run(self, script: str) -> Any:
        """Gives the value of an expression, waited for."""
        done = self.call(
            "Runtime.evaluate",
            expression=script,
            returnByValue=True,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, condition: str) -> None:
        """Waits until an expression is true."""
        until = time.monotonic() + SECONDS
        while not self.run(condition):
            assert time.monotonic() < until, condition
            time.sleep(0.01)

    def settle(self) -> None:
        """Waits until what was asked for is drawn."""
        twice = "requestAnimationFrame(() => requestAnimationFrame(resolve))"
        self.run(f"new Promise((resolve) => {twice})")

    def press(self, key: str) -> None:
        """Presses and lets go of a key, by its name."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "End": 35, "Home": 36}
        codes |= {"ArrowUp": 38, "ArrowDown": 40, "PageDown": 34, "PageUp": 33}
        codes |= {"ArrowLeft": 37, "ArrowRight": 39, " ": 32}
        code = codes.get(key, 0)
        both = {"key": key, "windowsVirtualKeyCode": code, "code": key}
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        self.call("Input.dispatchKeyEvent", **down, **both)
        self.call("Input.dispatchKeyEvent", type="keyUp", **both)
        self.settle()

    def write(self, text: str) -> None:
        """Types a text where the focus is."""
        self.call("Input.insertText", text=text)
        self.settle()

    def shoot(self, path: Path) -> None:
        """Keeps a picture of what is in sight."""
        self.settle()
        taken = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(taken["data"]))

    def complaints(self) -> list[str]:
        """What the browser has said of errors, policies and requests that failed."""
        self.settle()
        return self._browser.complaints(self._session)

    def requests(self) -> list[str]:
        """The addresses that were asked for."""
        return self._browser.requests(self._session)

    def close(self) -> None:
        """Closes the page."""
        self._browser.call("Target.closeTarget", targetId=self._target)


class Browser:
    """A running browser."""

    def __init__(self, to: int, answers: int) -> None:
        self._to, self._answers = to, answers
        self._number = 0
        self._rest = b""
        self._events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        """Sends a command, and waits for its answer."""
        self._number += 1
        number = self._number
        asked: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session is not None:
            asked["sessionId"] = session
        message = json.dumps(asked).encode() + b"\0"
        while message:
            message = message[os.write(self._to, message) :]
        while (answer := self._read()).get("id") != number:
            self._events.append(answer)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self._answers, 1 << 20)
            assert piece, "the browser has ended"
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def _of(self, session: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for event in self._events:
            if event.get("sessionId") == session:
                yield event["method"], event["params"]

    def complaints(self, session: str) -> list[str]:
        """What was said of errors."""
        found = []
        for method, told in self._of(session):
            if method == "Runtime.exceptionThrown":
                found.append(str(told["exceptionDetails"]))
            elif method == "Log.entryAdded":
                found.append(told["entry"]["text"])
            elif method == "Runtime.consoleAPICalled":
                found.append(str(told["args"]))
        return found

    def requests(self, session: str) -> list[str]:
        """What was asked for."""
        return [
            told["request"]["url"]
            for method, told in self._of(session)
            if method == "Network.requestWillBeSent"
        ]


@contextmanager
def started(folder: Path) -> Iterator[Browser]:
    """Gives a browser that keeps its things in a folder, and ends with the block."""
    program = find()
    assert program is not None
    pipes = [*os.pipe(), *os.pipe()]
    # Out of the way of those that the shell puts where Chromium looks for them.
    high = [fcntl.fcntl(pipe, fcntl.F_DUPFD_CLOEXEC, 20) for pipe in pipes]
    for pipe in pipes:
        os.close(pipe)
    theirs_in, ours_out, ours_in, theirs_out = high
    words = [program, *_OPTIONS, f"--user-data-dir={folder}", "about:blank"]
    with children.started(
        ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(theirs_in, theirs_out),
        env={**os.environ, "HOME": str(folder)},
    ) as child:
        os.close(theirs_in)
        os.close(theirs_out)
        browser = Browser(ours_out, ours_in)
        yield browser
        browser.call("Browser.close")
        child.wait(SECONDS)
    os.close(ours_out)
    os.close(ours_in)
