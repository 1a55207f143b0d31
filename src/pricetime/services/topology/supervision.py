"""supervisord: its configuration, and what is asked of it over its socket."""

from __future__ import annotations

import http.client
import os
import pwd
import re
import shlex
import socket
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from pricetime.errors import TopologyFailed
from pricetime.services.topology.plan import Layout
from pricetime.settings import Settings

RUNNING: Final = "RUNNING"
STARTING: Final = "STARTING"
STOPPED: Final = frozenset({"STOPPED", "EXITED", "FATAL", "UNKNOWN"})
_CALL_TIMEOUT_S: Final = 20.0
_START_RETRIES: Final = 1_000
_COMMENT: Final = re.compile(r"\n|\s[;#]")
_LATER_FAULTS: Final = frozenset({"ALREADY_STARTED", "NOT_RUNNING", "ALREADY_ADDED"})


@dataclass(frozen=True, kw_only=True)
class Supervised:
    """A program that the supervisor runs. ``environment`` is all of it but the mark of the topology."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    signal: str = "TERM"
    splits_errors: bool = False
    """Errors go to a log of their own."""
    starts_itself: bool = field(default=False)
    """Whether the supervisor starts it; others are started in order."""


class State(NamedTuple):
    """What the supervisor says of a program. ``pid`` 0: it does not run. ``since``: seconds since 1970."""

    name: str
    state: str
    pid: int
    since: int
    said: str


def write_supervisor(layout: Layout, programs: Iterable[Supervised], settings: Settings) -> None:
    """Write supervisord's configuration, and a file for each program, in place of those there are."""
    layout.programs.mkdir(mode=0o700, exist_ok=True)
    for path in layout.programs.iterdir():
        path.unlink()
    for each in programs:
        write_program(layout, each, settings)
    lines = [
        "; Made by pricetime; changes are lost.",
        "[unix_http_server]",
        f"file={_escaped(layout.socket)}",
        "chmod=0600",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "[supervisorctl]",
        f"serverurl=unix://{_escaped(layout.socket)}",
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        *([f"user={pwd.getpwuid(0).pw_name}"] if os.geteuid() == 0 else []),
        f"logfile={_escaped(layout.logs / 'supervisord.log')}",
        f"logfile_maxbytes={settings.log_bytes}",
        f"logfile_backups={settings.log_files}",
        f"pidfile={_escaped(layout.data / 'supervisord.pid')}",
        f"childlogdir={_escaped(layout.logs)}",
        "[include]",
        f"files={_escaped(layout.programs)}/*.conf",
    ]
    layout.supervisor.write_text("\n".join([*lines, ""]))


def write_program(layout: Layout, program: Supervised, settings: Settings) -> None:
    """Write the file of a program, from which the supervisor can take it."""
    environment = ",".join(f"{name}={_value(value)}" for name, value in program.environment.items())
    log = layout.logs / program.name
    lines = [
        f"[program:{program.name}]",
        f"command={_escaped(shlex.join(program.command))}",
        f"directory={_escaped(program.folder)}",
        f"environment={environment}",
        f"autostart={str(program.starts_itself).lower()}",
        "autorestart=true",
        "startsecs=1",
        f"startretries={_START_RETRIES}",
        f"stopsignal={program.signal}",
        f"stopwaitsecs={settings.stop_timeout_s}",
        "killasgroup=true",
        f"redirect_stderr={str(not program.splits_errors).lower()}",
        f"stdout_logfile={_escaped(log)}.log",
        f"stdout_logfile_maxbytes={settings.log_bytes}",
        f"stdout_logfile_backups={settings.log_files}",
        *(
            [
                f"stderr_logfile={_escaped(log)}-errors.log",
                f"stderr_logfile_maxbytes={settings.log_bytes}",
                f"stderr_logfile_backups={settings.log_files}",
            ]
            if program.splits_errors
            else []
        ),
    ]
    _file_of(layout, program.name).write_text("\n".join([*lines, ""]))


def drop_program(layout: Layout, name: str) -> None:
    """Remove the file of a program."""
    _file_of(layout, name).unlink(missing_ok=True)


def _file_of(layout: Layout, name: str) -> Path:
    return layout.programs / f"{name}.conf"


def _escaped(value: object) -> str:
    """Return a value for the file, in which a percent sign and what looks like a comment mean more."""
    text = str(value)
    if _COMMENT.search(text):
        raise TopologyFailed(
            f"The supervisor cannot be told {text!r}. Use no new line, and no ; or # after a space."
        )
    return text.replace("%", "%%")


def _value(value: str) -> str:
    """Return a variable's value between quotes, in which supervisord knows no escapes."""
    quote = "'" if '"' in value else '"'
    if quote in value:
        raise TopologyFailed(f"The supervisor cannot be told {value!r}. Use no quotes in it.")
    return f"{quote}{_escaped(value)}{quote}"


class Supervisor:
    """A running supervisord. All methods raise TopologyFailed where it does not answer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def is_up(self) -> bool:
        """Return whether it answers."""
        try:
            self._call("getState")
        except TopologyFailed:
            return False
        return True

    def states(self) -> dict[str, State]:
        """Return the state of every program, by name."""
        told = self._call("getAllProcessInfo")
        return {
            each["name"]: State(
                each["name"],
                each["statename"],
                each["pid"],
                each["start"],
                each["spawnerr"] or each["description"],
            )
            for each in told
        }

    def start(self, name: str) -> None:
        """Start a program; it may take a while. Nothing is done where it runs."""
        self._call("startProcess", name, False)

    def stop(self, name: str) -> None:
        """Ask a program to stop; it may take a while. Nothing is done where it does not run."""
        self._call("stopProcess", name, False)

    def add(self, name: str) -> None:
        """Take in a program whose file has been written; it is not started."""
        self._call("reloadConfig")
        self._call("addProcessGroup", name)

    def remove(self, name: str) -> None:
        """Forget a program that does not run."""
        self._call("removeProcessGroup", name)

    def signal(self, name: str, signal: str) -> None:
        """Send a signal to a program; nothing is done where it does not run."""
        self._call("signalProcess", name, signal)

    def shut_down(self) -> None:
        """Stop whatever runs, and end."""
        self._call("shutdown")

    def _call(self, method: str, *arguments: object) -> Any:
        try:
            with xmlrpc.client.ServerProxy("http://localhost", transport=_Transport(self._path)) as proxy:
                return getattr(proxy.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultString.partition(":")[0] in _LATER_FAULTS:
                return None
            raise TopologyFailed(f"The supervisor refuses {method}: {fault.faultString}") from None
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            raise TopologyFailed(f"The supervisor does not answer: {error}") from error


class _Transport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        """Return the connection of one call, which is closed with the transport."""
        connection = _Connection(self._path)
        self._connection = host, connection
        return connection


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_CALL_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_CALL_TIMEOUT_S)
        self.sock.connect(str(self._path))
