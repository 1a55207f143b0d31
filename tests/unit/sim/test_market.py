"""How simulated traders decide: plain functions of numbers."""

from collections import deque
from decimal import Decimal
from random import Random

import pytest

from pricetime.schema import Stock
from pricetime.sim.fair import FairValue
from pricetime.sim.market import LISTINGS, Instrument
from pricetime.sim.run import KINDS
from pricetime.sim.traders import LEVELS, ladder, trend


def stock(last=None, bid=None, ask=None):
    return Stock(
        stock="1", name=LISTINGS[0].name, tick_size="0.01", halted=False, last_price=last,
        best_bid=bid, best_ask=ask, day_open=None, day_high=None, day_low=None,
        day_volume=0, day_change=None, shares_listed=0,
    )  # fmt: skip


def instrument(**quotes):
    return Instrument(stock(**quotes), LISTINGS[0], Random(1))


def test_eight_stocks_of_different_names_and_prices_are_listed():
    assert len({each.name for each in LISTINGS}) == len({each.price for each in LISTINGS}) == 8
    assert all(each.price % each.tick == 0 for each in LISTINGS)


def test_the_parts_of_all_kinds_make_the_whole_rate():
    assert sum(kind.part for kind in KINDS) == pytest.approx(1.0)


@pytest.mark.parametrize("fair", [3.0, 40.0, 1_240.0, 31_000.0])
@pytest.mark.parametrize("surplus", [-9.0, 0.0, 9.0])
def test_a_ladder_never_crosses_itself_and_falls_away_from_the_middle(fair, surplus):
    quotes = ladder(fair, surplus, Random(1))
    bids = [quote.ticks for quote in quotes if quote.side == "buy"]
    asks = [quote.ticks for quote in quotes if quote.side == "sell"]
    assert len(bids) == len(asks) == LEVELS
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert 1 <= max(bids) < min(asks)


def test_a_maker_with_too_many_shares_quotes_lower():
    def middle(surplus):
        return sum(quote.ticks for quote in ladder(10_000.0, surplus, Random(1)))

    assert middle(2.0) < middle(0.0) < middle(-2.0)


def test_the_same_seed_gives_the_same_quotes():
    assert ladder(4_250.0, 0.1, Random("1:maker-1")) == ladder(4_250.0, 0.1, Random("1:maker-1"))


def test_a_trend_is_seen_only_when_enough_prices_are_known():
    assert trend(deque([100] * 39)) == 0.0
    assert trend(deque(range(1_000, 1_040))) > 0
    assert trend(deque(range(1_040, 1_000, -1))) < 0


def test_hours_of_wandering_stay_within_sight_of_home():
    value = FairValue(1_000, 1_000, Random(7))
    seen = []
    for _ in range(6 * 3_600):
        value.step(1.0, round(value.ticks))
        seen.append(value.ticks)
    assert 250 <= min(seen) < 990
    assert 1_010 < max(seen) <= 4_000


def test_the_fair_value_follows_a_price_that_somebody_else_makes():
    value = FairValue(1_000, 1_000, Random(7))
    for _ in range(120):
        value.step(1.0, 900)
    assert value.ticks < 950


def test_prices_leave_as_exact_decimals_and_never_below_a_tick():
    assert instrument().price(4_257) == "42.57"
    assert instrument().price(-5) == "0.01"


def test_an_instrument_goes_on_from_its_last_price():
    assert round(instrument(last="50.00").fair.ticks) == 5_000
    assert round(instrument().fair.ticks) == 4_250


def test_a_stub_quote_far_from_the_market_is_out_of_the_sane_range():
    seen = instrument(last="42.50", bid="30.00", ask="42.60")
    low, high = seen.sane_range()
    assert seen.bid < low < seen.ask < high


def test_a_purse_is_measured_in_exact_money():
    assert instrument(last="42.57").value(100) == Decimal("4257.00")
