"""The Python SDK of ``/v1``: a typed client for programs that wait, and one for asyncio.

    with Client("http://127.0.0.1:8080") as venue:
        venue.login("ada", "a long password")
        order = venue.place_order(stock="1", side="buy", quantity=10, price="135.50")

An order has its client order id before it is first sent, so that a lost answer is asked for again
without placing the order twice. Requests and answers are described in ``pricetime.schema``.
"""

from pricetime.client.async_feed import AsyncFeed
from pricetime.client.async_stream import AsyncStream
from pricetime.client.asynchronous import AsyncClient
from pricetime.client.calls import new_id, new_order
from pricetime.client.conversation import NO_RETRY, Retry
from pricetime.client.errors import (
    ApiError,
    BadAnswer,
    BadRequest,
    Conflict,
    Forbidden,
    NoAnswer,
    NotFound,
    ServerFault,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from pricetime.client.feed import Feed
from pricetime.client.feed_state import FeedEvents
from pricetime.client.money import MoneyLike, decimal, money_text
from pricetime.client.picture import Picture
from pricetime.client.request import Request
from pricetime.client.stream import Stream
from pricetime.client.stream_state import (
    Channel,
    StreamMessage,
    account,
    candles,
    depth,
    prices,
    trades,
)
from pricetime.client.sync import Client

__all__ = [
    "NO_RETRY",
    "ApiError",
    "AsyncClient",
    "AsyncFeed",
    "AsyncStream",
    "BadAnswer",
    "BadRequest",
    "Channel",
    "Client",
    "Conflict",
    "Feed",
    "FeedEvents",
    "Forbidden",
    "MoneyLike",
    "NoAnswer",
    "NotFound",
    "Picture",
    "Request",
    "Retry",
    "ServerFault",
    "Stream",
    "StreamMessage",
    "TooManyRequests",
    "Unauthorized",
    "Unavailable",
    "account",
    "candles",
    "decimal",
    "depth",
    "money_text",
    "new_id",
    "new_order",
    "prices",
    "trades",
]
