"""Rules 4, 5, 6 and 10: holds, budgets, settlement, conservation."""

from __future__ import annotations

import pytest
from tests.support.market import Market, Reason, picture, stamp

from pricetime.records import CommandKind, Flag, Side, commands, iter_events
from pricetime.rules import money


class TestHolds:
    def test_a_sell_holds_its_shares(self, market: Market) -> None:
        market.person("ann", shares=10)
        market.sell("ann", 7, "15.00")
        assert market.shares("ann") == "3 + 7"

    def test_a_sell_of_more_than_the_free_shares_is_denied(self, market: Market) -> None:
        market.person("ann", shares=10)
        market.sell("ann", 7, "15.00")
        assert market.sell("ann", 4, "15.00").reason == Reason.INSUFFICIENT_SHARES

    def test_a_limit_buy_holds_quantity_times_limit(self, market: Market) -> None:
        market.person("bob", cash="100")
        market.buy("bob", 4, "15.50")
        assert market.wallet("bob") == "38.00 + 62.00"

    def test_a_buy_beyond_the_wallet_is_cut_to_what_it_can_pay(self, market: Market) -> None:
        market.person("bob", cash="100")
        answer = market.buy("bob", 10, "15.00")
        assert answer.quantity == 6
        assert answer.events[0].flags & Flag.CUT
        assert market.wallet("bob") == "10.00 + 90.00"

    def test_a_buy_of_nothing_affordable_is_denied(self, market: Market) -> None:
        market.person("bob", cash="14.99")
        assert market.buy("bob", 10, "15.00").reason == Reason.INSUFFICIENT_FUNDS


class TestMarketBuys:
    def test_takes_the_best_prices_until_filled(self, market: Market) -> None:
        market.person("ann", shares=10)
        market.person("bob", cash="1000")
        market.sell("ann", 2, "16.00")
        market.sell("ann", 2, "15.00")
        assert market.buy("bob", 3).trades == ["2 @ 15.00", "1 @ 16.00"]
        assert market.wallet("bob") == "954.00 + 0.00"

    def test_out_of_money_closes_the_rest(self, market: Market) -> None:
        market.person("ann", shares=10)
        market.person("bob", cash="40")
        market.sell("ann", 10, "15.00")
        answer = market.buy("bob", 5)
        assert answer.trades == ["2 @ 15.00"]
        assert answer.closed[answer.order] == Reason.INSUFFICIENT_FUNDS
        assert market.wallet("bob") == "10.00 + 0.00"

    def test_that_affords_no_share_is_denied(self, market: Market) -> None:
        market.person("ann", shares=10)
        market.person("bob", cash="14")
        market.sell("ann", 10, "15.00")
        assert market.buy("bob", 5).reason == Reason.INSUFFICIENT_FUNDS

    def test_with_an_empty_wallet_is_denied(self, market: Market) -> None:
        market.person("bob")
        assert market.buy("bob", 5).reason == Reason.INSUFFICIENT_FUNDS

    def test_out_of_sellers_waits_with_the_rest_times_the_last_price(self, market: Market) -> None:
        market.person("ann", shares=10)
        market.person("bob", cash="1000")
        market.sell("ann", 2, "15.00")
        assert market.buy("bob", 5).trades == ["2 @ 15.00"]
        assert market.book() == picture("3 @ market |")
        assert market.wallet("bob") == "925.00 + 45.00"

    def test_waits_with_no_more_than_it_has(self, market: Market) -> None:
        market.person("ann", shares=10)
        market.person("bob", cash="50")
        market.sell("ann", 2, "15.00")
        market.buy("bob", 5)
        assert market.wallet("bob") == "0.00 + 20.00"

    def test_waits_with_all_its_money_where_the_stock_never_traded(self, market: Market) -> None:
        market.person("bob", cash="50")
        market.buy("bob", 5)
        assert market.wallet("bob") == "0.00 + 50.00"

    def test_never_spends_more_than_its_budget(self, market: Market) -> None:
        market.person("ann", shares=10)
        market.person("bob", cash="1000")
        market.sell("ann", 1, "10.00")
        market.buy("bob", 4)
        answer = market.sell("ann", 3, "14.00")
        assert answer.trades == ["2 @ 14.00"]
        assert Reason.INSUFFICIENT_FUNDS in answer.closed.values()
        assert market.wallet("bob") == "962.00 + 0.00"
        assert market.book() == picture("| 14.00 @ 1")

    def test_is_closed_by_a_seller_too_dear_for_one_share(self, market: Market) -> None:
        market.person("ann", shares=10)
        market.person("bob", cash="1000")
        market.sell("ann", 1, "10.00")
        waiting = market.buy("bob", 2).order
        answer = market.sell("ann", 1, "10.01")
        assert answer.trades == []
        assert answer.closed == {waiting: Reason.INSUFFICIENT_FUNDS}
        assert market.wallet("bob") == "990.00 + 0.00"

    def test_fills_below_its_budget_give_the_rest_back(self, market: Market) -> None:
        market.person("ann", shares=10)
        market.person("bob", cash="1000")
        market.sell("ann", 1, "10.00")
        market.buy("bob", 3)
        market.sell("ann", 2, "7.00")
        assert market.wallet("bob") == "976.00 + 0.00"

    def test_money_that_arrives_later_does_not_raise_a_budget(self, market: Market) -> None:
        market.person("bob", cash="10")
        market.person("ann", shares=10)
        market.buy("bob", 5)
        market.send(commands.deposit(market.people["bob"], money.parse("90")))
        assert market.sell("ann", 5, "5.00").trades == ["2 @ 5.00"]
        assert market.wallet("bob") == "90.00 + 0.00"


class TestWallet:
    def test_free_money_can_be_withdrawn_and_held_money_not(self, market: Market) -> None:
        market.person("bob", cash="100")
        market.buy("bob", 1, "60.00")
        bob = market.people["bob"]
        assert market.send(commands.withdraw(bob, money.parse("41"))).reason == Reason.INSUFFICIENT_FUNDS
        assert market.send(commands.withdraw(bob, money.parse("40"))).reason == Reason.NONE
        assert market.wallet("bob") == "0.00 + 60.00"

    def test_the_venue_takes_no_more_money_than_it_can_count(self, market: Market) -> None:
        market.person("bob")
        market.person("ann")
        assert market.send(commands.deposit(1, money.MAX_MONEY)).reason == Reason.NONE
        assert market.send(commands.deposit(2, money.MAX_MONEY)).reason == Reason.MONEY_LIMIT

    @pytest.mark.parametrize("amount", [0, -1, money.MAX_MONEY + 1])
    def test_an_amount_out_of_range_is_denied(self, market: Market, amount: int) -> None:
        market.person("bob", cash="5")
        for command in (commands.deposit(1, amount), commands.withdraw(1, amount)):
            assert market.send(command).reason == Reason.INVALID_AMOUNT

    def test_shares_of_a_stock_have_a_greatest_number(self, market: Market) -> None:
        market.person("bob")
        grant = commands.grant_shares(1, 1, money.MAX_QUANTITY)
        answers = [market.send(grant).reason for _ in range(2**63 // 10**15 + 1)]
        assert set(answers[:-1]) == {Reason.NONE}
        assert answers[-1] == Reason.SHARE_LIMIT


def test_a_book_takes_no_more_buys_than_it_can_count(market: Market) -> None:
    market.person("bob")
    penny = commands.deposit(1, 100)
    buy = commands.place_order(1, 1, Side.BUY, money.MAX_QUANTITY, None)
    fitting = 2**63 // money.MAX_QUANTITY
    program = [
        stamp(command, sequence)
        for sequence, command in enumerate([penny, buy] * (fitting + 1), market.venue.sequence)
    ]
    events = iter_events(market.venue.apply(b"".join(command.pack() for command in program)))
    answers = [Reason(e.reason) for e in events if e.kind <= 2 and e.command == CommandKind.PLACE_ORDER]
    assert set(answers[:-1]) == {Reason.NONE}
    assert answers[-1] == Reason.SHARE_LIMIT


class TestListing:
    def test_an_account_is_opened_once(self, market: Market) -> None:
        market.person("bob")
        assert market.send(commands.open_account(1)).reason == Reason.ACCOUNT_EXISTS

    def test_a_stock_is_listed_once(self, market: Market) -> None:
        assert market.send(commands.list_stock(1, 100)).reason == Reason.STOCK_EXISTS

    def test_a_tick_is_positive(self, market: Market) -> None:
        assert market.send(commands.list_stock(2, 0)).reason == Reason.INVALID_PRICE


@pytest.mark.parametrize(
    ("text", "amount"),
    [("135", 1_350_000), ("135.5", 1_355_000), ("0.0001", 1), ("900000000000000", money.MAX_MONEY)],
)
def test_money_is_read_exactly(text: str, amount: int) -> None:
    assert money.parse(text) == amount
    assert money.parse(money.show(amount)) == amount


@pytest.mark.parametrize(
    "text", ["", "-1", "1.", ".5", "1e3", "1.00001", "NaN", "900000000000000.0001", "1 ", "١", "1_0"]
)
def test_what_is_no_amount_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        money.parse(text)


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0.00"), (1, "0.0001"), (-30_000, "-3.00"), (1_355_500, "135.55"), (10, "0.001")]
)
def test_money_is_shown_with_two_decimals_or_as_many_as_it_needs(amount: int, text: str) -> None:
    assert money.show(amount) in (text, text + "0")
