"""The reference venue, written to be read: it is the specification.

    money     ten-thousandths, the scale fixed once
    states    the life of an order as a table
    order     an order, and the queue at one price
    book      price-time priority in one stock; knows no wallets
    ledger    who owns what, free and held; knows no books
    memory    what an account remembers of its client ids
    outbox    the events
    judgement what can be said against an order as such
    clearing  the accounts' side: judges, holds, settles; ledger and memory inside
    matching  the stocks' side: the books, and what only they can judge
    exchange  the venue that composes the two sides
    state     snapshot and restore
    partitions the two sides as machines of their own, with records between them

Nothing here does I/O, reads a clock, draws a random number or logs.
"""

from pricetime.rules.exchange import Venue

__all__ = ["Venue"]
