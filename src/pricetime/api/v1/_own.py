"""One's own order, as the views have it."""

from __future__ import annotations

from pricetime.api.endpoints import Call
from pricetime.errors import NotFound, ViewsBehind
from pricetime.ports import OrderRow


async def own_order(call: Call, order: int) -> OrderRow:
    """Return an order of the caller; NotFound where it is none of theirs."""
    row = await _row(call, order)
    if row is None or row.account != call.account:
        raise NotFound("There is no such order of yours. Check its id.", code="unknown_order")
    return row


async def placed_before(call: Call, order: int) -> OrderRow:
    """Return an order that the venue has just said is the caller's; ViewsBehind where they lack it yet."""
    row = await _row(call, order)
    if row is None:
        raise ViewsBehind
    return row


async def _row(call: Call, order: int) -> OrderRow | None:
    return await call.venue.reader.read(lambda views: views.order(order), account=call.account)
