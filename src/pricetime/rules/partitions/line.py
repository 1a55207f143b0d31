"""The line of an account: what it has under way at books, and what waits its turn.

Most commands go their way at once, however many are under way. What has to wait waits in the order of
arrival, at its ledger, for an answer of a book, and books never wait; so nothing can deadlock. There wait

* what needs money, while a market buy has all free money with it, and whatever needs money behind it;
* an amend of an order whose book has not answered its placing or its last amend;
* a command with the client id of one that is under way or waits: its answer is not known yet.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from pricetime.records import NO_CLIENT_ID, Command, CommandKind

_CHANGES_ORDER = (CommandKind.PLACE_ORDER, CommandKind.AMEND_ORDER)


class Underway(NamedTuple):
    """A command that a book has to answer."""

    command: Command
    """As it arrived, to be remembered and, where the book denies it, answered."""
    asset: int = 0
    """Of what is brought: 0 for money, else a stock."""
    brought: int = 0
    """Held for an amend beside the hold of its order."""
    spends_all: bool = False
    """Whether all free money of the account went with it."""


class Line:
    """Of one account."""

    def __init__(self) -> None:
        self.underway: dict[int, Underway] = {}
        """By the command's sequence."""
        self.waiting: deque[Command] = deque()

    def must_wait(self, command: Command, *, needs_money: bool) -> bool:
        """Return whether a command that arrives has to wait."""
        if needs_money and self.waiting:
            return True
        return self._carries_id_of(command, self.waiting) or self.is_held_up(command, needs_money=needs_money)

    def is_held_up(self, command: Command, *, needs_money: bool) -> bool:
        """Return whether a command could not go its way though nobody waited before it."""
        underway = self.underway.values()
        return (
            (needs_money and any(each.spends_all for each in underway))
            or (command.kind == CommandKind.AMEND_ORDER and self._changes(command.order))
            or self._carries_id_of(command, [each.command for each in underway])
        )

    def _changes(self, order: int) -> bool:
        return any(
            each.command.order == order and each.command.kind in _CHANGES_ORDER
            for each in self.underway.values()
        )

    @staticmethod
    def _carries_id_of(command: Command, others: deque[Command] | list[Command]) -> bool:
        return command.client_id != NO_CLIENT_ID and any(
            other.client_id == command.client_id for other in others
        )
