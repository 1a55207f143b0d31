# Made by tools/declare_records.py from the tables in pricetime.records; `make docs` makes it anew.

from libc.stdint cimport int64_t, uint8_t


cdef packed struct Command:
    uint8_t version
    uint8_t kind
    uint8_t side
    uint8_t order_type
    uint8_t time_in_force
    uint8_t flags
    uint8_t self_trade
    uint8_t reserved
    int64_t sequence
    int64_t time_ns
    int64_t actor
    int64_t account
    int64_t stock
    int64_t order
    int64_t price
    int64_t quantity
    int64_t amount
    uint8_t client_id[16]

cdef packed struct Event:
    uint8_t version
    uint8_t kind
    uint8_t command
    uint8_t side
    uint8_t order_type
    uint8_t time_in_force
    uint8_t flags
    uint8_t reason
    int64_t number
    int64_t sequence
    int64_t time_ns
    int64_t account
    int64_t stock
    int64_t order
    int64_t price
    int64_t quantity
    int64_t remaining
    int64_t amount
    int64_t held
    int64_t fee
    int64_t maker_account
    int64_t maker_order
    int64_t maker_remaining
    int64_t maker_fee
    uint8_t client_id[16]

cdef packed struct HeaderRow:
    int64_t sequence
    int64_t time_ns
    int64_t event_number
    int64_t money
    int64_t open_orders_limit
    int64_t client_ids_limit
    int64_t orders_limit
    int64_t accounts_limit
    int64_t stocks_limit
    int64_t accounts
    int64_t holdings
    int64_t stocks
    int64_t orders
    int64_t client_ids

cdef packed struct AccountRow:
    int64_t account
    int64_t free
    int64_t held

cdef packed struct HoldingRow:
    int64_t account
    int64_t stock
    int64_t free
    int64_t held

cdef packed struct StockRow:
    int64_t stock
    int64_t tick
    int64_t last
    int64_t shares
    int64_t halted

cdef packed struct OrderRow:
    uint8_t side
    uint8_t order_type
    uint8_t flags
    uint8_t self_trade
    int64_t order
    int64_t account
    int64_t stock
    int64_t price
    int64_t quantity
    int64_t remaining
    int64_t held

cdef packed struct ClientIdRow:
    uint8_t reason
    uint8_t kind
    uint8_t side
    uint8_t order_type
    uint8_t time_in_force
    uint8_t flags
    uint8_t self_trade
    int64_t account
    int64_t order
    int64_t actor
    int64_t stock
    int64_t price
    int64_t quantity
    int64_t amount
    uint8_t client_id[16]

cdef packed struct BookHeaderRow:
    int64_t number
    int64_t ledgers
    int64_t books
    int64_t time_ns
    int64_t event_number
    int64_t stocks
    int64_t orders

cdef packed struct LedgerHeaderRow:
    int64_t number
    int64_t ledgers
    int64_t books
    int64_t time_ns
    int64_t event_number
    int64_t money
    int64_t passing_money
    int64_t open_orders_limit
    int64_t client_ids_limit
    int64_t orders_limit
    int64_t accounts_limit
    int64_t stocks_limit
    int64_t accounts
    int64_t holdings
    int64_t stocks
    int64_t passing
    int64_t orders
    int64_t client_ids
    int64_t underway
    int64_t waiting

cdef packed struct PassingRow:
    int64_t stock
    int64_t shares

cdef packed struct UnderwayRow:
    int64_t asset
    int64_t brought
    int64_t spends_all
    uint8_t version
    uint8_t kind
    uint8_t side
    uint8_t order_type
    uint8_t time_in_force
    uint8_t flags
    uint8_t self_trade
    uint8_t reserved
    int64_t sequence
    int64_t time_ns
    int64_t actor
    int64_t account
    int64_t stock
    int64_t order
    int64_t price
    int64_t quantity
    int64_t amount
    uint8_t client_id[16]

cdef enum:
    COMMAND_OPEN_ACCOUNT = 1
    COMMAND_LIST_STOCK = 2
    COMMAND_DEPOSIT = 3
    COMMAND_WITHDRAW = 4
    COMMAND_GRANT_SHARES = 5
    COMMAND_PLACE_ORDER = 6
    COMMAND_AMEND_ORDER = 7
    COMMAND_CANCEL_ORDER = 8
    COMMAND_CANCEL_ALL = 9
    COMMAND_HALT_STOCK = 10
    COMMAND_RESUME_STOCK = 11
    COMMAND_SET_LIMITS = 12

cdef enum:
    EVENT_ACCEPTED = 1
    EVENT_DENIED = 2
    EVENT_ORDER_OPENED = 3
    EVENT_TRADED = 4
    EVENT_ORDER_CLOSED = 5
    EVENT_BALANCE_CHANGED = 6
    EVENT_HOLDING_CHANGED = 7

cdef enum:
    SIDE_NONE = 0
    SIDE_BUY = 1
    SIDE_SELL = 2

cdef enum:
    TYPE_NONE = 0
    TYPE_LIMIT = 1
    TYPE_MARKET = 2

cdef enum:
    FORCE_NONE = 0
    FORCE_GTC = 1
    FORCE_IOC = 2
    FORCE_FOK = 3

cdef enum:
    SELF_TRADE_SKIP = 0
    SELF_TRADE_CANCEL_NEWEST = 1
    SELF_TRADE_CANCEL_OLDEST = 2
    SELF_TRADE_CANCEL_BOTH = 3

cdef enum:
    FLAG_NONE = 0
    FLAG_POST_ONLY = 1
    FLAG_REPEATED = 2
    FLAG_CUT = 4
    FLAG_TRIAL = 8

cdef enum:
    REASON_NONE = 0
    REASON_FILLED = 1
    REASON_CANCELLED = 2
    REASON_IOC = 3
    REASON_FOK = 4
    REASON_SELF_TRADE = 5
    REASON_INVALID_FIELD = 20
    REASON_INVALID_QUANTITY = 21
    REASON_INVALID_PRICE = 22
    REASON_INVALID_AMOUNT = 23
    REASON_OFF_TICK = 24
    REASON_VALUE_TOO_LARGE = 25
    REASON_UNKNOWN_ACCOUNT = 30
    REASON_UNKNOWN_STOCK = 31
    REASON_ORDER_NOT_OPEN = 32
    REASON_NOT_OWNER = 33
    REASON_ACCOUNT_EXISTS = 34
    REASON_STOCK_EXISTS = 35
    REASON_INSUFFICIENT_FUNDS = 40
    REASON_INSUFFICIENT_SHARES = 41
    REASON_STOCK_HALTED = 50
    REASON_WOULD_TAKE = 51
    REASON_TOO_MANY_OPEN_ORDERS = 60
    REASON_MONEY_LIMIT = 61
    REASON_SHARE_LIMIT = 62
    REASON_VENUE_FULL = 63
    REASON_CLIENT_ID_REUSED = 70

cdef extern from *:
    """
    #define PT_RECORD_VERSION 1LL
    #define PT_MAX_MONEY 9000000000000000000LL
    #define PT_MAX_QUANTITY 1000000000000000LL
    #define PT_MAX_TOTAL 9223372036854775807LL
    #define PT_MOST 2147483647LL
    #define PT_DEFAULT_OPEN_ORDERS 10000LL
    #define PT_DEFAULT_CLIENT_IDS 1024LL
    #define PT_DEFAULT_ORDERS 20000000LL
    #define PT_DEFAULT_ACCOUNTS 10000000LL
    #define PT_DEFAULT_STOCKS 100000LL
    """
    const int64_t RECORD_VERSION "PT_RECORD_VERSION"
    const int64_t MAX_MONEY "PT_MAX_MONEY"
    const int64_t MAX_QUANTITY "PT_MAX_QUANTITY"
    const int64_t MAX_TOTAL "PT_MAX_TOTAL"
    const int64_t MOST "PT_MOST"
    const int64_t DEFAULT_OPEN_ORDERS "PT_DEFAULT_OPEN_ORDERS"
    const int64_t DEFAULT_CLIENT_IDS "PT_DEFAULT_CLIENT_IDS"
    const int64_t DEFAULT_ORDERS "PT_DEFAULT_ORDERS"
    const int64_t DEFAULT_ACCOUNTS "PT_DEFAULT_ACCOUNTS"
    const int64_t DEFAULT_STOCKS "PT_DEFAULT_STOCKS"
