# A book partition: it owns stocks, and matches what ledgers send it; as ``rules.partitions.book``.
#
# Of accounts it keeps the numbers, and only while they have orders here. Everything is held already, so nothing
# is settled and no hold changes (``Core.keeps_accounts``).

from libc.stdint cimport int64_t, uint8_t, uint32_t

from pricetime.core.book cimport Taker, enter, order_at
from pricetime.core.clearing cimport is_listing, make_order, set_halted
from pricetime.core.judgement cimport has_codes
from pricetime.core.ledger cimport account_at, book_at, close_account, list_stock, open_account
from pricetime.core.matching cimport aim, amend, cancel, judge_entry
from pricetime.core.outbox cimport say_accepted, say_answer
from pricetime.core.records cimport *
from pricetime.core.state cimport Core, Order
from pricetime.core.storage cimport product


cdef inline bint apply_to_book(Core* v, const Command* command) noexcept nogil:
    """Carry out a command of a ledger; False, and nothing done, where no ledger sends such a one."""
    cdef uint8_t reason = 0
    if not is_of_a_ledger(v, command):
        return False
    v.time_ns = max(v.time_ns, command.time_ns)
    v.sequence = command.sequence
    v.outbox.command = command.kind
    if command.kind == COMMAND_PLACE_ORDER:
        reason = place(v, command)
    elif command.kind == COMMAND_AMEND_ORDER:
        reason = change(v, command)
    elif command.kind == COMMAND_CANCEL_ORDER:
        reason = cancel_one(v, command)
    elif command.kind == COMMAND_CANCEL_ALL:
        cancel_one_of_all(v, command)
        return True
    elif command.kind == COMMAND_LIST_STOCK:
        list_stock(v, command.stock, command.price)
        say_answer(v, command, 0, 0, 0)
    else:
        reason = set_halted(v, command, command.kind == COMMAND_HALT_STOCK)
        if reason == 0:
            say_answer(v, command, 0, 0, 0)
    if reason:
        say_answer(v, command, reason, 0, 0)
    return True


cdef inline bint is_of_a_ledger(Core* v, const Command* command) noexcept nogil:
    """Return whether a ledger may have sent this: it has judged all that can be judged without a book."""
    if command.kind == COMMAND_PLACE_ORDER:
        return (
            has_codes(command)
            and command.account > 0
            and command.amount >= 0
            and 0 < command.quantity <= MAX_QUANTITY
            and (command.price == 0 if command.order_type == TYPE_MARKET else is_price(command))
        )
    if command.kind == COMMAND_AMEND_ORDER:
        return 0 <= command.amount <= MAX_TOTAL - budget_of(v, command.order)
    if command.kind == COMMAND_LIST_STOCK:
        return is_listing(v, command)
    return (
        command.kind == COMMAND_CANCEL_ORDER
        or command.kind == COMMAND_CANCEL_ALL
        or command.kind == COMMAND_HALT_STOCK
        or command.kind == COMMAND_RESUME_STOCK
    )


cdef inline int64_t budget_of(Core* v, int64_t number) noexcept nogil:
    """Return what an order may still spend, if it is a market buy, and else 0."""
    cdef const Order* order = &v.orders[order_at(v, number)]
    return order.limit if order.side == SIDE_BUY and order.order_type == TYPE_MARKET else 0


cdef inline bint is_price(const Command* command) noexcept nogil:
    return 0 < command.price <= MAX_MONEY and product(command.price, command.quantity, MAX_MONEY) <= MAX_MONEY


cdef inline uint8_t place(Core* v, const Command* command) noexcept nogil:
    """Let an order enter; its ``amount`` is what its ledger holds for it, a market buy's budget."""
    cdef uint32_t number = book_at(v, command.stock)
    cdef uint32_t account
    cdef uint8_t reason
    cdef Order order
    cdef Taker taker
    if order_at(v, command.order):
        return REASON_INVALID_FIELD
    if number == 0:
        return REASON_UNKNOWN_STOCK
    account = account_at(v, command.account)
    if account == 0:
        account = open_account(v, command.account)
    v.accounts[account].open_orders += 1  # so that it stays while the order is on its way
    make_order(&order, command, account)
    if order.side == SIDE_BUY and order.order_type == TYPE_MARKET:
        order.limit = command.amount
    aim(v, &taker, &order, number, command.time_in_force)
    reason = judge_entry(v, &taker)
    if reason == 0:
        say_accepted(v, &order, taker.book, taker.time_in_force, command)
        enter(v, &taker)
    v.accounts[account].open_orders -= 1
    if v.accounts[account].open_orders == 0:
        close_account(v, account)
    return reason


cdef inline uint8_t change(Core* v, const Command* command) noexcept nogil:
    """Change an order; ``amount`` is what its ledger has set aside for it beside its hold."""
    cdef uint32_t slot = order_at(v, command.order)
    return amend(v, slot, command, command.amount) if slot else REASON_ORDER_NOT_OPEN


cdef inline uint8_t cancel_one(Core* v, const Command* command) noexcept nogil:
    cdef uint32_t slot = order_at(v, command.order)
    if slot == 0:
        return REASON_ORDER_NOT_OPEN
    say_answer(v, command, 0, 0, 0)
    cancel(v, slot)
    return 0


cdef inline void cancel_one_of_all(Core* v, const Command* command) noexcept nogil:
    """Cancel one order of a CANCEL_ALL, which its ledger has answered; it may have ended meanwhile."""
    cdef uint32_t slot = order_at(v, command.order)
    if slot:
        cancel(v, slot)
