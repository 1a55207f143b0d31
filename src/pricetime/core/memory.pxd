# What accounts remember of their client ids, so that a repeated command is done once; as ``rules.memory``.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from pricetime.core.records cimport COMMAND_PLACE_ORDER, Command
from pricetime.core.state cimport Account, ClientId, Core
from pricetime.core.storage cimport erase, give_back, hash_of, insert, take


cdef inline bint has_id(const Command* command) noexcept nogil:
    cdef uint64_t[2] halves
    memcpy(halves, command.client_id, 16)
    return (halves[0] | halves[1]) != 0


cdef inline uint32_t hash_of_id(Core* v, uint32_t account, const uint8_t* client_id) noexcept nogil:
    cdef uint64_t[2] halves
    memcpy(halves, client_id, 16)
    cdef uint64_t key = <uint64_t>hash_of(halves[0], v.seed) << 32 | hash_of(halves[1], ~v.seed)
    return hash_of(key + account, v.seed)


cdef inline uint32_t id_at(Core* v, uint32_t account, const uint8_t* client_id) noexcept nogil:
    """Return the slot of a remembered id, or 0."""
    cdef uint32_t hashed = hash_of_id(v, account, client_id)
    cdef uint32_t at = hashed >> v.id_index.shift
    cdef uint64_t entry
    cdef ClientId* remembered
    while True:
        entry = v.id_index.entries[at]
        if entry == 0:
            return 0
        if (entry >> 32) == hashed:
            remembered = &v.ids[<uint32_t>entry]
            if remembered.account == account and memcmp(remembered.client_id, client_id, 16) == 0:
                return <uint32_t>entry
        at = (at + 1) & v.id_index.mask


cdef inline bint has_content(const ClientId* remembered, const Command* command) noexcept nogil:
    """Return whether a command asks for what the first one of this id asked for."""
    return (
        memcmp(remembered.codes, &command.kind, 6) == 0
        and (command.kind == COMMAND_PLACE_ORDER or remembered.order == command.order)
        and remembered.actor == command.actor
        and remembered.stock == command.stock
        and remembered.price == command.price
        and remembered.quantity == command.quantity
        and remembered.amount == command.amount
    )


cdef inline void remember(
    Core* v, uint32_t owner, const Command* command, uint8_t reason
) noexcept nogil:
    """Remember how a command was answered; the account's oldest id goes where there are too many."""
    cdef uint32_t slot = take(&v.id_pool)
    cdef ClientId* remembered = &v.ids[slot]
    cdef Account* account = &v.accounts[owner]
    remembered.account = owner
    remembered.younger = 0
    memcpy(remembered.client_id, command.client_id, 16)
    remembered.reason = reason
    memcpy(remembered.codes, &command.kind, 6)
    remembered.order = command.order
    remembered.actor = command.actor
    remembered.stock = command.stock
    remembered.price = command.price
    remembered.quantity = command.quantity
    remembered.amount = command.amount
    insert(&v.id_index, hash_of_id(v, owner, remembered.client_id), slot)
    if account.last_id:
        v.ids[account.last_id].younger = slot
    else:
        account.first_id = slot
    account.last_id = slot
    account.ids += 1
    if account.ids > v.limits.client_ids:
        forget_oldest(v, account)


cdef inline void forget_oldest(Core* v, Account* account) noexcept nogil:
    cdef uint32_t slot = account.first_id
    cdef ClientId* oldest = &v.ids[slot]
    account.first_id = oldest.younger
    if account.first_id == 0:
        account.last_id = 0
    account.ids -= 1
    erase(&v.id_index, hash_of_id(v, oldest.account, oldest.client_id), slot)
    give_back(&v.id_pool, slot)
