"""On whose authority the commands of a batch came."""

from __future__ import annotations

from collections.abc import Iterable

from pricetime.ports import Message
from pricetime.records import Event, command_array
from pricetime.records.routing import Room
from pricetime.runtime.partition import is_sound


class Actors:
    """Looks commands up by their sequence among the inputs of a batch, when first asked."""

    def __init__(self, inputs: Iterable[Message]) -> None:
        self._inputs = inputs
        self._actors: dict[int, int] | None = None

    def of(self, answer: Event) -> int:
        """Return the actor of the command that is answered.

        One that came in an earlier batch, because a book had to answer it or it had to wait its turn, is of
        the account itself: all that can wait are orders and what changes a wallet by its owner.
        """
        if self._actors is None:
            self._actors = self._looked_up()
        return self._actors.get(answer.sequence, answer.account)

    def _looked_up(self) -> dict[int, int]:
        actors: dict[int, int] = {}
        for message in self._inputs:
            if message.source.room != Room.BOOK and is_sound(message):
                commands = command_array(message.records)
                pairs = zip(commands["sequence"].tolist(), commands["actor"].tolist(), strict=True)
                actors.update(pairs)
        return actors
