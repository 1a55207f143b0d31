# What a ledger partition hears of books: it settles, gives back, remembers answers, and lets go on what has waited;
# the second half of ``rules.partitions.ledger``.

from libc.stdint cimport int64_t, uint32_t

from pricetime.core.book cimport forget, order_at
from pricetime.core.ledger cimport (
    account_at,
    book_at,
    change_hold,
    holding_of,
    release,
    settle_buy,
    settle_sell,
)
from pricetime.core.ledger_partition cimport Place, execute, needs_money
from pricetime.core.lines cimport close_if_empty, come_back, first_in_line, is_held_up, underway_at
from pricetime.core.memory cimport has_id, remember
from pricetime.core.outbox cimport hold_of, say_answer, say_changes, touch, touch_holding
from pricetime.core.records cimport *
from pricetime.core.routing cimport ledger_of
from pricetime.core.state cimport Core, Errand, Line, Order


cdef inline bint hear(Core* v, const Place* place, const Event* events, int64_t count) noexcept nogil:
    """Take in what a book reports of one command, and then let go on what has waited for it.

    False where it answers what is not under way, or tells of an order that is not open here.
    """
    cdef const Event* first = events
    cdef bint answers = first.kind == EVENT_ACCEPTED or first.kind == EVENT_DENIED
    cdef uint32_t account = account_at(v, first.account) if answers else 0
    cdef uint32_t errand = underway_at(v, account, first.sequence) if account else 0
    cdef int64_t at
    if answers and errand == 0:
        return False
    v.time_ns = max(v.time_ns, first.time_ns)
    v.sequence = first.sequence
    v.outbox.command = first.command
    for at in range(count):
        if not hear_one(v, place, account, errand, events + at):
            return False
    if answers:
        come_back(v, account, errand)
    say_changes(v)
    if answers:
        go_on(v, place, account)
    return True


cdef inline void go_on(Core* v, const Place* place, uint32_t account) noexcept nogil:
    """Let go on what waits, up to the first that has to wait longer."""
    cdef Line* line = &v.lines[v.accounts[account].line]
    cdef Command command
    while line.first_waiting:
        command = v.errands[line.first_waiting].command
        if is_held_up(v, line, &command, needs_money(v, &command)):
            return
        command = first_in_line(v, line)
        execute(v, place, &command)
    close_if_empty(v, account)


cdef inline bint hear_one(
    Core* v, const Place* place, uint32_t account, uint32_t errand, const Event* event
) noexcept nogil:
    cdef uint32_t slot
    if event.kind == EVENT_TRADED:
        return (
            traded(v, place, event, event.account, event.order)
            and traded(v, place, event, event.maker_account, event.maker_order)
        )
    if event.kind == EVENT_ORDER_OPENED or event.kind == EVENT_ORDER_CLOSED:
        slot = order_at(v, event.order)
        if slot == 0:
            return False
        if event.kind == EVENT_ORDER_OPENED:
            opened(v, &v.orders[slot], event)
        else:
            closed(v, slot)
        return True
    if errand == 0:
        return False
    if event.kind == EVENT_ACCEPTED:
        return accepted(v, account, &v.errands[errand], event)
    if event.kind == EVENT_DENIED:
        return denied(v, account, &v.errands[errand], event)
    return False


cdef inline bint accepted(Core* v, uint32_t account, const Errand* errand, const Event* event) noexcept nogil:
    """Change the copy of an amended order as the book has; what was brought joins the hold, or goes back."""
    cdef uint32_t slot = 0
    cdef Order* order
    cdef int64_t held
    if event.command == COMMAND_AMEND_ORDER:
        slot = order_at(v, event.order)
        if slot == 0:
            return False
    if has_id(&errand.command):
        remember(v, account, &errand.command, 0)
    if slot:
        order = &v.orders[slot]
        held = hold_of(order) + errand.brought
        order.quantity = event.quantity
        order.remaining = event.remaining
        if order.order_type != TYPE_MARKET:
            order.limit = event.price
        elif errand.spends_all:
            order.limit += errand.brought
        change_hold(v, order, hold_of(order) - held)
    return True


cdef inline bint denied(Core* v, uint32_t account, const Errand* errand, const Event* event) noexcept nogil:
    """Give back what was held for it, and deny it in the name of the book."""
    cdef uint32_t slot
    if event.command == COMMAND_PLACE_ORDER:
        slot = order_at(v, event.order)
        if slot == 0:
            return False
        closed(v, slot)
    elif event.command == COMMAND_AMEND_ORDER:
        if errand.asset:
            give_back_shares(v, account, book_at(v, errand.asset), errand.brought)
        else:
            v.accounts[account].free += errand.brought
            v.accounts[account].held -= errand.brought
            touch(v, account)
    say_answer(v, &errand.command, event.reason, 0, 0)
    if has_id(&errand.command):
        remember(v, account, &errand.command, event.reason)
    return True


cdef inline void give_back_shares(Core* v, uint32_t account, uint32_t book, int64_t quantity) noexcept nogil:
    cdef uint32_t holding = holding_of(v, account, book)
    v.holdings[holding].free += quantity
    v.holdings[holding].held -= quantity
    touch_holding(v, holding)


cdef inline bint traded(
    Core* v, const Place* place, const Event* event, int64_t account, int64_t number
) noexcept nogil:
    """Settle the half of a trade that belongs to an account, if it is of this ledger.

    False where the order is not open here, or its account would have more than can be counted.
    """
    cdef uint32_t slot
    cdef uint32_t book
    cdef Order* order
    if ledger_of(account, place.ledgers) != place.number:
        return True
    slot = order_at(v, number)
    if slot == 0:
        return False
    order = &v.orders[slot]
    book = v.levels[order.level].book
    order.remaining -= event.quantity
    if order.side != SIDE_BUY:
        if event.amount > MAX_TOTAL - v.accounts[order.account].free:
            return False
        settle_sell(v, order, event.quantity, event.amount)
        v.passing_money -= event.amount
        v.books[book].passing += event.quantity
        return True
    if order.holding and event.quantity > MAX_TOTAL - v.holdings[order.holding].free:
        return False
    if order.order_type == TYPE_MARKET:
        order.limit -= event.amount
        settle_buy(v, order, book, event.quantity, event.amount, event.amount)
    else:
        settle_buy(v, order, book, event.quantity, event.amount, order.limit * event.quantity)
    v.passing_money += event.amount
    v.books[book].passing -= event.quantity
    return True


cdef inline void opened(Core* v, Order* order, const Event* event) noexcept nogil:
    """Take note of the budget that is left to a market buy which waits now; the rest goes back."""
    cdef int64_t given_back = hold_of(order) - event.held
    if given_back == 0:
        return
    if order.side == SIDE_BUY and order.order_type == TYPE_MARKET:
        order.limit -= given_back
    change_hold(v, order, -given_back)


cdef inline void closed(Core* v, uint32_t slot) noexcept nogil:
    release(v, &v.orders[slot])
    forget(v, slot)
