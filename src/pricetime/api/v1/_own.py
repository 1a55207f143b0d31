"""One's own order, as the views have it."""

from __future__ import annotations

from pricetime.api.endpoints import Call
from pricetime.errors import NotFound
from pricetime.ports import OrderRow


async def own_order(call: Call, order: int) -> OrderRow:
    """Return an order of the caller; NotFound where it is none of theirs."""
    row = await call.venue.reader.read(lambda views: views.order(order), account=call.account)
    if row is None or row.account != call.account:
        raise NotFound("There is no such order of yours. Check its id.", code="unknown_order")
    return row
