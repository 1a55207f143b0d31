"""What an account remembers of its client ids, so that a repeated command is done once.

The same id with the same content is answered as it was the first time; with other content it is
denied. Only the newest ids are remembered, as many as the limit says.
"""

from __future__ import annotations

from typing import NamedTuple

from pricetime.records import Command, CommandKind, Reason

PLACE_ORDER = int(CommandKind.PLACE_ORDER)

Content = tuple[int, ...]
"""What makes two commands the same: all but the sequence, the time and a placed order's number."""


def content_of(command: Command) -> Content:
    """Return kind, side, type, time in force, flags, policy, order meant, actor, stock and numbers."""
    order = 0 if command.kind == PLACE_ORDER else command.order
    return (*command[1:7], order, command.actor, command.stock, *command[14:17])


class Remembered(NamedTuple):
    """How a command with a client id was answered: Reason.NONE is accepted."""

    content: Content
    reason: Reason
    order: int


class ClientIds:
    """The newest client ids of one account, oldest first."""

    __slots__ = ("_answers", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._answers: dict[bytes, Remembered] = {}

    def get(self, client_id: bytes) -> Remembered | None:
        """Return how the command of this id was answered."""
        return self._answers.get(client_id)

    def items(self) -> list[tuple[bytes, Remembered]]:
        """Return all that is remembered, oldest first."""
        return list(self._answers.items())

    def remember(self, client_id: bytes, answer: Remembered) -> None:
        """Remember one more; the oldest goes where there are too many."""
        self._answers[client_id] = answer
        if len(self._answers) > self._limit:
            del self._answers[next(iter(self._answers))]

    def limit_to(self, limit: int) -> None:
        """Remember at most ``limit`` ids from now on."""
        self._limit = limit
        for client_id in list(self._answers)[: max(0, len(self._answers) - limit)]:
            del self._answers[client_id]
