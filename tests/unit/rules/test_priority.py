"""Rules 1 and 2: price-time priority and the price of a trade."""

from __future__ import annotations

from tests.support.market import IOC, Market, Reason, picture


def test_the_best_price_trades_first(market: Market) -> None:
    for name in ("ann", "bob"):
        market.person(name, shares=10)
    market.person("cy", cash="1000")
    market.sell("ann", 4, "16.00")
    market.sell("bob", 4, "15.00")
    assert market.buy("cy", 5, "16.00").trades == ["4 @ 15.00", "1 @ 16.00"]
    assert market.book() == picture("| 16.00 @ 3")


def test_at_one_price_the_oldest_trades_first(market: Market) -> None:
    for name in ("ann", "bob"):
        market.person(name, shares=10)
    market.person("cy", cash="1000")
    first = market.sell("ann", 3, "15.00").order
    second = market.sell("bob", 3, "15.00").order
    answer = market.buy("cy", 4, "15.00")
    assert [(e.maker_order, e.quantity) for e in answer.of(4)] == [(first, 3), (second, 1)]
    assert market.book() == picture("| 15.00 @ 2")


def test_a_limit_order_rests_where_nobody_crosses_it(market: Market) -> None:
    market.person("ann", shares=10)
    market.person("bob", cash="1000")
    market.sell("ann", 7, "16.00")
    market.buy("bob", 4, "15.50")
    market.buy("bob", 2, "15.50")
    market.sell("ann", 1, "16.50")
    assert market.book() == picture("""
        4+2 @ 15.50 | 16.00 @ 7
                    | 16.50 @ 1
    """)


def test_a_trade_is_at_the_resting_price_and_the_buyer_gets_the_rest_back(market: Market) -> None:
    market.person("ann", shares=10)
    market.person("bob", cash="200")
    market.sell("ann", 10, "15.00")
    assert market.buy("bob", 10, "16.00").trades == ["10 @ 15.00"]
    assert market.wallet("bob") == "50.00 + 0.00"
    assert market.wallet("ann") == "150.00 + 0.00"
    assert market.shares("bob") == "10 + 0"


def test_an_incoming_sell_trades_at_the_resting_buys_price(market: Market) -> None:
    market.person("ann", shares=10)
    market.person("bob", cash="200")
    market.buy("bob", 5, "16.00")
    assert market.sell("ann", 5, "15.00").trades == ["5 @ 16.00"]


def test_a_waiting_market_order_stands_before_better_limits(market: Market) -> None:
    market.person("ann", shares=10)
    market.person("mia", cash="100")
    market.person("bob", cash="1000")
    market.person("zed", shares=1)
    market.buy("mia", 2)
    market.buy("bob", 3, "20.00")
    assert market.book() == picture("""
        2 @ market |
        3 @ 20.00  |
    """)
    answer = market.sell("ann", 4, "19.00")
    assert answer.trades == ["2 @ 19.00", "2 @ 20.00"]


def test_a_waiting_market_sell_trades_at_the_incoming_limit(market: Market) -> None:
    market.person("ann", shares=10)
    market.person("bob", cash="1000")
    market.sell("ann", 4)
    assert market.book() == picture("| market @ 4")
    assert market.buy("bob", 4, "12.34").trades == ["4 @ 12.34"]


def test_two_market_orders_trade_at_the_last_price(market: Market) -> None:
    market.person("ann", shares=10)
    market.person("bob", cash="1000")
    market.sell("ann", 1, "15.00")
    market.buy("bob", 1, "15.00")
    market.sell("ann", 3)
    assert market.buy("bob", 2).trades == ["2 @ 15.00"]
    assert market.book() == picture("| market @ 1")


def test_two_market_orders_wait_while_no_price_has_been_named(market: Market) -> None:
    market.person("ann", shares=10)
    market.person("bob", cash="1000")
    market.sell("ann", 3)
    assert market.buy("bob", 2).trades == []
    assert market.book() == picture("2 @ market | market @ 3")


def test_the_first_limit_lets_waiting_market_orders_trade_before_the_newcomer(market: Market) -> None:
    market.person("ann", shares=10)
    market.person("bob", cash="1000")
    market.person("cy", cash="1000")
    sell = market.sell("ann", 3).order
    buy = market.buy("bob", 2).order
    answer = market.buy("cy", 2, "11.00")
    assert answer.trades == ["2 @ 11.00", "1 @ 11.00"]
    first, second = answer.of(4)
    assert (first.order, first.maker_order) == (buy, sell), "the younger of the two is the taker"
    assert (second.order, second.maker_order) == (answer.order, sell)
    assert market.book() == picture("1 @ 11.00 |")


def test_a_buyer_waiting_at_market_pays_no_more_than_his_budget_when_the_first_price_is_named(
    market: Market,
) -> None:
    market.person("ann", shares=10)
    market.person("bob", cash="25")
    market.person("cy", shares=5)
    sell = market.sell("ann", 5).order
    buy = market.buy("bob", 5).order
    answer = market.sell("cy", 1, "10.00")
    assert answer.trades == ["2 @ 10.00"]
    assert answer.closed == {buy: Reason.INSUFFICIENT_FUNDS}
    assert sell not in answer.closed
    assert market.wallet("bob") == "5.00 + 0.00"
    assert market.book() == picture("""
        | market @ 3
        | 10.00 @ 1
    """)


def test_a_market_sell_takes_the_price_that_a_limit_behind_a_waiting_buy_names(market: Market) -> None:
    market.person("ann", shares=10)
    market.person("mia", cash="100")
    market.person("bob", cash="1000")
    market.buy("mia", 2)
    market.buy("bob", 3, "10.00")
    assert market.sell("ann", 4).trades == ["2 @ 10.00", "2 @ 10.00"]


def test_a_smaller_order_keeps_its_place(market: Market) -> None:
    for name in ("ann", "bob"):
        market.person(name, shares=10)
    market.person("cy", cash="1000")
    first = market.sell("ann", 5, "15.00").order
    market.sell("bob", 5, "15.00")
    market.amend("ann", first, quantity=2)
    assert market.book() == picture("| 15.00 @ 2+5")
    assert market.buy("cy", 1, "15.00").of(4)[0].maker_order == first


def test_an_ioc_order_never_rests(market: Market) -> None:
    market.person("ann", shares=10)
    market.person("bob", cash="1000")
    market.sell("ann", 3, "15.00")
    answer = market.buy("bob", 5, "15.00", time_in_force=IOC)
    assert answer.trades == ["3 @ 15.00"]
    assert answer.closed[answer.order] == Reason.IOC
    assert market.book() == ""
    assert market.wallet("bob") == "955.00 + 0.00"
