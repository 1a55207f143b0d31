"""Many orders in one pass: the same answers as one by one."""

from __future__ import annotations

import random
import uuid
from types import SimpleNamespace

import msgspec
import pytest
from tests.unit.runtime.programs import STOCK, opening, packed, trading

from pricetime import schema
from pricetime.api.endpoints import Call
from pricetime.api.problems import answer_to, problem_of
from pricetime.api.v1 import batch
from pricetime.api.v1._placed import order_from
from pricetime.errors import PricetimeError, RuleError
from pricetime.records import Command, EventKind, Flag, Reason, iter_commands, iter_events
from pricetime.records.commands import SelfTrade, Side, TimeInForce, place_order
from pricetime.rules import Venue
from pricetime.runtime.stamping import stamp

ACCOUNT = 2


def call(key: bytes | None = None) -> Call:
    return Call(SimpleNamespace(), SimpleNamespace(account=ACCOUNT), idempotency_key=key)


def order(**more: object) -> schema.PlaceOrder:
    body = {"stock": str(STOCK), "side": "buy", "type": "limit", "quantity": 3, "price": "100.5"} | more
    return msgspec.convert(
        {name: value for name, value in body.items() if value is not None}, schema.PlaceOrder
    )


def asked(*orders: schema.PlaceOrder, key: bytes | None = None):
    return batch._asked(call(key), list(orders))


def test_a_batch_is_packed_as_its_orders_one_by_one():
    ident = "0B0E5C4E-1f6a-4d0c-9f5e-2f1f6f3a9b01"
    made = asked(
        order(),
        order(side="sell", type="market", price=None, time_in_force="ioc", self_trade="cancel_both"),
        order(post_only=True, time_in_force="gtc", client_order_id=ident),
    )
    expected = [
        place_order(ACCOUNT, STOCK, Side.BUY, 3, 1_005_000, actor=ACCOUNT),
        place_order(
            ACCOUNT, STOCK, Side.SELL, 3, None, actor=ACCOUNT,
            time_in_force=TimeInForce.IOC, self_trade=SelfTrade.CANCEL_BOTH,
        ),
        place_order(
            ACCOUNT, STOCK, Side.BUY, 3, 1_005_000, actor=ACCOUNT,
            post_only=True, client_id=uuid.UUID(ident).bytes,
        ),
    ]  # fmt: skip
    assert list(iter_commands(made.commands)) == expected
    assert made.client_ids == ["null", "null", f'"{ident.lower()}"']


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"stock": "0"}, "unknown_stock"),
        ({"price": None}, "invalid_price"),
        ({"type": "market"}, "invalid_price"),
        ({"price": "0"}, "invalid_price"),
        ({"client_order_id": "00000000-0000-0000-0000-000000000000"}, "invalid_field"),
        ({"validate_only": True}, "invalid_request"),
    ],
)
def test_an_order_that_cannot_be_is_left_out_and_refused_in_its_place(wrong, code):
    made = asked(order(quantity=1), order(**wrong), order(quantity=2))
    assert [each.quantity for each in iter_commands(made.commands)] == [1, 2]
    assert list(made.places) == [0, 2]
    assert {at: answer_to(error).code for at, error in made.refused.items()} == {1: code}


def test_a_key_gives_each_order_an_id_of_its_own_and_the_same_again():
    first, again = (asked(order(), order(), key=b"k" * 16) for _ in range(2))
    ids = [each.client_id for each in iter_commands(first.commands)]
    assert first == again
    assert len(set(ids)) == 2
    assert [text.strip('"') for text in first.client_ids] == [str(uuid.UUID(bytes=each)) for each in ids]


def answers(events: bytes) -> list[bytes]:
    split: list[bytes] = []
    for event in iter_events(events):
        if event.kind in (EventKind.ACCEPTED, EventKind.DENIED):
            split.append(b"")
        split[-1] += event.pack()
    return split


def one_by_one(events: bytes) -> schema.OrderOutcome | int:
    first = next(iter_events(events))
    if first.kind == EventKind.DENIED:
        problem = problem_of(answer_to(RuleError(Reason(first.reason))))
        return schema.OrderOutcome(order=None, problem=problem)
    if first.flags & Flag.REPEATED:
        return first.order
    return schema.OrderOutcome(order=order_from(events), problem=None)


def read(outcome: str | int) -> schema.OrderOutcome | int:
    return outcome if isinstance(outcome, int) else msgspec.json.decode(outcome, type=schema.OrderOutcome)


def varied(commands: list[Command], dice: random.Random) -> list[Command]:
    """Orders of all kinds, some under ids that were used before."""
    ids = [dice.randbytes(16) for _ in range(len(commands) // 2)]
    return [
        each._replace(
            account=dice.choice((1, ACCOUNT)),
            time_in_force=dice.choice(list(TimeInForce)[1:]),
            self_trade=dice.choice(list(SelfTrade)),
            flags=dice.choice((0, 0, Flag.POST_ONLY)),
            quantity=dice.choice((each.quantity, 10**14)),
            client_id=dice.choice((bytes(16), dice.choice(ids))),
        )
        for each in commands
    ]


@pytest.mark.parametrize("seed", range(20))
def test_what_became_of_a_batch_is_told_as_one_by_one(seed):
    venue, dice = Venue(), random.Random(seed)
    venue.apply(stamp(packed(opening()), 1, 1))
    seen = set()
    for _ in range(3):
        commands = stamp(packed(varied(trading(200, seed), dice)), venue.sequence + 1, 10**18)
        events = venue.apply(commands)
        ids = [
            "null" if each.client_id == bytes(16) else f'"{uuid.UUID(bytes=each.client_id)}"'
            for each in iter_commands(commands)
        ]
        expected = [one_by_one(each) for each in answers(events)]
        assert [read(each) for each in batch._outcomes(events, ids)] == expected
        seen |= {
            each.order.status if isinstance(each, schema.OrderOutcome) and each.order else ""
            for each in expected
        }
    assert seen >= {"", "open", "filled", "partially_filled"}


def test_a_refusal_of_the_request_itself_names_its_place():
    error = PricetimeError("No.")
    outcome = msgspec.json.decode(batch._refused(error), type=schema.OrderOutcome)
    assert (outcome.order, outcome.problem.code) == (None, "internal_error")
