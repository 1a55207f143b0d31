# The line of an account: what it has under way at books, and what waits its turn; as ``rules.partitions.line``.
#
# An account has a line only while there is something in it. Both of its queues are lists of errands.

from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcmp

from pricetime.core.memory cimport has_id
from pricetime.core.records cimport COMMAND_AMEND_ORDER, COMMAND_PLACE_ORDER, Command
from pricetime.core.state cimport Core, Errand, Line
from pricetime.core.storage cimport give_back, take


cdef inline Line* line_of(Core* v, uint32_t account) noexcept nogil:
    """Return the line of an account, made empty where there was none."""
    cdef uint32_t slot = v.accounts[account].line
    cdef Line* line
    if slot == 0:
        slot = v.accounts[account].line = take(&v.line_pool)
        line = &v.lines[slot]
        line.first_underway = line.last_underway = line.first_waiting = line.last_waiting = 0
        line.waiting = line.spending = 0
    return &v.lines[slot]


cdef inline void close_if_empty(Core* v, uint32_t account) noexcept nogil:
    cdef uint32_t slot = v.accounts[account].line
    if slot and v.lines[slot].first_underway == 0 and v.lines[slot].first_waiting == 0:
        v.accounts[account].line = 0
        give_back(&v.line_pool, slot)


cdef inline uint32_t errand_of(Core* v, const Command* command) noexcept nogil:
    cdef uint32_t slot = take(&v.errand_pool)
    cdef Errand* errand = &v.errands[slot]
    errand.command = command[0]
    errand.asset = errand.brought = 0
    errand.behind = 0
    errand.spends_all = False
    return slot


cdef inline Errand* send_off(Core* v, uint32_t account, const Command* command, bint spends_all) noexcept nogil:
    """Let a command be under way."""
    cdef Line* line = line_of(v, account)
    cdef uint32_t slot = errand_of(v, command)
    v.errands[slot].spends_all = spends_all
    line.spending += spends_all
    if line.last_underway:
        v.errands[line.last_underway].behind = slot
    else:
        line.first_underway = slot
    line.last_underway = slot
    return &v.errands[slot]


cdef inline void let_wait(Core* v, uint32_t account, const Command* command) noexcept nogil:
    """Let a command wait behind those that wait already."""
    cdef Line* line = line_of(v, account)
    cdef uint32_t slot = errand_of(v, command)
    if line.last_waiting:
        v.errands[line.last_waiting].behind = slot
    else:
        line.first_waiting = slot
    line.last_waiting = slot
    line.waiting += 1


cdef inline Command first_in_line(Core* v, Line* line) noexcept nogil:
    """Take out the command that has waited longest, and return it."""
    cdef uint32_t slot = line.first_waiting
    cdef Command command = v.errands[slot].command
    line.first_waiting = v.errands[slot].behind
    if line.first_waiting == 0:
        line.last_waiting = 0
    line.waiting -= 1
    give_back(&v.errand_pool, slot)
    return command


cdef inline uint32_t underway_at(Core* v, uint32_t account, int64_t sequence) noexcept nogil:
    """Return the slot of what an account has under way with this sequence, or 0."""
    cdef uint32_t slot = v.accounts[account].line
    if slot:
        slot = v.lines[slot].first_underway
    while slot and v.errands[slot].command.sequence != sequence:
        slot = v.errands[slot].behind
    return slot


cdef inline void come_back(Core* v, uint32_t account, uint32_t errand) noexcept nogil:
    """Take out what a book has answered."""
    cdef Line* line = line_of(v, account)
    cdef uint32_t before = 0
    cdef uint32_t slot = line.first_underway
    while slot != errand:
        before, slot = slot, v.errands[slot].behind
    if before:
        v.errands[before].behind = v.errands[slot].behind
    else:
        line.first_underway = v.errands[slot].behind
    if line.last_underway == slot:
        line.last_underway = before
    line.spending -= v.errands[slot].spends_all
    give_back(&v.errand_pool, slot)


cdef inline bint must_wait(Core* v, const Line* line, const Command* command, bint needs_money) noexcept nogil:
    """Return whether a command that arrives has to wait."""
    if needs_money and line.waiting:
        return True
    return carries_id_of(v, line.first_waiting, command) or is_held_up(v, line, command, needs_money)


cdef inline bint is_held_up(Core* v, const Line* line, const Command* command, bint needs_money) noexcept nogil:
    """Return whether a command could not go its way though nobody waited before it."""
    return (
        (needs_money and line.spending)
        or (command.kind == COMMAND_AMEND_ORDER and changes(v, line.first_underway, command.order))
        or carries_id_of(v, line.first_underway, command)
    )


cdef inline bint changes(Core* v, uint32_t errand, int64_t order) noexcept nogil:
    """Return whether one of a queue's commands places or amends an order."""
    cdef const Command* command
    while errand:
        command = &v.errands[errand].command
        if command.order == order and (
            command.kind == COMMAND_PLACE_ORDER or command.kind == COMMAND_AMEND_ORDER
        ):
            return True
        errand = v.errands[errand].behind
    return False


cdef inline bint carries_id_of(Core* v, uint32_t errand, const Command* command) noexcept nogil:
    """Return whether a command carries the client id of one of a queue's commands."""
    if errand == 0 or not has_id(command):
        return False
    while errand:
        if memcmp(v.errands[errand].command.client_id, command.client_id, 16) == 0:
            return True
        errand = v.errands[errand].behind
    return False
