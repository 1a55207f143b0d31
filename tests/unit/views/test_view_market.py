"""Stocks, the tape and candles as the views show them."""

from __future__ import annotations

import pytest
from tests.support.viewed_market import NOON_NS, SECOND_NS, ViewedMarket

from pricetime.ports import Candle, StockRow, TradeRow
from pricetime.records import Side, commands
from pricetime.rules import money
from pricetime.views import INTERVALS_S

DAY_NS = 86_400 * SECOND_NS
MIDNIGHT_NS = NOON_NS - NOON_NS % DAY_NS


@pytest.fixture
def trading(market: ViewedMarket) -> ViewedMarket:
    market.person("ann", shares=1_000)
    market.person("bob", cash="1000000")
    return market


def trade(market: ViewedMarket, quantity: int, price: str, time_ns: int) -> None:
    market.time_ns = time_ns
    market.sell("ann", quantity, price)
    market.buy("bob", quantity)


def stock(market: ViewedMarket) -> StockRow:
    row = market.views.stock(1)
    assert row is not None
    return row


class TestAStock:
    def test_listed_has_no_prices(self, trading: ViewedMarket) -> None:
        assert stock(trading) == StockRow(
            stock=1,
            tick=100,
            halted=False,
            last=0,
            best_bid=0,
            best_ask=0,
            day_open=0,
            day_high=0,
            day_low=0,
            day_volume=0,
            day_start_ns=0,
            shares=1_000,
            last_trade_ns=0,
        )

    def test_shows_its_best_prices_without_what_waits_at_market(self, trading: ViewedMarket) -> None:
        trading.sell("ann", 2)
        assert (stock(trading).best_bid, stock(trading).best_ask) == (0, 0)
        trading.sell("ann", 1, "16.00")
        trading.sell("ann", 1, "15.50")
        trading.buy("bob", 1, "14.00", post_only=True)
        assert stock(trading).best_ask == money.parse("15.50")
        trading.buy("bob", 5, "15.00")
        assert stock(trading).best_bid == money.parse("15.00")

    def test_shows_the_day_that_begins_at_midnight_utc(self, trading: ViewedMarket) -> None:
        trade(trading, 1, "15.00", MIDNIGHT_NS)
        trade(trading, 2, "17.00", NOON_NS)
        trade(trading, 3, "14.00", MIDNIGHT_NS + DAY_NS - 1)
        row = stock(trading)
        assert (row.day_open, row.day_high, row.day_low, row.last) == (150_000, 170_000, 140_000, 140_000)
        assert (row.day_volume, row.day_start_ns) == (6, MIDNIGHT_NS)
        trade(trading, 4, "16.00", MIDNIGHT_NS + DAY_NS)
        row = stock(trading)
        assert (row.day_open, row.day_high, row.day_low) == (160_000, 160_000, 160_000)
        assert (row.day_volume, row.day_start_ns) == (4, MIDNIGHT_NS + DAY_NS)
        assert row.last_trade_ns == MIDNIGHT_NS + DAY_NS

    def test_is_halted_and_resumed(self, trading: ViewedMarket) -> None:
        trading.send(commands.halt_stock(1))
        assert stock(trading).halted is True
        trading.send(commands.resume_stock(1))
        assert stock(trading).halted is False

    def test_stands_in_the_list_by_number(self, trading: ViewedMarket) -> None:
        trading.send(commands.list_stock(7, 500))
        trading.send(commands.list_stock(3, 1))
        assert [(row.stock, row.tick) for row in trading.views.stocks()] == [(1, 100), (3, 1), (7, 500)]


def test_the_tape_shows_trades_newest_first_with_the_takers_side(trading: ViewedMarket) -> None:
    trade(trading, 1, "15.00", NOON_NS)
    trade(trading, 2, "16.00", NOON_NS + 5)
    trading.buy("bob", 3, "14.00")
    trading.sell("ann", 3)
    tape = trading.views.trades(1, limit=10)
    assert [(row.side, row.price, row.quantity) for row in tape] == [
        (Side.SELL, 140_000, 3),
        (Side.BUY, 160_000, 2),
        (Side.BUY, 150_000, 1),
    ]
    assert tape[2] == TradeRow(tape[2].trade, 1, Side.BUY, 150_000, 1, NOON_NS)
    assert trading.views.trades(1, before=tape[1].trade, limit=10) == tape[2:]
    assert trading.views.trades(2, limit=10) == []


class TestCandles:
    def test_hold_open_high_low_close_volume_of_a_second(self, trading: ViewedMarket) -> None:
        for quantity, price in ((1, "15.00"), (2, "17.00"), (3, "14.00"), (4, "16.00")):
            trade(trading, quantity, price, NOON_NS + quantity)
        (candle,) = trading.views.candles(1, 1, 0, 2**63 - 1, limit=10)
        assert candle == Candle(NOON_NS, 150_000, 170_000, 140_000, 160_000, 10, 4)

    def test_of_longer_intervals_begin_at_their_multiples(self, trading: ViewedMarket) -> None:
        times = [NOON_NS, NOON_NS + 4 * SECOND_NS, NOON_NS + 5 * SECOND_NS, NOON_NS + 3_601 * SECOND_NS]
        for price, time_ns in zip(("15.00", "16.00", "13.00", "14.00"), times, strict=True):
            trade(trading, 1, price, time_ns)
        assert [
            (row.start_ns - NOON_NS) // SECOND_NS for row in trading.views.candles(1, 5, 0, 2**62, limit=9)
        ] == [0, 5, 3_600]
        assert trading.views.candles(1, 3_600, 0, 2**62, limit=9) == [
            Candle(NOON_NS, 150_000, 160_000, 130_000, 130_000, 3, 3),
            Candle(NOON_NS + 3_600 * SECOND_NS, 140_000, 140_000, 140_000, 140_000, 1, 1),
        ]
        assert trading.views.candles(1, 86_400, 0, 2**62, limit=9) == [
            Candle(MIDNIGHT_NS, 150_000, 160_000, 130_000, 140_000, 4, 4)
        ]

    def test_add_up_to_the_same_volume_in_every_interval(self, trading: ViewedMarket) -> None:
        for step in range(20):
            trade(trading, step + 1, "15.00", NOON_NS + step * 700_000_000)
        for interval_s in INTERVALS_S:
            candles = trading.views.candles(1, interval_s, 0, 2**62, limit=100)
            assert sum(candle.volume for candle in candles) == 210

    def test_are_the_last_of_a_span_where_there_are_more(self, trading: ViewedMarket) -> None:
        for second in range(5):
            trade(trading, 1, "15.00", NOON_NS + second * SECOND_NS)
        span = (NOON_NS + SECOND_NS, NOON_NS + 4 * SECOND_NS)
        starts = [row.start_ns for row in trading.views.candles(1, 1, *span, limit=10)]
        assert starts == [NOON_NS + second * SECOND_NS for second in (1, 2, 3)]
        assert [row.start_ns for row in trading.views.candles(1, 1, *span, limit=2)] == starts[1:]
