# The state as the tables of a snapshot, and back; ``records.state`` lays them out, as ``rules.state`` does.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, qsort
from libc.string cimport memcpy

from pricetime.core.book cimport book_of, keep, order_at, own_side, stand
from pricetime.core.ledger cimport account_at, book_at, holding_at, holding_of, list_stock, open_account
from pricetime.core.lines cimport let_wait, send_off, underway_at
from pricetime.core.memory cimport id_at, remember
from pricetime.core.outbox cimport hold_of, price_of
from pricetime.core.records cimport *
from pricetime.core.state cimport Account, Book, BookSide, ClientId, Core, Errand, Holding, Order
from pricetime.core.storage cimport out_of_memory, product


cdef struct Row:
    int64_t first   # what rows are sorted by
    int64_t second
    uint32_t slot


cdef extern from *:
    """
    #include <stdint.h>
    typedef struct { int64_t first, second; uint32_t slot; } pt_row;
    static int pt_by_key(const void *a, const void *b) {
        const pt_row *left = (const pt_row *)a, *right = (const pt_row *)b;
        if (left->first != right->first) return left->first < right->first ? -1 : 1;
        return (left->second > right->second) - (left->second < right->second);
    }
    """
    int by_key "pt_by_key"(const void* left, const void* right) noexcept nogil


cdef inline Row* rows_for(uint64_t count) noexcept nogil:
    cdef Row* rows = <Row*>malloc((count + 1) * sizeof(Row))
    if rows == NULL:
        out_of_memory()
    return rows


cdef inline void sort_rows(Row* rows, uint64_t count) noexcept nogil:
    """Sort rows that mostly are sorted: numbers are given in ascending order."""
    cdef uint64_t at
    for at in range(1, count):
        if by_key(&rows[at - 1], &rows[at]) > 0:
            qsort(rows, count, sizeof(Row), by_key)
            return


cdef inline Row* sorted_accounts(Core* v) noexcept nogil:
    cdef Row* rows = rows_for(v.account_pool.count)
    cdef uint32_t slot
    for slot in range(1, v.account_pool.used):
        rows[slot - 1].first = v.accounts[slot].number
        rows[slot - 1].second = 0
        rows[slot - 1].slot = slot
    sort_rows(rows, v.account_pool.count)
    return rows


cdef inline Row* sorted_books(Core* v) noexcept nogil:
    cdef Row* rows = rows_for(v.book_pool.count)
    cdef uint32_t slot
    for slot in range(1, v.book_pool.used):
        rows[slot - 1].first = v.books[slot].stock
        rows[slot - 1].second = 0
        rows[slot - 1].slot = slot
    sort_rows(rows, v.book_pool.count)
    return rows


cdef inline Row* sorted_holdings(Core* v, uint64_t* count) noexcept nogil:
    """Return the holdings that hold something."""
    cdef Row* rows = rows_for(v.holding_pool.count)
    cdef Holding* holding
    cdef uint32_t slot
    count[0] = 0
    for slot in range(1, v.holding_pool.used):
        holding = &v.holdings[slot]
        if holding.free or holding.held:
            rows[count[0]].first = v.accounts[holding.account].number
            rows[count[0]].second = v.books[holding.book].stock
            rows[count[0]].slot = slot
            count[0] += 1
    sort_rows(rows, count[0])
    return rows


cdef inline Row* sorted_copies(Core* v) noexcept nogil:
    """Return the orders of all accounts by number."""
    cdef Row* rows = rows_for(v.order_pool.count)
    cdef uint64_t count = 0
    cdef uint32_t account, slot
    for account in range(1, v.account_pool.used):
        slot = v.accounts[account].oldest
        while slot:
            rows[count].first = v.orders[slot].number
            rows[count].second = 0
            rows[count].slot = slot
            count += 1
            slot = v.orders[slot].newer
    sort_rows(rows, count)
    return rows


cdef inline char* write_accounts(Core* v, char* out, const Row* rows) noexcept nogil:
    cdef AccountRow* row = <AccountRow*>out
    cdef Account* account
    cdef uint64_t at
    for at in range(v.account_pool.count):
        account = &v.accounts[rows[at].slot]
        row.account = account.number
        row.free = account.free
        row.held = account.held
        row += 1
    return <char*>row


cdef inline char* write_holdings(Core* v, char* out, const Row* rows, uint64_t count) noexcept nogil:
    cdef HoldingRow* row = <HoldingRow*>out
    cdef Holding* holding
    cdef uint64_t at
    for at in range(count):
        holding = &v.holdings[rows[at].slot]
        row.account = rows[at].first
        row.stock = rows[at].second
        row.free = holding.free
        row.held = holding.held
        row += 1
    return <char*>row


cdef inline char* write_stocks(Core* v, char* out, const Row* rows) noexcept nogil:
    cdef StockRow* row = <StockRow*>out
    cdef Book* book
    cdef uint64_t at
    for at in range(v.book_pool.count):
        book = &v.books[rows[at].slot]
        row.stock = book.stock
        row.tick = book.tick
        row.last = book.last
        row.shares = book.shares
        row.halted = book.halted
        row += 1
    return <char*>row


cdef inline char* write_orders(Core* v, char* out, const Row* rows) noexcept nogil:
    cdef uint64_t at
    cdef Book* book
    for at in range(v.book_pool.count):
        book = &v.books[rows[at].slot]
        out = write_side(v, out, book, &book.bids)
        out = write_side(v, out, book, &book.asks)
    return out


cdef inline char* write_side(Core* v, char* out, const Book* book, const BookSide* side) noexcept nogil:
    """Write the orders of a side as they would trade."""
    cdef OrderRow* row = <OrderRow*>out
    cdef uint32_t level = side.market
    cdef uint32_t slot
    while level:
        slot = v.levels[level].head
        while slot:
            write_order(v, row, &v.orders[slot], book.stock)
            row += 1
            slot = v.orders[slot].behind
        level = side.best if level == side.market else v.levels[level].worse
    return <char*>row


cdef inline void write_order(Core* v, OrderRow* row, const Order* order, int64_t stock) noexcept nogil:
    row.side = order.side
    row.order_type = order.order_type
    row.flags = order.flags
    row.self_trade = order.self_trade
    row.order = order.number
    row.account = v.accounts[order.account].number
    row.stock = stock
    row.price = price_of(order)
    row.quantity = order.quantity
    row.remaining = order.remaining
    row.held = hold_of(order)


cdef inline char* write_copies(Core* v, char* out, const Row* rows) noexcept nogil:
    """Write the copies that a ledger has of open orders, by number."""
    cdef OrderRow* row = <OrderRow*>out
    cdef Order* order
    cdef uint64_t at
    for at in range(v.order_pool.count):
        order = &v.orders[rows[at].slot]
        write_order(v, row, order, book_of(v, order).stock)
        row += 1
    return <char*>row


cdef inline char* write_passing(Core* v, char* out, const Row* books) noexcept nogil:
    """Write the shares that are passing."""
    cdef PassingRow* row = <PassingRow*>out
    cdef uint64_t at
    for at in range(v.book_pool.count):
        if v.books[books[at].slot].passing:
            row.stock = books[at].first
            row.shares = v.books[books[at].slot].passing
            row += 1
    return <char*>row


cdef inline char* write_underway(Core* v, char* out, const Row* accounts) noexcept nogil:
    cdef UnderwayRow* row = <UnderwayRow*>out
    cdef uint32_t slot
    cdef uint64_t at
    for at in range(v.account_pool.count):
        slot = v.accounts[accounts[at].slot].line
        slot = v.lines[slot].first_underway if slot else 0
        while slot:
            row.asset = v.errands[slot].asset
            row.brought = v.errands[slot].brought
            row.spends_all = v.errands[slot].spends_all
            memcpy(&row.version, &v.errands[slot].command, sizeof(Command))
            row += 1
            slot = v.errands[slot].behind
    return <char*>row


cdef inline char* write_waiting(Core* v, char* out, const Row* accounts) noexcept nogil:
    cdef Command* row = <Command*>out
    cdef uint32_t slot
    cdef uint64_t at
    for at in range(v.account_pool.count):
        slot = v.accounts[accounts[at].slot].line
        slot = v.lines[slot].first_waiting if slot else 0
        while slot:
            row[0] = v.errands[slot].command
            row += 1
            slot = v.errands[slot].behind
    return <char*>row


cdef inline char* write_ids(Core* v, char* out, const Row* rows) noexcept nogil:
    cdef ClientIdRow* row = <ClientIdRow*>out
    cdef ClientId* remembered
    cdef uint32_t slot
    cdef uint64_t at
    for at in range(v.account_pool.count):
        slot = v.accounts[rows[at].slot].first_id
        while slot:
            remembered = &v.ids[slot]
            row.reason = remembered.reason
            memcpy(&row.kind, remembered.codes, 6)
            row.account = rows[at].first
            row.order = remembered.order
            row.actor = remembered.actor
            row.stock = remembered.stock
            row.price = remembered.price
            row.quantity = remembered.quantity
            row.amount = remembered.amount
            memcpy(row.client_id, remembered.client_id, 16)
            row += 1
            slot = remembered.younger
    return <char*>row


# --------------------------------------------------------------------------------------------- reading back


cdef inline bint read_account(Core* v, const AccountRow* row) noexcept nogil:
    """Take in a row; False where it contradicts what is there already. So do the others."""
    cdef uint32_t slot
    if row.account <= 0 or row.free < 0 or row.held < 0 or account_at(v, row.account):
        return False
    slot = open_account(v, row.account)
    v.accounts[slot].free = row.free
    v.accounts[slot].held = row.held
    return True


cdef inline bint read_stock(Core* v, const StockRow* row) noexcept nogil:
    cdef uint32_t slot
    if row.stock <= 0 or row.tick <= 0 or row.last < 0 or row.shares < 0 or book_at(v, row.stock):
        return False
    slot = list_stock(v, row.stock, row.tick)
    v.books[slot].last = row.last
    v.books[slot].shares = row.shares
    v.books[slot].halted = row.halted != 0
    return True


cdef inline bint read_holding(Core* v, const HoldingRow* row) noexcept nogil:
    cdef uint32_t account = account_at(v, row.account)
    cdef uint32_t book = book_at(v, row.stock)
    cdef uint32_t slot
    if account == 0 or book == 0 or row.free < 0 or row.held < 0 or holding_at(v, account, book):
        return False
    slot = holding_of(v, account, book)
    v.holdings[slot].free = row.free
    v.holdings[slot].held = row.held
    return True


cdef inline bint read_clearing(
    Core* v,
    const AccountRow* account,
    int64_t accounts,
    const HoldingRow* holding,
    int64_t holdings,
    const StockRow* stock,
    int64_t stocks,
) noexcept nogil:
    """Take in what the orders of a snapshot are of; holdings come last, for they name accounts and stocks."""
    cdef int64_t row
    for row in range(accounts):
        if not read_account(v, account + row):
            return False
    for row in range(stocks):
        if not read_stock(v, stock + row):
            return False
    for row in range(holdings):
        if not read_holding(v, holding + row):
            return False
    return True


cdef inline bint read_order(Core* v, const OrderRow* row) noexcept nogil:
    """Take in an order that rests."""
    cdef uint32_t number = book_at(v, row.stock)
    cdef Order order
    cdef BookSide* side
    if not make_of_row(v, row, number, &order):
        return False
    side = own_side(&v.books[number], row.side)
    if row.remaining > MAX_TOTAL - side.quantity:
        return False
    stand(v, side, number, keep(v, &order))
    return True


cdef inline bint read_copy(Core* v, const OrderRow* row) noexcept nogil:
    """Take in a ledger's copy of an order."""
    cdef uint32_t number = book_at(v, row.stock)
    cdef Order order
    if not make_of_row(v, row, number, &order):
        return False
    order.level = own_side(&v.books[number], row.side).market
    keep(v, &order)
    return True


cdef inline bint make_of_row(Core* v, const OrderRow* row, uint32_t number, Order* order) noexcept nogil:
    """Fill in the order of a row; False where there cannot be such a one."""
    cdef uint32_t account = account_at(v, row.account)
    cdef bint market = row.order_type == TYPE_MARKET
    if account == 0 and not v.keeps_accounts and row.account > 0:
        account = open_account(v, row.account)
    if account == 0 or number == 0 or order_at(v, row.order) or not has_sense(row):
        return False
    order.number = row.order
    order.quantity = row.quantity
    order.remaining = row.remaining
    order.limit = row.price
    if market:
        order.limit = row.held if row.side == SIDE_BUY else 0
    order.account = account
    order.holding = holding_at(v, account, number) if row.side == SIDE_SELL else 0
    order.level = order.before = order.behind = order.older = order.newer = 0
    order.side = row.side
    order.order_type = row.order_type
    order.flags = row.flags
    order.self_trade = row.self_trade
    if row.side == SIDE_SELL and order.holding == 0 and v.keeps_accounts:
        return False
    return hold_of(order) == row.held


cdef inline bint read_passing(Core* v, const PassingRow* row) noexcept nogil:
    cdef uint32_t book = book_at(v, row.stock)
    if book == 0 or v.books[book].passing:
        return False
    v.books[book].passing = row.shares
    return True


cdef inline bint read_underway(Core* v, const UnderwayRow* row) noexcept nogil:
    cdef const Command* command = <const Command*>&row.version
    cdef uint32_t account = account_at(v, command.account)
    cdef Errand* errand
    if account == 0 or underway_at(v, account, command.sequence) or row.brought < 0:
        return False
    if row.asset and (book_at(v, row.asset) == 0 or row.brought and not holding_at(v, account, book_at(v, row.asset))):
        return False
    errand = send_off(v, account, command, row.spends_all != 0)
    errand.asset = row.asset
    errand.brought = row.brought
    return True


cdef inline bint read_waiting(Core* v, const Command* command) noexcept nogil:
    cdef uint32_t account = account_at(v, command.account)
    if account == 0:
        return False
    let_wait(v, account, command)
    return True


cdef inline bint has_sense(const OrderRow* row) noexcept nogil:
    """Return whether a row may be an order that rests."""
    return (
        (row.side == SIDE_BUY or row.side == SIDE_SELL)
        and (row.price > 0 if row.order_type == TYPE_LIMIT else row.order_type == TYPE_MARKET and row.price == 0)
        and row.price <= MAX_MONEY
        and 0 < row.remaining <= row.quantity <= MAX_QUANTITY
        and product(row.price, row.remaining, MAX_MONEY) <= MAX_MONEY
        and row.held >= 0
        and row.self_trade <= SELF_TRADE_CANCEL_BOTH
    )


cdef inline bint read_id(Core* v, const ClientIdRow* row) noexcept nogil:
    cdef uint32_t account = account_at(v, row.account)
    cdef Command command
    if account == 0 or id_at(v, account, row.client_id):
        return False
    memcpy(&command.kind, &row.kind, 6)
    memcpy(command.client_id, row.client_id, 16)
    command.order = row.order
    command.actor = row.actor
    command.stock = row.stock
    command.price = row.price
    command.quantity = row.quantity
    command.amount = row.amount
    remember(v, account, &command, row.reason)
    return True
