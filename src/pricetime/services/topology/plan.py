"""What a topology consists of: which services, how many of each, who listens where, and where files lie.

::

    DATA/certs/           certificates                     DATA/logs/NAME.log     what each process says
    DATA/nginx/ …         a folder for each server         DATA/run.json          what runs now
    DATA/keys/ …          what the services keep           DATA/supervisor.conf   the supervisor's
                                                           DATA/programs/ …       what it runs
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from pricetime.errors import SettingError
from pricetime.settings import PREFIX, Settings

API: Final = ("auth", "orders", "portfolio", "market", "stream")
"""The services that nginx speaks to."""
HOSTS: Final = ("ledger", "engine", "views")
SERVICES: Final = (*HOSTS, *API)
"""In the order they are started in."""

DEFAULT_SCALE: Final[Mapping[str, int]] = {
    **dict.fromkeys(SERVICES, 1),
    "orders": 2,
    "engine": 2,
}
SCALE_LIMIT: Final = 64

_SOCKET_PATH_LIMIT: Final = 90
"""Bytes; the system takes about a hundred, and supervisord adds some for a while."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of a topology in its folder of data, which is absolute."""

    data: Path

    @property
    def certs(self) -> Path:
        """The certificates of all."""
        return self.data / "certs"

    @property
    def logs(self) -> Path:
        """What each process says."""
        return self.data / "logs"

    @property
    def run(self) -> Path:
        """What runs now."""
        return self.data / "run.json"

    @property
    def lock(self) -> Path:
        """Locked while a topology is started, scaled by hand or ended."""
        return self.data / "up.lock"

    @property
    def scaling(self) -> Path:
        """Locked while processes are added or taken away."""
        return self.data / "scaling.lock"

    @property
    def supervisor(self) -> Path:
        """The supervisor's configuration."""
        return self.data / "supervisor.conf"

    @property
    def programs(self) -> Path:
        """A file for each program that the supervisor runs."""
        return self.data / "programs"

    @property
    def socket(self) -> Path:
        """The supervisor's socket: in the folder, unless its path is too long for one."""
        inside = self.data / "supervisor.sock"
        if len(os.fsencode(inside)) <= _SOCKET_PATH_LIMIT:
            return inside
        name = hashlib.blake2b(os.fsencode(self.data), digest_size=8).hexdigest()
        return Path(tempfile.gettempdir()) / f"pricetime-{os.geteuid()}-{name}.sock"


@dataclass(frozen=True, slots=True)
class Instance:
    """One process of a service."""

    service: str
    number: int
    port: int

    @property
    def name(self) -> str:
        """What it is called among its like, in logs and in the supervisor."""
        return f"{self.service}-{self.number}"

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are that all services share."""

    mongo_url: str
    redis_url: str
    rabbit_url: str

    @classmethod
    def at(cls, mongo_url: str, redis_port: int, rabbit_port: int) -> Servers:
        """Return those of a MongoDB, and of this machine."""
        return cls(mongo_url, f"rediss://127.0.0.1:{redis_port}", f"amqps://127.0.0.1:{rabbit_port}")


def scale_of(wanted: Mapping[str, int], before: Mapping[str, int] = DEFAULT_SCALE) -> dict[str, int]:
    """Return how many there are of each service, ``before`` where nothing else is wanted; SettingError."""
    for name, count in wanted.items():
        if name not in SERVICES:
            raise SettingError(f"scale: there is no service {name!r}; there are {', '.join(SERVICES)}")
        if not 0 <= count <= SCALE_LIMIT:
            raise SettingError(f"scale: {name} can be 0–{SCALE_LIMIT}, not {count}")
    return {**before, **wanted}


def environment_of(
    instance: Instance, settings: Settings, layout: Layout, servers: Servers
) -> dict[str, str]:
    """Return the settings of one process as variables: what was chosen, and what the topology decides."""
    decided: dict[str, object] = {
        "data": layout.data,
        "host": "127.0.0.1",
        "port": instance.port,
        "instance": instance.name,
        "certs": layout.certs,
        "mongo_url": servers.mongo_url,
        "redis_url": servers.redis_url,
        "rabbit_url": servers.rabbit_url,
        "trusted_proxies": "127.0.0.1",
    }
    values = {**chosen_of(settings), **decided}
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in values.items()}


def chosen_of(settings: Settings) -> dict[str, object]:
    """Return the settings that are not what they are by default."""
    return {
        option.name: getattr(settings, option.name)
        for option in fields(Settings)
        if getattr(settings, option.name) != option.default
    }
