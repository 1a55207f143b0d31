# What can be said against an order by looking at nothing but it and its stock's tick; as ``rules.judgement``.
# A judgement returns the reason to deny, 0 for none, and changes nothing.

from libc.stdint cimport int64_t, uint8_t

from pricetime.core.records cimport *
from pricetime.core.storage cimport product


cdef inline bint has_fields(const Command* command) noexcept nogil:
    """Return whether the codes of a PLACE_ORDER are ones that there are, and fit together."""
    if not has_codes(command) or not (command.flags == 0 or command.flags == FLAG_POST_ONLY):
        return False
    return command.flags == 0 or (
        command.order_type == TYPE_LIMIT and command.time_in_force == FORCE_GTC
    )


cdef inline bint has_codes(const Command* command) noexcept nogil:
    """Return whether the codes of a PLACE_ORDER are ones that there are, its flags aside."""
    return (
        (command.side == SIDE_BUY or command.side == SIDE_SELL)
        and (command.order_type == TYPE_LIMIT or command.order_type == TYPE_MARKET)
        and FORCE_GTC <= command.time_in_force <= FORCE_FOK
        and command.self_trade <= SELF_TRADE_CANCEL_BOTH
    )


cdef inline uint8_t judge_price(int64_t tick, uint8_t order_type, int64_t price, int64_t quantity) noexcept nogil:
    """Deny a price and quantity that no order of a stock with this tick may have."""
    if not 0 < quantity <= MAX_QUANTITY:
        return REASON_INVALID_QUANTITY
    if order_type == TYPE_MARKET:
        return REASON_INVALID_PRICE if price else 0
    if not 0 < price <= MAX_MONEY:
        return REASON_INVALID_PRICE
    if price % tick:
        return REASON_OFF_TICK
    if product(price, quantity, MAX_MONEY) > MAX_MONEY:
        return REASON_VALUE_TOO_LARGE
    return 0
