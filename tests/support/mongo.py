"""A server that speaks MongoDB's protocol: one that tests start, or that of PRICETIME_TEST_MONGODB_URL.

``MongoServer`` starts secantusd-py on a free port over a folder of its own, and ends it by its process id.
It can be killed, paused and started again over the same data.
"""

from __future__ import annotations

import gc
import os
import re
import signal
import subprocess
import sys
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient, monitoring

from pricetime.settings import Settings

GIVEN_URL: Final = os.environ.get("PRICETIME_TEST_MONGODB_URL", "")
_PATIENCE_S: Final = 60
_ANNOUNCED: Final = re.compile(r"listening on 127\.0\.0\.1:(\d+)\n")


class MongoServer:
    """One running server."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self.port = 0
        self._start()

    @property
    def url(self) -> str:
        # Polled, for PyMongo leaves a socket open where a client is closed while it begins to listen.
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true&serverMonitoringMode=poll"

    def kill(self) -> None:
        """End it at once, as a power cut would; safe when it has ended."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Start it again on the same port over the same data."""
        self.kill()
        self._start()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def _start(self) -> None:
        program = Path(sys.executable).with_name("secantusd-py")
        arguments = [
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--storage-path",
            str(self._folder / "data"),
        ]
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, *arguments, "--enable-test-commands", *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,  # where there is no configuration of the developer's
            )
        self.port = self._announced_port()

    def _announced_port(self) -> int:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until and self._process.poll() is None:
            if found := _ANNOUNCED.search((self._folder / "log").read_text("utf-8")):
                return int(found[1])
            time.sleep(0.01)
        self.kill()
        raise RuntimeError(f"secantusd-py did not start; see {self._folder / 'log'}")

    def _end(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.wait(_PATIENCE_S)


@contextmanager
def mongo_url(folder: Path) -> Iterator[str]:
    """Yield the URL of a server to test against: the one that is given, or one that is started."""
    if GIVEN_URL:
        yield GIVEN_URL
        return
    server = MongoServer(folder)
    try:
        yield server.url
    finally:
        server.kill()  # there is nothing to keep


@contextmanager
def fresh_database(url: str) -> Iterator[Settings]:
    """Yield settings that lead to a database that nobody has used, and remove it afterwards."""
    settings = Settings(
        mongo_url=url, mongo_database=f"test_{uuid.uuid4().hex}", mongo_timeout_ms=_PATIENCE_S * 1_000
    )
    yield settings
    with MongoClient[dict[str, Any]](url) as client:
        client.drop_database(settings.mongo_database)


class _Listener(monitoring.CommandListener):
    """Hears the commands of every client that is made once it is registered."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.heard.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


_LISTENER: Final = _Listener()
monitoring.register(_LISTENER)


@contextmanager
def commands_heard() -> Iterator[list[str]]:
    """Yield the names of the commands that are sent meanwhile: each is a round trip."""
    _LISTENER.heard = []
    yield _LISTENER.heard
    _LISTENER.heard = []


def fail_next(url: str, command: str, **how: Any) -> None:
    """Let the server fail at the next command of this name: ``closeConnection=True``, ``errorCode=…``."""
    with MongoClient[dict[str, Any]](url) as client:
        data = {"failCommands": [command], **how}
        client.admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": data})


def drop_left_sockets() -> None:
    """Drop the sockets that PyMongo leaves open where a client is closed while it connects."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
