# Where the core keeps things: pools of fixed-size records, and hash indexes over them.
#
# A pool is one reserved range of addresses: a record never moves, is named by a 32-bit slot, and takes
# memory only once it is used. Slot 0 is nobody. Slots that are given back are used again first, while
# they are still in the cache.
#
# An index finds slots by the 32 bits of a hash: open addressing, linear probing, no tombstones. The place
# of an entry comes from the top bits of its hash, so growing is one pass from front to back.
#
# Where memory ends, the process ends: a venue that has applied half a command must not go on, and a
# restart recovers everything from the journal.

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc

cdef extern from *:
    """
    #include <stdint.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <sys/mman.h>
    #ifndef MAP_NORESERVE
    #define MAP_NORESERVE 0
    #endif

    static void pt_out_of_memory(void) {
        fputs("pricetime: the core is out of memory; the journal holds everything acknowledged\\n", stderr);
        abort();
    }

    /* Reserve addresses for as many bytes as the system lets us, at most `bytes`. */
    static void *pt_reserve(size_t bytes, size_t *reserved) {
        for (; bytes >= 1 << 16; bytes /= 2) {
            void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (base != MAP_FAILED) {
                *reserved = bytes;
                return base;
            }
        }
        pt_out_of_memory();
        return NULL;
    }

    /* Ask for large pages over what is in use, once it is large: random access then misses the TLB less. */
    static void pt_large_pages(void *base, size_t bytes) {
    #ifdef MADV_HUGEPAGE
        uintptr_t begin = ((uintptr_t)base + 4095) & ~(uintptr_t)4095;
        madvise((void *)begin, ((uintptr_t)base + bytes - begin) & ~(size_t)4095, MADV_HUGEPAGE);
    #endif
    }

    /* a * b, where it is at most `limit`, else limit + 1; for a, b >= 0 and limit < 2^63 - 1. */
    static inline int64_t pt_product(int64_t a, int64_t b, int64_t limit) {
        unsigned __int128 product = (unsigned __int128)a * (unsigned __int128)b;
        return product > (unsigned __int128)limit ? limit + 1 : (int64_t)product;
    }

    /* a * b / c rounded down; for a, b >= 0, c > 0 and a quotient below 2^63. */
    static inline int64_t pt_share(int64_t a, int64_t b, int64_t c) {
        return (int64_t)((unsigned __int128)a * (unsigned __int128)b / (unsigned __int128)c);
    }
    """
    void out_of_memory "pt_out_of_memory"() noexcept nogil
    void* reserve "pt_reserve"(size_t bytes, size_t* reserved) noexcept nogil
    void large_pages "pt_large_pages"(void* base, size_t bytes) noexcept nogil
    int unmap "munmap"(void* base, size_t bytes) noexcept nogil
    int64_t product "pt_product"(int64_t a, int64_t b, int64_t limit) noexcept nogil
    int64_t share "pt_share"(int64_t a, int64_t b, int64_t c) noexcept nogil
    bint likely "__builtin_expect"(bint condition, bint expected) noexcept nogil
    void prefetch "__builtin_prefetch"(const void* address) noexcept nogil


cdef enum:
    LARGE_PAGES_FROM = 1 << 24
    FIRST_SLOTS = 16


cdef struct Pool:
    char* base
    size_t reserved
    uint32_t size        # bytes of a record
    uint32_t used        # slots that were ever used, slot 0 among them
    uint32_t free        # the first of the slots given back, chained through their first 4 bytes
    uint32_t count       # slots in use
    uint64_t large_from  # bytes in use at which large pages are asked for next


cdef inline void open_pool(Pool* pool, uint32_t size, uint64_t most) noexcept nogil:
    pool.size = size
    pool.used = 1
    pool.free = pool.count = 0
    pool.large_from = LARGE_PAGES_FROM
    pool.base = <char*>reserve(<size_t>size * <size_t>(most + 2), &pool.reserved)


cdef inline void close_pool(Pool* pool) noexcept nogil:
    if pool.base != NULL:
        unmap(pool.base, pool.reserved)
        pool.base = NULL


cdef inline uint32_t take(Pool* pool) noexcept nogil:
    """Return a slot; what is in it is whatever was there before."""
    cdef uint32_t slot = pool.free
    pool.count += 1
    if slot:
        pool.free = (<uint32_t*>(pool.base + <size_t>slot * pool.size))[0]
        return slot
    slot = pool.used
    cdef uint64_t end = (<uint64_t>slot + 1) * pool.size
    if end > pool.large_from:
        if end > pool.reserved:
            out_of_memory()
        large_pages(pool.base, min(2 * pool.large_from, pool.reserved))
        pool.large_from *= 2
    pool.used += 1
    return slot


cdef inline void give_back(Pool* pool, uint32_t slot) noexcept nogil:
    (<uint32_t*>(pool.base + <size_t>slot * pool.size))[0] = pool.free
    pool.free = slot
    pool.count -= 1


cdef struct Index:
    uint64_t* entries  # 32 bits of hash and a slot; 0: nothing here
    uint32_t mask
    uint32_t shift
    uint32_t count


cdef inline void open_index(Index* index) noexcept nogil:
    index.entries = <uint64_t*>calloc(FIRST_SLOTS, sizeof(uint64_t))
    if index.entries == NULL:
        out_of_memory()
    index.mask = FIRST_SLOTS - 1
    index.shift = 28
    index.count = 0


cdef inline uint32_t hash_of(uint64_t key, uint64_t seed) noexcept nogil:
    """Return 32 bits that depend on all of the key and on the seed."""
    key = (key ^ seed) * <uint64_t>0x9E3779B97F4A7C15
    key = (key ^ (key >> 32)) * <uint64_t>0xD6E8FEB86659FD93
    return <uint32_t>(key >> 32)


cdef inline void insert(Index* index, uint32_t hashed, uint32_t slot) noexcept nogil:
    if index.count * <uint64_t>4 >= (index.mask + <uint64_t>1) * 3:
        widen(index)
    cdef uint32_t at = hashed >> index.shift
    while index.entries[at]:
        at = (at + 1) & index.mask
    index.entries[at] = (<uint64_t>hashed << 32) | slot
    index.count += 1


cdef inline void widen(Index* index) noexcept nogil:
    cdef uint64_t size = <uint64_t>index.mask + 1
    cdef uint64_t* entries = <uint64_t*>calloc(2 * size, sizeof(uint64_t))
    cdef uint64_t at, place, entry
    if entries == NULL or index.shift == 0:
        out_of_memory()
    if size * sizeof(uint64_t) >= LARGE_PAGES_FROM:
        large_pages(entries, 2 * size * sizeof(uint64_t))
    index.shift -= 1
    index.mask = <uint32_t>(2 * size - 1)
    for at in range(size):
        entry = index.entries[at]
        if entry:
            place = (entry >> 32) >> index.shift
            while entries[place]:
                place = (place + 1) & index.mask
            entries[place] = entry
    free(index.entries)
    index.entries = entries


cdef inline void erase(Index* index, uint32_t hashed, uint32_t slot) noexcept nogil:
    """Take out an entry that is there, and close the gap."""
    cdef uint64_t entry = (<uint64_t>hashed << 32) | slot
    cdef uint32_t mask = index.mask
    cdef uint32_t gap = hashed >> index.shift
    while index.entries[gap] != entry:
        gap = (gap + 1) & mask
    cdef uint32_t at = gap
    while True:
        at = (at + 1) & mask
        entry = index.entries[at]
        if entry == 0:
            break
        if ((at - (<uint32_t>(entry >> 32) >> index.shift)) & mask) >= ((at - gap) & mask):
            index.entries[gap] = entry
            gap = at
    index.entries[gap] = 0
    index.count -= 1


cdef struct Slots:
    uint32_t* items  # a list of slots that grows
    uint32_t count
    uint32_t room


cdef inline void push(Slots* slots, uint32_t slot) noexcept nogil:
    if slots.count == slots.room:
        slots.room = max(64, 2 * slots.room)
        slots.items = <uint32_t*>realloc(slots.items, slots.room * sizeof(uint32_t))
        if slots.items == NULL:
            out_of_memory()
    slots.items[slots.count] = slot
    slots.count += 1


cdef struct Numbers:
    int64_t* items  # a list of order numbers that grows
    uint32_t count
    uint32_t room


cdef inline void push_number(Numbers* numbers, int64_t number) noexcept nogil:
    if numbers.count == numbers.room:
        numbers.room = max(64, 2 * numbers.room)
        numbers.items = <int64_t*>realloc(numbers.items, numbers.room * sizeof(int64_t))
        if numbers.items == NULL:
            out_of_memory()
    numbers.items[numbers.count] = number
    numbers.count += 1
