"""The venue in parts, compiled: ``rules.partitions`` over C structs, for the same outputs and the same state.

Each part is made of the core that is the whole venue: a book partition of its books' side, a ledger partition of its
accounts' side. A batch of inputs is applied in C, and a large one without the GIL.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.ref cimport PyObject
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

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
from pricetime.core.book_partition cimport apply_to_book
from pricetime.core.checks cimport check_books, check_copies, check_money, check_shares
from pricetime.core.hearing cimport hear
from pricetime.core.ledger_partition cimport Place, take_command
from pricetime.core.lifetime cimport close_core, in_use, open_core, open_lines
from pricetime.core.partition_state cimport fill_header, read_books, read_ledger, write_books, write_ledger
from pricetime.core.records cimport *
from pricetime.core.routing cimport Concerned, concerned
from pricetime.core.state cimport Account, Book, Core, Holding, Level, Line, Node, Order
from pricetime.core.storage cimport out_of_memory
from pricetime.core.tables cimport Row, sorted_accounts, sorted_books, sorted_copies, sorted_holdings

from pricetime.errors import RecordError, SnapshotError
from pricetime.records import check_commands, check_events
from pricetime.records.partition_state import BOOK, LEDGER
from pricetime.records.routing import EVENTS, Address, Output, Room, Topology
from pricetime.records.state import hash_of_state

cdef enum:
    MOST_PARTITIONS = 1 << 20
    LEDGER_ROOM = 1         # as ``records.routing.Room`` has it
    BOOK_ROOM = 2
    MOST_KEPT = 1 << 27     # orders, accounts, … of a partition; a process has no addresses for all that fits 31 bits

cdef extern from *:
    """
    #define PT_ADDRESSES (1ULL << 46)
    """
    const uint64_t ADDRESSES "PT_ADDRESSES"  # that the partitions of a venue reserve, if all are in one process

keep_freed_memory()


cdef struct Span:
    const char* records
    int64_t count
    int64_t room  # of the source


cdef class Part:
    """What both kinds of partition have in common. One thread at a time may use it."""

    cdef Core core
    cdef bint busy
    cdef readonly object address
    cdef readonly object topology

    def __cinit__(self, number, topology):
        # Other in each process, so that nobody can aim at one place.
        open_core(&self.core, most_kept(topology.partitions), <uint64_t>hash("pricetime"))
        self.address = Address(self.room, number)
        self.topology = topology
        self.core.outbox.number = topology.first_number_of(self.address)
        self.core.outbox.step = topology.partitions

    def __dealloc__(self):
        close_core(&self.core)

    @property
    def time_ns(self):
        return self.core.time_ns

    def apply(self, list inputs not None):
        cdef Core* v = &self.core
        cdef Span* spans = spans_of(inputs)
        cdef uint64_t count = len(inputs)
        cdef int64_t records = 0
        cdef uint64_t at
        cdef bint good
        cdef PyObject* events
        for at in range(count):
            records += spans[at].count
        try:
            self._see()
            self.busy = True
            events = lend_events(v, records)
            if records < FREE_GIL_FROM:
                good = self._apply(spans, count)
            else:
                with nogil:
                    good = self._apply(spans, count)
            self.busy = False
        finally:
            free(spans)
        if not good:
            keep_events(v, events)
            raise RecordError(f"{self.address} is sent what no partition of its venue sends")
        return self._outputs(events)

    def state_hash(self):
        return hash_of_state(self.snapshot())

    cdef bint _apply(self, const Span* spans, uint64_t count) noexcept nogil:
        """Apply the records of all spans; False where one of them cannot be."""
        return False

    cdef list _outputs(self, PyObject* events):
        """Return what the batch gives rise to, by destination."""
        return []

    cdef int _see(self) except -1:
        if self.busy:
            raise RuntimeError("another thread is using this partition")
        return 0


cdef class BookPartition(Part):
    """The books of some stocks, over C structs; see ``rules.partitions.BookPartition``."""

    room = Room.BOOK

    def __cinit__(self, number, topology):
        self.core.keeps_accounts = False

    def snapshot(self):
        cdef Core* v = &self.core
        cdef bytes magic = BOOK.magic
        cdef BookHeaderRow header
        cdef Row* books
        self._see()
        header.number = self.address.number
        header.ledgers, header.books = self.topology
        header.time_ns = v.time_ns
        header.event_number = v.outbox.number
        header.stocks = v.book_pool.count
        header.orders = v.order_pool.count
        snapshot = blank(<Py_ssize_t>(
            PyBytes_GET_SIZE(magic)
            + sizeof(BookHeaderRow)
            + header.stocks * sizeof(StockRow)
            + header.orders * sizeof(OrderRow)
        ))
        books = sorted_books(v)
        write_books(v, PyBytes_AS_STRING(snapshot), magic, &header, books)
        free(books)
        return snapshot

    @classmethod
    def restore(cls, bytes snapshot not None):
        fields, _ = BOOK.read(snapshot)
        cdef BookPartition part = cls(*place_in(fields))
        cdef const char* at = PyBytes_AS_STRING(snapshot) + len(BOOK.magic)
        cdef const BookHeaderRow* header = <const BookHeaderRow*>at
        cdef bint good
        part.core.time_ns = header.time_ns
        part.core.outbox.number = header.event_number
        with nogil:
            good = read_books(&part.core, header, at + sizeof(BookHeaderRow))
        if not good:
            raise SnapshotError("this snapshot contradicts itself")
        return part

    def check(self):
        return check_books(&self.core)

    def memory(self):
        cdef Core* v = &self.core
        return {
            "orders": v.order_pool.count,
            "order_bytes": in_use(&v.order_pool, &v.order_index)
            + in_use(&v.level_pool, NULL)
            + in_use(&v.node_pool, NULL),
            "accounts": v.account_pool.count,
            "account_bytes": in_use(&v.account_pool, &v.account_index),
        }

    cdef bint _apply(self, const Span* spans, uint64_t count) noexcept nogil:
        cdef const Command* commands
        cdef uint64_t span
        cdef int64_t at
        for span in range(count):
            commands = <const Command*>spans[span].records
            for at in range(spans[span].count):
                look_ahead(&self.core, commands + at, spans[span].count - at)
                if not apply_to_book(&self.core, commands + at):
                    return False
        return True

    cdef list _outputs(self, PyObject* events):
        """Send each event to those whom it concerns."""
        cdef Core* v = &self.core
        cdef uint64_t ledgers = self.topology.ledgers
        cdef uint64_t* counts = <uint64_t*>calloc(ledgers, sizeof(uint64_t))
        cdef Event** ends = <Event**>calloc(ledgers, sizeof(Event*))
        cdef uint64_t everybody = 0
        cdef uint64_t at
        cdef list outputs = []
        cdef list to_ledgers = []
        if counts == NULL or ends == NULL:
            out_of_memory()
        try:
            everybody = count_concerned(v, ledgers, counts)
            for at in range(ledgers):
                if counts[at]:
                    records = blank(counts[at] * sizeof(Event))
                    ends[at] = <Event*>PyBytes_AS_STRING(records)
                    to_ledgers.append(Output(Address(Room.LEDGER, at), records))
            hand_out(v, ledgers, ends)
        finally:
            free(counts)
            free(ends)
        told = to_everybody(v, everybody) if everybody < v.outbox.count else None
        taken = take_events(v, events)
        if everybody:
            outputs.append(Output(EVENTS, taken if told is None else told))
        return outputs + to_ledgers


cdef class LedgerPartition(Part):
    """Some accounts, over C structs; see ``rules.partitions.LedgerPartition``."""

    cdef Place place
    room = Room.LEDGER

    def __cinit__(self, number, topology):
        cdef Core* v = &self.core
        v.most = MAX_TOTAL // <int64_t>topology.ledgers
        open_lines(v, most_kept(topology.partitions))
        self.place.number = number
        self.place.ledgers, self.place.books = topology

    def snapshot(self):
        cdef Core* v = &self.core
        cdef bytes magic = LEDGER.magic
        cdef LedgerHeaderRow header
        cdef Row* accounts
        cdef Row* books
        cdef Row* held
        cdef Row* copies
        cdef uint64_t holdings
        self._see()
        accounts, books, copies = sorted_accounts(v), sorted_books(v), sorted_copies(v)
        held = sorted_holdings(v, &holdings)
        fill_header(v, &self.place, &header)
        header.holdings = holdings
        try:
            snapshot = blank(<Py_ssize_t>(
                PyBytes_GET_SIZE(magic)
                + sizeof(LedgerHeaderRow)
                + header.accounts * sizeof(AccountRow)
                + header.holdings * sizeof(HoldingRow)
                + header.stocks * sizeof(StockRow)
                + header.passing * sizeof(PassingRow)
                + header.orders * sizeof(OrderRow)
                + header.client_ids * sizeof(ClientIdRow)
                + header.underway * sizeof(UnderwayRow)
                + header.waiting * sizeof(Command)
            ))
            write_ledger(v, PyBytes_AS_STRING(snapshot), magic, &header, accounts, held, books, copies)
        finally:
            free(accounts)
            free(books)
            free(held)
            free(copies)
        return snapshot

    @classmethod
    def restore(cls, bytes snapshot not None):
        fields, _ = LEDGER.read(snapshot)
        cdef LedgerPartition part = cls(*place_in(fields))
        cdef Core* v = &part.core
        cdef const char* at = PyBytes_AS_STRING(snapshot) + len(LEDGER.magic)
        cdef const LedgerHeaderRow* header = <const LedgerHeaderRow*>at
        cdef bint good
        v.time_ns = header.time_ns
        v.outbox.number = header.event_number
        v.money = header.money
        v.passing_money = header.passing_money
        v.limits.open_orders = header.open_orders_limit
        v.limits.client_ids = header.client_ids_limit
        v.limits.orders = header.orders_limit
        v.limits.accounts = header.accounts_limit
        v.limits.stocks = header.stocks_limit
        with nogil:
            good = read_ledger(v, header, at + sizeof(LedgerHeaderRow))
        if not good:
            raise SnapshotError("this snapshot contradicts itself")
        return part

    def check(self):
        return check_money(&self.core) + check_shares(&self.core) + check_copies(&self.core)

    def memory(self):
        cdef Core* v = &self.core
        return {
            "orders": v.order_pool.count,
            "order_bytes": in_use(&v.order_pool, &v.order_index),
            "accounts": v.account_pool.count,
            "account_bytes": in_use(&v.account_pool, &v.account_index),
            "holdings": v.holding_pool.count,
            "holding_bytes": in_use(&v.holding_pool, &v.holding_index),
            "client_ids": v.id_pool.count,
            "client_id_bytes": in_use(&v.id_pool, &v.id_index),
            "errands": v.errand_pool.count,
            "errand_bytes": in_use(&v.errand_pool, NULL) + in_use(&v.line_pool, NULL),
        }

    cdef bint _apply(self, const Span* spans, uint64_t count) noexcept nogil:
        cdef uint64_t span
        for span in range(count):
            if spans[span].room == BOOK_ROOM:
                if not self._hear(<const Event*>spans[span].records, spans[span].count):
                    return False
            elif not self._take(<const Command*>spans[span].records, spans[span].count, spans[span].room):
                return False
        return True

    cdef bint _take(self, const Command* commands, int64_t count, int64_t room) noexcept nogil:
        cdef int64_t at
        for at in range(count):
            look_ahead(&self.core, commands + at, count - at)
            if not take_command(&self.core, &self.place, commands + at, room == LEDGER_ROOM):
                return False
        return True

    cdef bint _hear(self, const Event* events, int64_t count) noexcept nogil:
        """Hear what a book reports; the events of one command stand together."""
        cdef int64_t first = 0
        cdef int64_t end
        while first < count:
            end = first + 1
            while end < count and events[end].sequence == events[first].sequence:
                end += 1
            if not hear(&self.core, &self.place, events + first, end - first):
                return False
            first = end
        return True

    cdef list _outputs(self, PyObject* events):
        """Send the events to everybody, and each command to its book or to the next ledger."""
        cdef Core* v = &self.core
        cdef uint64_t parties = self.place.books + 1
        cdef uint64_t* counts = <uint64_t*>calloc(parties, sizeof(uint64_t))
        cdef Command** ends = <Command**>calloc(parties, sizeof(Command*))
        cdef uint64_t at
        cdef bytes told = take_events(v, events)
        cdef list outputs = [Output(EVENTS, told)] if told else []
        cdef list to_books = []
        if counts == NULL or ends == NULL:
            out_of_memory()
        try:
            for at in range(v.letters.count):
                counts[v.letters.items[at].destination] += 1
            for at in range(parties):
                if counts[at]:
                    records = blank(counts[at] * sizeof(Command))
                    ends[at] = <Command*>PyBytes_AS_STRING(records)
                    if at < self.place.books:
                        to_books.append(Output(Address(Room.BOOK, at), records))
                    else:
                        outputs.append(Output(Address(Room.LEDGER, self.place.number + 1), records))
            for at in range(v.letters.count):
                ends[v.letters.items[at].destination][0] = v.letters.items[at].command
                ends[v.letters.items[at].destination] += 1
            v.letters.count = 0
        finally:
            free(counts)
            free(ends)
        return outputs + to_books


cdef uint64_t most_kept(uint64_t partitions):
    """Return how much of each kind a partition makes room for: the process has addresses for all partitions."""
    cdef uint64_t each = 2 * (sizeof(Order) + sizeof(Level) + sizeof(Node) // 8 + sizeof(Book) + sizeof(Account))
    return min(<uint64_t>MOST_KEPT, ADDRESSES // (each * partitions))


cdef tuple place_in(dict fields):
    """Return the number and the topology in a snapshot's header; SnapshotError where they are none."""
    topology = Topology(fields["ledgers"], fields["books"])
    if not all(1 <= count <= MOST_PARTITIONS for count in topology) or not 0 <= fields["number"] < MOST_PARTITIONS:
        raise SnapshotError("this snapshot is of no partition")
    return fields["number"], topology


cdef Span* spans_of(list inputs) except NULL:
    """Return the inputs as records in memory; RecordError where some are none of what their source sends."""
    cdef Span* spans = <Span*>malloc((len(inputs) + 1) * sizeof(Span))
    cdef Span* span = spans
    cdef int64_t each
    cdef bytes records
    if spans == NULL:
        out_of_memory()
    try:
        for (room, _), records in inputs:
            each = sizeof(Event) if room == Room.BOOK else sizeof(Command)
            span.records = PyBytes_AS_STRING(records)
            span.count = PyBytes_GET_SIZE(records) // each
            span.room = room
            if not are_records(span.records, PyBytes_GET_SIZE(records), each):
                (check_events if room == Room.BOOK else check_commands)(records)  # says what is wrong
            span += 1
    except BaseException:
        free(spans)
        raise
    return spans


cdef uint64_t count_concerned(Core* v, uint64_t ledgers, uint64_t* counts) noexcept nogil:
    """Count how many events go to each ledger, and return how many go to everybody."""
    cdef uint64_t everybody = 0
    cdef uint64_t at
    cdef uint32_t which
    cdef Concerned those
    for at in range(v.outbox.count):
        those = concerned(&v.outbox.events[at], ledgers)
        everybody += those.everybody
        for which in range(those.count):
            counts[those.ledgers[which]] += 1
    return everybody


cdef void hand_out(Core* v, uint64_t ledgers, Event** ends) noexcept nogil:
    """Put each event behind what each ledger that it concerns has already."""
    cdef uint64_t at
    cdef uint32_t which
    cdef Concerned those
    for at in range(v.outbox.count):
        those = concerned(&v.outbox.events[at], ledgers)
        for which in range(those.count):
            ends[those.ledgers[which]][0] = v.outbox.events[at]
            ends[those.ledgers[which]] += 1


cdef bytes to_everybody(Core* v, uint64_t count):
    """Return the ``count`` events that are no denials."""
    cdef bytes told = blank(count * sizeof(Event))
    cdef Event* end = <Event*>PyBytes_AS_STRING(told)
    cdef uint64_t at
    for at in range(v.outbox.count):
        if v.outbox.events[at].kind != EVENT_DENIED:
            end[0] = v.outbox.events[at]
            end += 1
    return told
