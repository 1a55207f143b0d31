"""Real venues to test against.

``serve(folder, rate_limits=True, …)`` starts one in a process of its own on a free port, with settings of the
test's own, over the data that the folder may hold already; ``stop`` ends it as an operator would, ``kill`` as
a power cut would. Log-ins are cheap and rates unlimited unless the settings say otherwise.

``elsewhere()`` is one that somebody else runs, such as `pricetime up`, told by the environment:

- ``PRICETIME_TEST_URL``: where it answers;
- ``PRICETIME_TEST_ADMIN``: the command that makes an administrator of it, as `pricetime admin create`;
- ``PRICETIME_TEST_CA``: the certificate of the authority to trust, where its address begins with https;
- ``PRICETIME_TEST_DATA``: its folder of data;
- ``PRICETIME_TEST_PIDS``: the processes that serve its streams.
"""

from __future__ import annotations

import os
import shlex
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from tests.support.child import Child

from pricetime.services.offline import create_admin
from pricetime.settings import Settings

DEFAULTS: Final[dict[str, object]] = {
    "host": "127.0.0.1",
    "port": 0,
    "bcrypt_cost": 4,
    "rate_limits": False,
    "log_level": "warning",
    "core": os.environ.get("PRICETIME_CORE", "auto"),  # a run of the tests is of one or the other
}


class Venue:
    """One running venue, whoever runs it. ``data``: its folder; ``streaming``: processes of its streams."""

    data: Path
    streaming: list[int]

    def __init__(self, url: str) -> None:
        self.url = url
        self._address = urlsplit(url)

    def connect(self) -> socket.socket:
        """Open a connection, for what no client of HTTP would send."""
        secure = self._address.scheme == "https"
        host, port = str(self._address.hostname), self._address.port or (443 if secure else 80)
        connection = socket.create_connection((host, port), timeout=20)
        if not secure:
            return connection
        return ssl.create_default_context().wrap_socket(connection, server_hostname=host)

    def add_admin(self, user_name: str, password: str, name: str) -> None:
        """Make an administrator, beside the venue as operators do."""
        raise NotImplementedError


class Elsewhere(Venue):
    """A venue that the tests leave running, and of which they know what the environment tells."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.data = Path(os.environ.get("PRICETIME_TEST_DATA", "of nobody"))
        self.streaming = [int(pid) for pid in os.environ.get("PRICETIME_TEST_PIDS", "").split()]

    def add_admin(self, user_name: str, password: str, name: str) -> None:
        command = os.environ.get("PRICETIME_TEST_ADMIN")
        if not command:
            raise RuntimeError("PRICETIME_TEST_ADMIN must say how an administrator is made")
        said = [*shlex.split(command), user_name, "--password", password, "--name", name]
        subprocess.run(said, check=True, capture_output=True)


def elsewhere() -> Elsewhere | None:
    """Return the venue that the environment names, or None."""
    url = os.environ.get("PRICETIME_TEST_URL")
    if not url:
        return None
    if authority := os.environ.get("PRICETIME_TEST_CA"):
        os.environ["SSL_CERT_FILE"] = authority  # clients of the tests, and programs that they start, heed it
    return Elsewhere(url.rstrip("/"))


class Server(Child, Venue):
    """A venue in a process of its own."""

    def __init__(self, data: Path, **settings: object) -> None:
        self.data = Path(data)
        self._log = self.data.with_name(f"{self.data.name}.log")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pricetime.services.run"],
                env=_environment({**DEFAULTS, "data": self.data, **settings}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=tempfile.gettempdir(),  # no pricetime.toml or .env of the developer's
            )
        assert self._process.stdout is not None
        announced = self._process.stdout.readline().decode()
        if "http://" not in announced:
            self.kill()
            raise RuntimeError(f"the venue did not start: {self.log()}")
        super().__init__("http://" + announced.split("http://")[1].strip())
        self.port = int(self.url.rsplit(":", 1)[1])
        self.pid = self._process.pid
        self.streaming = [self.pid]

    def add_admin(self, user_name: str, password: str, name: str) -> None:
        create_admin(Settings(data=str(self.data), bcrypt_cost=4), user_name, password, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_running:
            self.stop()
        self.kill()


def serve(data: Path, **settings: object) -> Server:
    """Start a venue over a folder of data and return it when it serves."""
    return Server(data, **settings)


def _environment(settings: dict[str, object]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRICETIME_")}
    said = {f"PRICETIME_{name.upper()}": str(value) for name, value in settings.items()}
    return kept | said
