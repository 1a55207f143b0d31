"""A whole venue of many services, started by `pricetime up` and ended by `pricetime down`.

``Topology`` knows where each part listens, and whose certificates to show it.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from pricetime.services.topology.plan import Layout
from pricetime.services.topology.processes import Process
from pricetime.services.topology.record import read_record, what_runs
from pricetime.services.topology.supervision import Supervisor

_PATIENCE_S = 240
_SOON_S = 60
_LOOK_S = 0.05
DEFAULTS = {"bcrypt_cost": 4, "rate_limits": "off", "log_level": "warning"}


def pricetime(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line, with no settings of the developer's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRICETIME_")}
    return subprocess.run(
        [sys.executable, "-m", "pricetime.cli", *map(str, arguments)],
        env=kept,
        cwd=tempfile.gettempdir(),
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
    )


class Topology:
    """A topology in a folder of data; ``up`` starts it."""

    def __init__(self, data: Path, **settings: object) -> None:
        self.layout = Layout(data.resolve())
        self._settings = {**DEFAULTS, **settings}

    def up(self, *arguments: str) -> dict[str, Any]:
        """Start it and return what the command says; RuntimeError where it does not start."""
        chosen = [part for name, value in self._settings.items() for part in ("--set", f"{name}={value}")]
        told = pricetime(
            "up", "--data", self.layout.data, "--port", 0, "--detach", "--json", *chosen, *arguments
        )
        if told.returncode:
            raise RuntimeError(told.stderr)
        return json.loads(told.stdout)

    def down(self) -> None:
        """End it."""
        told = pricetime("down", "--data", self.layout.data, "--json")
        assert told.returncode == 0, told.stderr

    @property
    def record(self):
        found = read_record(self.layout)
        assert found is not None
        return found

    @property
    def url(self) -> str:
        return self.record.url

    @property
    def supervisor(self) -> Supervisor:
        return Supervisor(self.layout.socket)

    def port(self, name: str) -> int:
        [port] = [part.port for part in self.record.parts if part.name == name]
        assert port is not None
        return port

    def pid(self, name: str) -> int:
        """The process id of a part; 0 where it does not run now."""
        return self.supervisor.states()[name].pid

    def scale(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Run so many processes of services; return how many of each there are then."""
        words = [f"{name}={count}" for name, count in counts.items()]
        told = pricetime("scale", "--data", self.layout.data, "--json", *words)
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout)["scale"]

    def books(self) -> dict[str, int]:
        """How many books each engine has that serves."""
        told = pricetime("engines", "--data", self.layout.data, "--json")
        found: list[dict[str, Any]] = json.loads(told.stdout)
        return {each["host"]: len(each["partitions"]) for each in found if each["kind"] == "engine"}

    def processes(self) -> list[Process]:
        """All that run of it."""
        return what_runs(self.layout, read_record(self.layout))

    def trusting(self, name: str | None = "operator") -> ssl.SSLContext:
        """A client that trusts the topology, and shows the certificate of a name, or none."""
        context = ssl.create_default_context(cafile=self.layout.certs / "ca.pem")
        if name is not None:
            context.load_cert_chain(self.layout.certs / f"{name}.pem", self.layout.certs / f"{name}-key.pem")
        return context

    def client(self, **how: Any) -> httpx2.Client:
        """A client of nginx."""
        return httpx2.Client(base_url=self.url, verify=self.trusting(None), timeout=120, **how)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.layout.data.exists():
            self.down()


def greet(port: int, context: ssl.SSLContext, name: str, said: bytes) -> bytes:
    """Say something over TLS to who must carry a name, and return the first bytes of the answer.

    OSError, of which ssl.SSLError is one, where either side refuses; empty where it closes without a word.
    """
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        secured.sendall(said)
        return secured.recv(100)


def greet_plain(port: int, said: bytes) -> bytes:
    """Say something without TLS, and return the first bytes of the answer; OSError."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(said)
        return plain.recv(100)


def eventually(is_so: Callable[[], bool]) -> None:
    """Return when something is so; AssertionError where it does not come about."""
    deadline = time.monotonic() + _SOON_S
    while not is_so():
        assert time.monotonic() < deadline, "it has not come about"
        time.sleep(_LOOK_S)
