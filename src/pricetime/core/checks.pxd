# What must be true of the whole, in plain Python over the structs: conservation and holds, as the rules check
# them, and that lists, trees, sums and indexes of the books agree. It is for tests and `pricetime check`.

from libc.stdint cimport int64_t, uint32_t

from pricetime.core.book cimport order_at
from pricetime.core.ledger cimport account_at, book_at, holding_at
from pricetime.core.levels cimport level_at
from pricetime.core.outbox cimport hold_of
from pricetime.core.records cimport SIDE_BUY, TYPE_MARKET
from pricetime.core.state cimport Account, Book, BookSide, Core, Holding, Level, Order


cdef inline list check_money(Core* v):
    """Return a sentence for each fault in accounts: money in all, its signs, and what open buys hold."""
    cdef uint32_t slot
    cdef Account* account
    faults = []
    money = v.passing_money
    held = buys_by_account(v)
    for slot in range(1, v.account_pool.used):
        account = &v.accounts[slot]
        money += account.free + account.held
        if account.free < 0 or account.held < 0:
            faults.append(f"account {account.number} has a negative balance")
        if account.held != held.get(slot, 0):
            faults.append(f"account {account.number} holds {account.held} of money; its buys need {held.get(slot, 0)}")
        if account_at(v, account.number) != slot:
            faults.append(f"account {account.number} is not found by its number")
    if money != v.money:
        faults.append(f"accounts hold {money} of money; {v.money} came in")
    return faults


cdef inline dict buys_by_account(Core* v):
    cdef uint32_t account, slot
    held = {}
    for account in range(1, v.account_pool.used):
        slot = v.accounts[account].oldest
        while slot:
            if v.orders[slot].side == SIDE_BUY:
                held[account] = held.get(account, 0) + hold_of(&v.orders[slot])
            slot = v.orders[slot].newer
        for _, asset, brought in brought_by(v, account):
            if asset == 0:
                held[account] = held.get(account, 0) + brought
    return held


cdef inline list brought_by(Core* v, uint32_t account):
    """Return what an account of a ledger holds for amends that are under way: account, asset, amount."""
    cdef uint32_t slot = v.accounts[account].line
    brought = []
    if slot:
        slot = v.lines[slot].first_underway
    while slot:
        brought.append((account, v.errands[slot].asset, v.errands[slot].brought))
        slot = v.errands[slot].behind
    return brought


cdef inline list check_shares(Core* v):
    """Return a sentence for each fault in holdings: shares in all, their signs, and what open sells hold."""
    cdef uint32_t slot, account
    cdef Holding* holding
    faults = []
    shares = {slot: v.books[slot].passing for slot in range(1, v.book_pool.used)}
    held = {}
    for account in range(1, v.account_pool.used):
        for _, asset, brought in brought_by(v, account):
            if asset:
                slot = holding_at(v, account, book_at(v, asset))
                held[slot] = held.get(slot, 0) + brought
        slot = v.accounts[account].oldest
        while slot:
            if v.orders[slot].side != SIDE_BUY:
                held[v.orders[slot].holding] = held.get(v.orders[slot].holding, 0) + v.orders[slot].remaining
            slot = v.orders[slot].newer
    for slot in range(1, v.holding_pool.used):
        holding = &v.holdings[slot]
        name = f"account {v.accounts[holding.account].number}, stock {v.books[holding.book].stock}"
        shares[holding.book] += holding.free + holding.held
        if holding.free < 0 or holding.held < 0:
            faults.append(f"{name}: a negative holding")
        if holding.held != held.get(slot, 0):
            faults.append(f"{name}: {holding.held} shares are held; the sells need {held.get(slot, 0)}")
        if holding_at(v, holding.account, holding.book) != slot:
            faults.append(f"{name}: the holding is not found")
    for slot in range(1, v.book_pool.used):
        if shares.get(slot, 0) != v.books[slot].shares:
            faults.append(
                f"accounts hold {shares.get(slot, 0)} shares of stock {v.books[slot].stock}; "
                f"{v.books[slot].shares} came in"
            )
    return faults


cdef inline list check_copies(Core* v):
    """Return a sentence where the lists of a ledger's accounts and the index of orders do not agree."""
    cdef uint32_t account, slot
    cdef int64_t listed = 0
    faults = []
    for account in range(1, v.account_pool.used):
        listed += v.accounts[account].open_orders
        slot = v.accounts[account].oldest
        while slot:
            if order_at(v, v.orders[slot].number) != slot or v.orders[slot].account != account:
                faults.append(f"order {v.orders[slot].number} is not found by its number")
            slot = v.orders[slot].newer
    if not listed == v.order_pool.count == v.order_index.count:
        faults.append(
            f"{listed} orders stand in accounts, {v.order_index.count} in the index, {v.order_pool.count} in the pool"
        )
    return faults


cdef inline list check_books(Core* v):
    """Return a sentence for each fault in the books, the lists of accounts and the index of orders."""
    cdef uint32_t slot
    cdef int64_t standing = 0
    cdef int64_t listed = 0
    faults = []
    for slot in range(1, v.book_pool.used):
        if book_at(v, v.books[slot].stock) != slot:
            faults.append(f"stock {v.books[slot].stock} is not found by its number")
        standing += check_side(v, slot, &v.books[slot].bids, faults)
        standing += check_side(v, slot, &v.books[slot].asks, faults)
    for slot in range(1, v.account_pool.used):
        listed += v.accounts[slot].open_orders
    if not standing == listed == v.order_pool.count == v.order_index.count:
        faults.append(
            f"{standing} orders stand in books, {listed} in accounts, {v.order_index.count} in the index, "
            f"{v.order_pool.count} in the pool"
        )
    return faults


cdef inline int64_t check_side(Core* v, uint32_t book, BookSide* side, list faults):
    """Walk a side from the best order to the last, and return how many there are."""
    cdef uint32_t at = side.market
    cdef uint32_t slot, before
    cdef Level* level
    cdef Order* order
    cdef int64_t standing = 0
    total = 0
    name = f"stock {v.books[book].stock}, {'buys' if side.side == SIDE_BUY else 'sells'}"
    last_key = None
    while at:
        level = &v.levels[at]
        if at != side.market:
            key = level.price * side.sign
            if last_key is not None and key <= last_key:
                faults.append(f"{name}: level {level.price} is out of order")
            if level_at(v, side, level.price) != at:
                faults.append(f"{name}: level {level.price} is not found by its price")
            if level.head == 0:
                faults.append(f"{name}: nobody stands at level {level.price}")
            last_key = key
        here = 0
        slot, before = level.head, 0
        while slot:
            order = &v.orders[slot]
            here += order.remaining
            standing += 1
            if order.level != at or order.before != before or order.remaining <= 0:
                faults.append(f"{name}: order {order.number} stands wrong")
            if order_at(v, order.number) != slot:
                faults.append(f"{name}: order {order.number} is not found by its number")
            slot, before = order.behind, slot
        if here != level.quantity or before != level.tail:
            faults.append(f"{name}: level {level.price} counts {level.quantity} shares; {here} stand there")
        total += here
        at = side.best if at == side.market else level.worse
    if total != side.quantity:
        faults.append(f"{name}: {side.quantity} shares are counted, {total} stand there")
    return standing
