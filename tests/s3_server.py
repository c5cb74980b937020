"""A server of S3 for tests: moto's, with one bucket, in a process of its own.

    with s3_server.started(folder) as s3:
        fs = fsspec.filesystem("s3", **s3.options)
        fs.cat_file(f"{s3.url}/model.index")
    assert s3.counts()["GET"] == 1

`python s3_server.py FOLDER` makes a bucket of the folder's files, prints the server's
URL, and ends when its standard input does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import children

__all__ = ["BUCKET", "S3", "started"]

BUCKET = "bucket"
_COUNTS = "/-/counts"
_KEY, _SECRET = "an-id", "a-secret"


class S3:
    """A server that runs.

    Attributes:
        endpoint: Its own URL.
        url: Of the bucket, as ``s3fs`` takes it.
        options: What ``s3fs`` needs beside it (``storage_options``).
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.url = f"s3://{BUCKET}"
        self.options = {
            "key": _KEY,
            "secret": _SECRET,
            "endpoint_url": endpoint,
            "client_kwargs": {"region_name": "us-east-1"},
            # Two tests in one process never share a file system.
            "skip_instance_cache": True,
        }

    def counts(self) -> dict[str, int]:
        """Tells how many requests came, by method."""
        with urllib.request.urlopen(self.endpoint + _COUNTS, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def started(folder: Path) -> Iterator[S3]:
    """Serves the files of a folder as a bucket, from a process of its own."""
    pipe = subprocess.PIPE
    command = [sys.executable, __file__, str(folder)]
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    with children.started(
        command,
        stdin=pipe,
        stdout=pipe,
        text=True,
        # The tests' own proxies and credentials are none of its business.
        env=os.environ | {"PYTHONPATH": paths, "NO_PROXY": "127.0.0.1"},
    ) as child:
        yield S3(child.stdout.readline().strip())
        child.stdin.close()
        child.wait(30)


class _Counting:
    """A WSGI application that counts what another one is asked."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Counts anew."""
        self._counts.clear()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] == _COUNTS:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(self._counts).encode()]
        with self._lock:
            self._counts[environ["REQUEST_METHOD"]] += 1
        return self._application(environ, start_response)


def _fill(endpoint: str, folder: Path) -> None:
    """Makes the bucket, and puts a folder's files into it."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=_KEY,
        aws_secret_access_key=_SECRET,
    )
    client.create_bucket(Bucket=BUCKET)
    for path in folder.rglob("*"):
        if path.is_file():
            key = str(path.relative_to(folder))
            client.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())
    client.close()


def main(folder: str) -> None:
    """Serves until nobody holds the other end of the standard input."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            """Says nothing."""

    application = _Counting(DomainDispatcherApplication(create_backend_app))
    server = make_server(
        "127.0.0.1", 0, application, threaded=True, request_handler=Quiet
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    _fill(endpoint, Path(folder))
    application.forget()
    print(endpoint, flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
