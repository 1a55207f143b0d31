"""Money as integers: ten-thousandths of the currency unit, the scale fixed once, here.

The greatest single amount, and the greatest price × quantity of an order, is ``MAX_MONEY`` =
9 × 10^14 units, which is 9 × 10^18 ten-thousandths and fits 63 bits. No float ever touches money.
"""

from __future__ import annotations

import re
from typing import Final

SCALE: Final = 10_000
DECIMALS: Final = 4
MAX_MONEY: Final = 9 * 10**14 * SCALE
MAX_QUANTITY: Final = 10**15
MAX_TOTAL: Final = 2**63 - 1
"""All money of the venue together, all shares of one stock, and all shares wanted or offered in one book
stay within this."""

_DECIMAL: Final = re.compile(r"(\d{1,15})(?:\.(\d{1,4}))?", re.ASCII)


def parse(text: str) -> int:
    """Return ten-thousandths for a plain decimal such as ``"135.5"``; ValueError says what is wrong."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no amount: write digits with at most {DECIMALS} decimals, like 135.50")
    units, fraction = match.groups()
    amount = int(units) * SCALE + int((fraction or "").ljust(DECIMALS, "0"))
    if amount > MAX_MONEY:
        raise ValueError(f"{text!r} is more than the greatest amount, {MAX_MONEY // SCALE}")
    return amount


def show(amount: int) -> str:
    """Return an amount as a decimal with two decimals, or four where it needs them: ``"135.50"``."""
    units, fraction = divmod(abs(amount), SCALE)
    digits = f"{fraction:04d}"
    shown = digits[:2] if digits.endswith("00") else digits
    return f"{'-' if amount < 0 else ''}{units}.{shown}"
