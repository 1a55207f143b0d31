"""What an account was worth, against histories made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.viewed_market import NOON_NS, SECOND_NS, ViewedMarket

from pricetime.api.v1._times import ends_before
from pricetime.api.v1._wealth import TooMuch, history
from pricetime.records import commands
from pricetime.rules import money

MINUTE_NS = 60 * SECOND_NS
NOW = MINUTE_NS // 2
"""A minute that is going on is asked about in its middle."""


@pytest.fixture
def market(tmp_path: Path) -> Iterator[ViewedMarket]:
    viewed = ViewedMarket(tmp_path)
    yield viewed
    viewed.close()


def at(market: ViewedMarket, minute: int, second: float = 10) -> None:
    market.time_ns = NOON_NS + minute * MINUTE_NS + int(second * SECOND_NS)


def told(
    market: ViewedMarket, name: str, minute: int, count: int, *, movements: int = 1_000, prices: int = 1_000
) -> list[str]:
    """Return points as ``minutes after noon: cash + value of shares, deposited``, asked in a minute."""
    times = ends_before(NOON_NS + minute * MINUTE_NS + NOW, 60, count - 1)
    points = history(
        market.views,
        market.account(name),
        60,
        times,
        movements_limit=movements,
        prices_limit=prices,
    )
    return [
        f"{(point.time_ns - NOON_NS) // MINUTE_NS if point.time_ns else 'now'}: "
        f"{money.show(point.cash)} + {money.show(point.value)}, {money.show(point.deposited)}"
        for point in points
    ]


def test_ends_of_intervals_lie_before_now():
    assert ends_before(3 * 60 * SECOND_NS, 60, 2) == [60 * SECOND_NS, 120 * SECOND_NS]
    assert ends_before(3 * 60 * SECOND_NS + 1, 60, 2) == [120 * SECOND_NS, 180 * SECOND_NS]
    assert ends_before(5, 60, 0) == []


def test_a_history_made_by_hand(market: ViewedMarket):
    at(market, 0)
    market.person("ann", shares=20)
    market.person("bob", cash="1000")
    at(market, 1)
    market.sell("ann", 10, "20.00")
    market.buy("bob", 4)  # at 20
    at(market, 3)
    market.buy("bob", 1)  # at 20, and five are left
    market.send(commands.deposit(market.account("bob"), money.parse("50")))
    market.cancel("ann", market.sell("ann", 1, "99.00").order)
    at(market, 4)
    market.send(commands.grant_shares(market.account("bob"), 1, 10))
    market.sell("bob", 2, "19.00")  # rests below ann's
    market.person("eve", cash="100")
    market.buy("eve", 1, "19.00")  # at 19
    at(market, 5)
    market.send(commands.withdraw(market.account("bob"), money.parse("100")))
    market.buy("bob", 1, "1.00")  # held
    assert told(market, "bob", 5, 8) == [
        "-1: 0.00 + 0.00, 0.00",
        "0: 0.00 + 0.00, 0.00",
        "1: 1000.00 + 0.00, 1000.00",
        "2: 920.00 + 80.00, 1000.00",
        "3: 920.00 + 80.00, 1000.00",
        "4: 950.00 + 100.00, 1050.00",
        "5: 969.00 + 266.00, 1050.00",
        "now: 869.00 + 266.00, 950.00",
    ]
    assert told(market, "ann", 5, 4) == [
        "3: 80.00 + 320.00, 0.00",
        "4: 100.00 + 300.00, 0.00",
        "5: 100.00 + 285.00, 0.00",
        "now: 100.00 + 285.00, 0.00",
    ]


def test_a_trade_at_the_end_of_an_interval_is_of_the_next(market: ViewedMarket):
    at(market, 0)
    market.person("ann", shares=5)
    market.person("bob", cash="100")
    market.sell("ann", 2, "10.00")
    at(market, 1, 0)
    market.buy("bob", 1)
    at(market, 2, 0)
    market.buy("bob", 1)
    assert told(market, "bob", 2, 3) == [
        "1: 100.00 + 0.00, 100.00",
        "2: 90.00 + 10.00, 100.00",
        "now: 80.00 + 20.00, 100.00",
    ]


def test_prices_go_on_from_before_the_first_point_and_move_with_the_trades_of_others(market: ViewedMarket):
    at(market, 0)
    market.person("ann", shares=5)
    market.person("bob", cash="100")
    market.sell("ann", 2, "10.00")
    market.buy("bob", 1)
    at(market, 60)
    market.cancel("ann", 6)
    market.sell("ann", 1, "14.00")
    market.person("eve", cash="100")
    market.buy("eve", 1)
    assert told(market, "bob", 60, 2) == ["60: 90.00 + 10.00, 100.00", "now: 90.00 + 14.00, 100.00"]


def test_of_what_trades_with_itself_nothing_changes(market: ViewedMarket):
    at(market, 0)
    market.person("ann", cash="100", shares=5)
    at(market, 1)
    for name in ("ann", "ann"):
        market.sell(name, 1, "10.00")
    market.person("bob", cash="100", shares=1)
    market.buy("bob", 2)
    market.buy("ann", 1, "10.00")
    market.sell("bob", 1)
    assert told(market, "ann", 2, 3) == [
        "1: 100.00 + 0.00, 100.00",
        "2: 110.00 + 40.00, 100.00",
        "now: 110.00 + 40.00, 100.00",
    ]


def test_what_is_over_the_limits_is_cut_or_refused(market: ViewedMarket):
    at(market, 0)
    market.person("ann", cash="1", shares=5)
    assert len(told(market, "ann", 9, 5, prices=3)) == 3
    assert told(market, "ann", 9, 5, prices=1) == told(market, "ann", 9, 1) == ["now: 1.00 + 0.00, 1.00"]
    market.send(commands.deposit(market.account("ann"), 10_000))
    with pytest.raises(TooMuch):
        told(market, "ann", 0, 5, movements=3)
    assert len(told(market, "ann", 0, 5, movements=4)) == 5
