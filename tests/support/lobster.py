"""Synthetic LOBSTER samples: a random market on a venue, written out, and cut down as real files are."""

from __future__ import annotations

import random
from pathlib import Path

from pricetime.lobster.export import export
from pricetime.lobster.format import companion
from pricetime.records import Command, CommandKind, Reason, SelfTrade, Side, TimeInForce
from pricetime.records import commands as command
from pricetime.records.codes import EventKind
from pricetime.records.events import iter_events
from pricetime.rules import Venue

STOCK = 7
TRADERS = (1, 2, 3, 4)
NINE_O_CLOCK_NS = (20_000 * 86_400 + 9 * 3_600) * 1_000_000_000
CENT = 100
POLICIES = (SelfTrade.CANCEL_NEWEST, SelfTrade.CANCEL_OLDEST, SelfTrade.CANCEL_BOTH)
"""Without SKIP: who passes over his own order trades out of turn, and the format cannot tell."""


def random_run(count: int, seed: int = 1, venue_type: type[Venue] = Venue) -> list[bytes]:
    """Return batches of events of a venue where ``count`` random commands have come, of every kind."""
    return Market(seed, venue_type).run(count)


class Market:
    """Traders who place around a price that wanders, amend, reduce, cancel, and take."""

    def __init__(self, seed: int, venue_type: type[Venue]) -> None:
        self.draw = random.Random(seed)
        self.venue = venue_type()
        self.open: dict[int, tuple[int, int, int]] = {}
        self.middle = 1_000
        self.events: list[bytes] = []
        for each in (
            command.list_stock(STOCK, 1),
            command.list_stock(STOCK + 1, 1),
            *(command.open_account(trader) for trader in TRADERS),
            *(command.deposit(trader, 10**17) for trader in TRADERS),
            *(command.grant_shares(trader, STOCK, 10**12) for trader in TRADERS),
            *(command.grant_shares(trader, STOCK + 1, 10**12) for trader in TRADERS),
        ):
            self.send(each)

    def run(self, count: int) -> list[bytes]:
        for _ in range(count):
            self.middle += self.draw.choice((-1, 0, 0, 0, 1))
            self.send(self.next_command())
        return self.events

    def send(self, each: Command) -> None:
        number = self.venue.sequence + 1
        stamped = each._replace(sequence=number, time_ns=NINE_O_CLOCK_NS + number * 1_234_567)
        if each.kind == CommandKind.PLACE_ORDER:
            stamped = stamped._replace(order=number)
        events = self.venue.apply(stamped.pack())
        self.events.append(events)
        for event in iter_events(events):
            if event.kind == EventKind.ORDER_OPENED:
                self.open[event.order] = (event.account, event.quantity, event.remaining)
            elif event.kind == EventKind.TRADED and event.maker_order in self.open:
                owner, quantity, _ = self.open[event.maker_order]
                self.open[event.maker_order] = (owner, quantity, event.maker_remaining)
            elif event.kind == EventKind.ORDER_CLOSED:
                self.open.pop(event.order, None)
            assert event.kind != EventKind.DENIED or event.reason != Reason.INSUFFICIENT_FUNDS

    def next_command(self) -> Command:
        draw = self.draw
        dice = draw.random()
        if dice < 0.45 or not self.open:
            return self.place()
        order = draw.choice(list(self.open))
        owner, quantity, remaining = self.open[order]
        if dice < 0.70:
            return command.cancel_order(owner, order)
        if dice < 0.80 and remaining > 1:
            return command.amend_order(owner, order, quantity=quantity - draw.randrange(1, remaining))
        if dice < 0.85:
            return command.amend_order(owner, order, price=CENT * (self.middle + draw.randint(-15, 15)))
        return self.take()

    def place(self) -> Command:
        draw = self.draw
        side = draw.choice((Side.BUY, Side.SELL))
        away = draw.randint(1, 25) * (-1 if side == Side.BUY else 1)
        stock = STOCK if draw.random() < 0.95 else STOCK + 1
        price, policy = CENT * (self.middle + away), draw.choice(POLICIES)
        trader, quantity = draw.choice(TRADERS), draw.randint(1, 500)
        return command.place_order(trader, stock, side, quantity, price, self_trade=policy)

    def take(self) -> Command:
        draw = self.draw
        side = draw.choice((Side.BUY, Side.SELL))
        price = None if draw.random() < 0.3 else CENT * (self.middle + (9 if side == Side.BUY else -9))
        kind = draw.choice((TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC))
        if price is None:
            kind = TimeInForce.IOC
        trader, quantity, policy = draw.choice(TRADERS), draw.randint(1, 900), draw.choice(POLICIES)
        return command.place_order(
            trader, STOCK, side, quantity, price, time_in_force=kind, self_trade=policy
        )


def write_run(folder: Path, count: int, levels: int = 10, seed: int = 1) -> tuple[Path, Path]:
    """Write a random run with every message, however deep in the book; return message and orderbook file."""
    path = folder / f"RUN_message_{levels}.csv"
    export(random_run(count, seed), STOCK, path, levels)
    return path, companion(path)


def as_lobster_does(message_file: Path, book_file: Path, *, after: int = 0) -> tuple[Path, Path]:
    """Drop messages that change no level shown, and the first ``after`` of the rest, as real files do."""
    messages, books = message_file.read_text().splitlines(), book_file.read_text().splitlines()
    kept = [
        (message, book)
        for message, book, before in zip(messages, books, ["", *books], strict=False)
        if book != before
    ][after:]
    path = message_file.with_name("CUT_message.csv")
    path.write_text("".join(f"{message}\n" for message, _ in kept))
    companion(path).write_text("".join(f"{book}\n" for _, book in kept))
    return path, companion(path)


def write_sample(folder: Path, rows: str) -> tuple[Path, Path]:
    """Write files by hand: each line a message, a bar, and the book after it, level by level.

    A level is ``ask price x size / bid price x size``; a dash stands for nobody::

        1,101,5,1002,-1  |  1002x5/1000x7  -/999x1
    """
    path = folder / "hand_message.csv"
    lines = [line.split("|") for line in rows.strip().splitlines()]
    path.write_text("".join(f"{at}.5,{message.strip()}\n" for at, (message, _) in enumerate(lines)))
    companion(path).write_text("".join(f"{','.join(map(_level, book.split()))}\n" for _, book in lines))
    return path, companion(path)


def _level(text: str) -> str:
    ask, bid = text.split("/")
    return f"{_place(ask, 9_999_999_999)},{_place(bid, -9_999_999_999)}"


def _place(text: str, nobody: int) -> str:
    return f"{nobody},0" if text == "-" else text.replace("x", ",")
