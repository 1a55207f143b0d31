"""The compiled venue: ``rules.Venue`` over C structs, for the same events and the same state.

No Python object stands for an order, a level or a trade; a batch is applied in C from the first command to
the last, and a large one without the GIL. Read it beside ``rules``: each file here is the one of that name there.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.ref cimport PyObject, Py_XDECREF
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from pricetime.core.book cimport Taker, order_at, own_side
from pricetime.core.exchange cimport apply_one, judge_order
from pricetime.core.ledger cimport account_at, book_at, holding_at
from pricetime.core.outbox cimport hold_of, price_of, say_accepted, say_answer, widen_outbox
from pricetime.core.records cimport *
from pricetime.core.state cimport (
    Account,
    Book,
    BookSide,
    ClientId,
    Core,
    Holding,
    Level,
    Node,
    Order,
)
from pricetime.core.storage cimport (
    Index,
    Pool,
    close_pool,
    hash_of,
    open_index,
    open_pool,
    prefetch,
)
from pricetime.core.tables cimport (
    Row,
    read_account,
    read_holding,
    read_id,
    read_order,
    read_stock,
    sorted_accounts,
    sorted_books,
    sorted_holdings,
    write_accounts,
    write_holdings,
    write_ids,
    write_orders,
    write_stocks,
)

from pricetime.core.checks cimport check_books, check_money, check_shares

from pricetime.errors import RecordError, SnapshotError
from pricetime.records import check_commands
from pricetime.records.commands import Limits
from pricetime.records.state import MAGIC, hash_of_state, read_snapshot

cdef extern from *:
    """
    #ifdef __GLIBC__
    #include <malloc.h>
    /* Batches of events are some hundred kilobytes each. By default the C library gives such a block back to
       the system at once, and each page of the next one is a fault: half of the time of a batch. */
    static void pt_keep_freed_memory(void) {
        mallopt(M_MMAP_THRESHOLD, 32 << 20);
        mallopt(M_TRIM_THRESHOLD, 64 << 20);
    }
    #else
    static void pt_keep_freed_memory(void) {}
    #endif
    """
    void keep_freed_memory "pt_keep_freed_memory"() noexcept nogil

cdef extern from "Python.h":
    PyObject* PyBytes_FromStringAndSize(const char* content, Py_ssize_t size) except NULL
    int _PyBytes_Resize(PyObject** bytes_object, Py_ssize_t size) except -1

cdef enum:
    FREE_GIL_FROM = 64      # commands of a batch: below it giving the GIL away costs more than it gives
    EVENTS_PER_COMMAND = 8  # for which there is room at first; a batch that says more is moved once
    SPARE_EVENTS = 32
    FAR = 18                # commands ahead whose place in the index is fetched into the cache
    NEAR = 12               # commands ahead whose order is
    NEXT = 6                # commands ahead whose order's neighbours are


keep_freed_memory()


cdef class Venue:
    """The venue over C structs; see ``runtime.venue.Venue``. One thread at a time may use it."""

    cdef Core core
    cdef bint busy

    def __cinit__(self):
        cdef Core* v = &self.core
        memset(v, 0, sizeof(Core))
        v.seed = <uint64_t>hash("pricetime")  # other in each process, so that nobody can aim at one place
        v.limits.open_orders = DEFAULT_OPEN_ORDERS
        v.limits.client_ids = DEFAULT_CLIENT_IDS
        v.limits.orders = DEFAULT_ORDERS
        v.limits.accounts = DEFAULT_ACCOUNTS
        v.limits.stocks = DEFAULT_STOCKS
        open_pool(&v.order_pool, sizeof(Order), MOST)
        open_pool(&v.level_pool, sizeof(Level), MOST)
        open_pool(&v.node_pool, sizeof(Node), MOST // 8)
        open_pool(&v.book_pool, sizeof(Book), MOST)
        open_pool(&v.account_pool, sizeof(Account), MOST)
        open_pool(&v.holding_pool, sizeof(Holding), 2 * MOST)
        open_pool(&v.id_pool, sizeof(ClientId), 2 * MOST)
        v.orders = <Order*>v.order_pool.base
        v.levels = <Level*>v.level_pool.base
        v.nodes = <Node*>v.node_pool.base
        v.books = <Book*>v.book_pool.base
        v.accounts = <Account*>v.account_pool.base
        v.holdings = <Holding*>v.holding_pool.base
        v.ids = <ClientId*>v.id_pool.base
        open_index(&v.order_index)
        open_index(&v.book_index)
        open_index(&v.account_index)
        open_index(&v.holding_index)
        open_index(&v.id_index)

    def __dealloc__(self):
        cdef Core* v = &self.core
        close_pool(&v.order_pool)
        close_pool(&v.level_pool)
        close_pool(&v.node_pool)
        close_pool(&v.book_pool)
        close_pool(&v.account_pool)
        close_pool(&v.holding_pool)
        close_pool(&v.id_pool)
        free(v.order_index.entries)
        free(v.book_index.entries)
        free(v.account_index.entries)
        free(v.holding_index.entries)
        free(v.id_index.entries)
        free(v.outbox.events)
        free(v.outbox.accounts.items)
        free(v.outbox.holdings.items)
        free(v.cancelling.items)

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
        if not are_commands(first, PyBytes_GET_SIZE(commands)):
            check_commands(commands)  # says what is wrong
        self._enter()
        events = self._lend(count)
        if count < FREE_GIL_FROM:
            applied = apply_all(&self.core, first, count)
        else:
            with nogil:
                applied = apply_all(&self.core, first, count)
        self.busy = False
        if applied < count:
            self._keep(events)
            raise RecordError(
                f"command {first[applied].sequence} cannot follow command {self.core.sequence}"
            )
        return self._take(events)

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
        reason = judge_order(v, asked, &order, &taker)
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

    cdef PyObject* _lend(self, int64_t commands) except? NULL:
        """Let the events be written straight into a bytes object, as large as they will probably be."""
        cdef Core* v = &self.core
        cdef PyObject* events
        cdef uint64_t room = <uint64_t>(commands * EVENTS_PER_COMMAND) + SPARE_EVENTS
        if v.outbox.count:
            return NULL  # events of an earlier batch that broke off go first
        free(v.outbox.events)
        events = PyBytes_FromStringAndSize(NULL, room * sizeof(Event))
        v.outbox.events = <Event*>PyBytes_AS_STRING(<object>events)
        v.outbox.room = room
        v.outbox.borrowed = True
        return events

    cdef int _keep(self, PyObject* events) except -1:
        """Keep the events so far for the next batch."""
        cdef Core* v = &self.core
        if v.outbox.borrowed:
            v.outbox.room = v.outbox.count
            widen_outbox(v)
        Py_XDECREF(events)
        return 0

    cdef bytes _take(self, PyObject* events):
        """Return the batch of events and begin a new one."""
        cdef Core* v = &self.core
        cdef uint64_t count = v.outbox.count
        cdef bytes taken
        if v.outbox.borrowed:
            _PyBytes_Resize(&events, count * sizeof(Event))
            v.outbox.borrowed = False
        else:
            Py_XDECREF(events)
            events = PyBytes_FromStringAndSize(<char*>v.outbox.events, count * sizeof(Event))
            free(v.outbox.events)
        v.outbox.events = NULL
        v.outbox.count = v.outbox.room = 0
        taken = <bytes>events
        Py_XDECREF(events)  # the name above holds it now
        return taken


cdef uint64_t in_use(const Pool* pool, const Index* index) noexcept:
    """Return the bytes that a pool and its index have taken so far."""
    cdef uint64_t taken = <uint64_t>pool.used * pool.size
    return taken if index == NULL else taken + (<uint64_t>index.mask + 1) * sizeof(uint64_t)


cdef bytes blank(Py_ssize_t size):
    """Return bytes that are still to be written."""
    cdef PyObject* made = PyBytes_FromStringAndSize(NULL, size)
    cdef bytes result = <bytes>made
    Py_XDECREF(made)
    return result


cdef bint are_commands(const Command* commands, int64_t size) noexcept nogil:
    """Return whether these are whole records of this version."""
    cdef int64_t at
    for at in range(size // <int64_t>sizeof(Command)):
        if commands[at].version != RECORD_VERSION:
            return False
    return size % <int64_t>sizeof(Command) == 0


cdef inline void fetch_entry(Core* v, const Command* command) noexcept nogil:
    """Fetch the place in the index of the order that a command makes or means."""
    prefetch(&v.order_index.entries[hash_of(<uint64_t>command.order, v.seed) >> v.order_index.shift])


cdef inline uint32_t probable_slot(Core* v, const Command* command) noexcept nogil:
    """Return where the order that a command means probably is, or 0."""
    if command.kind != COMMAND_CANCEL_ORDER and command.kind != COMMAND_AMEND_ORDER:
        return 0
    cdef uint32_t hashed = hash_of(<uint64_t>command.order, v.seed)
    cdef uint64_t entry = v.order_index.entries[hashed >> v.order_index.shift]
    return <uint32_t>entry if (entry >> 32) == hashed else 0


cdef inline void fetch_order(Core* v, const Command* command) noexcept nogil:
    prefetch(&v.orders[probable_slot(v, command)])


cdef inline void fetch_neighbours(Core* v, const Command* command) noexcept nogil:
    """Fetch what stands around an order in its queue and in its account's list."""
    cdef const Order* order = &v.orders[probable_slot(v, command)]
    prefetch(&v.orders[order.before])
    prefetch(&v.orders[order.behind])
    prefetch(&v.orders[order.older])
    prefetch(&v.orders[order.newer])


cdef int64_t apply_all(Core* v, const Command* commands, int64_t count) noexcept nogil:
    """Apply commands and return how many: all, unless one does not follow on the one before.

    Where the book is larger than the cache, a cancel would wait for memory four times, one after the other.
    So what a command will need is fetched while those before it are being applied, in three strides.
    """
    cdef int64_t at
    for at in range(count):
        if at + FAR < count:
            fetch_entry(v, &commands[at + FAR])
        if at + NEAR < count:
            fetch_order(v, &commands[at + NEAR])
        if at + NEXT < count:
            fetch_neighbours(v, &commands[at + NEXT])
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
    for row in range(header.accounts):
        if not read_account(v, account + row):
            return False
    for row in range(header.stocks):
        if not read_stock(v, stock + row):
            return False
    for row in range(header.holdings):
        if not read_holding(v, holding + row):
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
