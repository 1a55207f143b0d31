"""The answer to an order that was just placed, made from its own events: the hot path reads no view."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from pricetime import schema
from pricetime.api.v1 import _show
from pricetime.records import EVENT_BYTES, Event, EventKind, Flag
from pricetime.records.fields import EVENT, EVENT_FIELDS
from pricetime.rules.states import CLOSED_STATE, OrderState

_TRADED: Final = int(EventKind.TRADED)
_CHANGES: Final = frozenset({int(EventKind.TRADED), int(EventKind.ORDER_CLOSED)})
_KIND_AT: Final = [field.name for field in EVENT_FIELDS].index("kind")
_POST_ONLY: Final = int(Flag.POST_ONLY)
_CUT: Final = int(Flag.CUT)
_OPEN: Final = str(OrderState.OPEN)
_PARTIALLY_FILLED: Final = str(OrderState.PARTIALLY_FILLED)
_STATUS_OF_REASON: Final = {int(reason): str(state) for reason, state in CLOSED_STATE.items()}

# The orders of a batch have one time, and the same few prices come again and again.
_time = lru_cache(64)(_show.time)
_price = lru_cache(16_384)(_show.price)


def order_from(events: bytes) -> schema.Order:
    """Return the order that a PLACE_ORDER's events tell of; the first of them is its ACCEPTED."""
    answer = Event._make(EVENT.unpack_from(events))
    filled = value = reason = 0
    for start in range(EVENT_BYTES, len(events), EVENT_BYTES):
        if events[start + _KIND_AT] not in _CHANGES:  # most events are left packed: this is the hot path
            continue
        event = Event._make(EVENT.unpack_from(events, start))
        # What its arrival did to other orders is no part of its answer.
        if event.order != answer.order:
            continue
        if event.kind == _TRADED:
            filled += event.quantity
            value += event.amount
        else:
            reason = event.reason
    at = _time(answer.time_ns)
    return schema.Order(
        order=str(answer.order),
        client_order_id=_show.client_order_id(answer.client_id),
        stock=str(answer.stock),
        side=_show.SIDE_NAMES[answer.side],
        type=_show.TYPE_NAMES[answer.order_type],
        time_in_force=_show.TIME_IN_FORCE_NAMES[answer.time_in_force],
        post_only=bool(answer.flags & _POST_ONLY),
        price=_price(answer.price),
        quantity=answer.quantity,
        filled_quantity=filled,
        remaining_quantity=answer.quantity - filled,
        average_price=_show.money(_show.ratio(value, filled)) if filled else None,
        status=status_of(filled, reason),
        reason=_show.reason(reason),
        cut=bool(answer.flags & _CUT),
        created_at=at,
        updated_at=at,
    )


def status_of(filled: int, reason: int) -> Any:
    """Return the state of an accepted order; its names are those of ``schema.StatusName``."""
    if reason:
        return _STATUS_OF_REASON[reason]
    return _PARTIALLY_FILLED if filled else _OPEN
