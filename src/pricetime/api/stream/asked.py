"""What a request for server-sent events asks for, and its row in the table of endpoints."""

from __future__ import annotations

import re
from typing import Annotated, Final, NamedTuple, cast

from msgspec import Meta

from pricetime import schema
from pricetime.api.endpoints import Call, Endpoint, Query, Scope, parse_id
from pricetime.api.stream.messages import Key
from pricetime.api.v1.market import INTERVALS_S
from pricetime.errors import InvalidRequest

DEFAULT_LEVELS: Final = 50
LEVELS: Final = (10, 50, 200)
"""How deep a depth channel may be: few depths, so that readers share them."""

_CHANNEL: Final = re.compile(r"(prices|account)|(depth|trades):([0-9]{1,19})|(candles):([0-9]{1,19}):(\w+)")


class EventsQuery(Query, frozen=True):
    """Which channels, and after which event."""

    channels: Annotated[
        str, Meta(min_length=1, max_length=4_000, description="prices,depth:1,trades:1,candles:1:1m,account")
    ]
    levels: Annotated[int, Meta(ge=1, le=200, description="of each side of a book")] | None = None
    after: (
        Annotated[int, Meta(ge=0, le=2**63 - 1, description="as Last-Event-ID, which goes before")] | None
    ) = None


class EventStream(NamedTuple):
    """The answer of the handler: what the application is to stream. Accounts are 0: the session names it."""

    keys: list[Key]
    after: int | None
    address: str


async def stream_events(call: Call) -> EventStream:
    """Stream channels as server-sent events: a snapshot of each, then its updates, without end."""
    asked: EventsQuery = call.query
    keys = [_key(text, asked.levels) for text in asked.channels.split(",")]
    return EventStream(list(dict.fromkeys(keys)), asked.after, call.address)


def _key(text: str, levels: int | None) -> Key:
    match = _CHANNEL.fullmatch(text)
    if match is None or (match[6] and match[6] not in INTERVALS_S):
        raise InvalidRequest(
            f"There is no channel {text[:40]!r}. Channels are prices, depth:STOCK, trades:STOCK, "
            "candles:STOCK:INTERVAL and account, joined by commas."
        )
    kind, stock = match[1] or match[2] or match[4], match[3] or match[5]
    return key_of(cast("schema.ChannelName", kind), stock, cast("schema.Interval | None", match[6]), levels)


def key_of(
    kind: schema.ChannelName, stock: str | None, interval: schema.Interval | None, levels: int | None
) -> Key:
    """Return which channel is meant; InvalidRequest where it says too little or too much."""
    about_stock = kind in ("depth", "trades", "candles")
    if about_stock is (stock is None):
        raise InvalidRequest(
            f"The channel {kind} is of {'one stock: name it' if about_stock else 'no stock'}."
        )
    if (kind == "candles") is (interval is None):
        raise InvalidRequest(
            f"The channel {kind} has {'an interval: name it' if kind == 'candles' else 'none'}."
        )
    number = parse_id(stock, "stock") if stock is not None else 0
    deep = next(each for each in LEVELS if each >= (levels or DEFAULT_LEVELS)) if kind == "depth" else 0
    return Key(kind, number, interval, deep)


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/stream/events",
        handler=stream_events,
        summary="Stream channels as server-sent events",
        family="v1",
        scope=Scope.PUBLIC,
        query=EventsQuery,
        response=str,
        media="text/event-stream",
        errors=("token_invalid", "unknown_stock", "too_many_streams", "too_many_subscriptions"),
    ),
)
