# How the core's memory begins and ends.

from libc.stdint cimport uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from pricetime.core.records cimport (
    DEFAULT_ACCOUNTS,
    DEFAULT_CLIENT_IDS,
    DEFAULT_OPEN_ORDERS,
    DEFAULT_ORDERS,
    DEFAULT_STOCKS,
    MAX_TOTAL,
)
from pricetime.core.state cimport Account, Book, ClientId, Core, Errand, Holding, Level, Line, Node, Order
from pricetime.core.storage cimport Index, Pool, close_pool, open_index, open_pool


cdef inline void open_core(Core* v, uint64_t most, uint64_t seed) noexcept nogil:
    """Make room for ``most`` of each kind of thing; it takes memory only as it is used."""
    memset(v, 0, sizeof(Core))
    v.seed = seed
    v.most = MAX_TOTAL
    v.outbox.step = 1
    v.keeps_accounts = True
    v.limits.open_orders = DEFAULT_OPEN_ORDERS
    v.limits.client_ids = DEFAULT_CLIENT_IDS
    v.limits.orders = DEFAULT_ORDERS
    v.limits.accounts = DEFAULT_ACCOUNTS
    v.limits.stocks = DEFAULT_STOCKS
    open_pool(&v.order_pool, sizeof(Order), most)
    open_pool(&v.level_pool, sizeof(Level), most)
    open_pool(&v.node_pool, sizeof(Node), most // 8)
    open_pool(&v.book_pool, sizeof(Book), most)
    open_pool(&v.account_pool, sizeof(Account), most)
    open_pool(&v.holding_pool, sizeof(Holding), 2 * most)
    open_pool(&v.id_pool, sizeof(ClientId), 2 * most)
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


cdef inline void open_lines(Core* v, uint64_t most) noexcept nogil:
    """Make room for what accounts of a ledger have under way and waiting."""
    open_pool(&v.line_pool, sizeof(Line), most)
    open_pool(&v.errand_pool, sizeof(Errand), most)
    v.lines = <Line*>v.line_pool.base
    v.errands = <Errand*>v.errand_pool.base


cdef inline void close_core(Core* v) noexcept nogil:
    close_pool(&v.order_pool)
    close_pool(&v.level_pool)
    close_pool(&v.node_pool)
    close_pool(&v.book_pool)
    close_pool(&v.account_pool)
    close_pool(&v.holding_pool)
    close_pool(&v.id_pool)
    close_pool(&v.line_pool)
    close_pool(&v.errand_pool)
    free(v.order_index.entries)
    free(v.book_index.entries)
    free(v.account_index.entries)
    free(v.holding_index.entries)
    free(v.id_index.entries)
    free(v.outbox.events)
    free(v.outbox.accounts.items)
    free(v.outbox.holdings.items)
    free(v.cancelling.items)
    free(v.letters.items)


cdef inline uint64_t in_use(const Pool* pool, const Index* index) noexcept nogil:
    """Return the bytes that a pool and its index have taken so far."""
    cdef uint64_t taken = <uint64_t>pool.used * pool.size
    return taken if index == NULL else taken + (<uint64_t>index.mask + 1) * sizeof(uint64_t)
