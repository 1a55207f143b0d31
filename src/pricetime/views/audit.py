"""The audit of commands: who asked for what, and what became of it.

Accepted orders, amends and cancels are left out: the orders themselves show them. Every denial is in. An
answer does not say on whose authority its command came, so the command is looked up by its sequence.
"""

from __future__ import annotations

from typing import Final

from pricetime.ports import Batch, CommandRow
from pricetime.records import COMMAND_BYTES, Command, CommandKind, Event, Reason
from pricetime.records.fields import COMMAND

_PLACE: Final = int(CommandKind.PLACE_ORDER)
_KINDS: Final = {int(kind): kind.name.lower() for kind in CommandKind}
_REASONS: Final = {int(reason): reason for reason in Reason}


class Audit:
    """Collects the audit of batches."""

    def __init__(self) -> None:
        self._rows: list[CommandRow] = []

    def answered(self, event: Event, batch: Batch) -> None:
        """Take in an ACCEPTED or DENIED of ``batch``."""
        offset = (event.sequence - batch.first_sequence) * COMMAND_BYTES
        command = Command._make(COMMAND.unpack_from(batch.commands, offset))
        row = CommandRow(
            sequence=event.sequence,
            time_ns=event.time_ns,
            actor=command.actor,
            account=event.account,
            kind=_KINDS.get(command.kind, f"unknown_{command.kind}"),
            stock=command.stock,
            order=0 if command.kind == _PLACE else command.order,
            quantity=command.quantity,
            amount=command.amount,
            reason=_REASONS[event.reason],
        )
        self._rows.append(row)

    def take(self) -> list[CommandRow]:
        """Return the rows and begin anew."""
        taken, self._rows = self._rows, []
        return taken
