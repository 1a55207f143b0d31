# What the core keeps in memory: one C struct a thing, each in a pool of its own.
#
#     Core ─┬─ accounts ── open orders (a list), remembered ids (a list, oldest first)
#           ├─ holdings     one for an account and a stock
#           ├─ books ─┬─ bids ─┬─ the queue at market
#           │         └─ asks  └─ levels: a tree by price, and a list from the best to the worst
#           ├─ orders       in the queue of a level, and in the list of their account
#           └─ ids          remembered client ids
#
# Invariants: an order in the pool stands in a level's queue, but while it enters again after an amendment;
# a level in the tree has at least one order; the list of levels is the tree in order.

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from pricetime.core.records cimport Command, Event
from pricetime.core.storage cimport Index, Numbers, Pool, Slots


cdef struct Order:
    int64_t number
    int64_t quantity
    int64_t remaining
    int64_t limit       # the limit; of a market buy: the budget it may still spend
    uint32_t account
    uint32_t holding    # of the account in the stock; 0: not looked up yet
    uint32_t level      # in a ledger, where nobody stands: that at market of its side of its stock's book
    uint32_t before     # neighbours in the queue
    uint32_t behind
    uint32_t older      # neighbours in the account's list
    uint32_t newer
    uint8_t side
    uint8_t order_type
    uint8_t flags
    uint8_t self_trade


cdef struct Level:
    int64_t price       # 0: waiting at market
    int64_t quantity    # what the orders have left, in all
    uint32_t head
    uint32_t tail
    uint32_t better     # neighbours in the list of levels
    uint32_t worse
    uint32_t book
    uint32_t side


cdef enum:
    FANOUT = 32


cdef struct Node:
    uint16_t count
    uint16_t is_leaf
    uint32_t unused
    int64_t keys[FANOUT]    # leaf: of its entries; else: no key below links[i], i > 0, is less than keys[i]
    uint32_t links[FANOUT]  # leaf: levels; else: nodes


cdef struct BookSide:
    int64_t quantity
    int64_t sign     # a key is price x sign, so that the best has the lowest
    uint32_t market  # the level of those who wait at market
    uint32_t best
    uint32_t root    # of the tree; 0: no levels
    uint32_t side


cdef struct Book:
    int64_t stock
    int64_t tick
    int64_t last
    int64_t shares
    int64_t passing  # in a ledger: shares that sellers here gave and buyers here did not get
    BookSide bids
    BookSide asks
    bint halted


cdef struct Account:
    int64_t number
    int64_t free
    int64_t held
    uint32_t oldest      # open orders
    uint32_t newest
    uint32_t open_orders
    uint32_t first_id    # remembered ids, oldest first
    uint32_t last_id
    uint32_t ids
    uint32_t line        # in a ledger: what is under way at books, and what waits; 0: nothing
    bint touched


cdef struct Holding:
    int64_t free
    int64_t held
    uint32_t account
    uint32_t book
    bint touched


cdef struct ClientId:
    uint32_t account
    uint32_t younger
    uint8_t client_id[16]
    uint8_t reason
    uint8_t codes[6]    # kind, side, order type, time in force, flags, policy: as they stand in a command
    int64_t order
    int64_t actor
    int64_t stock
    int64_t price
    int64_t quantity
    int64_t amount


cdef struct Line:
    # Of an account of a ledger that has anything under way at books, or waiting.
    uint32_t first_underway  # in the order of their leaving
    uint32_t last_underway
    uint32_t first_waiting   # in the order of their arrival
    uint32_t last_waiting
    uint32_t waiting
    uint32_t spending        # of those under way: how many took all free money with them


cdef struct Errand:
    # A command that a book has to answer, or that waits: as it arrived, so as to be remembered and answered.
    Command command
    int64_t asset       # of what is brought: 0 for money, else a stock
    int64_t brought     # held for an amend beside the hold of its order
    uint32_t behind
    bint spends_all     # whether all free money of the account went with it


cdef struct Limits:
    int64_t open_orders
    int64_t client_ids
    int64_t orders
    int64_t accounts
    int64_t stocks


cdef struct Outbox:
    Event* events
    uint64_t count
    uint64_t room
    bint borrowed     # the events are written into a bytes object, not into memory of our own
    int64_t number
    int64_t step      # from one number to the next
    uint8_t command
    Slots accounts    # touched by the command, in order of the first touch
    Slots holdings


cdef struct Letter:
    Command command
    uint32_t destination  # a book; the number of books: the next ledger


cdef struct Letters:
    Letter* items
    uint64_t count
    uint64_t room


cdef struct Core:
    int64_t sequence
    int64_t time_ns
    int64_t money
    int64_t most         # money, and shares of a stock, that may come in
    bint keeps_accounts  # a book partition does not: of accounts it knows the numbers, and settles nothing
    int64_t highest      # order number that was ever kept: one above it cannot be open
    uint64_t seed
    Limits limits
    Order* orders
    Level* levels
    Node* nodes
    Book* books
    Account* accounts
    Holding* holdings
    ClientId* ids
    Line* lines
    Errand* errands
    Pool order_pool
    Pool level_pool
    Pool node_pool
    Pool book_pool
    Pool account_pool
    Pool holding_pool
    Pool id_pool
    Pool line_pool
    Pool errand_pool
    Index order_index
    Index book_index
    Index account_index
    Index holding_index
    Index id_index
    Outbox outbox
    Numbers cancelling  # the orders of a CANCEL_ALL
    Letters letters     # what a ledger sends on
    int64_t passing_money  # in a ledger: that buyers here paid and sellers here did not get
