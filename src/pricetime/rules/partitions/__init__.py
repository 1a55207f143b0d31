"""The venue in parts: ledgers that own accounts, books that own stocks, and records between them.

    line     what an account has under way at books, and what waits its turn
    ledger   a partition of accounts: ``rules.clearing`` behind records
    book     a partition of stocks: ``rules.matching`` behind records
    outgoing what leaves, by destination
    state    their snapshots
    check    conservation over all ledgers and what is on its way

Both are deterministic machines: batches of records in, batches of records out, each with its
destination. The money and the matching are those that ``rules.Venue`` composes directly; here they are
apart, and what one has to tell the other travels::

    client ── command ──> ledger ── order, with what is held for it ──> book
                          ledger <── accepted or denied, traded, opened, closed ── book
                          └──> events <──┘
"""

from pricetime.records.routing import EVENTS, Address, Input, Output, Room, Topology
from pricetime.rules.partitions.book import BookPartition
from pricetime.rules.partitions.ledger import LedgerPartition

__all__ = [
    "EVENTS",
    "Address",
    "BookPartition",
    "Input",
    "LedgerPartition",
    "Output",
    "Room",
    "Topology",
]
