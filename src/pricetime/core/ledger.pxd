# Accounts, holdings and books by number, and what moves between free and held; as ``rules.ledger``.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from pricetime.core.levels cimport new_level
from pricetime.core.outbox cimport hold_of, touch, touch_holding
from pricetime.core.records cimport SIDE_BUY, SIDE_SELL
from pricetime.core.state cimport Account, Book, BookSide, Core, Holding, Order
from pricetime.core.storage cimport erase, give_back, hash_of, insert, take


cdef inline uint32_t account_at(Core* v, int64_t number) noexcept nogil:
    """Return the slot of an account, or 0."""
    cdef uint32_t hashed = hash_of(<uint64_t>number, v.seed)
    cdef uint32_t at = hashed >> v.account_index.shift
    cdef uint64_t entry
    while True:
        entry = v.account_index.entries[at]
        if entry == 0:
            return 0
        if (entry >> 32) == hashed and v.accounts[<uint32_t>entry].number == number:
            return <uint32_t>entry
        at = (at + 1) & v.account_index.mask


cdef inline uint32_t open_account(Core* v, int64_t number) noexcept nogil:
    cdef uint32_t slot = take(&v.account_pool)
    cdef Account* account = &v.accounts[slot]
    account.number = number
    account.free = account.held = 0
    account.oldest = account.newest = account.open_orders = 0
    account.first_id = account.last_id = account.ids = 0
    account.line = 0
    account.touched = False
    insert(&v.account_index, hash_of(<uint64_t>number, v.seed), slot)
    return slot


cdef inline void close_account(Core* v, uint32_t slot) noexcept nogil:
    """Forget an account that has nothing."""
    erase(&v.account_index, hash_of(<uint64_t>v.accounts[slot].number, v.seed), slot)
    give_back(&v.account_pool, slot)


cdef inline uint32_t book_at(Core* v, int64_t stock) noexcept nogil:
    """Return the slot of a stock's book, or 0."""
    cdef uint32_t hashed = hash_of(<uint64_t>stock, v.seed)
    cdef uint32_t at = hashed >> v.book_index.shift
    cdef uint64_t entry
    while True:
        entry = v.book_index.entries[at]
        if entry == 0:
            return 0
        if (entry >> 32) == hashed and v.books[<uint32_t>entry].stock == stock:
            return <uint32_t>entry
        at = (at + 1) & v.book_index.mask


cdef inline uint32_t list_stock(Core* v, int64_t stock, int64_t tick) noexcept nogil:
    cdef uint32_t slot = take(&v.book_pool)
    cdef Book* book = &v.books[slot]
    book.stock = stock
    book.tick = tick
    book.last = book.shares = book.passing = 0
    book.halted = False
    open_side(v, &book.bids, slot, SIDE_BUY, -1)
    open_side(v, &book.asks, slot, SIDE_SELL, 1)
    insert(&v.book_index, hash_of(<uint64_t>stock, v.seed), slot)
    return slot


cdef inline void open_side(Core* v, BookSide* side, uint32_t book, uint32_t name, int64_t sign) noexcept nogil:
    side.quantity = 0
    side.sign = sign
    side.side = name
    side.best = side.root = 0
    side.market = new_level(v, book, name, 0)


cdef inline uint32_t holding_at(Core* v, uint32_t account, uint32_t book) noexcept nogil:
    """Return the slot of an account's holding in a stock, or 0."""
    cdef uint32_t hashed = hash_of((<uint64_t>account << 32) | book, v.seed)
    cdef uint32_t at = hashed >> v.holding_index.shift
    cdef uint64_t entry
    cdef Holding* holding
    while True:
        entry = v.holding_index.entries[at]
        if entry == 0:
            return 0
        if (entry >> 32) == hashed:
            holding = &v.holdings[<uint32_t>entry]
            if holding.account == account and holding.book == book:
                return <uint32_t>entry
        at = (at + 1) & v.holding_index.mask


cdef inline uint32_t holding_of(Core* v, uint32_t account, uint32_t book) noexcept nogil:
    """Return the slot of an account's holding in a stock, made empty where there was none."""
    cdef uint32_t slot = holding_at(v, account, book)
    cdef Holding* holding
    if slot == 0:
        slot = take(&v.holding_pool)
        holding = &v.holdings[slot]
        holding.free = holding.held = 0
        holding.account = account
        holding.book = book
        holding.touched = False
        insert(&v.holding_index, hash_of((<uint64_t>account << 32) | book, v.seed), slot)
    return slot


cdef inline void change_hold(Core* v, const Order* order, int64_t amount) noexcept nogil:
    """Hold ``amount`` more for an order, or with a negative amount give back; there is enough of it."""
    cdef Account* account
    cdef Holding* holding
    if not v.keeps_accounts:
        return
    if order.side == SIDE_BUY:
        account = &v.accounts[order.account]
        account.free -= amount
        account.held += amount
        touch(v, order.account)
    else:
        holding = &v.holdings[order.holding]
        holding.free -= amount
        holding.held += amount
        touch_holding(v, order.holding)


cdef inline void release(Core* v, const Order* order) noexcept nogil:
    """Give back all that an order still holds, if anything."""
    cdef int64_t held = hold_of(order)
    if held:
        change_hold(v, order, -held)


cdef inline void settle(
    Core* v, Order* buy, Order* sell, uint32_t book, int64_t quantity, int64_t amount, int64_t held
) noexcept nogil:
    """Exchange ``quantity`` shares for ``amount``; ``held``, what the buyer held for them, is used up.

    What was held above the price goes back to the buyer in the same step.
    """
    if v.keeps_accounts:
        settle_buy(v, buy, book, quantity, amount, held)
        settle_sell(v, sell, quantity, amount)


cdef inline void settle_buy(
    Core* v, Order* buy, uint32_t book, int64_t quantity, int64_t amount, int64_t held
) noexcept nogil:
    cdef Account* buyer = &v.accounts[buy.account]
    if buy.holding == 0:
        buy.holding = holding_of(v, buy.account, book)
    buyer.held -= held
    buyer.free += held - amount
    v.holdings[buy.holding].free += quantity
    touch(v, buy.account)
    touch_holding(v, buy.holding)


cdef inline void settle_sell(Core* v, Order* sell, int64_t quantity, int64_t amount) noexcept nogil:
    v.accounts[sell.account].free += amount
    v.holdings[sell.holding].held -= quantity
    touch(v, sell.account)
    touch_holding(v, sell.holding)
