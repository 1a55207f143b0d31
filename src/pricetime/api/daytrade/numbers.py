"""JSON numbers of the daytrade API: money and quantities, exact in both directions.

A number is read from its own text and never through a float, so that 899999999999999.99 is that amount.
``135``, ``135.0`` and ``1.35e2`` are one value; what counts is how many decimals the value has.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from msgspec import Meta, Raw

from pricetime.errors import InvalidRequest, RuleError
from pricetime.records import Reason
from pricetime.rules.money import MAX_MONEY, MAX_QUANTITY, SCALE

_GREATEST: Final = MAX_MONEY // SCALE
_JSON_NUMBER: Final = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LENGTH_LIMIT: Final = 40
"""Bytes of a number; whoever writes more of them means something else."""

_PLAIN_DIGITS: Final = 15
"""A plain number with so many digits before the point is read at once; it cannot overflow anything."""

_CENT: Final = Decimal("0.01")
_CENT_UNITS: Final = SCALE // 100

_AMOUNT: Final[dict[str, Any]] = {"type": "number", "minimum": 0.01, "maximum": _GREATEST, "multipleOf": 0.01}
_QUANTITY: Final[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": MAX_QUANTITY}

AmountIn = Annotated[Raw, Meta(description="money, at most two decimals", extra_json_schema=_AMOUNT)]
QuantityIn = Annotated[Raw, Meta(description="whole shares", extra_json_schema=_QUANTITY)]
PriceIn = Annotated[
    Raw,
    Meta(
        description="the limit, at most two decimals; null for MARKET",
        extra_json_schema={"anyOf": [_AMOUNT, {"type": "null"}]},
    ),
]
NULL: Final = Raw(b"null")
"""A price that is not there. (A union with None would not be read as raw text.)"""

AmountOut = Annotated[Raw, Meta(description="money", extra_json_schema={"type": "number"})]


def amount_of(raw: Raw, field: str) -> int:
    """Return ten-thousandths; InvalidRequest where the text is no number above zero with whole cents."""
    text = bytes(raw)
    whole, _, cents = text.partition(b".")
    if text.isdigit() and len(text) <= _PLAIN_DIGITS:
        amount = int(text) * SCALE
    elif len(cents) == 2 and len(whole) <= _PLAIN_DIGITS and (whole + cents).isdigit():
        amount = int(whole + cents) * _CENT_UNITS
    else:
        value = _decimal_of(text, field)
        if value.adjusted() >= _PLAIN_DIGITS:
            raise _refusal(field, Reason.VALUE_TOO_LARGE)
        rounded = value.quantize(_CENT)
        if rounded != value:
            raise InvalidRequest(f"{field}: money has at most two decimals.", code=f"invalid_{field}")
        amount = int(rounded.scaleb(2)) * _CENT_UNITS
    if not 0 < amount <= MAX_MONEY:
        raise _refusal(field, Reason.VALUE_TOO_LARGE if amount > 0 else Reason.NONE)
    return amount


def quantity_of(raw: Raw, field: str = "quantity") -> int:
    """Return whole shares; InvalidRequest where the text is no whole number from 1 to 10^15."""
    text = bytes(raw)
    if text.isdigit() and len(text) <= _PLAIN_DIGITS + 1:
        quantity = int(text)
    else:
        value = _decimal_of(text, field)
        if value.adjusted() > _PLAIN_DIGITS or value != value.to_integral_value():
            raise RuleError(Reason.INVALID_QUANTITY)
        quantity = int(value)
    if not 0 < quantity <= MAX_QUANTITY:
        raise RuleError(Reason.INVALID_QUANTITY)
    return quantity


def _decimal_of(text: bytes, field: str) -> Decimal:
    if len(text) <= _LENGTH_LIMIT and _JSON_NUMBER.fullmatch(text):
        try:
            return Decimal(text.decode("ascii"))
        except ArithmeticError:  # an exponent beyond all bounds
            pass
    raise InvalidRequest(f"{field}: send a JSON number, such as 135 or 135.5, without quotes.")


def _refusal(field: str, reason: Reason) -> InvalidRequest:
    if reason is Reason.VALUE_TOO_LARGE:
        return InvalidRequest(f"{field}: it is over {_GREATEST}.", code=f"invalid_{field}")
    return InvalidRequest(f"{field}: it must be above zero.", code=f"invalid_{field}")


def number(amount: int) -> Raw:
    """Return ten-thousandths as a JSON number: ``135``, ``135.5`` or ``135.55``, without needless zeros."""
    units, fraction = divmod(amount, SCALE)
    if not fraction:
        return Raw(b"%d" % units)
    return Raw((b"%d.%04d" % (units, fraction)).rstrip(b"0"))
