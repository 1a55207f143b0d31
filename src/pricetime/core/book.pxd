# The order book: price-time priority, as ``rules.book`` explains it; each trade settles at once.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from pricetime.core.ledger cimport change_hold, close_account, release, settle
from pricetime.core.levels cimport add_level, drop_level, level_at
from pricetime.core.outbox cimport hold_of, price_of, say_order, say_trade
from pricetime.core.records cimport (
    EVENT_ORDER_CLOSED,
    EVENT_ORDER_OPENED,
    FORCE_FOK,
    FORCE_GTC,
    FORCE_IOC,
    MAX_TOTAL,
    REASON_FILLED,
    REASON_FOK,
    REASON_INSUFFICIENT_FUNDS,
    REASON_IOC,
    REASON_SELF_TRADE,
    SELF_TRADE_CANCEL_NEWEST,
    SELF_TRADE_CANCEL_OLDEST,
    SELF_TRADE_SKIP,
    SIDE_BUY,
    TYPE_LIMIT,
    TYPE_MARKET,
)
from pricetime.core.state cimport Account, Book, BookSide, Core, Level, Order
from pricetime.core.storage cimport erase, give_back, hash_of, insert, likely, prefetch, product, take


cdef struct Taker:
    # An order on its way into a book: a new one beside the pool, or one of the pool that enters again.
    Order* order
    Book* book
    uint32_t slot    # 0: not in the pool yet
    uint32_t number  # of the book
    uint8_t time_in_force


cdef inline Book* book_of(Core* v, const Order* order) noexcept nogil:
    """Return the book of the level that an order stands at."""
    return &v.books[v.levels[order.level].book]


cdef inline BookSide* own_side(Book* book, uint8_t side) noexcept nogil:
    return &book.bids if side == SIDE_BUY else &book.asks


cdef inline BookSide* other_side(Book* book, uint8_t side) noexcept nogil:
    return &book.asks if side == SIDE_BUY else &book.bids


cdef inline int64_t best_price(Core* v, const BookSide* side) noexcept nogil:
    """Return the best limit of a side, or 0."""
    return v.levels[side.best].price if side.best else 0


# ------------------------------------------------------------------------------------ standing in the book


cdef inline void stand(Core* v, BookSide* side, uint32_t book, uint32_t slot) noexcept nogil:
    """Let an order stand at the back of its price."""
    cdef Order* order = &v.orders[slot]
    cdef uint32_t at = side.market
    if order.order_type != TYPE_MARKET:
        at = level_at(v, side, order.limit)
        if at == 0:
            at = add_level(v, side, book, order.limit)
    cdef Level* level = &v.levels[at]
    order.level = at
    order.before = level.tail
    order.behind = 0
    if level.tail:
        v.orders[level.tail].behind = slot
    else:
        level.head = slot
    level.tail = slot
    level.quantity += order.remaining
    side.quantity += order.remaining


cdef inline void leave(Core* v, BookSide* side, Order* order) noexcept nogil:
    """Take an order off its side, wherever it stands."""
    cdef Level* level = &v.levels[order.level]
    if order.before:
        v.orders[order.before].behind = order.behind
    else:
        level.head = order.behind
    if order.behind:
        v.orders[order.behind].before = order.before
    else:
        level.tail = order.before
    level.quantity -= order.remaining
    side.quantity -= order.remaining
    if level.head == 0 and order.level != side.market:
        drop_level(v, side, order.level)
    order.level = 0


cdef inline uint32_t order_at(Core* v, int64_t number) noexcept nogil:
    """Return the slot of an open order, or 0."""
    if number > v.highest:
        return 0
    cdef uint32_t hashed = hash_of(<uint64_t>number, v.seed)
    cdef uint32_t at = hashed >> v.order_index.shift
    cdef uint64_t entry
    while True:
        entry = v.order_index.entries[at]
        if entry == 0:
            return 0
        if (entry >> 32) == hashed and v.orders[<uint32_t>entry].number == number:
            return <uint32_t>entry
        at = (at + 1) & v.order_index.mask


cdef inline uint32_t keep(Core* v, const Order* order) noexcept nogil:
    """Put a new order into the pool, the index and its account's list."""
    cdef uint32_t slot = take(&v.order_pool)
    cdef Order* kept = &v.orders[slot]
    cdef Account* account = &v.accounts[order.account]
    kept[0] = order[0]
    kept.older = account.newest
    kept.newer = 0
    if account.newest:
        v.orders[account.newest].newer = slot
    else:
        account.oldest = slot
    account.newest = slot
    account.open_orders += 1
    insert(&v.order_index, hash_of(<uint64_t>order.number, v.seed), slot)
    v.highest = max(v.highest, order.number)
    return slot


cdef inline void forget(Core* v, uint32_t slot) noexcept nogil:
    """Take an ended order out of its account's list, the index and the pool."""
    cdef Order* order = &v.orders[slot]
    cdef Account* account = &v.accounts[order.account]
    if order.older:
        v.orders[order.older].newer = order.newer
    else:
        account.oldest = order.newer
    if order.newer:
        v.orders[order.newer].older = order.older
    else:
        account.newest = order.older
    account.open_orders -= 1
    if account.open_orders == 0 and not v.keeps_accounts:
        close_account(v, order.account)
    erase(&v.order_index, hash_of(<uint64_t>order.number, v.seed), slot)
    give_back(&v.order_pool, slot)


cdef inline void close(
    Core* v, Order* order, uint32_t slot, const Book* book, uint8_t time_in_force, uint8_t reason
) noexcept nogil:
    """Give back what an ended order still holds, and forget it."""
    release(v, order)
    say_order(v, EVENT_ORDER_CLOSED, order, book, time_in_force).reason = reason
    if slot:
        forget(v, slot)


cdef inline void close_taker(Core* v, Taker* taker, uint8_t reason) noexcept nogil:
    close(v, taker.order, taker.slot, taker.book, taker.time_in_force, reason)


cdef inline void close_maker(Core* v, Book* book, Order* maker, uint32_t slot, uint8_t reason) noexcept nogil:
    """Take a resting order off the book and end it."""
    leave(v, own_side(book, maker.side), maker)
    close(v, maker, slot, book, FORCE_GTC, reason)


# -------------------------------------------------------------------------------------------- looking ahead


cdef inline uint32_t first_level(Core* v, const BookSide* side, const Order* taker) noexcept nogil:
    """Return the first level that an order may trade at, or 0: who waits at market, else the best."""
    if v.levels[side.market].head:
        return side.market
    return within(v, side.best, taker)


cdef inline uint32_t level_behind(Core* v, const BookSide* side, uint32_t level, const Order* taker) noexcept nogil:
    """Return the next level that an order may trade at, or 0."""
    return within(v, side.best if level == side.market else v.levels[level].worse, taker)


cdef inline uint32_t within(Core* v, uint32_t level, const Order* taker) noexcept nogil:
    """Return a level if the order's limit allows it, else 0."""
    if level == 0 or taker.order_type == TYPE_MARKET:
        return level
    if taker.side == SIDE_BUY:
        return level if v.levels[level].price <= taker.limit else 0
    return level if v.levels[level].price >= taker.limit else 0


cdef inline int64_t trade_price(Core* v, Book* book, const Order* taker, const Order* maker) noexcept nogil:
    """Return the price that two orders would trade at, or 0 where there is none (``rules.book`` says why)."""
    if maker.order_type == TYPE_LIMIT:
        return maker.limit
    if taker.order_type == TYPE_LIMIT:
        return taker.limit
    return book.last if book.last else best_price(v, own_side(book, maker.side))


cdef inline bint would_take(Core* v, Book* book, const Order* taker) noexcept nogil:
    """Return whether a limit order, entering now, would trade with another account."""
    cdef BookSide* side = other_side(book, taker.side)
    cdef uint32_t level = first_level(v, side, taker)
    cdef uint32_t slot
    while level:
        slot = v.levels[level].head
        while slot:
            if v.orders[slot].account != taker.account:
                return True
            slot = v.orders[slot].behind
        level = level_behind(v, side, level, taker)
    return False


cdef inline bint cannot_afford_any(Core* v, Book* book, const Order* taker) noexcept nogil:
    """Return whether an arriving market buy meets a seller first, and cannot pay him one share."""
    cdef BookSide* side = &book.asks
    cdef uint32_t level = first_level(v, side, taker)
    cdef uint32_t slot
    while level:
        slot = v.levels[level].head
        while slot:
            if v.orders[slot].account != taker.account:
                return taker.limit < trade_price(v, book, taker, &v.orders[slot])
            if taker.self_trade != SELF_TRADE_SKIP and taker.self_trade != SELF_TRADE_CANCEL_OLDEST:
                return False
            slot = v.orders[slot].behind
        level = level_behind(v, side, level, taker)
    return False


cdef inline bint fills_whole(Core* v, Book* book, const Order* taker) noexcept nogil:
    """Return whether what stands would fill the order whole, its own account's orders left out."""
    cdef BookSide* side = other_side(book, taker.side)
    cdef bint spends = taker.side == SIDE_BUY and taker.order_type == TYPE_MARKET
    cdef int64_t budget = taker.limit
    cdef int64_t wanted = taker.remaining
    cdef int64_t price, quantity
    cdef uint32_t level, slot
    cdef Order* maker
    if wanted > side.quantity:
        return False
    level = first_level(v, side, taker)
    while level:
        slot = v.levels[level].head
        while slot:
            maker = &v.orders[slot]
            slot = maker.behind
            if maker.account == taker.account:
                if taker.self_trade == SELF_TRADE_SKIP or taker.self_trade == SELF_TRADE_CANCEL_OLDEST:
                    continue
                return False
            price = trade_price(v, book, taker, maker)
            if price == 0:
                return False
            quantity = min(wanted, maker.remaining)
            if maker.side == SIDE_BUY and maker.order_type == TYPE_MARKET:
                quantity = min(quantity, maker.limit // price)
            if spends:
                if quantity > budget // price:
                    return False
                budget -= quantity * price
            wanted -= quantity
            if wanted == 0:
                return True
        level = level_behind(v, side, level, taker)
    return False


# ------------------------------------------------------------------------------------------------- matching


cdef inline bint out_of_money(const Book* book, const Order* order, int64_t left_to_sell) noexcept nogil:
    """Return whether a market buy that has just met a seller has to end for want of money."""
    if order.side != SIDE_BUY or order.order_type != TYPE_MARKET or order.remaining == 0:
        return False
    return left_to_sell > 0 or order.limit < book.tick


cdef inline void execute(Core* v, BookSide* side, Order* order, int64_t quantity) noexcept nogil:
    order.remaining -= quantity
    if order.level:
        v.levels[order.level].quantity -= quantity
        side.quantity -= quantity


cdef inline int64_t trade(Core* v, Taker* taker, Order* maker, uint32_t slot, int64_t price) noexcept nogil:
    """Trade what both can, close the maker where he is done, and return what he would still trade."""
    cdef Order* order = taker.order
    cdef Book* book = taker.book
    cdef Order* buy = order if order.side == SIDE_BUY else maker
    cdef Order* sell = maker if order.side == SIDE_BUY else order
    cdef int64_t quantity = min(order.remaining, maker.remaining)
    cdef int64_t held, left
    if buy.order_type == TYPE_MARKET:
        quantity = min(quantity, buy.limit // price)
        held = quantity * price
        buy.limit -= held
    else:
        held = quantity * buy.limit
    if quantity:
        execute(v, own_side(book, order.side), order, quantity)
        execute(v, own_side(book, maker.side), maker, quantity)
        book.last = price
        settle(v, buy, sell, taker.number, quantity, quantity * price, held)
        say_trade(v, order, maker, book, taker.time_in_force, price, quantity)
    left = maker.remaining
    if left == 0:
        close_maker(v, book, maker, slot, REASON_FILLED)
    elif out_of_money(book, maker, order.remaining):
        close_maker(v, book, maker, slot, REASON_INSUFFICIENT_FUNDS)
    return left


cdef inline void fetch_surroundings(Core* v, const Order* order) noexcept nogil:
    """Fetch into the cache what an order touches when it goes; it is wanted after the trade is settled."""
    prefetch(&v.orders[order.behind])
    prefetch(&v.orders[order.older])
    prefetch(&v.orders[order.newer])
    prefetch(&v.order_index.entries[hash_of(<uint64_t>order.number, v.seed) >> v.order_index.shift])


cdef inline bint match(Core* v, Taker* taker) noexcept nogil:
    """Trade an arriving order with what stands; return whether a rest of it is still alive."""
    cdef Order* order = taker.order
    cdef Book* book = taker.book
    cdef BookSide* side = other_side(book, order.side)
    cdef uint32_t level = first_level(v, side, order)
    cdef uint32_t behind, slot, following
    cdef int64_t price, left
    cdef Order* maker
    while level:
        behind = level_behind(v, side, level, order)  # first: the level goes with its last order
        slot = v.levels[level].head
        while slot:
            maker = &v.orders[slot]
            following = maker.behind
            fetch_surroundings(v, maker)
            if maker.account == order.account:
                if order.self_trade != SELF_TRADE_SKIP:
                    if order.self_trade != SELF_TRADE_CANCEL_NEWEST:
                        close_maker(v, book, maker, slot, REASON_SELF_TRADE)
                    if order.self_trade != SELF_TRADE_CANCEL_OLDEST:
                        close_taker(v, taker, REASON_SELF_TRADE)
                        return False
            else:
                price = trade_price(v, book, order, maker)
                if price == 0:
                    return True
                left = trade(v, taker, maker, slot, price)
                if order.remaining == 0:
                    close_taker(v, taker, REASON_FILLED)
                    return False
                if out_of_money(book, order, left):
                    close_taker(v, taker, REASON_INSUFFICIENT_FUNDS)
                    return False
            slot = following
        level = behind
    return True


cdef inline void trade_waiting(Core* v, Book* book, uint32_t number, int64_t price) noexcept nogil:
    """Let orders that wait at market on both sides trade at the first price that anybody names."""
    cdef uint32_t buyer = v.levels[book.bids.market].head
    cdef uint32_t seller, next_buyer, next_seller
    cdef int64_t buying
    if v.levels[book.asks.market].head == 0:
        return
    while buyer:
        buying = v.orders[buyer].number
        next_buyer = v.orders[buyer].behind
        seller = v.levels[book.asks.market].head
        while seller:
            next_seller = v.orders[seller].behind
            if v.orders[seller].account != v.orders[buyer].account:
                if buying < v.orders[seller].number:
                    trade_standing(v, book, number, seller, buyer, price)
                else:
                    trade_standing(v, book, number, buyer, seller, price)
                if order_at(v, buying) == 0:
                    break
            seller = next_seller
        buyer = next_buyer


cdef inline void trade_standing(
    Core* v, Book* book, uint32_t number, uint32_t taking, uint32_t making, int64_t price
) noexcept nogil:
    """Trade two orders that both wait; the later one takes."""
    cdef Taker taker
    cdef int64_t left
    taker.order = &v.orders[taking]
    taker.slot = taking
    taker.book = book
    taker.number = number
    taker.time_in_force = FORCE_GTC
    left = trade(v, &taker, &v.orders[making], making, price)
    if taker.order.remaining == 0:
        close_maker(v, book, taker.order, taking, REASON_FILLED)
    elif out_of_money(book, taker.order, left):
        close_maker(v, book, taker.order, taking, REASON_INSUFFICIENT_FUNDS)


# ------------------------------------------------------------------------------------------------- entering


cdef inline void enter(Core* v, Taker* taker) noexcept nogil:
    """Let an order trade with what stands, then rest or close."""
    cdef Order* order = taker.order
    cdef Book* book = taker.book
    if order.order_type == TYPE_LIMIT and book.last == 0:
        trade_waiting(v, book, taker.number, order.limit)
    if taker.time_in_force == FORCE_FOK and not fills_whole(v, book, order):
        close_taker(v, taker, REASON_FOK)
    elif match(v, taker):
        rest(v, taker)


cdef inline void rest(Core* v, Taker* taker) noexcept nogil:
    """Let what is left of an order stand; a market buy's budget is fixed now, and what is over goes back."""
    cdef Order* order = taker.order
    cdef Book* book = taker.book
    cdef int64_t over
    if taker.time_in_force == FORCE_IOC:
        close_taker(v, taker, REASON_IOC)
        return
    if order.order_type == TYPE_MARKET and order.side == SIDE_BUY and book.last:
        over = order.limit - min(order.limit, product(order.remaining, book.last, MAX_TOTAL - 1))
        if over:
            order.limit -= over
            change_hold(v, order, -over)
    if taker.slot == 0:
        taker.slot = keep(v, order)
        order = &v.orders[taker.slot]
    stand(v, own_side(book, order.side), taker.number, taker.slot)
    say_order(v, EVENT_ORDER_OPENED, order, book, taker.time_in_force).held = hold_of(order)
