"""Rules 3, 7, 8 and 9: kinds of orders, self-trade, cancel, amend, client ids."""

from __future__ import annotations

import pytest
from tests.support.market import FOK, IOC, Market, Reason, SelfTrade, picture

from pricetime.records import Flag, Side, TimeInForce, commands


@pytest.fixture
def stocked(market: Market) -> Market:
    """Ann sells 3 @ 15.00 and 4 @ 16.00; Bob has 1,000."""
    market.person("ann", cash="1000", shares=20)
    market.person("bob", cash="1000")
    market.sell("ann", 3, "15.00")
    market.sell("ann", 4, "16.00")
    return market


class TestFillOrKill:
    def test_fills_whole_over_several_levels(self, stocked: Market) -> None:
        answer = stocked.buy("bob", 5, "16.00", time_in_force=FOK)
        assert answer.trades == ["3 @ 15.00", "2 @ 16.00"]

    def test_does_nothing_where_it_cannot_fill_whole(self, stocked: Market) -> None:
        answer = stocked.buy("bob", 4, "15.00", time_in_force=FOK)
        assert answer.trades == []
        assert answer.closed[answer.order] == Reason.FOK
        assert stocked.wallet("bob") == "1000.00 + 0.00"
        assert stocked.book() == picture("""
            | 15.00 @ 3
            | 16.00 @ 4
        """)

    def test_is_denied_rather_than_cut_where_the_wallet_is_too_small(self, stocked: Market) -> None:
        assert stocked.buy("bob", 100, "16.00", time_in_force=FOK).reason == Reason.INSUFFICIENT_FUNDS

    def test_at_market_fills_only_within_the_wallet(self, stocked: Market) -> None:
        stocked.person("cy", cash="60")
        assert stocked.buy("cy", 4, time_in_force=FOK).closed.popitem()[1] == Reason.FOK
        stocked.person("dee", cash="61")
        assert stocked.buy("dee", 4, time_in_force=FOK).trades == ["3 @ 15.00", "1 @ 16.00"]

    def test_counts_no_orders_of_its_own_account(self, stocked: Market) -> None:
        answer = stocked.buy("ann", 3, "16.00", time_in_force=FOK)
        assert answer.closed[answer.order] == Reason.FOK


class TestPostOnly:
    def test_rests_where_it_takes_nobody(self, stocked: Market) -> None:
        assert stocked.buy("bob", 2, "14.99", post_only=True).reason == Reason.NONE
        assert stocked.book().startswith("2 @ 14.99 | 15.00 @ 3")

    def test_is_denied_where_it_would_take(self, stocked: Market) -> None:
        assert stocked.buy("bob", 2, "15.00", post_only=True).reason == Reason.WOULD_TAKE
        assert stocked.wallet("bob") == "1000.00 + 0.00"

    def test_may_cross_its_own_account_which_it_would_skip(self, stocked: Market) -> None:
        assert stocked.buy("ann", 1, "15.00", post_only=True).reason == Reason.NONE

    @pytest.mark.parametrize("time_in_force", [IOC, FOK])
    def test_makes_no_sense_for_an_order_that_never_rests(
        self, stocked: Market, time_in_force: TimeInForce
    ) -> None:
        answer = stocked.buy("bob", 2, "14.00", post_only=True, time_in_force=time_in_force)
        assert answer.reason == Reason.INVALID_FIELD

    def test_stays_post_only_when_amended(self, stocked: Market) -> None:
        order = stocked.buy("bob", 2, "14.00", post_only=True).order
        assert stocked.amend("bob", order, price="15.00").reason == Reason.WOULD_TAKE
        assert stocked.book().startswith("2 @ 14.00 | 15.00 @ 3")


class TestSelfTrade:
    @pytest.fixture
    def crossed(self, market: Market) -> Market:
        """Ann sells 2 @ 15.00 before Bob sells 2 @ 15.00; Ann will buy."""
        market.person("ann", cash="1000", shares=10)
        market.person("bob", shares=10)
        market.sell("ann", 2, "15.00")
        market.sell("bob", 2, "15.00")
        return market

    def test_skip_passes_over_the_own_order_which_stays(self, crossed: Market) -> None:
        answer = crossed.buy("ann", 3, "15.00")
        assert answer.trades == ["2 @ 15.00"]
        assert crossed.book() == picture("1 @ 15.00 | 15.00 @ 2")

    def test_cancel_newest_ends_the_incoming_order(self, crossed: Market) -> None:
        answer = crossed.buy("ann", 3, "15.00", self_trade=SelfTrade.CANCEL_NEWEST)
        assert answer.trades == []
        assert answer.closed == {answer.order: Reason.SELF_TRADE}
        assert crossed.book() == picture("| 15.00 @ 2+2")

    def test_cancel_oldest_ends_the_resting_order_and_goes_on(self, crossed: Market) -> None:
        answer = crossed.buy("ann", 3, "15.00", self_trade=SelfTrade.CANCEL_OLDEST)
        assert answer.trades == ["2 @ 15.00"]
        assert Reason.SELF_TRADE in answer.closed.values()
        assert crossed.book() == picture("1 @ 15.00 |")

    def test_cancel_both_ends_both(self, crossed: Market) -> None:
        answer = crossed.buy("ann", 3, "15.00", self_trade=SelfTrade.CANCEL_BOTH)
        assert list(answer.closed.values()) == [Reason.SELF_TRADE, Reason.SELF_TRADE]
        assert crossed.book() == picture("| 15.00 @ 2")
        assert crossed.wallet("ann") == "1000.00 + 0.00"

    def test_own_orders_at_several_levels_are_skipped_and_stay(self, market: Market) -> None:
        market.person("ann", cash="1000", shares=10)
        market.person("bob", shares=10)
        for price in ("15.00", "15.01", "15.02"):
            market.sell("ann", 1, price)
        market.sell("bob", 1, "15.03")
        assert market.buy("ann", 1, "16.00").trades == ["1 @ 15.03"]
        assert market.book() == picture("""
            | 15.00 @ 1
            | 15.01 @ 1
            | 15.02 @ 1
        """)


class TestCancel:
    def test_gives_back_what_a_buy_held(self, stocked: Market) -> None:
        order = stocked.buy("bob", 10, "14.00").order
        assert stocked.wallet("bob") == "860.00 + 140.00"
        assert stocked.cancel("bob", order).closed == {order: Reason.CANCELLED}
        assert stocked.wallet("bob") == "1000.00 + 0.00"

    def test_takes_the_unexecuted_remainder_only(self, stocked: Market) -> None:
        order = stocked.buy("bob", 5, "15.00").order
        closed = stocked.cancel("bob", order).of(5)
        assert [event.remaining for event in closed] == [2]
        assert stocked.shares("bob") == "3 + 0"
        assert stocked.wallet("bob") == "955.00 + 0.00"

    def test_a_second_cancel_finds_nothing_open(self, stocked: Market) -> None:
        order = stocked.buy("bob", 1, "14.00").order
        stocked.cancel("bob", order)
        assert stocked.cancel("bob", order).reason == Reason.ORDER_NOT_OPEN

    def test_only_the_owner_cancels(self, stocked: Market) -> None:
        order = stocked.buy("bob", 1, "14.00").order
        assert stocked.cancel("ann", order).reason == Reason.NOT_OWNER

    def test_cancel_all_ends_every_open_order_of_the_account_in_order(self, stocked: Market) -> None:
        orders = [stocked.buy("bob", 1, price).order for price in ("14.00", "13.00", "14.50")]
        answer = stocked.send(commands.cancel_all(stocked.people["bob"]))
        assert list(answer.closed) == orders
        assert stocked.wallet("bob") == "1000.00 + 0.00"
        assert stocked.book() == picture("""
            | 15.00 @ 3
            | 16.00 @ 4
        """)


class TestAmend:
    def test_another_price_goes_to_the_back_and_moves_the_hold(self, stocked: Market) -> None:
        order = stocked.buy("bob", 10, "14.00").order
        stocked.buy("bob", 1, "14.50")
        stocked.amend("bob", order, price="14.50")
        assert stocked.book().splitlines()[0] == "1+10 @ 14.50 | 15.00 @ 3"
        assert stocked.wallet("bob") == "840.50 + 159.50"

    def test_more_shares_go_to_the_back(self, stocked: Market) -> None:
        order = stocked.buy("bob", 10, "14.00").order
        stocked.buy("bob", 1, "14.00")
        stocked.amend("bob", order, quantity=11)
        assert stocked.book().splitlines()[0] == "1+11 @ 14.00 | 15.00 @ 3"

    def test_fewer_shares_keep_the_place_and_free_the_hold(self, stocked: Market) -> None:
        order = stocked.buy("bob", 10, "14.00").order
        stocked.buy("bob", 1, "14.00")
        stocked.amend("bob", order, quantity=4)
        assert stocked.book().splitlines()[0] == "4+1 @ 14.00 | 15.00 @ 3"
        assert stocked.wallet("bob") == "930.00 + 70.00"

    def test_a_price_that_crosses_trades_at_once(self, stocked: Market) -> None:
        order = stocked.buy("bob", 5, "14.00").order
        answer = stocked.amend("bob", order, price="15.50")
        assert answer.trades == ["3 @ 15.00"]
        assert stocked.book() == picture("2 @ 15.50 | 16.00 @ 4")

    def test_an_amend_that_the_wallet_cannot_cover_leaves_the_order_as_it_was(self, stocked: Market) -> None:
        order = stocked.buy("bob", 10, "14.00").order
        before = stocked.book(), stocked.wallet("bob")
        assert stocked.amend("bob", order, quantity=1_000).reason == Reason.INSUFFICIENT_FUNDS
        assert (stocked.book(), stocked.wallet("bob")) == before

    def test_an_amend_that_the_holding_cannot_cover_is_denied(self, stocked: Market) -> None:
        order = stocked.sell("ann", 1, "17.00").order
        assert stocked.amend("ann", order, quantity=15).reason == Reason.INSUFFICIENT_SHARES

    def test_a_total_that_has_been_executed_already_is_denied(self, stocked: Market) -> None:
        order = stocked.buy("bob", 5, "15.00").order
        assert stocked.amend("bob", order, quantity=3).reason == Reason.INVALID_QUANTITY
        assert stocked.amend("bob", order, quantity=4).reason == Reason.NONE
        assert stocked.book().startswith("1 @ 15.00 | 16.00 @ 4")

    def test_a_waiting_market_order_has_no_price_to_amend(self, market: Market) -> None:
        market.person("bob", cash="100")
        order = market.buy("bob", 4).order
        assert market.amend("bob", order, price="1.00").reason == Reason.INVALID_PRICE

    def test_a_smaller_waiting_market_buy_keeps_a_smaller_budget(self, market: Market) -> None:
        market.person("bob", cash="100")
        order = market.buy("bob", 4).order
        market.amend("bob", order, quantity=1)
        assert market.wallet("bob") == "75.00 + 25.00"

    def test_a_stranger_amends_nothing(self, stocked: Market) -> None:
        order = stocked.buy("bob", 1, "14.00").order
        assert stocked.amend("ann", order, quantity=2).reason == Reason.NOT_OWNER


class TestClientIds:
    ID = b"0123456789abcdef"

    def test_the_same_id_and_content_answers_as_before_and_does_nothing(self, stocked: Market) -> None:
        first = stocked.buy("bob", 2, "14.00", client_id=self.ID)
        again = stocked.buy("bob", 2, "14.00", client_id=self.ID)
        assert again.order == first.order
        assert again.events[0].flags & Flag.REPEATED
        assert len(again.events) == 1
        assert stocked.book().startswith("2 @ 14.00 | 15.00 @ 3")

    def test_a_denial_is_remembered_too(self, stocked: Market) -> None:
        stocked.sell("bob", 2, "14.00", client_id=self.ID)
        stocked.send(commands.grant_shares(stocked.people["bob"], 1, 10))
        assert stocked.sell("bob", 2, "14.00", client_id=self.ID).reason == Reason.INSUFFICIENT_SHARES

    def test_the_same_id_with_other_content_is_denied(self, stocked: Market) -> None:
        stocked.buy("bob", 2, "14.00", client_id=self.ID)
        assert stocked.buy("bob", 3, "14.00", client_id=self.ID).reason == Reason.CLIENT_ID_REUSED

    def test_accounts_do_not_share_ids(self, stocked: Market) -> None:
        stocked.buy("bob", 2, "14.00", client_id=self.ID)
        assert stocked.buy("ann", 3, "14.00", client_id=self.ID).reason == Reason.NONE

    def test_a_deposit_is_done_once(self, stocked: Market) -> None:
        bob = stocked.people["bob"]
        for _ in range(3):
            stocked.send(commands.deposit(bob, 10_000, client_id=self.ID))
        assert stocked.wallet("bob") == "1001.00 + 0.00"

    def test_only_the_newest_ids_are_remembered(self, stocked: Market) -> None:
        stocked.send(commands.set_limits(open_orders=100, client_ids=2))
        first = stocked.buy("bob", 1, "14.00", client_id=b"%016d" % 1)
        for number in (2, 3):
            stocked.buy("bob", 1, "14.00", client_id=b"%016d" % number)
        assert stocked.buy("bob", 1, "14.00", client_id=b"%016d" % 1).order != first.order


def test_an_account_may_not_have_more_open_orders_than_the_limit(market: Market) -> None:
    market.person("bob", cash="100")
    market.send(commands.set_limits(open_orders=2, client_ids=10))
    assert [market.buy("bob", 1, "1.00").reason for _ in range(3)] == [
        Reason.NONE,
        Reason.NONE,
        Reason.TOO_MANY_OPEN_ORDERS,
    ]


class TestHalt:
    def test_a_halted_stock_takes_no_orders_and_no_amends_but_cancels(self, stocked: Market) -> None:
        order = stocked.buy("bob", 1, "14.00").order
        stocked.send(commands.halt_stock(1))
        assert stocked.buy("bob", 1, "14.00").reason == Reason.STOCK_HALTED
        assert stocked.amend("bob", order, quantity=2).reason == Reason.STOCK_HALTED
        assert stocked.cancel("bob", order).reason == Reason.NONE

    def test_a_resumed_stock_takes_orders_again(self, stocked: Market) -> None:
        stocked.send(commands.halt_stock(1))
        stocked.send(commands.resume_stock(1))
        assert stocked.buy("bob", 1, "14.00").reason == Reason.NONE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"account": 99}, Reason.UNKNOWN_ACCOUNT),
        ({"stock": 99}, Reason.UNKNOWN_STOCK),
        ({"quantity": 0}, Reason.INVALID_QUANTITY),
        ({"quantity": -1}, Reason.INVALID_QUANTITY),
        ({"quantity": 10**15 + 1}, Reason.INVALID_QUANTITY),
        ({"price": 0}, Reason.INVALID_PRICE),
        ({"price": -100}, Reason.INVALID_PRICE),
        ({"price": 150_050}, Reason.OFF_TICK),
        ({"price": 9 * 10**18, "quantity": 2}, Reason.VALUE_TOO_LARGE),
        ({"side": 3}, Reason.INVALID_FIELD),
        ({"order_type": 0}, Reason.INVALID_FIELD),
        ({"time_in_force": 9}, Reason.INVALID_FIELD),
        ({"flags": 2}, Reason.INVALID_FIELD),
        ({"self_trade": 9}, Reason.INVALID_FIELD),
        ({"kind": 99}, Reason.INVALID_FIELD),
        ({"order_type": 2}, Reason.INVALID_PRICE),
    ],
)
def test_a_bad_field_is_denied_and_changes_nothing(
    market: Market, change: dict[str, int], reason: Reason
) -> None:
    market.person("bob", cash="1000")
    good = commands.place_order(market.people["bob"], 1, Side.BUY, 1, 150_000)
    assert market.send(good._replace(**change)).reason == reason
    assert market.wallet("bob") == "1000.00 + 0.00"


def test_a_waiting_buy_is_not_amended_to_where_it_could_not_pay_a_tick(market: Market) -> None:
    market.person("ann", cash="1.00")
    waits = market.buy("ann", 150)
    assert market.amend("ann", waits.order, quantity=1).reason == Reason.INSUFFICIENT_FUNDS
    assert market.amend("ann", waits.order, quantity=2).reason == Reason.NONE
    assert market.wallet("ann") == "0.9867 + 0.0133"
