"""``POST /v1/orders/batch``: a thousand orders in one pass over bytes.

What is done for one order in ``v1.orders`` and ``v1._placed`` with a command, events and structs, is done
here for all at once: commands are packed into one buffer, what became of the orders is counted in columns
of the event array, and the answer is written as text. That costs a third. Both ways give the same answers,
which a test compares; what is seldom (a refusal, a repeat) takes the way of single orders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from pricetime import schema
from pricetime.api.endpoints import Call, parse_id
from pricetime.api.problems import answer_to, problem_of
from pricetime.api.v1 import _show
from pricetime.api.v1._ask import amount_of, client_id_of
from pricetime.api.v1._own import placed_before
from pricetime.api.v1._placed import status_of
from pricetime.errors import InvalidRequest, PricetimeError, RuleError
from pricetime.records import (
    COMMAND_BYTES,
    NO_CLIENT_ID,
    VERSION,
    CommandKind,
    EventKind,
    Flag,
    OrderType,
    Reason,
    event_array,
)
from pricetime.records.fields import COMMAND

_PLACE: Final = int(CommandKind.PLACE_ORDER)
_DENIED: Final = int(EventKind.DENIED)
_TRADED: Final = int(EventKind.TRADED)
_CLOSED: Final = int(EventKind.ORDER_CLOSED)
_LIMIT, _MARKET = int(OrderType.LIMIT), int(OrderType.MARKET)
_POST_ONLY, _CUT, _REPEATED = int(Flag.POST_ONLY), int(Flag.CUT), int(Flag.REPEATED)
_NIL: Final = "00000000-0000-0000-0000-000000000000"
_encode = msgspec.json.Encoder().encode

# The same few stocks and prices come again and again.
_stock_of = lru_cache(4_096)(lambda text: parse_id(text, "stock"))
_price_of = lru_cache(16_384)(lambda text: amount_of(text, "price"))


async def place_batch(call: Call) -> msgspec.Raw:
    """Place many orders side by side. Each is answered by itself; one that is refused stops no other."""
    orders: list[schema.PlaceOrder] = call.body.orders
    limit = call.venue.settings.order_batch_limit
    if len(orders) > limit:
        raise InvalidRequest(f"A batch has at most {limit:,} orders. Send it in parts.")
    asked = _asked(call, orders)
    told = [""] * len(orders)
    if asked.commands:
        events = await call.venue.sequencer.submit(asked.commands, request=call.request_id)
        for at, outcome in zip(asked.places, _outcomes(events, asked.client_ids), strict=True):
            told[at] = outcome if isinstance(outcome, str) else await _repeated(call, outcome)
    for at, error in asked.refused.items():
        told[at] = _refused(error)
    return msgspec.Raw(f'{{"outcomes":[{",".join(told)}]}}'.encode())


class _Asked(NamedTuple):
    """What a batch asks for. ``places`` are where the commands' orders stand in it, as ``refused`` are."""

    commands: bytes
    places: Sequence[int]
    client_ids: list[str]
    """Of each command, as JSON."""
    refused: dict[int, PricetimeError]


def _asked(call: Call, orders: list[schema.PlaceOrder]) -> _Asked:
    account, key = call.account, call.idempotency_key
    records = bytearray(len(orders) * COMMAND_BYTES)
    places: list[int] = []
    client_ids: list[str] = []
    refused: dict[int, PricetimeError] = {}
    sides, times, policies = _show.SIDES, _show.TIMES_IN_FORCE, _show.SELF_TRADES
    pack_into, used = COMMAND.pack_into, 0
    for at, order in enumerate(orders):
        try:
            if order.validate_only:
                raise InvalidRequest("validate_only: a batch places; check one order at a time.")
            is_limit, price = order.type == "limit", 0
            if is_limit is (order.price is None):
                raise RuleError(Reason.INVALID_PRICE)
            stock = _stock_of(order.stock)
            if is_limit:
                price = _price_of(order.price)
            client_id, shown = _client_id(order.client_order_id, key, at)
        except PricetimeError as error:
            refused[at] = error
            continue
        # The fields stand in the order of ``records.fields.COMMAND_FIELDS``.
        pack_into(
            records, used,
            VERSION, _PLACE, sides[order.side], _LIMIT if is_limit else _MARKET,
            times[order.time_in_force], _POST_ONLY if order.post_only else 0, policies[order.self_trade], 0,
            0, 0, account, account, stock, 0, price, order.quantity, 0, client_id,
        )  # fmt: skip
        used += COMMAND_BYTES
        places.append(at)
        client_ids.append(shown)
    return _Asked(bytes(memoryview(records)[:used]), places, client_ids, refused)


def _client_id(text: str | None, key: bytes | None, at: int) -> tuple[bytes, str]:
    """Return the client id of the order at ``at``, and how the answer shows it."""
    if text is not None:
        if len(text) == 36 and text != _NIL:  # the schema has seen to the rest
            return bytes.fromhex(text.replace("-", "")), f'"{text.lower()}"'
        return client_id_of(text, None), f'"{text}"'
    if key is None:
        return NO_CLIENT_ID, "null"
    # Every order of a batch needs an id of its own that a repeat of the batch finds again.
    own = hashlib.blake2b(b"%b %d" % (key, at), digest_size=16).digest()
    return own, f'"{_show.client_order_id(own)}"'


def _outcomes(events: bytes, client_ids: list[str]) -> list[str | int]:
    """Return what became of each command, as JSON; of a repeated one, which order it had placed.

    The same as ``v1._placed.order_from`` makes of the events of one command.
    """
    array = event_array(events)
    kinds = array["kind"].copy()
    answers = array[np.flatnonzero(kinds <= _DENIED)]
    filled, value, closed = (np.zeros(len(answers), np.int64) for _ in range(3))
    places = np.flatnonzero((kinds == _TRADED) | (kinds == _CLOSED))
    if len(places):
        changes = array[places]
        whose = answers["sequence"].searchsorted(changes["sequence"])
        # What the arrival of an order did to other orders is no part of its answer.
        own = changes["order"] == answers["order"][whose]
        traded, ended = own & (changes["kind"] == _TRADED), own & (changes["kind"] == _CLOSED)
        np.add.at(filled, whose[traded], changes["quantity"][traded])
        np.add.at(value, whose[traded], changes["amount"][traded])
        closed[whose[ended]] = changes["reason"][ended]
    time = _show.time(int(answers["time_ns"][0]))  # one moment: they were stamped together
    codes = answers.view("<i8").reshape(len(answers), -1)[:, 0]
    columns = (
        codes,
        *(answers[name] for name in ("order", "stock", "price", "quantity")),
        filled,
        value,
        closed,
    )
    rows = zip(*(column.tolist() for column in columns), client_ids, strict=True)
    return [_outcome(row, time) for row in rows]


def _outcome(row: tuple[Any, ...], time: str) -> str | int:
    codes, order, stock, price, quantity, filled, value, closed, client_id = row
    text, cut = _codes(codes)
    if not cut:
        return text or int(order)
    status, reason = _end(filled > 0, closed)
    return (
        f'{{"order":{{"order":"{order}","client_order_id":{client_id},"stock":"{stock}",{text},'
        f'"price":{_price_text(price)},"quantity":{quantity},"filled_quantity":{filled},'
        f'"remaining_quantity":{quantity - filled},"average_price":{_average(value, filled)},'
        f'"status":{status},"reason":{reason},"cut":{cut},'
        f'"created_at":"{time}","updated_at":"{time}"}},"problem":null}}'
    )


@lru_cache(4_096)
def _codes(packed: int) -> tuple[str, str]:
    """Return what the first eight bytes of an answer say: fields of the order, and whether it was cut.

    Of a denial, the whole outcome and nothing; of a repeat, nothing at all.
    """
    _, kind, _, side, order_type, time_in_force, flags, reason = packed.to_bytes(8, "little", signed=True)
    if kind == _DENIED:
        return _refused(RuleError(Reason(reason))), ""
    if flags & _REPEATED:
        return "", ""
    text = (
        f'"side":{_json(_show.SIDE_NAMES[side])},"type":{_json(_show.TYPE_NAMES[order_type])},'
        f'"time_in_force":{_json(_show.TIME_IN_FORCE_NAMES[time_in_force])},'
        f'"post_only":{_json(bool(flags & _POST_ONLY))}'
    )
    return text, _json(bool(flags & _CUT))


@lru_cache
def _end(is_filled: bool, closed: int) -> tuple[str, str]:
    """Return status and reason of an order of which something is filled or nothing."""
    return _json(status_of(int(is_filled), closed)), _json(_show.reason(closed))


@lru_cache(16_384)
def _average(value: int, filled: int) -> str:
    return _json(_show.money(_show.ratio(value, filled)) if filled else None)


@lru_cache(16_384)
def _price_text(price: int) -> str:
    return _json(_show.price(price))


def _json(value: object) -> str:
    return _encode(value).decode()


def _refused(error: PricetimeError) -> str:
    return _json(schema.OrderOutcome(order=None, problem=problem_of(answer_to(error))))


async def _repeated(call: Call, order: int) -> str:
    """Return the order that the first command of this client id has placed, as it is now."""
    row = await placed_before(call, order)
    return _json(schema.OrderOutcome(order=_show.order(row), problem=None))
