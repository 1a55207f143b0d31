"""A connection whose receive buffer is soon full, for clients that do not read."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit


def small_socket(url: str) -> socket.socket:
    """Return a connection whose receive buffer is soon full."""
    address = urlsplit(url)
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
    small.connect((address.hostname, address.port))
    return small
