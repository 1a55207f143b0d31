"""Books as pictures."""

from __future__ import annotations

from pricetime.oracle.picture import draw_book, picture
from pricetime.oracle.program import stamp
from pricetime.records import Command, Side, commands
from pricetime.rules import Venue


def venue_after(*program: Command) -> Venue:
    venue = Venue()
    for command in (
        commands.list_stock(1, 100),
        commands.list_stock(2, 100),
        commands.open_account(1),
        commands.deposit(1, 10_000_000),
        commands.grant_shares(1, 1, 100),
        commands.grant_shares(1, 2, 100),
        *program,
    ):
        venue.apply(stamp(command, venue.sequence).pack())
    return venue


def test_an_empty_book_is_an_empty_text() -> None:
    assert draw_book(venue_after().snapshot(), 1) == ""


def test_levels_stand_best_first_and_orders_in_their_line() -> None:
    venue = venue_after(
        commands.place_order(1, 1, Side.SELL, 1, 165_000),
        commands.place_order(1, 1, Side.SELL, 7, 160_000),
        commands.place_order(1, 1, Side.SELL, 2, 165_000),
        commands.place_order(1, 1, Side.BUY, 4, 155_000),
        commands.place_order(1, 1, Side.BUY, 2, 155_000),
        commands.place_order(1, 2, Side.BUY, 9, 150_000),
    )
    assert draw_book(venue.snapshot(), 1) == "4+2 @ 15.50 | 16.00 @ 7\n            | 16.50 @ 1+2"
    assert draw_book(venue.snapshot(), 2) == "9 @ 15.00 |"


def test_orders_at_market_stand_first() -> None:
    venue = venue_after(
        commands.place_order(1, 1, Side.BUY, 3, 155_000),
        commands.place_order(1, 1, Side.BUY, 5, None),
        commands.place_order(1, 1, Side.SELL, 6, None),
    )
    assert draw_book(venue.snapshot(), 1) == picture("""
        5 @ market | market @ 6
         3 @ 15.50 |
    """)


def test_a_picture_written_by_hand_is_laid_out_as_it_is_drawn() -> None:
    assert picture("4 @ 1.00 | 2.00 @ 7\n | 3.00 @ 1") == "4 @ 1.00 | 2.00 @ 7\n         | 3.00 @ 1"
