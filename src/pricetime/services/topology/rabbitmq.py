"""RabbitMQ for one machine: two programs, the broker and Erlang's port mapper that it needs.

The mapper is started here rather than by the broker, which would leave it behind as a daemon. Nothing but
loopback is listened on; with certificates there is no port without TLS, who connects must have a certificate
of the CA, and its common name is the user.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final, NamedTuple

from pricetime.services.topology.program import Program, installed

_SERVER: Final = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Debian's own script in the PATH insists on a user and folders of the system; this one does not."""
_COOKIE: Final = ".erlang.cookie"
_MESSAGE_BYTES: Final = 512 * 1024 * 1024
"""The most that a broker can be set to: what an order that meets very many others leads to is one message."""


class RabbitPorts(NamedTuple):
    """Where the broker listens, Erlang's distribution of it, and the port mapper; all on loopback."""

    amqp: int
    distribution: int
    mapper: int


def rabbitmq(
    folder: Path,
    ports: RabbitPorts,
    *,
    certs: Path | None = None,
    definitions: Path | None = None,
    node: str = "pricetime",
) -> tuple[Program, Program]:
    """Write the configuration into ``folder``; return the mapper and the broker, in the order to start them.

    ``certs`` has ``ca.pem``, ``rabbitmq.pem`` and its key; without, connections are plain and the user is
    ``guest``. ``definitions`` is what `pricetime rabbit definitions` prints. SettingError where RabbitMQ is
    not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_cookie(folder / _COOKIE)
    (folder / "enabled_plugins").write_text("[rabbitmq_auth_mechanism_ssl].\n")
    (folder / "rabbitmq.conf").write_text(_configuration(ports.amqp, certs, definitions))
    mapping = {"ERL_EPMD_PORT": str(ports.mapper), "ERL_EPMD_ADDRESS": "127.0.0.1"}
    mapper = Program(
        "epmd",
        (installed("epmd", "erlang-base"), "-port", str(ports.mapper), "-address", "127.0.0.1"),
        mapping,
        ports.mapper,
    )
    environment = mapping | {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),  # of the cookie
        "LANG": "C.UTF-8",
        "ERL_CRASH_DUMP": str(folder / "erl_crash.dump"),
        "RABBITMQ_NODENAME": f"{node}@localhost",
        "RABBITMQ_DIST_PORT": str(ports.distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",  # nothing of the system's own broker
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        # Together these make the script become the broker rather than wait for it, so that its id is the
        # broker's and signals arrive.
        "RABBITMQ_ALLOW_INPUT": "1",
        "RABBITMQ_SERVER_START_ARGS": "-noinput",
    }
    broker = Program(
        "rabbitmq", (installed("rabbitmq-server", "rabbitmq-server", _SERVER),), environment, ports.amqp
    )
    return mapper, broker


def _write_cookie(path: Path) -> None:
    """Make the secret of the node, once: Erlang's own is guessed too easily."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
        path.chmod(0o400)


def _configuration(port: int, certs: Path | None, definitions: Path | None) -> str:
    lines = [
        "# Made by pricetime.",
        "log.file = false",
        "log.console = true",
        "log.console.level = warning",
        "log.console.formatter = json",
        "vm_memory_high_watermark.relative = 0.3",
        "disk_free_limit.absolute = 500MB",
        f"max_message_size = {_MESSAGE_BYTES}",
    ]
    if definitions is not None:
        lines.append(f"load_definitions = {definitions}")
    if certs is None:
        lines.append(f"listeners.tcp.1 = 127.0.0.1:{port}")
    else:
        lines += [
            "listeners.tcp = none",
            f"listeners.ssl.1 = 127.0.0.1:{port}",
            f"ssl_options.cacertfile = {certs / 'ca.pem'}",
            f"ssl_options.certfile = {certs / 'rabbitmq.pem'}",
            f"ssl_options.keyfile = {certs / 'rabbitmq-key.pem'}",
            "ssl_options.verify = verify_peer",
            "ssl_options.fail_if_no_peer_cert = true",
            "ssl_options.versions.1 = tlsv1.3",
            "ssl_options.versions.2 = tlsv1.2",
            "auth_mechanisms.1 = EXTERNAL",
            "ssl_cert_login_from = common_name",
        ]
    return "\n".join([*lines, ""])
