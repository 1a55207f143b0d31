"""Events: past tense, immutable, 152 bytes each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricetime.errors import RecordError
from pricetime.records.codes import CommandKind, EventKind, OrderType, Reason, Side, TimeInForce
from pricetime.records.fields import EVENT, EVENT_BYTES, EVENT_DTYPE, NO_CLIENT_ID, VERSION
from pricetime.records.json_view import EnumOf, record_from_json, record_to_json

_VERSION: Final = bytes([VERSION])


class Event(NamedTuple):
    """One event, field by field as ``EVENT_FIELDS`` lists and explains them."""

    version: int = VERSION
    kind: int = 0
    command: int = 0
    side: int = 0
    order_type: int = 0
    time_in_force: int = 0
    flags: int = 0
    reason: int = 0
    number: int = 0
    sequence: int = 0
    time_ns: int = 0
    account: int = 0
    stock: int = 0
    order: int = 0
    price: int = 0
    quantity: int = 0
    remaining: int = 0
    amount: int = 0
    held: int = 0
    fee: int = 0
    maker_account: int = 0
    maker_order: int = 0
    maker_remaining: int = 0
    maker_fee: int = 0
    client_id: bytes = NO_CLIENT_ID

    def pack(self) -> bytes:
        """Return the record's 152 bytes."""
        return EVENT.pack(*self)


_event_of: Final[Callable[[tuple[Any, ...]], Event]] = partial(tuple.__new__, Event)
"""What ``Event._make`` does, without a Python call for each event; the layout gives as many fields."""


def check_events(batch: bytes) -> int:
    """Return how many events these are; RecordError unless they are whole and of this version."""
    count, rest = divmod(len(batch), EVENT_BYTES)
    if rest:
        raise RecordError(f"a batch of events is a multiple of {EVENT_BYTES} bytes, not {len(batch)}")
    if batch[::EVENT_BYTES] != _VERSION * count:
        raise RecordError
    return count


def iter_events(batch: bytes) -> Iterator[Event]:
    """Yield the events of a batch in order."""
    return map(_event_of, EVENT.iter_unpack(batch))


def event_array(batch: bytes) -> NDArray[np.void]:
    """Return a batch as a structured array, without a copy."""
    return np.frombuffer(batch, EVENT_DTYPE)


_ENUMS: Final[EnumOf] = {
    "kind": EventKind,
    "command": CommandKind,
    "side": Side,
    "order_type": OrderType,
    "time_in_force": TimeInForce,
    "reason": Reason,
}


def event_to_json(event: Event) -> dict[str, Any]:
    """Return an event as a JSON object: codes by name, zeros left out."""
    return record_to_json(event, _ENUMS)


def event_from_json(data: dict[str, Any]) -> Event:
    """Return the event that ``event_to_json`` wrote; RecordError where it is none."""
    return Event(**record_from_json(data, Event._fields, _ENUMS))
