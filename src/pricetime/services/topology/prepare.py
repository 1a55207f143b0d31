"""Everything that a topology needs before it is started: certificates, ports, configurations, programs.

Nothing is started here. Ports are new each time; certificates and data stay.
"""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import string
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from pricetime.adapters.tokens import Ed25519Signer
from pricetime.api.page import PACKED
from pricetime.api.shares import Share
from pricetime.errors import ProgramMissing, TopologyFailed
from pricetime.services.folder import DataFolder
from pricetime.services.topology.autoscaling import bounds_of
from pricetime.services.topology.certs import make_certificates
from pricetime.services.topology.definitions import rabbit_definitions
from pricetime.services.topology.mongodb import mongodb
from pricetime.services.topology.nginx import Door, render_nginx
from pricetime.services.topology.plan import (
    API,
    SERVICES,
    Instance,
    Layout,
    Servers,
    chosen_of,
    environment_of,
)
from pricetime.services.topology.ports import free_ports, is_free
from pricetime.services.topology.program import Program
from pricetime.services.topology.rabbitmq import RabbitPorts, rabbitmq
from pricetime.services.topology.record import Part
from pricetime.services.topology.redis import redis
from pricetime.services.topology.supervision import Supervised, write_supervisor
from pricetime.settings import Settings

WATCHER: Final = "watcher"
DOOR: Final = "nginx"
_PATH: Final = frozenset(string.ascii_letters + string.digits + "/._-+=@~")
_PROGRAMS: Final = {
    "nginx": "/usr/sbin/nginx",
    "rabbitmq-server": "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "redis-server": "/usr/bin/redis-server",
}
"""Of each Debian package, the program that is run."""
_MANY_FILES: Final = 1_000_000
_SERVER_NAMES: Final = {"epmd": "", "rabbitmq": "rabbitmq", "redis": "redis", "mongodb": "mongodb"}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What `pricetime up` was asked for. ``settings`` name the door's host and port, and MongoDB's URL."""

    layout: Layout
    settings: Settings
    scale: Mapping[str, int]
    is_tls: bool = True


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A topology that can be started."""

    url: str
    mongo_url: str
    chosen: dict[str, object]
    parts: tuple[Part, ...]


def prepare(wanted: Wanted) -> Prepared:
    """Write everything into the folder; TopologyFailed, SettingError or CertificateUnusable."""
    layout, settings = wanted.layout, _rooted(wanted.settings)
    bounds_of(settings.autoscale)  # which the watcher will read
    _look_for_servers()
    _make_folders(layout)
    Ed25519Signer(
        DataFolder(layout.data).keys
    )  # makes the key that all services share, before any of them looks
    make_certificates(
        layout.certs,
        days=settings.certificate_days,
        authority_days=settings.authority_days,
        renew_days=settings.certificate_renew_days,
    )
    count = sum(wanted.scale.values())
    amqp, distribution, mapper, redis_port, mongo_port, door, *ports = free_ports(6 + count)
    definitions = layout.data / "rabbitmq-definitions.json"
    definitions.write_bytes(msgspec.json.encode(rabbit_definitions(settings)))
    servers = [
        *rabbitmq(
            layout.data / "rabbitmq",
            RabbitPorts(amqp, distribution, mapper),
            certs=layout.certs,
            definitions=definitions,
        ),
        redis(layout.data / "redis", redis_port, certs=layout.certs),
        *([] if settings.mongo_url else [mongodb(layout.data / "mongodb", mongo_port, layout.certs)]),
    ]
    urls = Servers.at(settings.mongo_url or f"mongodb://127.0.0.1:{mongo_port}", redis_port, amqp)
    instances = _instances(wanted.scale, ports)
    door_port = _door_port(settings, door)
    write_door(layout, settings, instances, door_port, is_tls=wanted.is_tls)
    programs = [
        *(_of_server(each, layout) for each in servers),
        *(service_program(each, layout, settings, urls) for each in instances),
        _of_door(layout),
        _of_watcher(layout),
    ]
    write_supervisor(layout, programs, settings)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return Prepared(
        url=f"{'https' if wanted.is_tls else 'http'}://{host}:{door_port}",
        mongo_url=urls.mongo_url,
        chosen=chosen_of(settings),
        parts=tuple(_parts(servers, instances, door_port)),
    )


def _look_for_servers() -> None:
    missing = [
        package for package, path in _PROGRAMS.items() if not (Path(path).exists() or shutil.which(package))
    ]
    if missing:
        names = " ".join(missing)
        raise ProgramMissing(
            f"Missing: {', '.join(missing)}. Install with: sudo apt-get install {names}; "
            "in a copy of the sources, `make up` does that."
        )


def _make_folders(layout: Layout) -> None:
    if odd := set(str(layout.data)) - _PATH:
        raise TopologyFailed(
            f"{layout.data}: not all of the servers take {min(odd)!r} in the name of a folder. Name another."
        )
    for folder in (layout.data, layout.logs, layout.data / DOOR):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise TopologyFailed(f"{folder} cannot be made: {error.strerror}. Name another folder.") from None


def _instances(scale: Mapping[str, int], ports: Sequence[int]) -> list[Instance]:
    named = [(service, number) for service in SERVICES for number in range(1, scale[service] + 1)]
    return [Instance(service, number, port) for (service, number), port in zip(named, ports, strict=True)]


def _door_port(settings: Settings, free: int) -> int:
    if settings.port == 0:
        return free
    if not is_free(settings.port, settings.host):
        raise TopologyFailed(
            f"Port {settings.port} of {settings.host} is in use. Stop who uses it, or name another."
        )
    return settings.port


def _rooted(settings: Settings) -> Settings:
    """Return settings whose files are found from every folder."""
    names = ("page", "door_certificate", "door_key")
    files = {name: getattr(settings, name) for name in names}
    rooted: dict[str, Any] = {name: str(Path(file).absolute()) for name, file in files.items() if file}
    return replace(settings, **rooted)


def write_door(
    layout: Layout, settings: Settings, instances: Sequence[Instance], port: int, *, is_tls: bool
) -> None:
    """Write nginx's configuration, which leads to ``instances``."""
    page = Path(settings.page) if settings.page else PACKED
    upstreams = {
        share: [each.address for each in instances if each.service == share]
        for share in cast("list[Share]", API)
    }
    door = Door(
        host=settings.host,
        port=port,
        is_tls=is_tls,
        folder=layout.data / DOOR,
        certs=layout.certs,
        page=page if (page / "index.html").is_file() else None,
        upstreams=upstreams,
        user=pwd.getpwuid(0).pw_name
        if os.geteuid() == 0
        else "",  # reads what root may, where root runs it all
        open_files=_open_files(),
    )
    (layout.data / DOOR / "nginx.conf").write_text(render_nginx(door, settings))


def _open_files() -> int:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return _MANY_FILES if limit == resource.RLIM_INFINITY else limit


def _of_server(program: Program, layout: Layout) -> Supervised:
    return Supervised(
        name=program.name, command=program.command, environment=program.environment, folder=layout.data
    )


def service_program(instance: Instance, layout: Layout, settings: Settings, servers: Servers) -> Supervised:
    """Return what runs a process of a service."""
    return Supervised(
        name=instance.name,
        command=(sys.executable, "-m", "pricetime.cli", "run", instance.service),
        environment=_python_environment() | environment_of(instance, settings, layout, servers),
        folder=layout.data,
    )


def _of_door(layout: Layout) -> Supervised:
    prefix = layout.data / DOOR
    return Supervised(
        name=DOOR,
        command=(
            *(sys.executable, "-m", "pricetime.services.topology.door"),
            *(str(prefix / "nginx.conf"), str(prefix)),
        ),
        environment=_python_environment(),
        folder=prefix,
        signal="QUIT",
        splits_errors=True,
    )


def _of_watcher(layout: Layout) -> Supervised:
    return Supervised(
        name=WATCHER,
        command=(sys.executable, "-m", "pricetime.services.topology.watcher", str(layout.data)),
        environment=_python_environment(),
        folder=layout.data,
    )


def _python_environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}


def part_of(instance: Instance) -> Part:
    """Return a process of a service as it is recorded."""
    return Part(name=instance.name, kind="service", service=instance.service, port=instance.port)


def _parts(servers: Iterable[Program], instances: Iterable[Instance], door: int) -> Iterable[Part]:
    for server in servers:
        yield Part(name=server.name, kind="server", service=_SERVER_NAMES[server.name], port=server.port)
    yield from map(part_of, instances)
    yield Part(name=DOOR, kind="door", service="nginx", port=door)
    yield Part(name=WATCHER, kind="watcher", service="", port=None)
