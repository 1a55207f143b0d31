"""Money on its way in and out of the SDK: exact decimals, never floats.

The wire carries decimal strings with up to four decimals (``schema.Money``). Arguments may be a
Decimal, a string or a whole number of currency units; answers are strings that ``decimal`` reads.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

MoneyLike = Decimal | str | int

_STEP: Final = Decimal("0.0001")


def money_text(value: MoneyLike) -> str:
    """Return an amount as the wire wants it.

    TypeError for a float or bool, ValueError for what is no amount, negative, or finer than 0.0001.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | str | int):
        raise TypeError(f"money is a Decimal, a string or a whole number, not {type(value).__name__}")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is no amount of money; write it like 135.50") from None
    if not amount.is_finite() or amount < 0 or amount.adjusted() > 15:
        raise ValueError(f"{value!r} is no amount of money; write it like 135.50")
    if amount % _STEP:
        raise ValueError(f"{value!r} has more than four decimals")
    exponent = amount.as_tuple().exponent
    return format(amount.quantize(_STEP) if isinstance(exponent, int) and exponent < -4 else amount, "f")


def decimal(text: str | None) -> Decimal | None:
    """Return an amount of an answer as a Decimal; None where there is none."""
    return None if text is None else Decimal(text)
