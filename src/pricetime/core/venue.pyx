"""The compiled venue: ``rules.Venue`` over C structs, for the same events and the same state.

No Python object stands for an order, a level or a trade; a batch is applied in C from the first command to
the last, and a large one without the GIL. Read it beside ``rules``: each file here is the one of that name there.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.ref cimport PyObject
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from pricetime.core.ahead cimport look_ahead
from pricetime.core.batch cimport (
    FREE_GIL_FROM,
    are_records,
    blank,
    keep_events,
    keep_freed_memory,
    lend_events,
    take_events,
)
from pricetime.core.book cimport Taker
from pricetime.core.checks cimport check_books, check_money, check_shares
from pricetime.core.exchange cimport apply_one, judge_arriving
from pricetime.core.lifetime cimport close_core, in_use, open_core
from pricetime.core.outbox cimport hold_of, say_accepted, say_answer
from pricetime.core.records cimport *
from pricetime.core.state cimport Core, Order
from pricetime.core.tables cimport (
    Row,
    read_clearing,
    read_id,
    read_order,
    sorted_accounts,
    sorted_books,
    sorted_holdings,
    write_accounts,
    write_holdings,
    write_ids,
    write_orders,
    write_stocks,
)

from pricetime.errors import RecordError, SnapshotError
from pricetime.records import check_commands
from pricetime.records.commands import Limits
from pricetime.records.state import MAGIC, hash_of_state, read_snapshot

keep_freed_memory()


cdef class Venue:
    """The venue over C structs; see ``runtime.venue.Venue``. One thread at a time may use it."""

    cdef Core core
    cdef bint busy

    def __cinit__(self):
        # Other in each process, so that nobody can aim at one place.
        open_core(&self.core, MOST, <uint64_t>hash("pricetime"))

    def __dealloc__(self):
        close_core(&self.core)

    @property
    def sequence(self):
        return self.core.sequence

    @property
    def time_ns(self):
        return self.core.time_ns

    @property
    def event_number(self):
        return self.core.outbox.number

    @property
    def limits(self):
        return Limits(
            self.core.limits.open_orders,
            self.core.limits.client_ids,
            self.core.limits.orders,
            self.core.limits.accounts,
            self.core.limits.stocks,
        )

    def begin_at(self, int64_t sequence, int64_t time_ns, int64_t event_number):
        self.core.sequence, self.core.time_ns = sequence, time_ns
        self.core.outbox.number = event_number

    def apply(self, bytes commands not None):
        cdef int64_t count = PyBytes_GET_SIZE(commands) // <Py_ssize_t>sizeof(Command)
        cdef const Command* first = <const Command*>PyBytes_AS_STRING(commands)
        cdef int64_t applied
        cdef PyObject* events
        if not are_records(<const char*>first, PyBytes_GET_SIZE(commands), sizeof(Command)):
            check_commands(commands)  # says what is wrong
        self._enter()
        events = lend_events(&self.core, count)
        if count < FREE_GIL_FROM:
            applied = apply_all(&self.core, first, count)
        else:
            with nogil:
                applied = apply_all(&self.core, first, count)
        self.busy = False
        if applied < count:
            keep_events(&self.core, events)
            raise RecordError(
                f"command {first[applied].sequence} cannot follow command {self.core.sequence}"
            )
        return take_events(&self.core, events)

    def validate(self, bytes command not None):
        if check_commands(command) != 1:
            raise RecordError("one command is judged at a time")
        cdef Core* v = &self.core
        cdef const Command* asked = <const Command*>PyBytes_AS_STRING(command)
        cdef Order order
        cdef Taker taker
        cdef int64_t sequence = v.sequence
        cdef int64_t time_ns = v.time_ns
        cdef int64_t number = v.outbox.number
        cdef uint8_t reason
        self._enter()
        # The answer is written like any other, and what it has advanced is put back.
        v.sequence, v.time_ns, v.outbox.number, v.outbox.command = asked.sequence, asked.time_ns, 0, asked.kind
        reason = judge_arriving(v, asked, &order, &taker)
        if reason:
            say_answer(v, asked, reason, 0, 0)
        else:
            say_accepted(v, &order, taker.book, taker.time_in_force, asked)
            v.outbox.events[v.outbox.count - 1].held = hold_of(&order)
        v.outbox.count -= 1
        v.sequence, v.time_ns, v.outbox.number = sequence, time_ns, number
        self.busy = False
        return (<char*>&v.outbox.events[v.outbox.count])[:sizeof(Event)]

    def snapshot(self):
        cdef Core* v = &self.core
        cdef bytes magic = MAGIC
        cdef uint64_t holdings
        cdef Row* accounts
        cdef Row* books
        cdef Row* held
        cdef HeaderRow header
        if self.busy:
            raise RuntimeError("another thread is using this venue")
        accounts, books, held = sorted_accounts(v), sorted_books(v), sorted_holdings(v, &holdings)
        header.sequence = v.sequence
        header.time_ns = v.time_ns
        header.event_number = v.outbox.number
        header.money = v.money
        header.open_orders_limit = v.limits.open_orders
        header.client_ids_limit = v.limits.client_ids
        header.orders_limit = v.limits.orders
        header.accounts_limit = v.limits.accounts
        header.stocks_limit = v.limits.stocks
        header.accounts = v.account_pool.count
        header.holdings = holdings
        header.stocks = v.book_pool.count
        header.orders = v.order_pool.count
        header.client_ids = v.id_pool.count
        try:
            snapshot = blank(<Py_ssize_t>(
                PyBytes_GET_SIZE(magic)
                + sizeof(HeaderRow)
                + header.accounts * sizeof(AccountRow)
                + header.holdings * sizeof(HoldingRow)
                + header.stocks * sizeof(StockRow)
                + header.orders * sizeof(OrderRow)
                + header.client_ids * sizeof(ClientIdRow)
            ))
            write_all(v, PyBytes_AS_STRING(snapshot), magic, &header, accounts, held, books)
        finally:
            free(accounts)
            free(books)
            free(held)
        return snapshot

    @classmethod
    def restore(cls, bytes snapshot not None):
        tables = read_snapshot(snapshot)
        cdef Venue venue = cls()
        cdef const char* at = PyBytes_AS_STRING(snapshot) + len(MAGIC)
        cdef const char* end
        cdef Core* v = &venue.core
        cdef const HeaderRow* header = <const HeaderRow*>at
        cdef bint good
        v.sequence = header.sequence
        v.time_ns = header.time_ns
        v.outbox.number = header.event_number
        v.money = header.money
        v.limits.open_orders = header.open_orders_limit
        v.limits.client_ids = header.client_ids_limit
        v.limits.orders = header.orders_limit
        v.limits.accounts = header.accounts_limit
        v.limits.stocks = header.stocks_limit
        with nogil:
            good = read_all(v, header, at + sizeof(HeaderRow))
        if not good:
            raise SnapshotError("this snapshot contradicts itself")
        return venue

    def state_hash(self):
        return hash_of_state(self.snapshot())

    def check(self):
        return check_money(&self.core) + check_shares(&self.core) + check_books(&self.core)

    def memory(self):
        cdef Core* v = &self.core
        return {
            "orders": v.order_pool.count,
            "order_bytes": in_use(&v.order_pool, &v.order_index) + in_use(&v.level_pool, NULL) + in_use(&v.node_pool, NULL),
            "accounts": v.account_pool.count,
            "account_bytes": in_use(&v.account_pool, &v.account_index),
            "holdings": v.holding_pool.count,
            "holding_bytes": in_use(&v.holding_pool, &v.holding_index),
            "client_ids": v.id_pool.count,
            "client_id_bytes": in_use(&v.id_pool, &v.id_index),
        }

    cdef int _enter(self) except -1:
        if self.busy:
            raise RuntimeError("another thread is using this venue")
        self.busy = True
        return 0


cdef int64_t apply_all(Core* v, const Command* commands, int64_t count) noexcept nogil:
    """Apply commands and return how many: all, unless one does not follow on the one before."""
    cdef int64_t at
    for at in range(count):
        look_ahead(v, commands + at, count - at)
        if commands[at].sequence != v.sequence + 1:
            return at
        apply_one(v, &commands[at])
    return count


cdef int write_all(
    Core* v, char* out, bytes magic, const HeaderRow* header, const Row* accounts, const Row* held, const Row* books
) except -1:
    memcpy(out, PyBytes_AS_STRING(magic), PyBytes_GET_SIZE(magic))
    out += PyBytes_GET_SIZE(magic)
    memcpy(out, header, sizeof(HeaderRow))
    out += sizeof(HeaderRow)
    with nogil:
        out = write_accounts(v, out, accounts)
        out = write_holdings(v, out, held, header.holdings)
        out = write_stocks(v, out, books)
        out = write_orders(v, out, books)
        out = write_ids(v, out, accounts)
    return 0


cdef bint read_all(Core* v, const HeaderRow* header, const char* at) noexcept nogil:
    """Take in the tables behind the header; False where they contradict each other."""
    cdef const AccountRow* account = <const AccountRow*>at
    cdef const HoldingRow* holding = <const HoldingRow*>(account + header.accounts)
    cdef const StockRow* stock = <const StockRow*>(holding + header.holdings)
    cdef const OrderRow* order = <const OrderRow*>(stock + header.stocks)
    cdef const ClientIdRow* client_id = <const ClientIdRow*>(order + header.orders)
    cdef int64_t row
    if not read_clearing(v, account, header.accounts, holding, header.holdings, stock, header.stocks):
        return False
    for row in range(header.orders):
        if not read_order(v, order + row):
            return False
    for row in range(header.client_ids):
        if not read_id(v, client_id + row):
            return False
    return True


def record_sizes():
    """Return the bytes of the structs whose size matters elsewhere."""
    return {"Command": sizeof(Command), "Event": sizeof(Event), "Order": sizeof(Order)}
