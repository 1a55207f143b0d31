"""The views of a venue in parts: each partition's journal is a stream of its own, projected by itself.

Each row is of exactly one stream, so streams never write the same row, and whoever reads puts together what
belongs together.

    book     orders, executions, levels, stocks, candles; audit of LIST_STOCK, HALT_STOCK, RESUME_STOCK
    ledger   balances, deposits and withdrawals, holdings, shares granted; audit of all else

The pieces are those that ``projection`` composes for the venue in one process. As there, what is stored in
the end depends on the batches alone, never on how often changes were taken between them.
"""

from __future__ import annotations

from pricetime.errors import ViewsDamaged
from pricetime.ports import PartitionBatch, PartitionViewStore, ViewChanges, ViewPosition
from pricetime.records import EVENT_BYTES, Event
from pricetime.records.fields import EVENT
from pricetime.records.routing import Address, Room, Topology
from pricetime.runtime.notices import told_by
from pricetime.views.book_stream import BookStream
from pricetime.views.ledger_stream import LedgerStream
from pricetime.views.projection import ROWS_KEPT


class PartitionProjection:
    """Turns the batches of one partition into changes. One thread at a time uses it."""

    def __init__(
        self, address: Address, topology: Topology, store: PartitionViewStore, *, rows_kept: int = ROWS_KEPT
    ) -> None:
        self.position = store.checkpoint()
        """The last batch that was projected."""
        self.events = 0
        """Events projected since changes were last taken."""
        self._address = address
        self._store = store
        self._stream = (
            BookStream(store, rows_kept)
            if address.room == Room.BOOK
            else LedgerStream(address, topology, store, rows_kept)
        )

    def project(self, batch: PartitionBatch) -> None:
        """Take in the next batch; ViewsDamaged where it does not follow on what the views hold."""
        if batch.number != self.position.batch + 1:
            raise ViewsDamaged(
                f"batch {batch.number} of {self._address} cannot follow batch {self.position.batch}"
            )
        told = told_by(batch)
        if told:
            self._store.prefetch(self._stream.wanted(told))
        self._stream.project(batch, told)
        self.events += len(told) // EVENT_BYTES
        self.position = ViewPosition(batch.number, batch.hash, _last_number(told) or self.position.event)

    def take(self) -> ViewChanges:
        """Return what has changed since the last time and begin anew."""
        self.events = 0
        return ViewChanges(position=self.position, **self._stream.take())


def _last_number(told: bytes) -> int:
    """Return the number of the last event; 0 where there is none."""
    return Event._make(EVENT.unpack_from(told, len(told) - EVENT_BYTES)).number if told else 0
