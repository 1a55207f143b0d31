# A ledger partition: it owns accounts and lets nothing reach a book that is not paid for; as
# ``rules.partitions.ledger``, which states its invariants. What it hears of books is in ``hearing``.
#
# Of each open order it has a copy in the pool and in its account's list. A copy stands nowhere: its level, that
# at market of its side of its stock's book, only says which stock it is of.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport realloc

from pricetime.core.book cimport book_of, keep, order_at, own_side
from pricetime.core.clearing cimport (
    answers_again,
    deposit,
    free_for,
    grant_shares,
    is_listing,
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
from pricetime.core.lines cimport let_wait, must_wait, send_off, underway_at
from pricetime.core.memory cimport has_id, remember
from pricetime.core.outbox cimport hold_of, price_of, say_accepted, say_answer, say_changes
from pricetime.core.records cimport *
from pricetime.core.routing cimport goes_round, ledger_of
from pricetime.core.state cimport Core, Errand, Letter, Letters, Line, Order
from pricetime.core.storage cimport out_of_memory


cdef struct Place:
    # Where a ledger is.
    uint32_t number
    uint64_t ledgers
    uint64_t books


cdef extern from *:
    """
    /* What an amend to `remaining` shares at `price` may need beside a hold of `held` for `before` shares,
       at most, and never more than `free`. No product of what a client may send overflows 128 bits. */
    static inline int64_t pt_wanted(int64_t price, int64_t quantity, int64_t filled, int64_t before,
                                    int64_t held, int64_t free_now) {
        __int128 remaining = (__int128)quantity - filled;
        __int128 whole = remaining * price - held, more = (remaining - before) * price;
        __int128 most = whole > more ? whole : more;
        if (most < 0) most = 0;
        return most < free_now ? (int64_t)most : free_now;
    }
    """
    int64_t wanted_of_money "pt_wanted"(
        int64_t price, int64_t quantity, int64_t filled, int64_t before, int64_t held, int64_t free_now
    ) noexcept nogil


cdef inline void send(Core* v, uint32_t destination, const Command* command) noexcept nogil:
    """Send a command to a book, or, where ``destination`` is the number of books, to the next ledger."""
    cdef Letters* letters = &v.letters
    if letters.count == letters.room:
        letters.room = max(<uint64_t>64, 2 * letters.room)
        letters.items = <Letter*>realloc(letters.items, letters.room * sizeof(Letter))
        if letters.items == NULL:
            out_of_memory()
    letters.items[letters.count].command = command[0]
    letters.items[letters.count].destination = destination
    letters.count += 1


cdef inline void send_to_book(Core* v, const Place* place, int64_t stock, const Command* command) noexcept nogil:
    send(v, <uint32_t>(<uint64_t>stock % place.books), command)


# ------------------------------------------------------------------------------------------------- commands


cdef inline bint take_command(Core* v, const Place* place, const Command* command, bint judged) noexcept nogil:
    """Take a command of a client, or of the ledger before on its round; False where no ledger sends such a one."""
    cdef uint32_t account
    cdef Line* line
    if goes_round(command.kind):
        return go_round(v, place, command, judged)
    if command.kind == COMMAND_PLACE_ORDER and command.flags & ~FLAG_POST_ONLY == FLAG_TRIAL:
        judge_only(v, command)
        return True
    account = account_at(v, command.account)
    if account == 0 or v.accounts[account].line == 0:
        execute(v, place, command)
        return True
    line = &v.lines[v.accounts[account].line]
    if not must_wait(v, line, command, needs_money(v, command)):
        execute(v, place, command)
    elif v.accounts[account].open_orders + line.waiting < v.limits.open_orders:
        let_wait(v, account, command)
    else:
        begin(v, command)
        say_answer(v, command, REASON_TOO_MANY_OPEN_ORDERS, 0, 0)
    return True


cdef inline void begin(Core* v, const Command* command) noexcept nogil:
    """Let what follows be of this command; its time is never before that of the last one."""
    v.time_ns = max(v.time_ns, command.time_ns)
    v.sequence = command.sequence
    v.outbox.command = command.kind


cdef inline void judge_only(Core* v, const Command* command) noexcept nogil:
    """Answer a PLACE_ORDER as it would be answered now, as far as its ledger knows; change nothing."""
    cdef Command asked = command[0]
    cdef uint32_t number = book_at(v, command.stock)
    cdef Order order
    cdef uint8_t reason
    begin(v, command)
    asked.flags &= ~FLAG_TRIAL
    reason = judge_order(v, &asked, account_at(v, command.account), number, &order)
    if reason:
        say_answer(v, command, reason, 0, FLAG_TRIAL)
        return
    order.flags |= FLAG_TRIAL
    say_accepted(v, &order, &v.books[number], command.time_in_force, command)
    v.outbox.events[v.outbox.count - 1].held = hold_of(&order)


cdef inline bint needs_money(Core* v, const Command* command) noexcept nogil:
    """Return whether it matters to a command how much money is free."""
    cdef uint32_t slot
    if command.kind == COMMAND_PLACE_ORDER:
        return command.side == SIDE_BUY
    if command.kind == COMMAND_AMEND_ORDER:
        slot = order_at(v, command.order)
        return slot != 0 and v.orders[slot].side == SIDE_BUY
    return command.kind == COMMAND_WITHDRAW


cdef inline void execute(Core* v, const Place* place, const Command* arrived) noexcept nogil:
    """Carry a command out, or send it on to its book."""
    cdef Command command = arrived[0]
    cdef uint32_t account = 0
    cdef bint goes_on = False
    cdef uint8_t reason
    begin(v, arrived)
    command.time_ns = v.time_ns
    if has_id(&command):
        account = account_at(v, command.account)
        if account and answers_again(v, account, &command):
            return
    if (
        command.kind == COMMAND_PLACE_ORDER
        or command.kind == COMMAND_AMEND_ORDER
        or command.kind == COMMAND_CANCEL_ORDER
    ):
        reason = go_on_with(v, place, &command)
        goes_on = reason == 0
    else:
        reason = end_here(v, place, &command)
    if reason:
        say_answer(v, &command, reason, 0, 0)
    if account and not goes_on:
        remember(v, account, &command, reason)
    say_changes(v)


cdef inline uint8_t end_here(Core* v, const Place* place, const Command* command) noexcept nogil:
    """Do what a command asks for and return 0, or do nothing and return why not."""
    if command.kind == COMMAND_DEPOSIT:
        return deposit(v, command)
    if command.kind == COMMAND_WITHDRAW:
        return withdraw(v, command)
    if command.kind == COMMAND_GRANT_SHARES:
        return grant_shares(v, command)
    if command.kind == COMMAND_CANCEL_ALL:
        return cancel_all(v, place, command)
    if command.kind == COMMAND_OPEN_ACCOUNT and ledger_of(command.account, place.ledgers) == place.number:
        return open_new_account(v, command)
    return REASON_INVALID_FIELD  # another ledger's account would never be found again


cdef inline uint8_t go_on_with(Core* v, const Place* place, const Command* command) noexcept nogil:
    """Send a command on to its book; two of one sequence could not be told apart."""
    cdef uint32_t account = account_at(v, command.account)
    if account and underway_at(v, account, command.sequence):
        return REASON_INVALID_FIELD
    if command.kind == COMMAND_PLACE_ORDER:
        return place_order(v, place, account, command)
    if command.kind == COMMAND_AMEND_ORDER:
        return amend_order(v, place, account, command)
    return cancel_order(v, place, account, command)


# ------------------------------------------------------------------------------------ orders on to their book


cdef inline uint8_t place_order(
    Core* v, const Place* place, uint32_t account, const Command* command
) noexcept nogil:
    """Hold what the order may need, and send it on with that: a market buy with all free money."""
    cdef uint32_t number = book_at(v, command.stock)
    cdef Command sent = command[0]
    cdef Order order
    cdef uint8_t reason = judge_order(v, command, account, number, &order)
    if reason:
        return reason
    order.level = own_side(&v.books[number], order.side).market
    change_hold(v, &order, hold_of(&order))
    keep(v, &order)
    sent.flags = order.flags
    sent.quantity = order.quantity
    sent.amount = hold_of(&order)
    send_to_book(v, place, command.stock, &sent)
    send_off(v, account, command, order.side == SIDE_BUY and order.order_type == TYPE_MARKET)
    return 0


cdef inline uint8_t amend_order(
    Core* v, const Place* place, uint32_t account, const Command* command
) noexcept nogil:
    """Hold what the change may need, as far as it is there; the book judges whether it is enough."""
    cdef uint32_t slot
    cdef uint8_t reason = own_order(v, command, &slot)
    cdef Order* order = &v.orders[slot]
    cdef Command sent = command[0]
    cdef Errand* errand
    cdef bint spends_all
    cdef int64_t stock
    if reason:
        return reason
    spends_all = order.order_type == TYPE_MARKET and order.side == SIDE_BUY and command.quantity > order.quantity
    stock = book_of(v, order).stock
    sent.amount = free_for(v, order) if spends_all else wanted(order, command, free_for(v, order))
    change_hold(v, order, sent.amount)
    send_to_book(v, place, stock, &sent)
    errand = send_off(v, account, command, spends_all)
    errand.asset = 0 if order.side == SIDE_BUY else stock
    errand.brought = sent.amount
    return 0


cdef inline int64_t wanted(const Order* order, const Command* command, int64_t free_now) noexcept nogil:
    """Return what an amend may need beside the hold of its order, at most, as far as it is free.

    ``rules.partitions.ledger`` says why.
    """
    cdef int64_t price = command.price if command.price else price_of(order)
    cdef int64_t quantity = command.quantity if command.quantity else order.quantity
    cdef int64_t filled = order.quantity - order.remaining
    if order.side != SIDE_BUY:
        return wanted_of_money(1, quantity, filled, order.remaining, order.remaining, free_now)
    if order.order_type == TYPE_MARKET:
        return 0
    return wanted_of_money(price, quantity, filled, order.remaining, hold_of(order), free_now)


cdef inline uint8_t cancel_order(
    Core* v, const Place* place, uint32_t account, const Command* command
) noexcept nogil:
    cdef uint32_t slot
    cdef uint8_t reason = own_order(v, command, &slot)
    if reason:
        return reason
    send_to_book(v, place, book_of(v, &v.orders[slot]).stock, command)
    send_off(v, account, command, False)
    return 0


cdef inline uint8_t cancel_all(Core* v, const Place* place, const Command* command) noexcept nogil:
    """Answer, and send a cancel of each order after it; one that has ended meanwhile is passed over."""
    cdef Command sent = command[0]
    cdef uint8_t reason = own_orders(v, command)
    cdef uint64_t at
    if reason:
        return reason
    say_answer(v, command, 0, 0, 0)
    for at in range(v.cancelling.count):
        sent.order = v.cancelling.items[at]
        send_to_book(v, place, book_of(v, &v.orders[order_at(v, sent.order)]).stock, &sent)
    return 0


# ------------------------------------------------------------------------------------------------ the round


cdef inline bint go_round(Core* v, const Place* place, const Command* arrived, bint judged) noexcept nogil:
    """Take note of a command about a stock or the limits, and send it on its way round."""
    cdef Command command = arrived[0]
    cdef uint8_t reason = 0
    if judged and command.kind == COMMAND_LIST_STOCK and not is_listing(v, &command):
        return False
    begin(v, arrived)
    command.time_ns = v.time_ns
    if command.kind == COMMAND_LIST_STOCK:
        if not judged:
            reason = judge_listing(v, &command)
        if reason == 0:
            list_stock(v, command.stock, command.price)
    elif command.kind == COMMAND_SET_LIMITS:
        reason = set_limits(v, &command)
    else:
        reason = set_halted(v, &command, command.kind == COMMAND_HALT_STOCK)
    if reason:
        say_answer(v, &command, reason, 0, 0)
    elif place.number + 1 < place.ledgers:
        send(v, <uint32_t>place.books, &command)
    elif command.kind == COMMAND_SET_LIMITS:
        say_answer(v, &command, 0, 0, 0)
    else:
        send_to_book(v, place, command.stock, &command)
    return True
