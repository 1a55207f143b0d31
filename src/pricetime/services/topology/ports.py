"""Ports of loopback that are free.

They are taken from below those that the system gives to outgoing connections: such a connection could take
the port of a process while that is started anew.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import Final

from pricetime.errors import TopologyFailed

_LOWEST: Final = 10_240
_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_FIRST: Final = 32_768


def free_ports(count: int) -> list[int]:
    """Return so many ports that nobody listens on now; TopologyFailed where there are too few."""
    chosen: list[int] = []
    ports = list(range(_LOWEST, _first_given()))
    random.shuffle(ports)  # so that two that start at once hardly meet
    for port in ports:
        if len(chosen) == count:
            return chosen
        if is_free(port):
            chosen.append(port)
    raise TopologyFailed(f"There are no {count} free ports on 127.0.0.1. Stop what uses them.")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a port can be listened on."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _first_given() -> int:
    """Return the first port that the system may give to an outgoing connection."""
    try:
        return max(_LOWEST + 1_000, int(_RANGE.read_text().split()[0]))
    except (OSError, ValueError):
        return _USUAL_FIRST
