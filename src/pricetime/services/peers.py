"""Who may speak to a service: with certificates, those whose certificate has a name that is expected.

That a certificate is of the CA has been checked before; here only its name is, as soon as the connection
stands, and whoever has another is cut off before a byte is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pricetime.adapters.tls import name_of_peer
from pricetime.settings import Settings

_log = structlog.get_logger(__name__)


def peers_of(settings: Settings) -> frozenset[str]:
    """Return the names that may speak to this process."""
    return frozenset(name.strip() for name in settings.peers.split(",") if name.strip())


def named(protocol: type[HttpToolsProtocol], peers: Collection[str]) -> type[HttpToolsProtocol]:
    """Return a protocol that serves these peers alone."""

    class Named(protocol):  # type: ignore[valid-type, misc]
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            secured: Any = transport.get_extra_info("ssl_object")
            name = name_of_peer(secured.getpeercert() if secured is not None else None)
            if name not in peers:
                _log.warning("a peer is refused", name=name, peer=transport.get_extra_info("peername"))
                transport.abort()

    return Named
