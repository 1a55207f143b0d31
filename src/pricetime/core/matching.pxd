# The stocks' side of the market: the books, and what only they can judge; as ``rules.matching``. Nothing here asks
# an account: what an amend may need besides is *brought*. Where accounts are elsewhere, no hold changes here.

from libc.stdint cimport int64_t, uint8_t, uint32_t

from pricetime.core.book cimport (
    Taker,
    book_of,
    cannot_afford_any,
    close_maker,
    enter,
    leave,
    own_side,
    would_take,
)
from pricetime.core.judgement cimport judge_price
from pricetime.core.ledger cimport change_hold
from pricetime.core.outbox cimport hold_of, price_of, say_accepted, say_order
from pricetime.core.records cimport *
from pricetime.core.state cimport Book, Core, Order
from pricetime.core.storage cimport share


cdef inline void aim(Core* v, Taker* taker, Order* order, uint32_t number, uint8_t time_in_force) noexcept nogil:
    """Let an order that is not in the pool yet be on its way into a book."""
    taker.order = order
    taker.book = &v.books[number]
    taker.slot = 0
    taker.number = number
    taker.time_in_force = time_in_force


cdef inline uint8_t judge_entry(Core* v, const Taker* taker) noexcept nogil:
    """Deny an order, right in itself and paid for, that its book cannot take."""
    cdef Book* book = taker.book
    cdef const Order* order = taker.order
    if book.halted:
        return REASON_STOCK_HALTED
    if order.side == SIDE_BUY and order.order_type == TYPE_MARKET and cannot_afford_any(v, book, order):
        return REASON_INSUFFICIENT_FUNDS
    if order.quantity > MAX_TOTAL - own_side(book, order.side).quantity:
        return REASON_SHARE_LIMIT
    if order.flags & FLAG_POST_ONLY and would_take(v, book, order):
        return REASON_WOULD_TAKE
    return 0


cdef inline void cancel(Core* v, uint32_t slot) noexcept nogil:
    cdef Order* order = &v.orders[slot]
    close_maker(v, book_of(v, order), order, slot, REASON_CANCELLED)


cdef inline uint8_t amend(Core* v, uint32_t slot, const Command* command, int64_t brought) noexcept nogil:
    """Change a resting order as an AMEND_ORDER asks, with so much to hold besides, or return why not."""
    cdef Order* order = &v.orders[slot]
    cdef int64_t price = command.price if command.price else price_of(order)
    cdef int64_t quantity = command.quantity if command.quantity else order.quantity
    cdef uint8_t reason = judge_amend(v, order, price, quantity, brought)
    if reason:
        return reason
    if price == price_of(order) and quantity <= order.quantity:
        reduce_order(v, order, quantity, command)
    else:
        reenter(v, slot, price, quantity, brought, command)
    return 0


cdef inline uint8_t judge_amend(
    Core* v, const Order* order, int64_t price, int64_t quantity, int64_t brought
) noexcept nogil:
    cdef Book* book = book_of(v, order)
    cdef int64_t remaining
    cdef Order repriced
    cdef uint8_t reason
    if book.halted:
        return REASON_STOCK_HALTED
    reason = judge_price(book.tick, order.order_type, price, quantity)
    if reason:
        return reason
    remaining = quantity - (order.quantity - order.remaining)
    if remaining <= 0:
        return REASON_INVALID_QUANTITY
    if remaining - order.remaining > MAX_TOTAL - own_side(book, order.side).quantity:
        return REASON_SHARE_LIMIT
    if order.side == SIDE_SELL:
        if brought < remaining - order.remaining:
            return REASON_INSUFFICIENT_SHARES
    elif could_not_pay(book, order, price, quantity, brought):
        return REASON_INSUFFICIENT_FUNDS
    if order.flags & FLAG_POST_ONLY and price != order.limit:
        repriced = order[0]
        repriced.limit = price
        if would_take(v, book, &repriced):
            return REASON_WOULD_TAKE
    return 0


cdef inline bint could_not_pay(
    const Book* book, const Order* buy, int64_t price, int64_t quantity, int64_t brought
) noexcept nogil:
    """Return whether a buy, so amended, wants more than there is or spends less than a tick."""
    cdef int64_t remaining = quantity - (buy.quantity - buy.remaining)
    if buy.order_type == TYPE_LIMIT:
        return brought < remaining * price - hold_of(buy)
    if quantity > buy.quantity:
        return brought < book.tick - buy.limit
    return share(buy.limit, remaining, buy.remaining) < book.tick


cdef inline void reduce_order(Core* v, Order* order, int64_t quantity, const Command* command) noexcept nogil:
    """Leave an order in its place with fewer shares; a waiting buy's budget shrinks alike."""
    cdef Book* book = book_of(v, order)
    cdef int64_t held = hold_of(order)
    cdef int64_t given_up = order.quantity - quantity
    cdef int64_t remaining = order.remaining - given_up
    if order.side == SIDE_BUY and order.order_type == TYPE_MARKET:
        order.limit = share(order.limit, remaining, order.remaining)
    order.remaining = remaining
    order.quantity = quantity
    v.levels[order.level].quantity -= given_up
    own_side(book, order.side).quantity -= given_up
    change_hold(v, order, hold_of(order) - held)
    say_accepted(v, order, book, FORCE_GTC, command)
    say_order(v, EVENT_ORDER_OPENED, order, book, FORCE_GTC).held = hold_of(order)


cdef inline void reenter(
    Core* v, uint32_t slot, int64_t price, int64_t quantity, int64_t brought, const Command* command
) noexcept nogil:
    """Take an order off the book and let it enter anew, at the back; a market buy may spend all that was brought."""
    cdef Order* order = &v.orders[slot]
    cdef uint32_t number = v.levels[order.level].book
    cdef Book* book = &v.books[number]
    cdef int64_t held = hold_of(order)
    cdef Taker taker
    leave(v, own_side(book, order.side), order)
    order.remaining = quantity - (order.quantity - order.remaining)
    order.quantity = quantity
    if order.side == SIDE_BUY and order.order_type == TYPE_MARKET:
        order.limit += brought
    else:
        order.limit = price
    change_hold(v, order, hold_of(order) - held)
    say_accepted(v, order, book, FORCE_GTC, command)
    aim(v, &taker, order, number, FORCE_GTC)
    taker.slot = slot
    enter(v, &taker)
