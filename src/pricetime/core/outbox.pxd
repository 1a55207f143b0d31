# What the venue says: one function an event, each writing one record into the batch.
#
# What changed in balances and holdings is said once, at the end of a command, for each that was touched, in
# the order of the first touch; ``rules.outbox`` says the same in Python.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memcpy, memset

from pricetime.core.records cimport (
    EVENT_ACCEPTED,
    EVENT_BALANCE_CHANGED,
    EVENT_DENIED,
    EVENT_HOLDING_CHANGED,
    EVENT_TRADED,
    FLAG_POST_ONLY,
    RECORD_VERSION,
    SIDE_BUY,
    TYPE_MARKET,
    Command,
    Event,
)
from pricetime.core.state cimport Account, Book, Core, Holding, Order
from pricetime.core.storage cimport out_of_memory, push


cdef inline int64_t hold_of(const Order* order) noexcept nogil:
    """Return what an order holds for its remainder: money for a buy, shares for a sell."""
    if order.side != SIDE_BUY:
        return order.remaining
    if order.order_type == TYPE_MARKET:
        return order.limit
    return order.remaining * order.limit


cdef inline int64_t price_of(const Order* order) noexcept nogil:
    return 0 if order.order_type == TYPE_MARKET else order.limit


cdef inline Event* say(Core* v, uint8_t kind) noexcept nogil:
    """Return the next event, numbered and otherwise blank."""
    if v.outbox.count == v.outbox.room:
        widen_outbox(v)
    cdef Event* event = &v.outbox.events[v.outbox.count]
    v.outbox.count += 1
    v.outbox.number += v.outbox.step
    memset(event, 0, sizeof(Event))
    event.version = <uint8_t>RECORD_VERSION
    event.kind = kind
    event.command = v.outbox.command
    event.number = v.outbox.number
    event.sequence = v.sequence
    event.time_ns = v.time_ns
    return event


cdef inline void widen_outbox(Core* v) noexcept nogil:
    cdef Event* borrowed = v.outbox.events if v.outbox.borrowed else NULL
    v.outbox.room = max(<uint64_t>16, 2 * v.outbox.room)
    v.outbox.events = <Event*>realloc(
        NULL if v.outbox.borrowed else v.outbox.events, v.outbox.room * sizeof(Event)
    )
    if v.outbox.events == NULL:
        out_of_memory()
    if borrowed != NULL:
        memcpy(v.outbox.events, borrowed, v.outbox.count * sizeof(Event))
        v.outbox.borrowed = False


cdef inline void say_answer(
    Core* v, const Command* command, uint8_t reason, int64_t order, uint8_t flags
) noexcept nogil:
    """Answer a command with what it asked for: accepted, or denied for a reason."""
    cdef Event* event = say(v, EVENT_DENIED if reason else EVENT_ACCEPTED)
    event.side = command.side
    event.order_type = command.order_type
    event.time_in_force = command.time_in_force
    event.flags = (command.flags & FLAG_POST_ONLY) | flags
    event.reason = reason
    event.account = command.account
    event.stock = command.stock
    event.order = order if order else command.order
    event.price = command.price
    event.quantity = command.quantity
    event.amount = command.amount
    memcpy(event.client_id, command.client_id, 16)


cdef inline Event* say_order(
    Core* v, uint8_t kind, const Order* order, const Book* book, uint8_t time_in_force
) noexcept nogil:
    """Say an order as it now is."""
    cdef Event* event = say(v, kind)
    event.side = order.side
    event.order_type = order.order_type
    event.time_in_force = time_in_force
    event.flags = order.flags
    event.account = v.accounts[order.account].number
    event.stock = book.stock
    event.order = order.number
    event.price = price_of(order)
    event.quantity = order.quantity
    event.remaining = order.remaining
    return event


cdef inline void say_accepted(
    Core* v, const Order* order, const Book* book, uint8_t time_in_force, const Command* command
) noexcept nogil:
    """Answer a command that has placed or amended an order: the order as it now is."""
    memcpy(say_order(v, EVENT_ACCEPTED, order, book, time_in_force).client_id, command.client_id, 16)


cdef inline void say_trade(
    Core* v,
    const Order* taker,
    const Order* maker,
    const Book* book,
    uint8_t time_in_force,
    int64_t price,
    int64_t quantity,
) noexcept nogil:
    cdef Event* event = say(v, EVENT_TRADED)
    event.side = taker.side
    event.order_type = taker.order_type
    event.time_in_force = time_in_force
    event.flags = taker.flags
    event.account = v.accounts[taker.account].number
    event.stock = book.stock
    event.order = taker.number
    event.price = price
    event.quantity = quantity
    event.remaining = taker.remaining
    event.amount = price * quantity
    event.maker_account = v.accounts[maker.account].number
    event.maker_order = maker.number
    event.maker_remaining = maker.remaining


cdef inline void touch(Core* v, uint32_t account) noexcept nogil:
    """Say at the end what has become of the account's money."""
    if not v.accounts[account].touched:
        v.accounts[account].touched = True
        push(&v.outbox.accounts, account)


cdef inline void touch_holding(Core* v, uint32_t holding) noexcept nogil:
    """Say at the end what has become of a holding."""
    if not v.holdings[holding].touched:
        v.holdings[holding].touched = True
        push(&v.outbox.holdings, holding)


cdef inline void say_changes(Core* v) noexcept nogil:
    """Say what has become of everything that the command has touched."""
    cdef uint32_t at
    cdef Event* event
    cdef Account* account
    cdef Holding* holding
    for at in range(v.outbox.accounts.count):
        account = &v.accounts[v.outbox.accounts.items[at]]
        account.touched = False
        event = say(v, EVENT_BALANCE_CHANGED)
        event.account = account.number
        event.amount = account.free
        event.held = account.held
    for at in range(v.outbox.holdings.count):
        holding = &v.holdings[v.outbox.holdings.items[at]]
        holding.touched = False
        event = say(v, EVENT_HOLDING_CHANGED)
        event.account = v.accounts[holding.account].number
        event.stock = v.books[holding.book].stock
        event.quantity = holding.free
        event.held = holding.held
    v.outbox.accounts.count = v.outbox.holdings.count = 0
