"""A market to write tests on: people by name, prices as text, books as pictures (``oracle.picture``).

After every command the market checks conservation and holds, that a restored snapshot is the same state,
and has a witness look at the events.
"""

from __future__ import annotations

from dataclasses import dataclass

from pricetime.oracle.picture import draw_book, picture
from pricetime.oracle.program import stamp
from pricetime.oracle.witness import Witness
from pricetime.records import (
    Command,
    Event,
    EventKind,
    Reason,
    SelfTrade,
    Side,
    TimeInForce,
    commands,
    iter_events,
)
from pricetime.records.state import read_snapshot
from pricetime.rules import money
from pricetime.runtime import implementations
from pricetime.runtime.venue import Venue
from pricetime.settings import load

GTC, IOC, FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK


@dataclass(frozen=True)
class Answer:
    """The events of one command."""

    events: list[Event]

    @property
    def reason(self) -> Reason:
        return Reason(self.events[0].reason)

    @property
    def order(self) -> int:
        return self.events[0].order

    @property
    def quantity(self) -> int:
        return self.events[0].quantity

    @property
    def trades(self) -> list[str]:
        """Trades as ``quantity @ price``, in order."""
        return [f"{e.quantity} @ {money.show(e.price)}" for e in self.of(EventKind.TRADED)]

    @property
    def closed(self) -> dict[int, Reason]:
        """Why orders closed, by order."""
        return {e.order: Reason(e.reason) for e in self.of(EventKind.ORDER_CLOSED)}

    def of(self, kind: EventKind) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


class Market:
    """A venue with one stock, number 1, and whoever is named."""

    def __init__(self, venue_type: type[Venue] | None = None, tick: str = "0.01") -> None:
        self.venue_type = venue_type or implementations.pick(load().core)
        self.venue = self.venue_type()
        self.witness = Witness()
        self.people: dict[str, int] = {}
        self.send(commands.list_stock(1, money.parse(tick)))

    def send(self, command: Command) -> Answer:
        """Stamp and apply one command, and check what must hold after it."""
        stamped = stamp(command, self.venue.sequence)
        events = self.venue.apply(stamped.pack())
        assert self.venue.check() == []
        snapshot = self.venue.snapshot()
        assert self.venue_type.restore(snapshot).snapshot() == snapshot
        self.witness.see(events)
        assert self.witness.faults + self.witness.compare(snapshot) == []
        return Answer(list(iter_events(events)))

    def person(self, name: str, cash: str = "0", shares: int = 0) -> None:
        """Open an account with money and shares."""
        number = self.people[name] = len(self.people) + 1
        self.send(commands.open_account(number))
        if money.parse(cash):
            self.send(commands.deposit(number, money.parse(cash)))
        if shares:
            self.send(commands.grant_shares(number, 1, shares))

    def buy(self, name: str, quantity: int, price: str | None = None, **options: object) -> Answer:
        return self._place(name, Side.BUY, quantity, price, options)

    def sell(self, name: str, quantity: int, price: str | None = None, **options: object) -> Answer:
        return self._place(name, Side.SELL, quantity, price, options)

    def _place(
        self, name: str, side: Side, quantity: int, price: str | None, options: dict[str, object]
    ) -> Answer:
        limit = None if price is None else money.parse(price)
        return self.send(
            commands.place_order(self.people[name], 1, side, quantity, limit, **options)  # type: ignore[arg-type]
        )

    def cancel(self, name: str, order: int) -> Answer:
        return self.send(commands.cancel_order(self.people[name], order))

    def amend(self, name: str, order: int, *, quantity: int = 0, price: str = "0") -> Answer:
        number = self.people[name]
        return self.send(commands.amend_order(number, order, quantity=quantity, price=money.parse(price)))

    def wallet(self, name: str) -> str:
        """Return money as ``free + held``."""
        for account, free, held in read_snapshot(self.venue.snapshot()).accounts.tolist():
            if account == self.people[name]:
                return f"{money.show(free)} + {money.show(held)}"
        raise KeyError(name)

    def shares(self, name: str) -> str:
        """Return shares as ``free + held``."""
        for account, _, free, held in read_snapshot(self.venue.snapshot()).holdings.tolist():
            if account == self.people[name]:
                return f"{free} + {held}"
        return "0 + 0"

    def book(self) -> str:
        """Return the picture of the book."""
        return draw_book(self.venue.snapshot(), 1)


__all__ = ["FOK", "GTC", "IOC", "Answer", "Market", "Reason", "SelfTrade", "picture", "stamp"]
