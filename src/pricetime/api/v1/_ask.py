"""Reading what requests of ``/v1`` ask: amounts, times, ids, pages.

A cursor is the id of the last row shown, as sixteen hexadecimal digits that clients treat as opaque.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeVar

from msgspec import Meta

from pricetime.api.endpoints import MAX_ID, Call, Query
from pricetime.errors import InvalidRequest
from pricetime.records import NO_CLIENT_ID
from pricetime.rules import money
from pricetime.schema import Page

R = TypeVar("R")
S = TypeVar("S")

Cursor = Annotated[
    str, Meta(pattern=r"^[0-7][0-9a-f]{15}$", description="the next_cursor of the page before; opaque")
]
Limit = Annotated[int, Meta(ge=1, description="rows of the page; the page_limit setting bounds it")]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339")]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_CURSOR_DIGITS: Final = 16


class PageQuery(Query, frozen=True):
    """Which page of a list."""

    cursor: Cursor | None = None
    limit: Limit | None = None


def page_limit(call: Call) -> int:
    """Return how many rows the page asked for may have."""
    settings = call.venue.settings
    return min(call.query.limit or settings.page_default, settings.page_limit)


def cursor_of(call: Call) -> int:
    """Return the id after which the page begins; 0: from the beginning. InvalidRequest for a made-up one."""
    text = call.query.cursor
    if text is None:
        return 0
    try:
        number = int(text, 16)
    except ValueError:
        number = -1
    # The pattern's "$" would let a line feed pass at the end.
    if len(text) != _CURSOR_DIGITS or not 0 <= number <= MAX_ID:
        raise InvalidRequest(
            "This is no cursor of this list. Start again without one.", code="invalid_cursor"
        )
    return number


def page_of(rows: Sequence[R], limit: int, show: Callable[[R], S], id_of: Callable[[R], int]) -> Page[S]:
    """Return the page made of up to ``limit`` + 1 ``rows``: the one too many says that more follow."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(items=[show(row) for row in shown], next_cursor=f"{id_of(shown[-1]):016x}" if more else None)


def page_of_all(call: Call, rows: Iterable[R], show: Callable[[R], S], id_of: Callable[[R], int]) -> Page[S]:
    """Return the page asked for of a short list that is at hand whole, ascending by id."""
    after, limit = cursor_of(call), page_limit(call)
    left = [row for row in rows if id_of(row) > after]
    return page_of(left[: limit + 1], limit, show, id_of)


def amount_of(text: str, field: str) -> int:
    """Return the ten-thousandths of a positive amount; InvalidRequest (``invalid_<field>``) otherwise."""
    try:
        amount = money.parse(text)
    except ValueError as error:
        raise InvalidRequest(f"{field}: {error}.", code=_code_of(field)) from None
    if amount == 0:
        raise InvalidRequest(f"{field}: it must be above zero.", code=_code_of(field))
    return amount


def _code_of(field: str) -> str:
    return f"invalid_{field}" if field in ("price", "amount") else "invalid_field"


def client_id_of(text: str | None, idempotency_key: bytes | None) -> bytes:
    """Return the client id of a command: a client order id goes before an ``Idempotency-Key``."""
    if text is None:
        return idempotency_key or NO_CLIENT_ID
    try:
        client_id = uuid.UUID(text).bytes
    except ValueError:
        raise InvalidRequest("client_order_id: it is a UUID.", code="invalid_field") from None
    if client_id == NO_CLIENT_ID:
        raise InvalidRequest("client_order_id: the nil UUID names nothing. Make one.", code="invalid_field")
    return client_id


def ns_of(instant: datetime) -> int:
    """Return nanoseconds since 1970, kept within what the views can compare."""
    return max(0, min(MAX_ID, (instant - EPOCH) // _MICROSECOND * 1_000))


def span_of(start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """Return start and end in nanoseconds; without them, the beginning and the end of time."""
    return (ns_of(start) if start else 0), (ns_of(end) if end else MAX_ID)
