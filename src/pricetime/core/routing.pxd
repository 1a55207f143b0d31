# Which ledger owns an account, and to whom records go; as ``records.routing``.

from libc.stdint cimport int64_t, uint32_t, uint64_t

from pricetime.core.records cimport (
    COMMAND_HALT_STOCK,
    COMMAND_LIST_STOCK,
    COMMAND_RESUME_STOCK,
    COMMAND_SET_LIMITS,
    EVENT_DENIED,
    EVENT_TRADED,
    Event,
)


cdef inline uint32_t ledger_of(int64_t account, uint64_t ledgers) noexcept nogil:
    """Return the ledger that owns an account: by the finalizer of SplitMix64."""
    cdef uint64_t mixed = <uint64_t>account + <uint64_t>0x9E3779B97F4A7C15
    mixed = (mixed ^ mixed >> 30) * <uint64_t>0xBF58476D1CE4E5B9
    mixed = (mixed ^ mixed >> 27) * <uint64_t>0x94D049BB133111EB
    return <uint32_t>((mixed ^ mixed >> 31) % ledgers)


cdef inline bint goes_round(int kind) noexcept nogil:
    return (
        kind == COMMAND_LIST_STOCK
        or kind == COMMAND_HALT_STOCK
        or kind == COMMAND_RESUME_STOCK
        or kind == COMMAND_SET_LIMITS
    )


cdef struct Concerned:
    # Whom an event of a book concerns: by how many of ``ledgers``, and whether everybody.
    uint32_t[2] ledgers
    uint32_t count
    bint everybody


cdef inline Concerned concerned(const Event* event, uint64_t ledgers) noexcept nogil:
    """Everybody, unless it denies; and but for what went round the ledgers of its account and of the maker's."""
    cdef Concerned those
    those.everybody = event.kind != EVENT_DENIED
    those.count = those.ledgers[0] = those.ledgers[1] = 0
    if goes_round(event.command):
        return those
    those.ledgers[0] = ledger_of(event.account, ledgers)
    those.count = 1
    if event.kind == EVENT_TRADED:
        those.ledgers[1] = ledger_of(event.maker_account, ledgers)
        those.count += those.ledgers[1] != those.ledgers[0]
    return those
