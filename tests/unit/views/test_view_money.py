"""Wallets, statements and holdings as the views show them."""

from __future__ import annotations

import pytest
from tests.support.viewed_market import SECOND_NS, ViewedMarket

from pricetime.errors import ViewsDamaged
from pricetime.ports import Balance, Batch, HoldingRow
from pricetime.records import Event, EventKind, commands
from pricetime.rules import money


def wallet(market: ViewedMarket, name: str) -> list[str]:
    rows = market.views.wallet_rows(market.account(name), limit=100)
    return [f"{row.kind} {money.show(row.amount)}" for row in rows]


def holding(market: ViewedMarket, name: str, stock: int = 1) -> HoldingRow:
    row = market.store.holding(market.account(name), stock)
    assert row is not None
    return row


class TestTheWallet:
    def test_shows_free_and_held_money(self, market: ViewedMarket) -> None:
        market.person("bob", cash="100")
        market.buy("bob", 3, "15.00")
        assert market.views.balance(market.account("bob")) == Balance(550_000, 450_000)

    def test_of_nobody_is_empty(self, market: ViewedMarket) -> None:
        assert market.views.balance(77) == Balance(0, 0)

    def test_lists_every_movement_newest_first(self, market: ViewedMarket) -> None:
        market.person("ann", shares=9)
        market.person("bob", cash="100")
        market.sell("ann", 5, "15.00")
        market.buy("bob", 2)
        market.send(commands.withdraw(market.account("ann"), money.parse("10.50")))
        market.send(commands.deposit(market.account("bob"), money.parse("1")))
        assert wallet(market, "ann") == ["withdrawal 10.50", "sell 30.00"]
        assert wallet(market, "bob") == ["deposit 1.00", "buy 30.00", "deposit 100.00"]

    def test_leaves_out_what_was_denied_or_repeated(self, market: ViewedMarket) -> None:
        market.person("bob")
        once = commands.deposit(market.account("bob"), 70_000, client_id=b"d" * 16)
        market.send(once)
        market.send(once)
        market.send(commands.withdraw(market.account("bob"), 80_000))
        assert wallet(market, "bob") == ["deposit 7.00"]

    def test_names_the_order_and_whether_it_filled_it_alone(self, market: ViewedMarket) -> None:
        market.person("ann", shares=9)
        market.person("bob", cash="100")
        maker, taker = market.sell("ann", 5, "15.00").order, market.buy("bob", 2).order
        (bought,) = market.views.wallet_trades_oldest_first(market.account("bob"), limit=9)
        (sold,) = market.views.wallet_trades_oldest_first(market.account("ann"), limit=9)
        assert (bought.kind, bought.order, bought.sole, bought.stock) == ("buy", taker, True, 1)
        assert (sold.kind, sold.order, sold.sole, sold.id) == ("sell", maker, False, bought.id)


class TestAStatement:
    def test_shows_movements_of_a_span_oldest_first(self, market: ViewedMarket) -> None:
        market.person("ann", shares=9)
        market.person("bob")
        begin = market.time_ns
        for second in range(6):
            market.time_ns = begin + second * SECOND_NS + 300_000_000
            market.send(commands.deposit(market.account("bob"), second + 1))
        account = market.account("bob")

        def amounts(start_ns: int, end_ns: int) -> list[int]:
            return [row.amount for row in market.views.statement(account, start_ns, end_ns, limit=99)]

        assert amounts(0, 2**62) == [1, 2, 3, 4, 5, 6]
        assert amounts(begin + 2 * SECOND_NS, begin + 4 * SECOND_NS) == [3, 4]
        assert amounts(begin + 2 * SECOND_NS + 300_000_001, begin + 4 * SECOND_NS + 300_000_001) == [4, 5]
        assert amounts(begin + 2 * SECOND_NS + 300_000_000, begin + 3 * SECOND_NS + 300_000_000) == [3]
        assert amounts(0, begin) == []
        assert amounts(begin + 9 * SECOND_NS, 2**62) == []

    def test_holds_trades_and_transfers_in_order(self, market: ViewedMarket) -> None:
        market.person("ann", shares=9)
        market.person("bob", cash="100")
        market.sell("ann", 5, "15.00")
        market.buy("bob", 2)
        market.send(commands.withdraw(market.account("bob"), 10_000))
        rows = market.views.statement(market.account("bob"), 0, 2**62, limit=99)
        assert [row.kind for row in rows] == ["deposit", "buy", "withdrawal"]
        assert [row.kind for row in market.views.statement(2, 0, 2**62, limit=2)] == ["deposit", "buy"]


class TestAHolding:
    def test_granted_cost_nothing(self, market: ViewedMarket) -> None:
        market.person("ann", shares=9)
        assert holding(market, "ann") == HoldingRow(stock=1, free=9, held=0, cost=0, realised=0)

    def test_bought_costs_what_was_paid(self, market: ViewedMarket) -> None:
        market.person("ann", shares=9)
        market.person("bob", cash="100")
        market.sell("ann", 2, "15.00")
        market.sell("ann", 2, "16.00")
        market.buy("bob", 3)
        assert holding(market, "bob").cost == money.parse("46.00")
        assert holding(market, "ann").realised == money.parse("46.00")

    def test_sold_takes_its_average_cost_and_leaves_the_profit(self, market: ViewedMarket) -> None:
        market.person("ann", shares=9)
        market.person("bob", cash="100")
        market.sell("ann", 2, "15.00")
        market.sell("ann", 1, "16.00")
        market.buy("bob", 3)
        market.person("cy", cash="100")
        market.buy("cy", 3, "20.00")
        market.sell("bob", 2, "20.00")
        assert holding(market, "bob") == HoldingRow(
            stock=1, free=1, held=0, cost=153_334, realised=400_000 - 306_666
        )
        market.sell("bob", 1, "20.00")
        assert holding(market, "bob") == HoldingRow(
            stock=1, free=0, held=0, cost=0, realised=600_000 - 460_000
        )

    def test_waiting_in_a_sell_is_held(self, market: ViewedMarket) -> None:
        market.person("ann", shares=9)
        market.sell("ann", 4, "15.00")
        assert (holding(market, "ann").free, holding(market, "ann").held) == (5, 4)

    def test_grants_dilute_the_average_cost(self, market: ViewedMarket) -> None:
        market.person("ann", shares=2)
        market.person("bob", cash="100")
        market.sell("ann", 2, "15.00")
        market.buy("bob", 2)
        market.send(commands.grant_shares(market.account("bob"), 1, 2))
        market.person("cy", cash="100")
        market.buy("cy", 1, "20.00")
        market.sell("bob", 1, "20.00")
        assert (holding(market, "bob").cost, holding(market, "bob").realised) == (225_000, 125_000)

    def test_that_its_trades_do_not_add_up_to_is_damage(self, market: ViewedMarket) -> None:
        market.person("ann", shares=2)
        last = market.journal.batches[-1]
        event = Event(
            kind=EventKind.HOLDING_CHANGED, account=1, stock=1, quantity=3, number=last.last_event + 1
        )
        forged = Batch(last.number + 1, 1, 1, last.last_event + 1, 0, b"", event.pack(), b"", b"")
        with pytest.raises(ViewsDamaged, match="account 1 owns 2 of stock 1"):
            market.projection.project(forged)
