# Looking ahead in a batch: what commands will need is fetched while those before them are being applied.
#
# Where the book is larger than the cache, a cancel would wait for memory four times, one after the other; so it is
# fetched in three strides.

from libc.stdint cimport int64_t, uint32_t, uint64_t

from pricetime.core.records cimport COMMAND_AMEND_ORDER, COMMAND_CANCEL_ORDER, Command
from pricetime.core.state cimport Core, Order
from pricetime.core.storage cimport hash_of, prefetch

cdef enum:
    FAR = 18   # commands ahead whose place in the index is fetched into the cache
    NEAR = 12  # commands ahead whose order is
    NEXT = 6   # commands ahead whose order's neighbours are


cdef inline void look_ahead(Core* v, const Command* commands, int64_t left) noexcept nogil:
    """Fetch for the commands that follow ``commands``, which has ``left`` with itself."""
    if FAR < left:
        fetch_entry(v, commands + FAR)
    if NEAR < left:
        fetch_order(v, commands + NEAR)
    if NEXT < left:
        fetch_neighbours(v, commands + NEXT)


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
