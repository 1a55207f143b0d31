"""The feed: a WebSocket that carries command records in and event records out (``docs/feed.md``).

::

    socket <── session ── hub <── durable batches
                  │        │
                  └── connection ── history <── journal
"""

from pricetime.api.feed.session import Feeds
from pricetime.api.feed.socket import SOCKET, Socket

__all__ = ["SOCKET", "Feeds", "Socket"]
