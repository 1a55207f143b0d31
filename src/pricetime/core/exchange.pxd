# The venue: it judges each command, lets the ledger hold, the book match and the ledger settle; as
# ``rules.exchange``. What carries a command out returns the reason to deny it, 0 for none.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from pricetime.core.book cimport Taker, enter, order_at
from pricetime.core.clearing cimport (
    answers_again,
    deposit,
    free_for,
    grant_shares,
    judge_listing,
    judge_order,
    open_new_account,
    own_order,
    own_orders,
    set_halted,
    set_limits,
    withdraw,
)
from pricetime.core.ledger cimport account_at, book_at, change_hold, list_stock
from pricetime.core.matching cimport aim, amend, cancel, judge_entry
from pricetime.core.memory cimport has_id, remember
from pricetime.core.outbox cimport hold_of, say_accepted, say_answer, say_changes
from pricetime.core.records cimport *
from pricetime.core.state cimport Core, Order


cdef inline void apply_one(Core* v, const Command* command) noexcept nogil:
    """Carry out one command and say what has come of it."""
    cdef uint32_t account = 0
    cdef uint8_t reason
    v.sequence = command.sequence
    v.time_ns = command.time_ns
    v.outbox.command = command.kind
    if has_id(command):
        account = account_at(v, command.account)
        if account and answers_again(v, account, command):
            return
    reason = carry_out(v, command)
    if reason:
        say_answer(v, command, reason, 0, 0)
    if account:
        remember(v, account, command, reason)
    say_changes(v)


cdef inline uint8_t carry_out(Core* v, const Command* command) noexcept nogil:
    """Do what a command asks for and return 0, or do nothing and return why not."""
    if command.kind == COMMAND_PLACE_ORDER:
        return place_order(v, command)
    if command.kind == COMMAND_CANCEL_ORDER:
        return cancel_order(v, command)
    if command.kind == COMMAND_AMEND_ORDER:
        return amend_order(v, command)
    if command.kind == COMMAND_OPEN_ACCOUNT:
        return open_new_account(v, command)
    if command.kind == COMMAND_LIST_STOCK:
        return list_new_stock(v, command)
    if command.kind == COMMAND_DEPOSIT:
        return deposit(v, command)
    if command.kind == COMMAND_WITHDRAW:
        return withdraw(v, command)
    if command.kind == COMMAND_GRANT_SHARES:
        return grant_shares(v, command)
    if command.kind == COMMAND_CANCEL_ALL:
        return cancel_all(v, command)
    if command.kind == COMMAND_HALT_STOCK:
        return answered(v, command, set_halted(v, command, True))
    if command.kind == COMMAND_RESUME_STOCK:
        return answered(v, command, set_halted(v, command, False))
    if command.kind == COMMAND_SET_LIMITS:
        return answered(v, command, set_limits(v, command))
    return REASON_INVALID_FIELD


cdef inline uint8_t answered(Core* v, const Command* command, uint8_t reason) noexcept nogil:
    """Answer a command that is done, unless there is a reason against it."""
    if reason == 0:
        say_answer(v, command, 0, 0, 0)
    return reason


cdef inline uint8_t list_new_stock(Core* v, const Command* command) noexcept nogil:
    cdef uint8_t reason = judge_listing(v, command)
    if reason == 0:
        list_stock(v, command.stock, command.price)
    return answered(v, command, reason)


# --------------------------------------------------------------------------------------------------- orders


cdef inline uint8_t place_order(Core* v, const Command* command) noexcept nogil:
    cdef Order order
    cdef Taker taker
    cdef uint8_t reason = judge_arriving(v, command, &order, &taker)
    if reason:
        return reason
    change_hold(v, &order, hold_of(&order))
    say_accepted(v, &order, taker.book, taker.time_in_force, command)
    enter(v, &taker)
    return 0


cdef inline uint8_t judge_arriving(Core* v, const Command* command, Order* order, Taker* taker) noexcept nogil:
    """Make the order that a PLACE_ORDER asks for, or return why it may not be."""
    cdef uint32_t number = book_at(v, command.stock)
    cdef uint8_t reason = judge_order(v, command, account_at(v, command.account), number, order)
    aim(v, taker, order, number, command.time_in_force)
    return reason if reason else judge_entry(v, taker)


cdef inline uint8_t cancel_order(Core* v, const Command* command) noexcept nogil:
    cdef uint32_t slot
    cdef uint8_t reason = own_order(v, command, &slot)
    if reason:
        return reason
    say_answer(v, command, 0, 0, 0)
    cancel(v, slot)
    return 0


cdef inline uint8_t cancel_all(Core* v, const Command* command) noexcept nogil:
    """Cancel an account's orders, those of one stock or all, in the order of their numbers."""
    cdef uint8_t reason = own_orders(v, command)
    cdef uint64_t at
    if reason:
        return reason
    say_answer(v, command, 0, 0, 0)
    for at in range(v.cancelling.count):
        cancel(v, order_at(v, v.cancelling.items[at]))
    return 0


cdef inline uint8_t amend_order(Core* v, const Command* command) noexcept nogil:
    cdef uint32_t slot
    cdef uint8_t reason = own_order(v, command, &slot)
    return reason if reason else amend(v, slot, command, free_for(v, &v.orders[slot]))
