"""The audit of commands."""

from __future__ import annotations

import pytest
from tests.support.viewed_market import NOON_NS, ViewedMarket

from pricetime.ports import CommandRow
from pricetime.records import Command, Reason, commands


@pytest.fixture
def audited(market: ViewedMarket) -> ViewedMarket:
    market.person("ann", shares=5)
    market.person("bob", cash="100")
    return market


def kinds(market: ViewedMarket, **filters: object) -> list[str]:
    rows = market.views.audit(limit=100, **filters)  # type: ignore[arg-type]
    return [row.kind if row.reason is Reason.NONE else f"{row.kind}: {row.reason.name}" for row in rows]


def test_shows_who_asked_for_what(audited: ViewedMarket) -> None:
    audited.send(commands.grant_shares(1, 1, 7, actor=2))
    assert audited.views.audit(limit=1) == [
        CommandRow(
            sequence=audited.venue.sequence,
            time_ns=NOON_NS,
            actor=2,
            account=1,
            kind="grant_shares",
            stock=1,
            order=0,
            quantity=7,
            amount=0,
            reason=Reason.NONE,
        )
    ]


def test_leaves_out_orders_that_were_taken_and_holds_every_denial(audited: ViewedMarket) -> None:
    placed = audited.sell("ann", 5, "15.00")
    audited.amend("ann", placed.order, quantity=4)
    audited.cancel("ann", placed.order)
    audited.cancel("ann", placed.order)
    audited.sell("bob", 5, "15.00")
    audited.send(commands.withdraw(2, 10**9))
    assert kinds(audited) == [
        "withdraw: INSUFFICIENT_FUNDS",
        "place_order: INSUFFICIENT_SHARES",
        "cancel_order: ORDER_NOT_OPEN",
        "deposit",
        "open_account",
        "grant_shares",
        "open_account",
        "list_stock",
    ]


def test_names_the_order_that_a_denied_cancel_meant(audited: ViewedMarket) -> None:
    audited.cancel("ann", 4_711)
    assert audited.views.audit(limit=1)[0].order == 4_711


def test_names_the_account_that_was_opened(audited: ViewedMarket) -> None:
    answer = audited.send(commands.open_account())
    assert audited.views.audit(limit=1)[0].account == answer.events[0].account


def test_filters_by_account_kind_and_denial_in_any_combination(audited: ViewedMarket) -> None:
    audited.sell("bob", 5, "15.00")
    audited.send(commands.withdraw(1, 10**9))
    audited.send(commands.withdraw(2, 10**4))
    assert kinds(audited, account=2) == [
        "withdraw",
        "place_order: INSUFFICIENT_SHARES",
        "deposit",
        "open_account",
    ]
    assert kinds(audited, kind="withdraw") == ["withdraw", "withdraw: INSUFFICIENT_FUNDS"]
    assert kinds(audited, account=2, kind="withdraw") == ["withdraw"]
    assert kinds(audited, denied_only=True) == [
        "withdraw: INSUFFICIENT_FUNDS",
        "place_order: INSUFFICIENT_SHARES",
    ]
    assert kinds(audited, denied_only=True, account=2) == ["place_order: INSUFFICIENT_SHARES"]
    assert kinds(audited, denied_only=True, kind="withdraw") == ["withdraw: INSUFFICIENT_FUNDS"]
    assert kinds(audited, denied_only=True, kind="withdraw", account=2) == []


def test_filters_by_time_and_actor(audited: ViewedMarket) -> None:
    for second in range(1, 6):
        audited.time_ns = NOON_NS + second
        audited.send(commands.deposit(1, second, actor=1 + second % 2))
        audited.sell("ann", 1, "15.00")  # is not in the audit

    def amounts(**filters: int) -> list[int]:
        return [row.amount for row in audited.views.audit(kind="deposit", account=1, limit=9, **filters)]

    assert amounts(start_ns=NOON_NS + 2, end_ns=NOON_NS + 4) == [3, 2]
    assert amounts(start_ns=NOON_NS + 5) == [5]
    assert amounts(end_ns=NOON_NS + 2) == [1]
    assert amounts(start_ns=NOON_NS + 6) == amounts(end_ns=NOON_NS) == []
    assert amounts(actor=1) == [4, 2]
    assert amounts(actor=2, start_ns=NOON_NS + 2) == [5, 3]
    before = audited.views.audit(kind="deposit", account=1, limit=1)[0].sequence
    assert amounts(before=before, start_ns=NOON_NS + 3) == [4, 3]


def test_goes_on_below_a_cursor(audited: ViewedMarket) -> None:
    first = audited.views.audit(limit=2)
    assert [row.kind for row in first] == ["deposit", "open_account"]
    rest = audited.views.audit(before=first[-1].sequence, limit=9)
    assert [row.kind for row in rest] == ["grant_shares", "open_account", "list_stock"]


def test_holds_a_command_of_a_kind_that_nobody_knows(audited: ViewedMarket) -> None:
    audited.send(Command(kind=200, account=1))
    assert kinds(audited)[0] == "unknown_200: INVALID_FIELD"


def test_what_was_asked_again_with_the_same_id_happened_once(audited: ViewedMarket) -> None:
    before = kinds(audited)
    for _ in range(2):
        audited.send(commands.grant_shares(1, 1, 7, actor=1, client_id=b"once" * 4))
    assert kinds(audited) == ["grant_shares", *before]
