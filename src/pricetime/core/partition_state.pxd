# The state of a partition as the tables of a snapshot, and back; ``records.partition_state`` lays them out.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcpy

from pricetime.core.ledger_partition cimport Place
from pricetime.core.records cimport *
from pricetime.core.state cimport Core
from pricetime.core.tables cimport (
    Row,
    read_clearing,
    read_copy,
    read_id,
    read_order,
    read_passing,
    read_stock,
    read_underway,
    read_waiting,
    write_accounts,
    write_copies,
    write_holdings,
    write_ids,
    write_orders,
    write_passing,
    write_stocks,
    write_underway,
    write_waiting,
)


cdef inline int write_books(
    Core* v, char* out, bytes magic, const BookHeaderRow* header, const Row* books
) except -1:
    memcpy(out, PyBytes_AS_STRING(magic), PyBytes_GET_SIZE(magic))
    out += PyBytes_GET_SIZE(magic)
    memcpy(out, header, sizeof(BookHeaderRow))
    out += sizeof(BookHeaderRow)
    with nogil:
        write_orders(v, write_stocks(v, out, books), books)
    return 0


cdef inline bint read_books(Core* v, const BookHeaderRow* header, const char* at) noexcept nogil:
    """Take in the tables behind the header; False where they contradict each other."""
    cdef const StockRow* stock = <const StockRow*>at
    cdef const OrderRow* order = <const OrderRow*>(stock + header.stocks)
    cdef int64_t row
    for row in range(header.stocks):
        if not read_stock(v, stock + row):
            return False
    for row in range(header.orders):
        if not read_order(v, order + row):
            return False
    return True


cdef inline void fill_header(Core* v, const Place* place, LedgerHeaderRow* header) noexcept nogil:
    """Fill in the header of a ledger's snapshot, but for the holdings, which are counted as they are sorted."""
    cdef uint32_t slot
    header.number = place.number
    header.ledgers = place.ledgers
    header.books = place.books
    header.time_ns = v.time_ns
    header.event_number = v.outbox.number
    header.money = v.money
    header.passing_money = v.passing_money
    header.open_orders_limit = v.limits.open_orders
    header.client_ids_limit = v.limits.client_ids
    header.orders_limit = v.limits.orders
    header.accounts_limit = v.limits.accounts
    header.stocks_limit = v.limits.stocks
    header.accounts = v.account_pool.count
    header.stocks = v.book_pool.count
    header.orders = v.order_pool.count
    header.client_ids = v.id_pool.count
    header.passing = header.waiting = 0
    for slot in range(1, v.book_pool.used):
        header.passing += v.books[slot].passing != 0
    for slot in range(1, v.account_pool.used):
        if v.accounts[slot].line:
            header.waiting += v.lines[v.accounts[slot].line].waiting
    header.underway = v.errand_pool.count - header.waiting


cdef inline int write_ledger(
    Core* v,
    char* out,
    bytes magic,
    const LedgerHeaderRow* header,
    const Row* accounts,
    const Row* held,
    const Row* books,
    const Row* copies,
) except -1:
    memcpy(out, PyBytes_AS_STRING(magic), PyBytes_GET_SIZE(magic))
    out += PyBytes_GET_SIZE(magic)
    memcpy(out, header, sizeof(LedgerHeaderRow))
    out += sizeof(LedgerHeaderRow)
    with nogil:
        out = write_accounts(v, out, accounts)
        out = write_holdings(v, out, held, header.holdings)
        out = write_stocks(v, out, books)
        out = write_passing(v, out, books)
        out = write_copies(v, out, copies)
        out = write_ids(v, out, accounts)
        out = write_underway(v, out, accounts)
        out = write_waiting(v, out, accounts)
    return 0


cdef inline bint read_ledger(Core* v, const LedgerHeaderRow* header, const char* at) noexcept nogil:
    """Take in the tables behind the header; False where they contradict each other."""
    cdef const AccountRow* account = <const AccountRow*>at
    cdef const HoldingRow* holding = <const HoldingRow*>(account + header.accounts)
    cdef const StockRow* stock = <const StockRow*>(holding + header.holdings)
    cdef const PassingRow* passing = <const PassingRow*>(stock + header.stocks)
    cdef const OrderRow* order = <const OrderRow*>(passing + header.passing)
    cdef const ClientIdRow* client_id = <const ClientIdRow*>(order + header.orders)
    cdef const UnderwayRow* underway = <const UnderwayRow*>(client_id + header.client_ids)
    cdef const Command* waiting = <const Command*>(underway + header.underway)
    cdef int64_t row
    if not read_clearing(v, account, header.accounts, holding, header.holdings, stock, header.stocks):
        return False
    for row in range(header.passing):
        if not read_passing(v, passing + row):
            return False
    for row in range(header.orders):
        if not read_copy(v, order + row):
            return False
    for row in range(header.client_ids):
        if not read_id(v, client_id + row):
            return False
    for row in range(header.underway):
        if not read_underway(v, underway + row):
            return False
    for row in range(header.waiting):
        if not read_waiting(v, waiting + row):
            return False
    return True
