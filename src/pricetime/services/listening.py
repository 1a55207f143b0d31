"""Where a process listens: an address that is its own before anything is opened behind it."""

from __future__ import annotations

import socket
from typing import Final

from pricetime.errors import SettingError

BACKLOG: Final = 4_096
"""Connections that may wait to be accepted."""


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; SettingError where that cannot be."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise SettingError(f"host: {host!r} is no address of this machine: {error.strerror}") from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Listening is what tells two servers on one port apart; connections wait until the venue is open.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingError(
            f"port: {host}:{port} cannot be used: {error.strerror}. Stop who uses it, or take another port."
        ) from None
    return listener


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Return the URL of a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
