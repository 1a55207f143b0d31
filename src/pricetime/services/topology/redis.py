"""Redis for one machine. It keeps nothing on disk: whatever it holds may be lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pricetime.services.topology.program import Program, installed

_MEMORY: Final = "512mb"


def redis(folder: Path, port: int, *, certs: Path | None = None) -> Program:
    """Write the configuration into ``folder`` and return the server.

    ``certs`` has ``ca.pem``, ``redis.pem`` and its key: then there is no port without TLS, and who connects
    must have a certificate of the CA. SettingError where Redis is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "redis.conf"
    path.write_text(_configuration(folder, port, certs))
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
    return Program("redis", (installed("redis-server", "redis-server"), str(path)), environment, port)


def _configuration(folder: Path, port: int, certs: Path | None) -> str:
    lines = [
        "# Made by pricetime.",
        "bind 127.0.0.1",
        f'dir "{folder}"',
        "daemonize no",
        "loglevel warning",
        'logfile ""',
        'save ""',
        "appendonly no",
        f"maxmemory {_MEMORY}",
        "maxmemory-policy allkeys-lru",
    ]
    if certs is None:
        lines.append(f"port {port}")
    else:
        lines += [
            "port 0",
            f"tls-port {port}",
            f'tls-ca-cert-file "{certs / "ca.pem"}"',
            f'tls-cert-file "{certs / "redis.pem"}"',
            f'tls-key-file "{certs / "redis-key.pem"}"',
            "tls-auth-clients yes",
            'tls-protocols "TLSv1.2 TLSv1.3"',
        ]
    return "\n".join([*lines, ""])
