"""The audit of commands: who asked for what, and what became of it.

Accepted orders, amends and cancels are left out: the orders themselves show them. Every denial is in. An
answer carries all that its command asked for, but not on whose authority it came: that is looked up.
"""

from __future__ import annotations

from typing import Final

from pricetime.ports import CommandRow
from pricetime.records import CommandKind, Event, Reason

_PLACE: Final = int(CommandKind.PLACE_ORDER)
_KINDS: Final = {int(kind): kind.name.lower() for kind in CommandKind}
_REASONS: Final = {int(reason): reason for reason in Reason}


class Audit:
    """Collects the audit of batches."""

    def __init__(self) -> None:
        self._rows: list[CommandRow] = []

    def answered(self, event: Event, actor: int) -> None:
        """Take in the ACCEPTED or DENIED of a command that came on the authority of ``actor``."""
        row = CommandRow(
            sequence=event.sequence,
            time_ns=event.time_ns,
            actor=actor,
            account=event.account,
            kind=_KINDS.get(event.command, f"unknown_{event.command}"),
            stock=event.stock,
            order=0 if event.command == _PLACE else event.order,
            quantity=event.quantity,
            amount=event.amount,
            reason=_REASONS[event.reason],
        )
        self._rows.append(row)

    def take(self) -> list[CommandRow]:
        """Return the rows and begin anew."""
        taken, self._rows = self._rows, []
        return taken
