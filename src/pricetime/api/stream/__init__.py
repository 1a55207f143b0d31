"""Streams of what the views show: prices, depth, trades, candles, and an account's own (``docs/streams.md``).

::

    durable batches ──> touched ──> pacer ──> sources ──> channels ──> listeners ──> WebSocket
                        what moved   ten       read the    number,      who has       SSE
                                     a second  views       keep, send   which
"""

from pricetime.api.stream.asked import ENDPOINTS, EventStream
from pricetime.api.stream.outlets import EVENTS
from pricetime.api.stream.streams import STREAM_PATH, Streams

__all__ = ["ENDPOINTS", "EVENTS", "STREAM_PATH", "EventStream", "Streams"]
