# The venue: it judges each command, lets the ledger hold, the book match and the ledger settle; as
# ``rules.exchange``. A judgement returns the reason to deny, 0 for none, and changes nothing.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport qsort

from pricetime.core.book cimport (
    Taker,
    cannot_afford_any,
    close_maker,
    enter,
    leave,
    order_at,
    own_side,
    would_take,
)
from pricetime.core.ledger cimport (
    account_at,
    book_at,
    change_hold,
    holding_at,
    holding_of,
    list_stock,
    open_account,
)
from pricetime.core.memory cimport forget_oldest, has_content, has_id, id_at, remember
from pricetime.core.outbox cimport (
    hold_of,
    price_of,
    say_accepted,
    say_answer,
    say_changes,
    say_order,
    touch,
    touch_holding,
)
from pricetime.core.records cimport *
from pricetime.core.state cimport Account, Book, BookSide, ClientId, Core, Holding, Limits, Order
from pricetime.core.storage cimport product, push_number, share


cdef inline void apply_one(Core* v, const Command* command) noexcept nogil:
    """Carry out one command and say what has come of it."""
    cdef uint32_t account = 0
    cdef uint32_t known
    cdef uint8_t reason
    v.sequence = command.sequence
    v.time_ns = command.time_ns
    v.outbox.command = command.kind
    if has_id(command):
        account = account_at(v, command.account)
        known = id_at(v, account, command.client_id) if account else 0
        if known:
            if has_content(&v.ids[known], command):
                say_answer(v, command, v.ids[known].reason, v.ids[known].order, FLAG_REPEATED)
            else:
                say_answer(v, command, REASON_CLIENT_ID_REUSED, 0, 0)
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
        return halt(v, command, True)
    if command.kind == COMMAND_RESUME_STOCK:
        return halt(v, command, False)
    if command.kind == COMMAND_SET_LIMITS:
        return set_limits(v, command)
    return REASON_INVALID_FIELD


# ------------------------------------------------------------------------------------- accounts and stocks


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


cdef inline uint8_t list_new_stock(Core* v, const Command* command) noexcept nogil:
    if command.stock <= 0:
        return REASON_INVALID_FIELD
    if not 0 < command.price <= MAX_MONEY:
        return REASON_INVALID_PRICE
    if book_at(v, command.stock):
        return REASON_STOCK_EXISTS
    if v.book_pool.count >= v.limits.stocks:
        return REASON_VENUE_FULL
    list_stock(v, command.stock, command.price)
    say_answer(v, command, 0, 0, 0)
    return 0


cdef inline uint8_t deposit(Core* v, const Command* command) noexcept nogil:
    cdef uint32_t account = account_at(v, command.account)
    if account == 0:
        return REASON_UNKNOWN_ACCOUNT
    if not 0 < command.amount <= MAX_MONEY:
        return REASON_INVALID_AMOUNT
    if command.amount > MAX_TOTAL - v.money:
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
    if command.quantity > MAX_TOTAL - v.books[book].shares:
        return REASON_SHARE_LIMIT
    v.books[book].shares += command.quantity
    holding = holding_of(v, account, book)
    v.holdings[holding].free += command.quantity
    say_answer(v, command, 0, 0, 0)
    touch_holding(v, holding)
    return 0


cdef inline uint8_t halt(Core* v, const Command* command, bint halted) noexcept nogil:
    cdef uint32_t book = book_at(v, command.stock)
    if book == 0:
        return REASON_UNKNOWN_STOCK
    v.books[book].halted = halted
    say_answer(v, command, 0, 0, 0)
    return 0


cdef inline bint is_limit(int64_t limit) noexcept nogil:
    return 1 <= limit <= MOST


cdef inline uint8_t set_limits(Core* v, const Command* command) noexcept nogil:
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
    say_answer(v, command, 0, 0, 0)
    return 0


# -------------------------------------------------------------------------------------------------- placing


cdef inline uint8_t place_order(Core* v, const Command* command) noexcept nogil:
    cdef Order order
    cdef Taker taker
    cdef uint8_t reason = judge_order(v, command, &order, &taker)
    if reason:
        return reason
    change_hold(v, &order, hold_of(&order))
    say_accepted(v, &order, taker.book, taker.time_in_force, command)
    enter(v, &taker)
    return 0


cdef inline uint8_t judge_order(Core* v, const Command* command, Order* order, Taker* taker) noexcept nogil:
    """Make the order that a PLACE_ORDER asks for, cut to the wallet, or return why it may not be."""
    cdef uint32_t account = account_at(v, command.account)
    cdef uint32_t number = book_at(v, command.stock)
    cdef Book* book
    cdef uint8_t reason
    if account == 0:
        return REASON_UNKNOWN_ACCOUNT
    if number == 0:
        return REASON_UNKNOWN_STOCK
    book = &v.books[number]
    order.number = command.order
    order.quantity = order.remaining = command.quantity
    order.limit = command.price
    order.account = account
    order.holding = order.level = order.before = order.behind = order.older = order.newer = 0
    order.side = command.side
    order.order_type = command.order_type
    order.flags = command.flags
    order.self_trade = command.self_trade
    taker.order = order
    taker.book = book
    taker.slot = 0
    taker.number = number
    taker.time_in_force = command.time_in_force
    if not has_fields(command) or order_at(v, command.order):
        return REASON_INVALID_FIELD
    reason = judge_price(book, command.order_type, command.price, command.quantity)
    if reason:
        return reason
    if book.halted:
        return REASON_STOCK_HALTED
    if v.accounts[account].open_orders >= v.limits.open_orders:
        return REASON_TOO_MANY_OPEN_ORDERS
    if v.order_pool.count >= v.limits.orders:
        return REASON_VENUE_FULL
    reason = judge_funds(v, book, number, order, command.time_in_force)
    if reason:
        return reason
    if order.quantity > MAX_TOTAL - own_side(book, order.side).quantity:
        return REASON_SHARE_LIMIT
    if order.flags & FLAG_POST_ONLY and would_take(v, book, order):
        return REASON_WOULD_TAKE
    return 0


cdef inline bint has_fields(const Command* command) noexcept nogil:
    """Return whether the codes of a PLACE_ORDER are ones that there are, and fit together."""
    if not (
        (command.side == SIDE_BUY or command.side == SIDE_SELL)
        and (command.order_type == TYPE_LIMIT or command.order_type == TYPE_MARKET)
        and FORCE_GTC <= command.time_in_force <= FORCE_FOK
        and (command.flags == 0 or command.flags == FLAG_POST_ONLY)
        and command.self_trade <= SELF_TRADE_CANCEL_BOTH
    ):
        return False
    return command.flags == 0 or (
        command.order_type == TYPE_LIMIT and command.time_in_force == FORCE_GTC
    )


cdef inline uint8_t judge_price(const Book* book, uint8_t order_type, int64_t price, int64_t quantity) noexcept nogil:
    if not 0 < quantity <= MAX_QUANTITY:
        return REASON_INVALID_QUANTITY
    if order_type == TYPE_MARKET:
        return REASON_INVALID_PRICE if price else 0
    if not 0 < price <= MAX_MONEY:
        return REASON_INVALID_PRICE
    if price % book.tick:
        return REASON_OFF_TICK
    if product(price, quantity, MAX_MONEY) > MAX_MONEY:
        return REASON_VALUE_TOO_LARGE
    return 0


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
        if free < book.tick or cannot_afford_any(v, book, order):
            return REASON_INSUFFICIENT_FUNDS
    elif free < order.quantity * order.limit:
        affordable = free // order.limit
        if affordable == 0 or time_in_force == FORCE_FOK:
            return REASON_INSUFFICIENT_FUNDS
        order.quantity = order.remaining = affordable
        order.flags |= FLAG_CUT
    return 0


# ------------------------------------------------------------------------------------ cancelling and amending


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


cdef inline Book* book_of(Core* v, const Order* order) noexcept nogil:
    """Return the book in which an order stands."""
    return &v.books[v.levels[order.level].book]


cdef inline uint8_t cancel_order(Core* v, const Command* command) noexcept nogil:
    cdef uint32_t slot
    cdef uint8_t reason = own_order(v, command, &slot)
    if reason:
        return reason
    say_answer(v, command, 0, 0, 0)
    cancel(v, slot)
    return 0


cdef inline void cancel(Core* v, uint32_t slot) noexcept nogil:
    cdef Order* order = &v.orders[slot]
    close_maker(v, book_of(v, order), order, slot, REASON_CANCELLED)


cdef extern from *:
    """
    static int pt_by_number(const void *a, const void *b) {
        int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
        return (left > right) - (left < right);
    }
    """
    int by_number "pt_by_number"(const void* left, const void* right) noexcept nogil


cdef inline uint8_t cancel_all(Core* v, const Command* command) noexcept nogil:
    """Cancel an account's orders, those of one stock or all, in the order of their numbers."""
    cdef uint32_t account = account_at(v, command.account)
    cdef uint32_t slot
    cdef uint64_t at
    if account == 0:
        return REASON_UNKNOWN_ACCOUNT
    if command.stock and book_at(v, command.stock) == 0:
        return REASON_UNKNOWN_STOCK
    say_answer(v, command, 0, 0, 0)
    v.cancelling.count = 0
    slot = v.accounts[account].oldest
    while slot:
        if command.stock == 0 or book_of(v, &v.orders[slot]).stock == command.stock:
            push_number(&v.cancelling, v.orders[slot].number)
        slot = v.orders[slot].newer
    if v.cancelling.count:  # with none there may be no memory to sort, which C leaves undefined
        qsort(v.cancelling.items, v.cancelling.count, sizeof(int64_t), by_number)
    for at in range(v.cancelling.count):
        cancel(v, order_at(v, v.cancelling.items[at]))
    return 0


cdef inline uint8_t amend_order(Core* v, const Command* command) noexcept nogil:
    cdef uint32_t slot
    cdef uint8_t reason = own_order(v, command, &slot)
    cdef Order* order = &v.orders[slot]
    cdef int64_t price, quantity
    if reason:
        return reason
    price = command.price if command.price else price_of(order)
    quantity = command.quantity if command.quantity else order.quantity
    reason = judge_amend(v, order, price, quantity)
    if reason:
        return reason
    if price == price_of(order) and quantity <= order.quantity:
        reduce_order(v, order, quantity, command)
    else:
        reenter(v, slot, price, quantity, command)
    return 0


cdef inline uint8_t judge_amend(Core* v, const Order* order, int64_t price, int64_t quantity) noexcept nogil:
    cdef Book* book = book_of(v, order)
    cdef int64_t remaining = quantity - (order.quantity - order.remaining)
    cdef Account* account = &v.accounts[order.account]
    cdef Order repriced
    cdef uint8_t reason
    if book.halted:
        return REASON_STOCK_HALTED
    reason = judge_price(book, order.order_type, price, quantity)
    if reason:
        return reason
    if remaining <= 0:
        return REASON_INVALID_QUANTITY
    if remaining - order.remaining > MAX_TOTAL - own_side(book, order.side).quantity:
        return REASON_SHARE_LIMIT
    if order.side == SIDE_SELL:
        if v.holdings[order.holding].free < remaining - order.remaining:
            return REASON_INSUFFICIENT_SHARES
    elif order.order_type == TYPE_LIMIT and account.free + hold_of(order) < remaining * price:
        return REASON_INSUFFICIENT_FUNDS
    elif order.order_type == TYPE_MARKET and budget_after(v, order, quantity) < book.tick:
        return REASON_INSUFFICIENT_FUNDS
    if order.flags & FLAG_POST_ONLY and price != order.limit:
        repriced = order[0]
        repriced.limit = price
        if would_take(v, book, &repriced):
            return REASON_WOULD_TAKE
    return 0


cdef inline int64_t budget_after(Core* v, const Order* order, int64_t quantity) noexcept nogil:
    """Return what a waiting market buy might spend after an amendment to ``quantity`` shares."""
    if quantity > order.quantity:
        return v.accounts[order.account].free + order.limit
    return share(order.limit, quantity - (order.quantity - order.remaining), order.remaining)


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
    Core* v, uint32_t slot, int64_t price, int64_t quantity, const Command* command
) noexcept nogil:
    """Take an order off the book and let it enter anew, at the back."""
    cdef Order* order = &v.orders[slot]
    cdef uint32_t number = v.levels[order.level].book
    cdef Book* book = &v.books[number]
    cdef Taker taker
    leave(v, own_side(book, order.side), order)
    change_hold(v, order, -hold_of(order))
    order.remaining = quantity - (order.quantity - order.remaining)
    order.quantity = quantity
    order.limit = price
    if order.side == SIDE_BUY and order.order_type == TYPE_MARKET:
        order.limit = v.accounts[order.account].free
    change_hold(v, order, hold_of(order))
    say_accepted(v, order, book, FORCE_GTC, command)
    taker.order = order
    taker.book = book
    taker.slot = slot
    taker.number = number
    taker.time_in_force = FORCE_GTC
    enter(v, &taker)
