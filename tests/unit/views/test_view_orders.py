"""Orders and executions as the views show them, and the depth that they make."""

from __future__ import annotations

import pytest
from tests.support.market import FOK, IOC, SelfTrade
from tests.support.viewed_market import ViewedMarket

from pricetime.ports import ExecutionRow, OrderRow
from pricetime.records import NO_CLIENT_ID, OrderType, Reason, Side, commands
from pricetime.rules import money


def shown(market: ViewedMarket, order: int) -> OrderRow:
    row = market.views.order(order)
    assert row is not None
    return row


def executions(market: ViewedMarket, order: int) -> list[str]:
    rows = market.views.executions_of(order, limit=100)
    return [f"{row.quantity} @ {money.show(row.price)}{' sole' if row.sole else ''}" for row in rows]


@pytest.fixture
def stocked(market: ViewedMarket) -> ViewedMarket:
    """Ann owns 20 shares and has 1,000; Bob has 1,000."""
    market.person("ann", cash="1000", shares=20)
    market.person("bob", cash="1000")
    return market


class TestAnOrder:
    def test_is_open_from_the_moment_it_is_placed(self, stocked: ViewedMarket) -> None:
        placed = stocked.sell("ann", 4, "16.00", post_only=True, client_id=b"c" * 16)
        assert shown(stocked, placed.order) == OrderRow(
            order=placed.order,
            account=stocked.account("ann"),
            stock=1,
            side=Side.SELL,
            order_type=OrderType.LIMIT,
            time_in_force=1,  # type: ignore[arg-type]
            post_only=True,
            cut=False,
            price=160_000,
            quantity=4,
            filled=0,
            value=0,
            status="open",
            reason=Reason.NONE,
            executions=0,
            sole_trade=0,
            client_id=b"c" * 16,
            created_ns=stocked.time_ns,
            updated_ns=stocked.time_ns,
        )

    def test_is_partially_filled_then_filled_and_knows_its_value(self, stocked: ViewedMarket) -> None:
        order = stocked.sell("ann", 5, "15.00").order
        stocked.buy("bob", 2, "15.00")
        part = shown(stocked, order)
        assert (part.status, part.filled, part.value) == ("partially_filled", 2, 300_000)
        stocked.buy("bob", 3)
        whole = shown(stocked, order)
        assert (whole.status, whole.reason, whole.filled) == ("filled", Reason.FILLED, 5)
        assert (whole.value, whole.executions, whole.sole_trade) == (750_000, 2, 0)
        assert executions(stocked, order) == ["2 @ 15.00", "3 @ 15.00"]

    def test_filled_whole_in_one_execution_names_it_as_its_sole_trade(self, stocked: ViewedMarket) -> None:
        maker = stocked.sell("ann", 5, "15.00").order
        taker = stocked.buy("bob", 5).order
        (execution,) = stocked.views.executions_of(taker, limit=10)
        assert shown(stocked, maker).sole_trade == shown(stocked, taker).sole_trade == execution.trade
        assert executions(stocked, maker) == executions(stocked, taker) == ["5 @ 15.00 sole"]

    def test_that_is_part_of_a_trade_is_not_filled_alone(self, stocked: ViewedMarket) -> None:
        maker = stocked.sell("ann", 5, "15.00").order
        taker = stocked.buy("bob", 2).order
        assert executions(stocked, maker) == ["2 @ 15.00"]
        assert executions(stocked, taker) == ["2 @ 15.00 sole"]

    def test_cancelled_keeps_what_was_filled(self, stocked: ViewedMarket) -> None:
        order = stocked.sell("ann", 5, "15.00").order
        stocked.buy("bob", 2)
        stocked.time_ns += 7
        stocked.cancel("ann", order)
        row = shown(stocked, order)
        assert (row.status, row.reason, row.quantity, row.filled) == ("cancelled", Reason.CANCELLED, 5, 2)
        assert row.updated_ns == row.created_ns + 7

    @pytest.mark.parametrize(
        ("options", "status", "reason"),
        [({"time_in_force": IOC}, "expired", Reason.IOC), ({"time_in_force": FOK}, "expired", Reason.FOK)],
    )
    def test_that_may_not_rest_expires(
        self, stocked: ViewedMarket, options: dict[str, object], status: str, reason: Reason
    ) -> None:
        stocked.sell("ann", 5, "15.00")
        row = shown(stocked, stocked.buy("bob", 9, "15.00", **options).order)
        assert (row.status, row.reason) == (status, reason)

    def test_out_of_money_is_cancelled_for_that_reason(self, stocked: ViewedMarket) -> None:
        stocked.person("cy", cash="40")
        stocked.sell("ann", 5, "15.00")
        row = shown(stocked, stocked.buy("cy", 4).order)
        assert (row.status, row.reason, row.filled) == ("cancelled", Reason.INSUFFICIENT_FUNDS, 2)
        assert row.sole_trade == 0

    def test_that_meets_its_own_account_is_cancelled(self, stocked: ViewedMarket) -> None:
        resting = stocked.sell("ann", 5, "15.00").order
        stocked.buy("ann", 5, "15.00", self_trade=SelfTrade.CANCEL_OLDEST)
        assert shown(stocked, resting).reason is Reason.SELF_TRADE
        assert stocked.depth() == "market 0 | 0\n5/1 @ 15.00 |"

    def test_cut_to_the_wallet_says_so(self, stocked: ViewedMarket) -> None:
        row = shown(stocked, stocked.buy("bob", 100, "20.00").order)
        assert (row.cut, row.quantity) == (True, 50)

    def test_denied_is_no_order(self, stocked: ViewedMarket) -> None:
        answer = stocked.sell("bob", 1, "15.00")
        assert stocked.views.order(answer.order) is None

    def test_sent_again_under_its_client_id_stays_one_order(self, stocked: ViewedMarket) -> None:
        first = stocked.sell("ann", 5, "15.00", client_id=b"1" * 16)
        stocked.sell("ann", 5, "15.00", client_id=b"1" * 16)
        account = stocked.account("ann")
        assert [row.order for row in stocked.views.orders(account, limit=9)] == [first.order]
        found = stocked.views.order_by_client_id(account, b"1" * 16)
        assert found is not None
        assert found.order == first.order
        assert stocked.views.order_by_client_id(account, NO_CLIENT_ID) is None


class TestAnAmend:
    def test_to_fewer_shares_shrinks_the_level(self, stocked: ViewedMarket) -> None:
        order = stocked.sell("ann", 5, "15.00").order
        stocked.sell("ann", 3, "15.00")
        stocked.amend("ann", order, quantity=2)
        assert shown(stocked, order).quantity == 2
        assert stocked.depth() == "market 0 | 0\n| 15.00 @ 5/2"

    def test_to_another_price_moves_the_order(self, stocked: ViewedMarket) -> None:
        order = stocked.sell("ann", 5, "15.00").order
        stocked.time_ns += 5
        stocked.amend("ann", order, price="16.00")
        row = shown(stocked, order)
        assert (row.price, row.updated_ns - row.created_ns) == (160_000, 5)
        assert stocked.depth() == "market 0 | 0\n| 16.00 @ 5/1"

    def test_that_crosses_trades_and_rests_with_the_rest(self, stocked: ViewedMarket) -> None:
        bid = stocked.buy("bob", 3, "14.00").order
        ask = stocked.sell("ann", 5, "15.00").order
        stocked.amend("ann", ask, price="14.00")
        assert shown(stocked, bid).status == "filled"
        assert shown(stocked, ask).status == "partially_filled"
        assert stocked.depth() == "market 0 | 0\n| 14.00 @ 2/1"

    def test_of_a_partly_filled_order_counts_from_its_new_total(self, stocked: ViewedMarket) -> None:
        order = stocked.sell("ann", 5, "15.00").order
        stocked.buy("bob", 2)
        stocked.amend("ann", order, quantity=8)
        assert stocked.depth() == "market 0 | 0\n| 15.00 @ 6/1"
        stocked.buy("bob", 6)
        row = shown(stocked, order)
        assert (row.status, row.quantity, row.filled, row.sole_trade) == ("filled", 8, 8, 0)

    def test_denied_leaves_the_order_and_the_depth(self, stocked: ViewedMarket) -> None:
        order = stocked.sell("ann", 5, "15.00").order
        stocked.amend("ann", order, quantity=500)
        assert shown(stocked, order).quantity == 5
        assert stocked.depth() == "market 0 | 0\n| 15.00 @ 5/1"


class TestDepth:
    def test_adds_up_orders_at_a_price_from_best_to_worst(self, stocked: ViewedMarket) -> None:
        for quantity, price in ((1, "9.00"), (2, "9.50"), (4, "9.00")):
            stocked.buy("bob", quantity, price)
        for quantity, price in ((1, "11.00"), (2, "10.00"), (4, "11.00")):
            stocked.sell("ann", quantity, price)
        assert stocked.depth() == ("market 0 | 0\n2/1 @ 9.50 |\n5/2 @ 9.00 |\n| 10.00 @ 2/1\n| 11.00 @ 5/2")

    def test_counts_what_waits_at_market_and_loses_it_when_a_price_is_named(
        self, stocked: ViewedMarket
    ) -> None:
        stocked.buy("bob", 3)
        stocked.sell("ann", 5)
        assert stocked.depth() == "market 3 | 5"
        stocked.person("cy", cash="100")
        stocked.buy("cy", 1, "10.00")
        assert stocked.depth() == "market 0 | 1"

    def test_numbers_the_event_that_it_shows(self, stocked: ViewedMarket) -> None:
        stocked.sell("ann", 5, "15.00")
        assert stocked.views.depth(1, 10).event == stocked.venue.event_number

    def test_of_an_unknown_stock_is_empty(self, stocked: ViewedMarket) -> None:
        depth = stocked.views.depth(99, 10)
        assert (depth.bids, depth.asks, depth.market_buy, depth.market_sell) == ([], [], 0, 0)

    def test_shows_no_more_levels_than_asked_for(self, stocked: ViewedMarket) -> None:
        for price in ("9.00", "9.10", "9.20"):
            stocked.buy("bob", 1, price)
        assert [level.price for level in stocked.views.depth(1, 2).bids] == [92_000, 91_000]


def test_an_execution_shows_its_side_of_the_trade(stocked: ViewedMarket) -> None:
    maker = stocked.sell("ann", 5, "15.00").order
    taker = stocked.buy("bob", 2).order
    (mine,) = stocked.views.executions_of(taker, limit=10)
    (theirs,) = stocked.views.executions_of(maker, limit=10)
    assert mine == ExecutionRow(
        trade=mine.trade,
        account=stocked.account("bob"),
        order=taker,
        stock=1,
        side=Side.BUY,
        order_type=OrderType.MARKET,
        price=150_000,
        quantity=2,
        amount=300_000,
        fee=0,
        maker=False,
        sole=True,
        time_ns=stocked.time_ns,
    )
    assert (theirs.side, theirs.order_type, theirs.maker, theirs.sole) == (
        Side.SELL,
        OrderType.LIMIT,
        True,
        False,
    )
    assert theirs.trade == mine.trade


def test_cancel_all_closes_each_order(stocked: ViewedMarket) -> None:
    orders = [stocked.sell("ann", 1, "15.00").order, stocked.sell("ann", 2, "16.00").order]
    stocked.send(commands.cancel_all(stocked.account("ann")))
    assert [shown(stocked, order).status for order in orders] == ["cancelled", "cancelled"]
    assert stocked.depth() == "market 0 | 0"
