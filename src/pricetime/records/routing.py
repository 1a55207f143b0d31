"""Which partition owns what, and how inputs and outputs are addressed.

An account belongs to a ledger by the hash of its number, a stock to a book by its number modulo the books.
How many there are of each is fixed for the life of a venue: it decides where everything is.

A command about an account goes to the account's ledger. A command about a stock or the limits goes *round*:
to the first ledger, which judges it, from there to each next ledger, which takes note, and at last to the
stock's book, which does it and answers. So when it is answered, every ledger knows, and all of them learn
of stocks in the same order.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from pricetime.records.codes import CommandKind
from pricetime.records.commands import Command


class Room(IntEnum):
    """What kind of party sends or receives records."""

    EVENTS = 0
    """All who listen: views, streams, and the services that wait for answers. It receives only."""
    LEDGER = 1
    BOOK = 2
    SERVICE = 3
    """Whoever sends commands on behalf of clients. It sends only."""


class Address(NamedTuple):
    """A party by its room and its number there."""

    room: int
    number: int

    def __str__(self) -> str:
        return f"{Room(self.room).name.lower()}.{self.number}"


EVENTS: Final = Address(Room.EVENTS, 0)

ROUND: Final = frozenset(
    (CommandKind.LIST_STOCK, CommandKind.HALT_STOCK, CommandKind.RESUME_STOCK, CommandKind.SET_LIMITS)
)
"""The commands that go round."""


class Input(NamedTuple):
    """Records from one source: events where it is a book, commands where it is anybody else."""

    source: Address
    records: bytes


class Output(NamedTuple):
    """Records for one destination: commands where it is a book or the next ledger of a round, else events."""

    destination: Address
    records: bytes


class Topology(NamedTuple):
    """How many partitions a venue has."""

    ledgers: int
    books: int

    @property
    def partitions(self) -> int:
        """Ledgers and books together."""
        return self.ledgers + self.books

    def addresses(self) -> list[Address]:
        """Return the addresses of all partitions."""
        ledgers = [Address(Room.LEDGER, number) for number in range(self.ledgers)]
        return ledgers + [Address(Room.BOOK, number) for number in range(self.books)]

    def ledger_of(self, account: int) -> Address:
        """Return the ledger that owns an account."""
        return Address(Room.LEDGER, _mixed(account) % self.ledgers)

    def book_of(self, stock: int) -> Address:
        """Return the book partition that owns a stock."""
        return Address(Room.BOOK, stock % self.books)

    def entry_of(self, command: Command) -> Address:
        """Return the partition that a client's command goes to."""
        return Address(Room.LEDGER, 0) if command.kind in ROUND else self.ledger_of(command.account)

    def first_number_of(self, address: Address) -> int:
        """Return what the numbers of a partition's events begin after; they step by ``partitions``."""
        place = address.number + (self.ledgers if address.room == Room.BOOK else 0)
        return place + 1 - self.partitions


_WORD: Final = 2**64 - 1


def _mixed(number: int) -> int:
    """Return a number's bits well mixed: the finalizer of SplitMix64 (Steele, Lea and Flood, 2014)."""
    mixed = (number + 0x9E3779B97F4A7C15) & _WORD
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _WORD
    return mixed ^ mixed >> 31
