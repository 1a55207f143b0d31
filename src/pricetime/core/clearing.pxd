# The accounts' side of the market: what accounts own, hold, have open, and remember; as ``rules.clearing``.
# Of a stock it knows the tick, the shares and whether it is halted, and never looks at who stands in its book.

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport qsort

from pricetime.core.book cimport book_of, order_at
from pricetime.core.judgement cimport has_fields, judge_price
from pricetime.core.ledger cimport account_at, book_at, holding_at, holding_of, open_account
from pricetime.core.memory cimport forget_oldest, has_content, id_at
from pricetime.core.outbox cimport say_answer, touch, touch_holding
from pricetime.core.records cimport *
from pricetime.core.state cimport Account, Book, Core, Order
from pricetime.core.storage cimport push_number


# ------------------------------------------------------------------------------- commands that end in the ledger


cdef inline uint8_t open_new_account(Core* v, const Command* command) noexcept nogil:
    if command.account <= 0:
        return REASON_INVALID_FIELD
    if account_at(v, command.account):
        return REASON_ACCOUNT_EXISTS
    if v.account_pool.count >= v.limits.accounts:
        return REASON_VENUE_FULL
    open_account(v, command.account)
    say_answer(v, command, 0, 0, 0)
    return 0


cdef inline uint8_t deposit(Core* v, const Command* command) noexcept nogil:
    cdef uint32_t account = account_at(v, command.account)
    if account == 0:
        return REASON_UNKNOWN_ACCOUNT
    if not 0 < command.amount <= MAX_MONEY:
        return REASON_INVALID_AMOUNT
    if command.amount > v.most - v.money:
        return REASON_MONEY_LIMIT
    v.money += command.amount
    v.accounts[account].free += command.amount
    say_answer(v, command, 0, 0, 0)
    touch(v, account)
    return 0


cdef inline uint8_t withdraw(Core* v, const Command* command) noexcept nogil:
    cdef uint32_t account = account_at(v, command.account)
    if account == 0:
        return REASON_UNKNOWN_ACCOUNT
    if not 0 < command.amount <= MAX_MONEY:
        return REASON_INVALID_AMOUNT
    if v.accounts[account].free < command.amount:
        return REASON_INSUFFICIENT_FUNDS
    v.money -= command.amount
    v.accounts[account].free -= command.amount
    say_answer(v, command, 0, 0, 0)
    touch(v, account)
    return 0


cdef inline uint8_t grant_shares(Core* v, const Command* command) noexcept nogil:
    cdef uint32_t account = account_at(v, command.account)
    cdef uint32_t book = book_at(v, command.stock)
    cdef uint32_t holding
    if account == 0:
        return REASON_UNKNOWN_ACCOUNT
    if book == 0:
        return REASON_UNKNOWN_STOCK
    if not 0 < command.quantity <= MAX_QUANTITY:
        return REASON_INVALID_QUANTITY
    if command.quantity > v.most - v.books[book].shares:
        return REASON_SHARE_LIMIT
    v.books[book].shares += command.quantity
    holding = holding_of(v, account, book)
    v.holdings[holding].free += command.quantity
    say_answer(v, command, 0, 0, 0)
    touch_holding(v, holding)
    return 0


cdef inline bint is_limit(int64_t limit) noexcept nogil:
    return 1 <= limit <= MOST


cdef inline uint8_t set_limits(Core* v, const Command* command) noexcept nogil:
    """Set how much is kept from now on."""
    cdef uint32_t slot
    cdef Account* account
    if not (
        is_limit(command.quantity)
        and is_limit(command.amount)
        and is_limit(command.order)
        and is_limit(command.price)
        and is_limit(command.stock)
    ):
        return REASON_INVALID_FIELD
    v.limits.open_orders = command.quantity
    v.limits.client_ids = command.amount
    v.limits.orders = command.order
    v.limits.accounts = command.price
    v.limits.stocks = command.stock
    for slot in range(1, v.account_pool.used):
        account = &v.accounts[slot]
        while account.ids > v.limits.client_ids:
            forget_oldest(v, account)
    return 0


cdef inline uint8_t judge_listing(Core* v, const Command* command) noexcept nogil:
    """Deny a LIST_STOCK that may not be."""
    if command.stock <= 0:
        return REASON_INVALID_FIELD
    if not 0 < command.price <= MAX_MONEY:
        return REASON_INVALID_PRICE
    if book_at(v, command.stock):
        return REASON_STOCK_EXISTS
    if v.book_pool.count >= v.limits.stocks:
        return REASON_VENUE_FULL
    return 0


cdef inline bint is_listing(Core* v, const Command* command) noexcept nogil:
    """Return whether a ledger may have judged a LIST_STOCK and found it good."""
    return command.stock > 0 and 0 < command.price <= MAX_MONEY and book_at(v, command.stock) == 0


cdef inline uint8_t set_halted(Core* v, const Command* command, bint halted) noexcept nogil:
    cdef uint32_t book = book_at(v, command.stock)
    if book == 0:
        return REASON_UNKNOWN_STOCK
    v.books[book].halted = halted
    return 0


cdef inline bint answers_again(Core* v, uint32_t account, const Command* command) noexcept nogil:
    """Answer a command whose client id its account remembers; return whether it does."""
    cdef uint32_t known = id_at(v, account, command.client_id)
    if known == 0:
        return False
    if has_content(&v.ids[known], command):
        say_answer(v, command, v.ids[known].reason, v.ids[known].order, FLAG_REPEATED)
    else:
        say_answer(v, command, REASON_CLIENT_ID_REUSED, 0, 0)
    return True


# ------------------------------------------------------------------------------------------------ judgement


cdef inline uint8_t judge_order(
    Core* v, const Command* command, uint32_t account, uint32_t number, Order* order
) noexcept nogil:
    """Make the order that a PLACE_ORDER asks for, cut to the wallet, or return why the account may not."""
    cdef Book* book = &v.books[number]
    cdef uint8_t reason
    if account == 0:
        return REASON_UNKNOWN_ACCOUNT
    if number == 0:
        return REASON_UNKNOWN_STOCK
    make_order(order, command, account)
    if not has_fields(command) or order_at(v, command.order):
        return REASON_INVALID_FIELD
    reason = judge_price(book.tick, command.order_type, command.price, command.quantity)
    if reason:
        return reason
    if book.halted:
        return REASON_STOCK_HALTED
    if v.accounts[account].open_orders >= v.limits.open_orders:
        return REASON_TOO_MANY_OPEN_ORDERS
    if v.order_pool.count >= v.limits.orders:
        return REASON_VENUE_FULL
    return judge_funds(v, book, number, order, command.time_in_force)


cdef inline void make_order(Order* order, const Command* command, uint32_t account) noexcept nogil:
    """Fill in the order of a PLACE_ORDER; it stands nowhere yet."""
    order.number = command.order
    order.quantity = order.remaining = command.quantity
    order.limit = command.price
    order.account = account
    order.holding = order.level = order.before = order.behind = order.older = order.newer = 0
    order.side = command.side
    order.order_type = command.order_type
    order.flags = command.flags
    order.self_trade = command.self_trade


cdef inline uint8_t judge_funds(
    Core* v, Book* book, uint32_t number, Order* order, uint8_t time_in_force
) noexcept nogil:
    """Give a market buy its budget, a sell its holding, cut a limit buy to the wallet; or return why not."""
    cdef int64_t free = v.accounts[order.account].free
    cdef int64_t affordable
    if order.side == SIDE_SELL:
        order.holding = holding_at(v, order.account, number)
        if order.holding == 0 or v.holdings[order.holding].free < order.quantity:
            return REASON_INSUFFICIENT_SHARES
    elif order.order_type == TYPE_MARKET:
        order.limit = free
        if free < book.tick:
            return REASON_INSUFFICIENT_FUNDS
    elif free < order.quantity * order.limit:
        affordable = free // order.limit
        if affordable == 0 or time_in_force == FORCE_FOK:
            return REASON_INSUFFICIENT_FUNDS
        order.quantity = order.remaining = affordable
        order.flags |= FLAG_CUT
    return 0


cdef inline int64_t free_for(Core* v, const Order* order) noexcept nogil:
    """Return what an order's account has free of what the order holds: money, or shares of its stock."""
    return v.accounts[order.account].free if order.side == SIDE_BUY else v.holdings[order.holding].free


cdef inline uint8_t own_order(Core* v, const Command* command, uint32_t* slot) noexcept nogil:
    """Find the open order that a command means, or return why it may not be meant."""
    cdef uint32_t account = account_at(v, command.account)
    slot[0] = order_at(v, command.order)
    if account == 0:
        return REASON_UNKNOWN_ACCOUNT
    if slot[0] == 0:
        return REASON_ORDER_NOT_OPEN
    if v.orders[slot[0]].account != account:
        return REASON_NOT_OWNER
    return 0


cdef extern from *:
    """
    static int pt_by_number(const void *a, const void *b) {
        int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
        return (left > right) - (left < right);
    }
    """
    int by_number "pt_by_number"(const void* left, const void* right) noexcept nogil


cdef inline uint8_t own_orders(Core* v, const Command* command) noexcept nogil:
    """Put the orders that a CANCEL_ALL means into ``cancelling``, by number, or return why it may not be."""
    cdef uint32_t account = account_at(v, command.account)
    cdef uint32_t slot
    if account == 0:
        return REASON_UNKNOWN_ACCOUNT
    if command.stock and book_at(v, command.stock) == 0:
        return REASON_UNKNOWN_STOCK
    v.cancelling.count = 0
    slot = v.accounts[account].oldest
    while slot:
        if command.stock == 0 or book_of(v, &v.orders[slot]).stock == command.stock:
            push_number(&v.cancelling, v.orders[slot].number)
        slot = v.orders[slot].newer
    if v.cancelling.count:  # with none there may be no memory to sort, which C leaves undefined
        qsort(v.cancelling.items, v.cancelling.count, sizeof(int64_t), by_number)
    return 0
